# What every step of the Python guest's build shares: versions, folders, progress lines. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

PYTHON_VERSION=3.13.5
PYTHON_SHORT=3.13
ZLIB_VERSION=1.3.1
GUEST_LIB=/usr/lib/python$PYTHON_SHORT # where the host mounts the library inside the sandbox
TARGET=wasm32-wasi                     # the triple under which wasi-libc's folders are named
LLVM=19

RECIPE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT_DIR=$(cd "$RECIPE_DIR/../.." && pwd)
CACHE=${OPENSKILLS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/openskills}
WORK=$CACHE/build/python-$PYTHON_VERSION
LOGS=$WORK/logs
DOWNLOADS=$WORK/downloads
JOBS=${OPENSKILLS_JOBS:-$(nproc)}
mkdir -p "$LOGS" "$DOWNLOADS"

say() { printf 'python guest: %s\n' "$*" >&2; }

die() {
  printf 'python guest: %s\n' "$@" >&2
  exit 1
}

# hash_of WORDS… -- : FILES… : sixteen hex digits over the words and the contents of the files.
hash_of() {
  local words=()
  while [[ $# -gt 0 && $1 != -- ]]; do words+=("$1"); shift; done
  if [[ $# -gt 0 ]]; then shift; fi
  {
    printf "%s\n" "${words[@]}"
    if [[ $# -gt 0 ]]; then cat -- "$@"; fi
  } | sha256sum | cut -c1-16
}

# logged NAME HINT COMMAND… : runs a long step with its output in a log; shows the end of the log when it fails.
logged() {
  local name=$1 hint=$2 start=$SECONDS
  shift 2
  say "$name …"
  # In the background, because bash ignores errexit inside a condition.
  "$@" >"$LOGS/$name.log" 2>&1 </dev/null &
  if ! wait $!; then
    tail -n 30 "$LOGS/$name.log" >&2
    die "step '$name' failed after $((SECONDS - start)) s. $hint" "The whole log: $LOGS/$name.log"
  fi
  say "$name done in $((SECONDS - start)) s"
}

# finish FOLDER : moves FOLDER.partial to its final name, so that an interrupted step is never taken for a result.
finish() {
  rm -rf "$1"
  mv "$1.partial" "$1"
}

need_tools() {
  local missing=()
  local tool
  for tool in clang-$LLVM wasm-ld-$LLVM llvm-ar-$LLVM llvm-ranlib-$LLVM make gcc xz ar tar sha256sum flock cargo; do
    command -v "$tool" >/dev/null || missing+=("$tool")
  done
  [[ -e $(builtins_library) ]] || missing+=("libclang_rt.builtins-wasm32.a")
  [[ ${#missing[@]} -eq 0 ]] && return
  die "these tools are missing: ${missing[*]}" \
    "They come from the packages clang-$LLVM lld-$LLVM llvm-$LLVM libclang-rt-$LLVM-dev-wasm32 build-essential xz-utils" \
    "and from a Rust toolchain (cargo)."
}

builtins_library() {
  echo "/usr/lib/llvm-$LLVM/lib/clang/$LLVM/lib/wasi/libclang_rt.builtins-wasm32.a"
}
