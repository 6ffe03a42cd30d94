#!/usr/bin/env bash
# The functions that the commands call lie together in the programs: a list whose names have all become others, or a linker
# that leaves it out, would cost every process time and nothing else would tell.
set -euo pipefail
build_dir=$1
for program in openskills openskills-worker; do
  size=$(readelf --section-headers --wide "$build_dir/bin/$program" | awk '$2 == ".text.called" || $3 == ".text.called" { print $(NF - 5) }')
  [[ -n $size && $((16#$size)) -gt $((512 * 1024)) ]] || {
    echo "$program has ${size:-no} bytes of ordered functions: run scripts/order_functions.py" >&2
    exit 1
  }
done
