#!/usr/bin/env bash
# profile.sh: makes profile.txt.xz anew, by which the guest's CPython is compiled. For maintainers, after a change of
# PYTHON_VERSION, of training.py or of patch_interpreter (cpython.sh): the build itself only reads the file.
#
# A native CPython that counts runs training.py. The compiler matches counts by function and shape, so this one has the
# interpreter loop the guest has, no allocator of its own, and 32 bits: references are counted in another way with 64.
# Functions that differ all the same are compiled without counts. Needs libclang-rt-19-dev, libc6-dev-i386 and lib32gcc-12-dev
# beside what the guest needs, and a kernel that runs programs of 32 bits.
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"
need_tools
source "$RECIPE_DIR/cpython.sh"

# The patched loop includes its neighbours from the source's folder, and what the guest's start defines is defined here.
MAKEFILE=$'include Makefile\nPython/ceval.o: PY_CORE_CFLAGS += -I$(srcdir)/Python'

configure_counting() { # FOLDER
  env -C "$1" PKG_CONFIG=false py_cv_module__ctypes=n/a py_cv_module__uuid=n/a CC="clang-$LLVM -m32" OPT="-O3 -DNDEBUG -fprofile-generate" LDFLAGS=-fprofile-generate "$SOURCE/configure" \
    --disable-test-modules --without-ensurepip --without-pymalloc --without-computed-gotos
}

make_counting() { # FOLDER
  patch_interpreter "$1"
  sed -i '0,/^#include "ceval_macros.h"/s//&\nconst char *guest_frozen_end;/' "$1/Python/ceval.c"
  echo "$MAKEFILE" >"$1/counting.mk"
  make -C "$1" -j"$JOBS" -f counting.mk python
  make -C "$1" -j"$JOBS" -k -f counting.mk sharedmods
}

train() { # FOLDER
  rm -f "$1"/*.profraw # configure's own programs left some
  LLVM_PROFILE_FILE="$1/%p-%m.profraw" PYTHONHASHSEED=0 "$1/python" "$RECIPE_DIR/training.py" "$SOURCE/Lib"
  llvm-profdata-$LLVM merge -sparse -text -o "$1/counts.txt" "$1"/*.profraw
}

unpack_sources
FOLDER=$(mktemp -d)
trap 'rm -rf "$FOLDER"' EXIT
logged profile-configure "Are libclang-rt-$LLVM-dev, libc6-dev-i386 and lib32gcc-12-dev installed?" configure_counting "$FOLDER"
logged profile-make "See the log for the first error." make_counting "$FOLDER"
logged profile-train "See guests/python/training.py." train "$FOLDER"
# The loop itself is compiled without: by counts a script takes 3 % longer in it.
{
  echo "# CPython $PYTHON_VERSION"
  awk 'BEGIN { RS = ""; ORS = "\n\n" } !/(^|\n)_PyEval_EvalFrameDefault\n/' "$FOLDER/counts.txt" | sed "s|^$SOURCE/|@SOURCE@/|"
} | xz -9e >"$RECIPE_DIR/profile.txt.xz"
say "profile.txt.xz has the counts of $(xz -dc "$RECIPE_DIR/profile.txt.xz" | grep -c '^# Func Hash') functions"
