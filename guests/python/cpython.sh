#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2046,SC2115,SC2164  # word splitting is wanted, and errexit is on
# Builds what changes rarely: the native CPython that drives the cross-compile, wasi-libc's folder, zlib and
# CPython for wasm32-wasip1. Each result is a folder of the cache whose name carries the hash of its inputs.
# Sourced by build.sh after recipe.sh; sets SOURCE, HOST_PYTHON, SYSROOT, ZLIB and WASM_PYTHON.

TOOLCHAIN=$(clang-$LLVM --version | head -n 1)
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
  local objects=() file
  cd "$1"
  tar -xf "$DOWNLOADS/zlib.tar" --strip-components=1
  for file in adler32 compress crc32 deflate infback inffast inflate inftrees trees uncompr zutil; do
    $(wasm_cc) $(wasm_cflags) -c "$file.c" -o "$file.o"
    objects+=("$file.o")
  done
  mkdir -p include lib
  cp zlib.h zconf.h include/
  llvm-ar-$LLVM rcs lib/libz.a "${objects[@]}"
}

build_zlib() {
  ZLIB=$WORK/zlib-$(hash_of "$TOOLCHAIN" "$(declare -f compile_zlib wasm_cflags)" -- "$DOWNLOADS/zlib.tar")
  [[ -d $ZLIB ]] && return
  rm -rf "$ZLIB.partial" && mkdir -p "$ZLIB.partial"
  (export -f compile_zlib wasm_cc wasm_cflags
    export DOWNLOADS SOURCE WORK SYSROOT LLVM TARGET
    logged zlib "$TOOLCHAIN_HINT" bash -euc "compile_zlib '$ZLIB.partial'")
  finish "$ZLIB"
}

# The flags differ from CPython's own WASI recipe only where the result is linked by link.sh instead.
configure_wasm() { # FOLDER
  env -C "$1" CONFIG_SITE="$SOURCE/Tools/wasm/config.site-wasm32-wasi" \
    CC="$(wasm_cc)" CPP="$(wasm_cc) -E" AR=llvm-ar-$LLVM RANLIB=llvm-ranlib-$LLVM \
    OPT="$(wasm_cflags)" CFLAGS= LDFLAGS= \
    ZLIB_CFLAGS="-I$ZLIB/include" ZLIB_LIBS="-L$ZLIB/lib -lz" PKG_CONFIG=false \
    "$SOURCE/configure" --host=wasm32-unknown-wasip1 --build="$("$SOURCE/config.guess")" \
    --with-build-python="$HOST_PYTHON" --prefix=/usr --disable-test-modules --without-ensurepip
}

# Everything but the final program: the guest's own main takes the place of CPython's.
make_wasm() { # FOLDER
  make -C "$1" -j"$JOBS" -f Makefile -f "$RECIPE_DIR/guest.mk" \
    EXTRA_CFLAGS="-D_GNU_SOURCE=1 -include $RECIPE_DIR/linux_errno.h" guest-inputs
}

build_wasm_python() {
  WASM_PYTHON=$WORK/wasm-$(hash_of "$TOOLCHAIN" "$(basename -a "$SOURCE" "$ZLIB" "$SYSROOT")" \
    "$(declare -f configure_wasm make_wasm wasm_cflags)" -- "$RECIPE_DIR/linux_errno.h" "$RECIPE_DIR/guest.mk")
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
  build_zlib
  build_wasm_python
}
