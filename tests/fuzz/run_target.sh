#!/usr/bin/env bash
# Runs one fuzz target for ctest; see CMakeLists.txt here.
#   run_target.sh PROGRAM CORPUS LENGTH corpus|short|self_test SECONDS
set -euo pipefail

program=$1 corpus=$2 length=$3 kind=$4 seconds=$5
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# Trees of small files that are made and removed all the time belong into memory.
if [[ -z ${TMPDIR:-} && -w /dev/shm ]]; then export TMPDIR=/dev/shm; fi
options=(-max_len="$length" -timeout=20 -rss_limit_mb=4096 -artifact_prefix="$scratch/" -print_final_stats=1)
export ASAN_OPTIONS=${ASAN_OPTIONS:-handle_segv=1:detect_leaks=1}

# Shows an input that was found, so that a failure in CI can be repeated.
show_findings() {
  local file
  for file in "$scratch"/{crash,leak,oom,timeout}-*; do
    [[ -f $file ]] || continue
    echo "The input, to be repeated with 'base64 -d >input' and '$program input':"
    base64 "$file"
  done
}

case $kind in
  corpus)
    "$program" "${options[@]}" -runs=0 "$corpus" || { show_findings && exit 1; }
    ;;
  short)
    mkdir "$scratch/grown"
    "$program" "${options[@]}" -max_total_time="$seconds" "$scratch/grown" "$corpus" || { show_findings && exit 1; }
    ;;
  self_test)
    # From the inputs written by hand, which do not show the bug: those with a name, not a digest. One mutation at a
    # time, so that most inputs are still something the target understands.
    mkdir "$scratch/grown"
    find "$corpus" -type f -regextype posix-extended ! -regex '.*/[0-9a-f]{40}' -exec cp -t "$scratch/grown" {} +
    if OPENSKILLS_FUZZ_SELF_TEST=1 "$program" "${options[@]}" -runs=3000000 -max_total_time=240 -seed=1 -mutate_depth=1 \
      "$scratch/grown" >"$scratch/log" 2>&1; then
      tail -n 5 "$scratch/log"
      echo "The planted bug was not found."
      exit 1
    fi
    # A finding of its own kind, not some other end of the program.
    grep --extended-regexp '^FINDING: |^SUMMARY: AddressSanitizer: heap-buffer-overflow' "$scratch/log" || {
      tail -n 30 "$scratch/log"
      echo "The program ended, but not by a finding."
      exit 1
    }
    grep --extended-regexp 'stat::number_of_executed_units|BINGO' "$scratch/log" || true
    ;;
esac
