#!/usr/bin/env bash
# shellcheck disable=SC2034  # PROFILE is used by cpython.sh
# Learns which ways CPython goes: a native build that counts runs training.py, and the cross-compile reads the counts. The
# compiler matches them by function and shape, so the native build has the interpreter loop the guest has (patch_interpreter)
# and no allocator of its own. Functions that differ between the platforms are compiled without counts.
# Sourced by build.sh after cpython.sh; sets PROFILE, empty where clang's runtime for counting is not installed.

can_profile() {
  command -v llvm-profdata-$LLVM >/dev/null &&
    echo 'int main(void) { return 0; }' | clang-$LLVM -fprofile-generate -x c - -o /dev/null 2>/dev/null
}

configure_profiled() { # FOLDER
  env -C "$1" CC=clang-$LLVM OPT="-O3 -DNDEBUG -fprofile-generate" LDFLAGS=-fprofile-generate "$SOURCE/configure" \
    --disable-test-modules --without-ensurepip --without-pymalloc --without-computed-gotos
}

make_profiled() { # FOLDER
  patch_interpreter "$1"
  # The guest defines it; here nothing is frozen.
  sed -i '0,/^#include "ceval_macros.h"/s//&\nconst char *guest_frozen_end;/' "$1/Python/ceval.c"
  make -C "$1" -j"$JOBS" -f Makefile -f "$RECIPE_DIR/guest.mk" python
  make -C "$1" -j"$JOBS" -k -f Makefile -f "$RECIPE_DIR/guest.mk" sharedmods
}

train() { # FOLDER
  rm -f "$1"/*.profraw # configure's own programs left some
  LLVM_PROFILE_FILE="$1/%p-%m.profraw" PYTHONHASHSEED=0 "$1/python" "$RECIPE_DIR/training.py" "$SOURCE/Lib"
  llvm-profdata-$LLVM merge -o "$1/python.profdata" "$1"/*.profraw
}

build_profile() {
  local dir hint="Without libclang-rt-$LLVM-dev the guest is built without counts, and runs about an eighth slower."
  PROFILE=
  can_profile || { say "clang-$LLVM cannot count here: $hint" && return 0; }
  dir=$WORK/profile-$(hash_of "$TOOLCHAIN" "$(basename "$SOURCE")" \
    "$(declare -f configure_profiled make_profiled train patch_interpreter)" -- "$RECIPE_DIR/training.py")
  PROFILE=$dir/python.profdata
  [[ -f $PROFILE ]] && return
  rm -rf "$dir" && mkdir -p "$dir"
  # A subshell each: a failed step ends what runs it, and the guest can do without.
  if (logged profile-configure "$hint" configure_profiled "$dir") && (logged profile-make "$hint" make_profiled "$dir") &&
    (logged profile-train "$hint" train "$dir"); then
    return
  fi
  say "going on without counts"
  PROFILE=
}

# The counts are no part of the program: only the compiler reads the file (make_lib.py leaves its name out of sysconfig).
profile_cflags() {
  [[ -z $PROFILE ]] || echo "-fprofile-use=$PROFILE -Wno-profile-instr-unprofiled -Wno-profile-instr-out-of-date"
}
