#!/usr/bin/env bash
# Builds skill.wasm from src/ with clang-19 and wasi-libc; does nothing when it is newer than its sources.
SKILL_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source-path=SCRIPTDIR
source "$SKILL_DIR/../../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/debian_trixie.sh"

OUT=$SKILL_DIR/skill.wasm
if [[ -f $OUT && -z $(find "$SKILL_DIR/src" "${BASH_SOURCE[0]}" -newer "$OUT" -print -quit) ]]; then
  exit 0
fi
need clang-19 wasm-ld-19
need_wasi_sysroot
part=$(mktemp "$SKILL_DIR/.skill.XXXXXX.wasm")
trap 'rm -f "$part"' EXIT
# The prefix map keeps this machine's folder names out of the module.
run_logged text-stats-wasm "Are clang-19, lld-19 and libclang-rt-19-dev-wasm32 of one version?" \
  clang-19 --target=wasm32-wasi --sysroot="$WASI_SYSROOT" -std=c17 -Os -flto -Wall -Wextra -Werror \
  -ffile-prefix-map="$SKILL_DIR=." -Wl,--strip-all -Wl,--stack-first -Wl,-z,stack-size=262144 \
  -o "$part" "$SKILL_DIR"/src/*.c
chmod 644 "$part"
mv "$part" "$OUT"
