# What every set-up script shares: folders, progress lines, logged steps, locks. Sourced, never run.
# Progress goes to stderr; stdout is for results.
# shellcheck shell=bash
# shellcheck disable=SC2034 # variables used by the scripts that source this
set -euo pipefail

OPENSKILLS_ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# A CI runner may start us without a home folder in the environment.
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}
if [[ -n ${OPENSKILLS_CACHE_DIR:-} ]]; then
  OPENSKILLS_CACHE_DIR=$(realpath --canonicalize-missing "$OPENSKILLS_CACHE_DIR")
  export OPENSKILLS_CACHE_DIR
fi
OPENSKILLS_CACHE=${OPENSKILLS_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/openskills}
OPENSKILLS_LOGS=$OPENSKILLS_CACHE/logs
# How many compilers run at once; OPENSKILLS_JOBS=1 is gentler on a small machine.
OPENSKILLS_JOBS=${OPENSKILLS_JOBS:-$(nproc)}
export OPENSKILLS_JOBS

# rustup puts cargo where only a new login shell finds it.
if ! command -v cargo >/dev/null && [[ -x ${CARGO_HOME:-$HOME/.cargo}/bin/cargo ]]; then
  PATH=$PATH:${CARGO_HOME:-$HOME/.cargo}/bin
fi

# Objects that were compiled before, by this checkout or another, are taken from the cache folder instead.
use_compiler_cache() {
  command -v ccache >/dev/null || return 0
  export CMAKE_C_COMPILER_LAUNCHER=ccache CMAKE_CXX_COMPILER_LAUNCHER=ccache
  export CCACHE_DIR=${CCACHE_DIR:-$OPENSKILLS_CACHE/ccache} CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-4G}
  # Paths beneath the checkout count as relative, so that a fresh clone in another folder finds the same objects.
  export CCACHE_BASEDIR=$OPENSKILLS_ROOT CCACHE_NOHASHDIR=1
}

# say TEXT… : one progress line with the seconds since the script began.
say() { printf '[%4d s] %s\n' "$SECONDS" "$*" >&2; }

# die MESSAGE [NEXT STEP…] : ends the script; every further argument is a line of its own.
die() {
  printf '\nerror: %s\n' "$1" >&2
  shift
  if (($#)); then printf '       %s\n' "$@" >&2; fi
  exit 1
}

# latest_line LOG : the last line a step wrote, as a progress text.
latest_line() { tail -n 1 "$1" 2>/dev/null | tr -d '\r' | cut -c1-100; }

# Prints `NAME: …` every 20 seconds until it is killed or the script is gone.
tick() { # NAME LOG DESCRIBE
  local start=$SECONDS pause text
  while kill -0 "$$" 2>/dev/null; do
    # Short sleeps with no stream of ours: a reader of our output never waits for a sleeper that is left over.
    for ((pause = 0; pause < 20; pause++)); do
      sleep 1 >/dev/null 2>&1
      kill -0 "$$" 2>/dev/null || return 0
    done
    text=$("$3" "$2") || text=
    say "  $1: $((SECONDS - start)) s${text:+, $text}"
  done
}

# run_logged NAME HINT COMMAND… : runs a step with its output in a log file and a progress line every 20 seconds.
# When it fails, prints the last 30 lines, HINT (what to do) and where the whole log is, and ends the script.
# PROGRESS names a function that turns the log's path into a progress text (default: its latest line).
# The step ends up in STEP_LOG, so that the caller can read what it wrote.
run_logged() {
  local name=$1 hint=$2 start=$SECONDS status=0 ticker
  shift 2
  mkdir -p "$OPENSKILLS_LOGS"
  STEP_LOG=$OPENSKILLS_LOGS/$name.log
  say "$name …"
  tick "$name" "$STEP_LOG" "${PROGRESS:-latest_line}" &
  ticker=$!
  "$@" >"$STEP_LOG" 2>&1 </dev/null || status=$?
  kill "$ticker" 2>/dev/null || true
  wait "$ticker" 2>/dev/null || true
  if ((status)); then
    { printf '\n--- the last lines of %s\n' "$name" && tail -n 30 "$STEP_LOG" && printf -- '---\n'; } >&2
    die "step '$name' failed with status $status after $((SECONDS - start)) s." "$hint" "The whole log: $STEP_LOG"
  fi
  say "$name: done in $((SECONDS - start)) s"
}

# lock FILE : holds an exclusive lock until the script ends, waiting for whoever has it.
# Commands started meanwhile should close descriptor LOCK_FD (`{LOCK_FD}>&-`) when they may outlive the script.
lock() {
  mkdir -p "$(dirname "$1")"
  exec {LOCK_FD}>"$1"
  flock --nonblock "$LOCK_FD" && return
  say "another build is at work (lock $1); waiting for it"
  flock "$LOCK_FD"
}

# unlock : releases the lock taken last.
unlock() { exec {LOCK_FD}>&-; }

# need COMMAND… : ends the script unless all commands exist.
need() {
  local command missing=()
  for command in "$@"; do
    command -v "$command" >/dev/null || missing+=("$command")
  done
  ((${#missing[@]} == 0)) || die "missing: ${missing[*]}" "Run scripts/install_dependencies.sh first."
}

# sha256_of FILE : the digest in hexadecimal.
sha256_of() { sha256sum -- "$1" | cut -d' ' -f1; }

# need_space MIB : ends the script when the cache's file system has less room than that.
need_space() {
  local free
  mkdir -p "$OPENSKILLS_CACHE"
  free=$(df --output=avail --block-size=1M "$OPENSKILLS_CACHE" | tail -n 1)
  ((free >= $1)) || die "the cache folder has ${free// /} MiB free; this step needs about $1." \
    "Free some space in $OPENSKILLS_CACHE, or set OPENSKILLS_CACHE_DIR to a folder on a larger disk."
}

# need_rust : ends the script unless cargo and rustc can build the engine.
OPENSKILLS_RUST=1.95
need_rust() {
  local version hint=(
    "The WebAssembly engine is built by Rust $OPENSKILLS_RUST or newer; Debian's own package is older. Install it with"
    "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
    "(see https://rustup.rs), then run this script again.")
  if ! { command -v cargo && command -v rustc; } >/dev/null; then die "cargo and rustc are missing." "${hint[@]}"; fi
  version=$(rustc --version | awk '{ print $2 }') || die "rustc does not start." "${hint[@]}"
  if [[ $(printf '%s\n' "$OPENSKILLS_RUST" "$version" | sort --version-sort | head -n 1) != "$OPENSKILLS_RUST" ]]; then
    die "rustc $version is too old." "Update it with \`rustup update stable\`." "${hint[@]}"
  fi
}
