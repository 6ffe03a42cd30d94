#!/usr/bin/env bash
# Builds the libFuzzer targets and runs one of them, or each in turn. Inputs that reach something new are kept in the
# cache and used the next time; findings go to build-fuzz/findings/.
#   TARGET         a name from tests/fuzz/CMakeLists.txt (default: all)
#   --seconds N    how long each runs (default 60)
#   --runs N       how many inputs each runs, instead of a time
#   --jobs N       processes of one target at once (default 1)
#   --build-only   only build
#   --minimise     no fuzzing: tests/fuzz/corpus/TARGET becomes the smallest set of inputs that reaches all that is reached
#                  so far; inputs written by hand, those whose name is no digest, stay
# A finding again: build-fuzz/bin/fuzz_TARGET build-fuzz/findings/TARGET-crash-…
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/engine.sh"

BUILD_DIR=$OPENSKILLS_ROOT/build-fuzz
FINDINGS=$BUILD_DIR/findings
CORPUS=$OPENSKILLS_ROOT/tests/fuzz/corpus
LIMIT=-max_total_time=60
JOBS=1
MODE=fuzz
TARGETS=()

known_targets() { sed -n 's/^openskills_fuzz(\([a-z_]*\).*/\1/p' "$OPENSKILLS_ROOT/tests/fuzz/CMakeLists.txt"; }
# The longest input of a target, as its tests have it.
length_of() { sed -n "s/^openskills_fuzz($1 .*LENGTH \([0-9]*\).*/\1/p" "$OPENSKILLS_ROOT/tests/fuzz/CMakeLists.txt"; }

while (($#)); do
  case $1 in
    --seconds) LIMIT=-max_total_time=${2:?--seconds wants a number} && shift ;;
    --runs) LIMIT=-runs=${2:?--runs wants a number} && shift ;;
    --jobs) JOBS=${2:?--jobs wants a number} && shift ;;
    --build-only) MODE=build ;;
    --minimise) MODE=minimise ;;
    --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
    -*) die "unknown argument: $1" "See scripts/fuzz.sh --help" ;;
    *)
      known_targets | grep --line-regexp "$1" >/dev/null || die "there is no target '$1'." "Known are: $(known_targets | xargs)"
      TARGETS+=("$1")
      ;;
  esac
  shift
done
((${#TARGETS[@]})) || mapfile -t TARGETS < <(known_targets)

build() {
  need cmake ninja clang++-19 ld.lld-19
  use_compiler_cache
  need_engine
  lock "$BUILD_DIR/.lock"
  run_logged configure-fuzz "If the checkout was moved, remove $BUILD_DIR and run again." \
    cmake -S "$OPENSKILLS_ROOT" --preset fuzz -B "$BUILD_DIR"
  run_logged build-fuzz "The first line with 'error:' in the log is the cause." \
    cmake --build "$BUILD_DIR" --target fuzzers --parallel "$OPENSKILLS_JOBS"
  unlock
}

fuzz() { # TARGET
  local grown=$OPENSKILLS_CACHE/fuzz/$1 log=$OPENSKILLS_LOGS/fuzz-$1.log
  mkdir -p "$grown" "$FINDINGS" "$OPENSKILLS_LOGS"
  local options=(-max_len="$(length_of "$1")" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$FINDINGS/$1-"
    -print_final_stats=1 "$LIMIT")
  ((JOBS == 1)) || options+=(-fork="$JOBS")
  say "fuzz $1 …"
  if ! "$BUILD_DIR/bin/fuzz_$1" "${options[@]}" "$grown" "$CORPUS/$1" >"$log" 2>&1; then
    grep --extended-regexp '^FINDING|^SUMMARY|ERROR:|Test unit written' "$log" >&2 || tail -n 20 "$log" >&2
    die "fuzz target $1 found something." "The whole log: $log" "Again: build-fuzz/bin/fuzz_$1 FILE (from $FINDINGS)"
  fi
  say "fuzz $1: $(grep --extended-regexp 'DONE|INFO: fuzzed' "$log" | tail -n 1 | tr --squeeze-repeats '\t ' ' ')"
}

minimise() { # TARGET
  local grown=$OPENSKILLS_CACHE/fuzz/$1 part
  mkdir -p "$grown"
  part=$(mktemp -d "$CORPUS/.part.XXXXXX")
  chmod 755 "$part"
  find "$CORPUS/$1" -type f -regextype posix-extended ! -regex '.*/[0-9a-f]{40}' -exec cp -t "$part" {} +
  run_logged "minimise-$1" "Run the target once: scripts/fuzz.sh $1 --seconds 10" \
    "$BUILD_DIR/bin/fuzz_$1" -set_cover_merge=1 -use_counters=0 -max_len="$(length_of "$1")" "$part" "$CORPUS/$1" "$grown"
  rm -rf "${CORPUS:?}/$1"
  mv "$part" "$CORPUS/$1"
  say "corpus/$1: $(find "$CORPUS/$1" -type f | wc -l) inputs"
}

build
# Trees of small files that are made and removed all the time belong into memory.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
for target in "${TARGETS[@]}"; do
  case $MODE in
    fuzz) fuzz "$target" ;;
    minimise) minimise "$target" ;;
  esac
done
