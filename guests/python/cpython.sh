#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2046,SC2115,SC2164  # word splitting is wanted, and errexit is on
# Builds what changes rarely: the native CPython that drives the cross-compile, wasi-libc's folder, the C libraries and
# CPython for wasm32-wasip1. Each result is a folder of the cache whose name carries the hash of its inputs.
# Sourced by build.sh after recipe.sh; sets SOURCE, HOST_PYTHON, SYSROOT, the folders of the C libraries and WASM_PYTHON.

TOOLCHAIN=$(clang-$LLVM --version | sed -n 1p)
TOOLCHAIN_HINT="Are clang-$LLVM, lld-$LLVM, llvm-$LLVM and libclang-rt-$LLVM-dev-wasm32 of one version?"

unpack_sources() {
  local key
  key=$(hash_of "$PYTHON_VERSION" -- "$DOWNLOADS/cpython.tar")
  SOURCE=$WORK/source-$key
  [[ -d $SOURCE ]] && return
  rm -rf "$SOURCE.partial" && mkdir -p "$SOURCE.partial"
  logged unpack "Is the disk full?" tar -xf "$DOWNLOADS/cpython.tar" -C "$SOURCE.partial" --strip-components=1
  finish "$SOURCE"
}

# The native interpreter is only ever run in place: it serves the cross-compile and the parity tests, so it is
# compiled for a short build instead of speed.
build_host_python() {
  local dir
  dir=$WORK/host-$(hash_of "$(basename "$SOURCE")" host-2)
  HOST_PYTHON=$dir/python3
  [[ -x $HOST_PYTHON && -f $dir/.done ]] && return
  rm -rf "$dir" && mkdir -p "$dir"
  logged host-configure "Is a C compiler installed?" \
    env -C "$dir" CC=gcc OPT="-O1 -DNDEBUG" "$SOURCE/configure" --disable-test-modules --without-ensurepip
  logged host-make "See the log for the first error." make -C "$dir" -j"$JOBS"
  ln -sf python "$dir/python3"
  touch "$dir/.done"
}

unpack_sysroot() {
  SYSROOT=$WORK/sysroot-$(hash_of sysroot -- "$DOWNLOADS/wasi-libc.deb")
  [[ -d $SYSROOT ]] && return
  local part=$SYSROOT.partial
  rm -rf "$part" && mkdir -p "$part/deb"
  (cd "$part/deb" && ar x "$DOWNLOADS/wasi-libc.deb")
  tar -xf "$part"/deb/data.tar.* -C "$part"
  mv "$part/usr/include" "$part/usr/lib" "$part/"
  rm -rf "$part/deb" "$part/usr"
  finish "$SYSROOT"
}

# No path of this machine may reach the guest through __FILE__ or debug information.
wasm_cflags() {
  echo "-O3 -g0 -DNDEBUG -ffile-prefix-map=$SOURCE=/usr/src/python -ffile-prefix-map=$WORK=/usr/src"
}

wasm_cc() { echo "clang-$LLVM --target=$TARGET --sysroot=$SYSROOT"; }

compile_zlib() { # FOLDER
  cd "$1"
  tar -xf "$DOWNLOADS/zlib.tar" --strip-components=1
  archive z -- {adler32,compress,crc32,deflate,infback,inffast,inflate,inftrees,trees,uncompr,zutil}.c
  cp zlib.h zconf.h include/
}

# archive NAME OPTIONS… -- FILES… : compiles the files into lib/libNAME.a, as many at once as there are jobs.
archive() {
  local name=$1 options=() file
  shift
  while [[ $1 != -- ]]; do options+=("$1"); shift; done
  shift
  mkdir -p objects include lib
  # shellcheck disable=SC2016 # expanded by the inner shell
  printf '%s\n' "$@" | xargs -P "$JOBS" -I{} bash -euc 'file=$1; shift; "$@" -c "$file" -o "objects/${file//\//_}.o"' - {} \
    $(wasm_cc) $(wasm_cflags) "${options[@]}"
  llvm-ar-$LLVM rcs "lib/lib$name.a" objects/*.o
}

unpack_crate() { tar -xf "$DOWNLOADS/$1.crate" --strip-components=1; } # NAME-VERSION

compile_bzip2() { # FOLDER
  cd "$1"
  unpack_crate "$BZIP2_CRATE"
  cd bzip2-1.0.8
  archive bz2 -- blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
  cp bzlib.h include/
  mv include lib ..
}

# The crate comes with the configuration for its sources, and with stand-ins for headers that wasi-libc has itself.
compile_xz() { # FOLDER
  cd "$1"
  unpack_crate "$XZ_CRATE"
  local include=() folder files
  for folder in common liblzma/{api,common,lzma,lz,check,simple,delta,rangecoder}; do include+=("-Ixz/src/$folder"); done
  mapfile -t files < <(printf '%s\n' xz/src/liblzma/{common,lzma,lz,check,delta,rangecoder,simple}/*.c \
    xz/src/common/tuklib_{cpucores,physmem}.c | grep -vE '_mt\.c|_small\.c|_tablegen\.c|crc_clmul_consts_gen|hardware_cputhreads')
  archive lzma -DHAVE_CONFIG_H=1 -I. "${include[@]}" -- "${files[@]}"
  cp -r xz/src/liblzma/api/* include/
}

# One process, and a workspace nobody locks: files are opened without locks. What Debian's SQLite enables is enabled.
compile_sqlite() { # FOLDER
  cd "$1"
  unpack_crate "$SQLITE_CRATE"
  archive sqlite3 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_DEFAULT_UNIX_VFS='"unix-none"' \
    -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE \
    -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_SECURE_DELETE \
    -DSQLITE_MAX_VARIABLE_NUMBER=250000 -DSQLITE_USE_URI -DSQLITE_TEMP_STORE=2 -DUSE_PREAD64=0 -- sqlite3/sqlite3.c
  cp sqlite3/sqlite3.h include/
}

# library NAME SOURCE : builds compile_NAME's folder; sets LIBRARY_DIR.
library() {
  LIBRARY_DIR=$WORK/$1-$(hash_of "$TOOLCHAIN" "$(declare -f "compile_$1" archive wasm_cflags)" -- "$DOWNLOADS/$2")
  [[ -d $LIBRARY_DIR ]] && return
  rm -rf "$LIBRARY_DIR.partial" && mkdir -p "$LIBRARY_DIR.partial"
  (export -f "compile_$1" archive unpack_crate wasm_cc wasm_cflags
    export DOWNLOADS SOURCE WORK SYSROOT LLVM TARGET JOBS BZIP2_CRATE XZ_CRATE SQLITE_CRATE
    logged "$1" "$TOOLCHAIN_HINT" bash -euo pipefail -c "compile_$1 '$LIBRARY_DIR.partial'")
  finish "$LIBRARY_DIR"
}

crate_of() { printf '%s\n' "${!CRATES[@]}" | grep -m1 "^$1-"; } # NAME

build_c_libraries() {
  BZIP2_CRATE=$(crate_of bzip2-sys) XZ_CRATE=$(crate_of liblzma-sys) SQLITE_CRATE=$(crate_of libsqlite3-sys)
  library zlib zlib.tar && ZLIB=$LIBRARY_DIR
  library bzip2 "$BZIP2_CRATE.crate" && BZIP2=$LIBRARY_DIR
  library xz "$XZ_CRATE.crate" && XZ=$LIBRARY_DIR
  library sqlite "$SQLITE_CRATE.crate" && SQLITE=$LIBRARY_DIR
}

# Which ways CPython goes in scripts like those of skills, for the compiler (profile.sh). Functions of one file are named
# after its path.
unpack_profile() {
  local dir
  dir=$WORK/profile-$(hash_of "$TOOLCHAIN" "$(basename "$SOURCE")" -- "$RECIPE_DIR/profile.txt.xz")
  PROFILE=$dir/python.profdata
  [[ -f $PROFILE ]] && return
  rm -rf "$dir.partial" && mkdir -p "$dir.partial"
  xz -dc "$RECIPE_DIR/profile.txt.xz" | sed "s|^@SOURCE@/|$SOURCE/|" >"$dir.partial/counts.txt"
  [[ $(head -n 1 "$dir.partial/counts.txt") == "# CPython $PYTHON_VERSION" ]] ||
    die "profile.txt.xz is not of CPython $PYTHON_VERSION: run guests/python/profile.sh"
  logged profile "$TOOLCHAIN_HINT" llvm-profdata-$LLVM merge -o "$dir.partial/python.profdata" "$dir.partial/counts.txt"
  rm "$dir.partial/counts.txt"
  finish "$dir"
}

profile_cflags() { echo "-fprofile-use=$PROFILE -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date"; }

# The flags differ from CPython's own WASI recipe only where the result is linked by link.sh instead.
configure_wasm() { # FOLDER
  env -C "$1" CONFIG_SITE="$SOURCE/Tools/wasm/config.site-wasm32-wasi" \
    CC="$(wasm_cc)" CPP="$(wasm_cc) -E" AR=llvm-ar-$LLVM RANLIB=llvm-ranlib-$LLVM \
    OPT="$(wasm_cflags) $(profile_cflags)" CFLAGS= LDFLAGS= \
    ZLIB_CFLAGS="-I$ZLIB/include" ZLIB_LIBS="-L$ZLIB/lib -lz" BZIP2_CFLAGS="-I$BZIP2/include" BZIP2_LIBS="-L$BZIP2/lib -lbz2" \
    LIBLZMA_CFLAGS="-I$XZ/include" LIBLZMA_LIBS="-L$XZ/lib -llzma" \
    LIBSQLITE3_CFLAGS="-I$SQLITE/include" LIBSQLITE3_LIBS="-L$SQLITE/lib -lsqlite3 -lm" PKG_CONFIG=false \
    "$SOURCE/configure" --host=wasm32-unknown-wasip1 --build="$("$SOURCE/config.guess")" \
    --with-build-python="$HOST_PYTHON" --prefix=/usr --disable-test-modules --without-ensurepip
}

# Code of the snapshot must not count its own executions: each count dirties a page of every run. Code of the run itself
# lies above guest_frozen_end (immortal.c) and specialises as ever. No code keeps which ways its branches went: only the
# optimiser reads that, which is not built (_Py_TIER2). make finds these files before the source's own.
patch_interpreter() { # FOLDER
  local advance='(COUNTER) = advance_backoff_counter((COUNTER));' macros=$SOURCE/Python/ceval_macros.h
  local history='^ *this_instr\[1\]\.cache = (this_instr\[1\]\.cache << 1) | !*n*flag;$' cases=$SOURCE/Python/generated_cases.c.h
  [[ $(grep -cF "$advance" "$macros") == 1 ]] || { echo "ceval_macros.h is not the one this patch is for" && return 1; }
  [[ $(grep -c "$history" "$cases") == 8 ]] || { echo "generated_cases.c.h is not the one this patch is for" && return 1; }
  mkdir -p "$1/Python"
  cp "$SOURCE/Python/ceval.c" "$1/Python/"
  {
    echo 'extern const char *guest_frozen_end;'
    sed "s/$advance/if ((const char *)\&(COUNTER) >= guest_frozen_end) &/" "$macros"
  } >"$1/Python/ceval_macros.h"
  sed "/$history/d" "$cases" >"$1/Python/generated_cases.c.h"
}

# The collector calls this function by a pointer to one that gives an int, which WebAssembly checks: with a methodcaller in a
# cycle the program would trap. It is the only one of CPython's tp_clear, tp_traverse and tp_finalize that is not what it is called as.
patch_operator() { # FOLDER
  local operator=$SOURCE/Modules/_operator.c
  [[ $(grep -A1 '^static void$' "$operator" | grep -c '^methodcaller_clear(') == 1 ]] ||
    { echo "_operator.c is not the one this patch is for" && return 1; }
  mkdir -p "$1/Modules"
  sed '/^static void$/{N;s/^static void\nmethodcaller_clear(/static int\nmethodcaller_clear(/}' "$operator" |
    awk '/^methodcaller_clear\(/ { within = 1 } within && /^}$/ { print "    return 0;"; within = 0 } { print }' \
      >"$1/Modules/_operator.c"
}

# Everything but the final program: the guest's own main takes the place of CPython's.
make_wasm() { # FOLDER
  patch_interpreter "$1"
  patch_operator "$1"
  make -C "$1" -j"$JOBS" -f Makefile -f "$RECIPE_DIR/guest.mk" \
    EXTRA_CFLAGS="-D_GNU_SOURCE=1 -include $RECIPE_DIR/linux_errno.h" guest-inputs
}

build_wasm_python() {
  WASM_PYTHON=$WORK/wasm-$(hash_of "$TOOLCHAIN" "$(basename -a "$SOURCE" "$ZLIB" "$BZIP2" "$XZ" "$SQLITE" "$SYSROOT")" \
    "$(basename "$(dirname "$PROFILE")")" "$(declare -f configure_wasm patch_interpreter patch_operator make_wasm wasm_cflags)" -- "$RECIPE_DIR/linux_errno.h" "$RECIPE_DIR/guest.mk")
  [[ -f $WASM_PYTHON/.done ]] && return
  rm -rf "$WASM_PYTHON" && mkdir -p "$WASM_PYTHON"
  logged wasm-configure "$TOOLCHAIN_HINT" configure_wasm "$WASM_PYTHON"
  logged wasm-make "$TOOLCHAIN_HINT" make_wasm "$WASM_PYTHON"
  touch "$WASM_PYTHON/.done"
}

needs_sources_and_toolchain() {
  unpack_sources
  build_host_python
  unpack_sysroot
  build_c_libraries
  unpack_profile
  build_wasm_python
}
