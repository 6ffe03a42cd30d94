#!/usr/bin/env bash
# Installs the build into an empty folder, builds examples/cpp against it with find_package(OpenSkills), and runs it.
set -euo pipefail
source_dir=$1
build_dir=$2

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cmake --install "$build_dir" --prefix "$work/prefix" >"$work/install.log"
cmake -S "$source_dir/examples/cpp" -B "$work/build" -DCMAKE_PREFIX_PATH="$work/prefix" >"$work/configure.log" ||
  { cat "$work/configure.log"; exit 1; }
cmake --build "$work/build" >"$work/build.log" || { cat "$work/build.log"; exit 1; }

mkdir "$work/workspace"
export OPENSKILLS_CACHE_DIR="$build_dir/test-cache"
output=$("$work/build/run_skill" "$source_dir/examples/skills" "$work/workspace")
echo "$output"
grep -q '"status": "ok"' <<<"$output"
grep -q '"words": 4' <<<"$output"
test -s "$work/workspace/report.md"

# The installed program finds its guests beside itself.
(cd "$work/workspace" && "$work/prefix/bin/openskills" exec -- python3 -c 'print("installed")') | grep -qx installed

# Nothing but the promised interface is exported.
exported=$(nm -D --defined-only "$work"/prefix/lib*/libopenskills.so "$work"/prefix/lib/*/libopenskills.so 2>/dev/null |
  awk '{print $3}' | sed 's/@.*//' | grep -v -E '^(_ZN?K?10openskills|_ZN?K?St|_ZT|_ZSt|_ZGV|OPENSKILLS_)' || true)
if [[ -n $exported ]]; then
  echo "unexpected exports:"
  head -20 <<<"$exported"
  exit 1
fi
