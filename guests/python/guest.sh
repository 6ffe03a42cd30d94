#!/usr/bin/env bash
# shellcheck disable=SC2034,SC2046,SC2115,SC2164  # word splitting is wanted, and errexit is on
# Builds what changes often: the library folder, the guest's program and its snapshot.
# Sourced by build.sh after cpython.sh; sets LIBRARY, PROGRAM and SNAPSHOT.

build_library() {
  local overlay
  mapfile -t overlay < <(find "$RECIPE_DIR/lib" -name '*.py' | LC_ALL=C sort)
  LIBRARY=$WORK/lib-$(hash_of "$(basename -a "$SOURCE" "$WASM_PYTHON" "$WHEELS")" "$GUEST_LIB" "${overlay[@]#"$RECIPE_DIR"}" \
    -- "$RECIPE_DIR/make_lib.py" "${overlay[@]}")
  [[ -d $LIBRARY ]] && return
  rm -rf "$LIBRARY.partial" && mkdir -p "$LIBRARY.partial"
  logged library "See guests/python/make_lib.py." \
    "$HOST_PYTHON" "$RECIPE_DIR/make_lib.py" "$SOURCE" "$WASM_PYTHON" "$LIBRARY.partial" "$GUEST_LIB" "$RECIPE_DIR/lib" "$WHEELS"
  finish "$LIBRARY"
}

GUEST_SOURCES=(main.c init.c immortal.c start.c run.c script_code.c platform.c files.c linux_errno.c)
# The stack is below everything else, where an overflow is caught, and is no part of the memory image as long as it is
# untouched. Image and initial memory stay small enough for the engine to map them copy-on-write (see README.md).
STACK_BYTES=$((8 * 1024 * 1024))
MEMORY_BYTES=$((40 * 1024 * 1024 - 64 * 1024))

link_program() { # FOLDER
  local objects=() name libraries
  for name in "${GUEST_SOURCES[@]}"; do
    $(wasm_cc) $(wasm_cflags) -std=gnu23 -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers \
      -include "$RECIPE_DIR/linux_errno.h" -D_GNU_SOURCE=1 -DPy_BUILD_CORE "-DGUEST_LIB=\"$GUEST_LIB\"" "-DGUEST_SCRIPT_CODE=\"$GUEST_SCRIPT_CODE\"" \
      -D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS \
      -I"$RECIPE_DIR" -I"$WASM_PYTHON" -I"$SOURCE" -I"$SOURCE/Include" -I"$SOURCE/Include/internal" \
      "-ffile-prefix-map=$RECIPE_DIR=/usr/src/guest" -c "$RECIPE_DIR/$name" -o "$1/$name.o"
    objects+=("$1/$name.o")
  done
  libraries=$(make -s -C "$WASM_PYTHON" -f Makefile -f "$RECIPE_DIR/guest.mk" guest-libraries)
  (cd "$WASM_PYTHON" && $(wasm_cc) -nostartfiles -Wl,--no-entry -Wl,--wrap=Py_Exit -Wl,--wrap=PyThread_acquire_lock_timed_with_retries \
    -Wl,--wrap=_PyMutex_LockTimed -Wl,--wrap=stat -Wl,--wrap=lstat -Wl,--wrap=fstat -Wl,--wrap=fstatat -Wl,--wrap=open -Wl,--wrap=openat -Wl,--wrap=__wasilibc_find_abspath -Wl,--strip-debug -Wl,--gc-sections \
    -z stack-size=$STACK_BYTES -Wl,--stack-first -Wl,--initial-memory=$MEMORY_BYTES \
    -o "$1/named.wasm" "${objects[@]}" "libpython$PYTHON_SHORT.a" $libraries)
}

SNAPSHOT_CRATE=$ROOT_DIR/runtime/third_party/wasmtime
SNAPSHOT_TOOL_SOURCES=("$SNAPSHOT_CRATE"/{Cargo.toml,Cargo.lock} "$SNAPSHOT_CRATE"/src/bin/snapshot/*.rs)

# Part of the engine's crate, so that the engine is compiled once for both. Kept by what it is made of: other checkouts build
# theirs in the same target folder.
build_snapshot_tool() {
  local dir
  dir=$WORK/tool-$(hash_of "$(rustc --version)" -- "${SNAPSHOT_TOOL_SOURCES[@]}")
  SNAPSHOT_TOOL=$dir/openskills-snapshot
  [[ -d $dir ]] && return
  rm -rf "$dir.partial" && mkdir -p "$dir.partial"
  logged snapshot-tool "It is part of the engine's build: scripts/build_runtime.sh makes that first." \
    cargo build --release --locked --manifest-path "$SNAPSHOT_CRATE/Cargo.toml" --target-dir "$CACHE/build/wasmtime"
  cp "$CACHE/build/wasmtime/release/openskills-snapshot" "$dir.partial/"
  finish "$dir"
}

# The functions that scripts like those of skills call after the snapshot come first: a process that maps the code anew
# for each run touches few of its pages then.
order_functions() { # FOLDER
  local commands=(-- python3 -c pass) sample
  for sample in "$RECIPE_DIR"/samples/*.py; do commands+=(-- python3 "/samples/${sample##*/}"); done
  "$SNAPSHOT_TOOL" --calls "$1/named.wasm" "$LIBRARY::$GUEST_LIB" "$RECIPE_DIR/samples::/samples" "${commands[@]}" >"$1/order.txt"
  "$SNAPSHOT_TOOL" --order "$1/order.txt" "$1/named.wasm" "$1/python.wasm"
}

build_program() {
  local inputs=("${GUEST_SOURCES[@]/#/$RECIPE_DIR/}" "$RECIPE_DIR"/*.h "$RECIPE_DIR/boot.py" "$RECIPE_DIR"/samples/*.py)
  PROGRAM=$WORK/program-$(hash_of "$(basename -a "$WASM_PYTHON" "$LIBRARY")" "$STACK_BYTES" "$MEMORY_BYTES" "$GUEST_SCRIPT_CODE" \
    "$(basename -a "$RECIPE_DIR"/samples/*.py)" "$(declare -f link_program wasm_cflags order_functions)" -- "${inputs[@]}" "${SNAPSHOT_TOOL_SOURCES[@]}")
  [[ -d $PROGRAM ]] && return
  build_snapshot_tool
  rm -rf "$PROGRAM.partial" && mkdir -p "$PROGRAM.partial"
  logged link "$TOOLCHAIN_HINT" link_program "$PROGRAM.partial"
  logged order "The guest's own message is above, or see guests/python/samples." order_functions "$PROGRAM.partial"
  finish "$PROGRAM"
}

build_snapshot() {
  SNAPSHOT=$WORK/snapshot-$(hash_of "$(basename -a "$PROGRAM" "$LIBRARY")" -- "${SNAPSHOT_TOOL_SOURCES[@]}" "$RECIPE_DIR/make_manifest.py")
  [[ -d $SNAPSHOT ]] && return
  build_snapshot_tool
  rm -rf "$SNAPSHOT.partial" && mkdir -p "$SNAPSHOT.partial"
  logged snapshot "The message above is the guest's own." \
    "$SNAPSHOT_TOOL" "$PROGRAM/python.wasm" "$SNAPSHOT.partial/python.wasm" "$LIBRARY::$GUEST_LIB"
  logged manifest "See guests/python/make_manifest.py." \
    "$HOST_PYTHON" "$RECIPE_DIR/make_manifest.py" "$SNAPSHOT_TOOL" "$SNAPSHOT.partial" "$LIBRARY" "$GUEST_LIB" "$GUEST_SCRIPT_CODE"
  finish "$SNAPSHOT"
}
