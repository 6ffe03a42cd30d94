# What every step of the Python guest's build shares: versions, folders, progress lines. Sourced, never run.
# shellcheck shell=bash
set -euo pipefail

PYTHON_VERSION=3.13.5
PYTHON_SHORT=3.13
ZLIB_VERSION=1.3.1
# Crates that carry the C sources of a library; the digests are those of the registry's own index.
declare -A CRATES=(
  [bzip2-sys-0.1.13+1.0.8]=225bff33b2141874fe80d71e07d6eec4f85c5c216453dd96388240f96e1acc14
  [liblzma-sys-0.4.9]=7c7e3581f367a78d7b7e7ae948d023310556f0cfc13156c2e4e00e25616492b9
  [libsqlite3-sys-0.40.0]=b06e69070b7e12262b0cd90832f0a7396f142a2b330181255562decf9f0c6215
)
GUEST_LIB=/usr/lib/python$PYTHON_SHORT # where the host mounts the library inside the sandbox
GUEST_SCRIPT_CODE=/var/lib/script-code # where it mounts code that was made ahead of a run
TARGET=wasm32-wasi                     # the triple under which wasi-libc's folders are named
LLVM=19

RECIPE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT_DIR=$(cd "$RECIPE_DIR/../.." && pwd)
CACHE=${OPENSKILLS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/openskills}
WORK=$CACHE/build/python-$PYTHON_VERSION
LOGS=$WORK/logs
DOWNLOADS=$WORK/downloads
WHEELS=$WORK/wheels-$(sha256sum "$RECIPE_DIR/packages.txt" | cut -c1-16)
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
  for tool in clang-$LLVM wasm-ld-$LLVM llvm-ar-$LLVM llvm-ranlib-$LLVM llvm-profdata-$LLVM make gcc xz ar tar sha256sum flock cargo python3; do
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
