#!/usr/bin/env bash
# Builds everything and runs every test: release first, then the same tests under AddressSanitizer and
# UndefinedBehaviorSanitizer, then each fuzz target for some seconds. Quiet when all is well: one line a step, and each
# test run's own summary.
# Last the Python and the npm package: built, installed in empty environments, and tested there.
#   --release-only   leave the sanitizers, the fuzzers and the bindings out
# Tests that cannot run under the sanitizers carry the ctest label `no-asan`.
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

PRESETS=(release asan fuzz)
PHASES=()

# timed NAME COMMAND… : runs a phase and notes how long it took.
timed() {
  local name=$1 start=$SECONDS
  shift
  "$@"
  PHASES+=("$(printf '%6d s  %s' "$((SECONDS - start))" "$name")")
}

build_dir() { if [[ $1 == release ]]; then echo "$OPENSKILLS_ROOT/build"; else echo "$OPENSKILLS_ROOT/build-$1"; fi; }

tests_so_far() { grep --extended-regexp '^ *[0-9]+/[0-9]+ Test ' "$1" | tail -n 1 | cut -c1-100; }

# Lines that say nothing beyond "this one passed".
PASSED='^ +Start +[0-9]+:|^ *[0-9]+/[0-9]+ Test +#[0-9]+: .* +Passed +[0-9.]+ sec'

run_ctest() { # PRESET
  local dir log status=0 ticker options=(--output-on-failure --no-tests=error --parallel "$OPENSKILLS_JOBS")
  dir=$(build_dir "$1")
  log=$OPENSKILLS_LOGS/test-$1.log
  [[ $1 == release ]] || options+=(--label-exclude "no-$1")
  mkdir -p "$OPENSKILLS_LOGS"
  say "test-$1 …"
  tick "test-$1" "$log" tests_so_far &
  ticker=$!
  ctest --test-dir "$dir" "${options[@]}" >"$log" 2>&1 </dev/null || status=$?
  kill "$ticker" 2>/dev/null || true
  if ((status)); then
    grep --extended-regexp --invert-match "$PASSED" "$log" || true
    die "tests of the $1 build failed. The whole log: $log" \
      "One test again: ctest --test-dir '$dir' --output-on-failure -R NAME"
  fi
  say "test-$1: $(grep 'tests passed, ' "$log")"
}

# ctest's own closing lines stand last, those of the release build at the very end, since it runs every test.
print_summary() {
  local i preset
  printf '\nHow long it took:\n'
  printf '%s\n' "${PHASES[@]}"
  printf '%6d s  in all\n' "$SECONDS"
  for ((i = ${#PRESETS[@]} - 1; i >= 0; i--)); do
    preset=${PRESETS[i]}
    printf '\n%s:\n' "$preset"
    sed -n '/tests passed, /,$p' "$OPENSKILLS_LOGS/test-$preset.log"
  done
}

while (($#)); do
  case $1 in
    --release-only) PRESETS=(release) ;;
    --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
    *) die "unknown argument: $1" "See scripts/test_all.sh --help" ;;
  esac
  shift
done

timed "dependencies" "$OPENSKILLS_ROOT/scripts/install_dependencies.sh"
for preset in "${PRESETS[@]}"; do
  if [[ $preset == fuzz ]]; then
    timed "build fuzz" "$OPENSKILLS_ROOT/scripts/fuzz.sh" --build-only
  else
    timed "build $preset" "$OPENSKILLS_ROOT/scripts/build_runtime.sh" --preset "$preset"
  fi
done
for preset in "${PRESETS[@]}"; do
  timed "test $preset" run_ctest "$preset"
done
((${#PRESETS[@]} == 1)) || timed "bindings" "$OPENSKILLS_ROOT/scripts/build_bindings.sh" --test
print_summary
