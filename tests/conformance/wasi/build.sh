#!/usr/bin/env bash
# build.sh OUT : compiles cases/*.c and differential/*.c to OUT/*.wasm with clang-19 and wasi-libc; only what is older than its sources.
CASES=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cases
# shellcheck source-path=SCRIPTDIR
source "$CASES/../../../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/debian_trixie.sh"

(($# == 1)) || die "usage: build.sh OUT"
OUT=$1
need clang-19 wasm-ld-19
need_wasi_sysroot
mkdir -p "$OUT"
for source in "$CASES"/*.c "$CASES"/../differential/*.c; do
  name=$(basename "$source" .c)
  module=$OUT/$name.wasm
  if [[ $module -nt $source && $module -nt $CASES/case.h ]]; then continue; fi
  part=$(mktemp "$OUT/.$name.XXXXXX.wasm")
  run_logged "conformance-$name" "Are clang-19, lld-19 and libclang-rt-19-dev-wasm32 of one version?" \
    clang-19 --target=wasm32-wasi --sysroot="$WASI_SYSROOT" -std=c17 -O1 -Wall -Wextra -Werror -Wno-unused-function \
    -o "$part" "$source"
  mv "$part" "$module"
done
