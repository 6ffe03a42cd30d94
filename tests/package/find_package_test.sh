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

# What a host of its own decides by the installed headers.
mkdir -p "$work/skills/add" "$work/skills/guarded"
printf -- '---\nname: add\ndescription: D.\nallowed-tools: Bash(git add *)\ncontext: fork\n---\n' >"$work/skills/add/SKILL.md"
printf -- '---\nname: guarded\ndescription: D.\nallowed-tools: Bash(git add *)\nhooks:\n  PreToolUse:\n    - matcher: Bash\n      hooks:\n        - type: command\n          command: check\n---\n' >"$work/skills/guarded/SKILL.md"
decides() { # SKILL COMMAND EXPECTED
  output=$("$work/build/tool_decisions" "$work/skills" "$1" "$2" | head -n 1)
  [[ $output == "$3" ]] || { echo "'$2' under '$1' is '$output', not '$3'"; exit 1; }
}
decides add 'git add x' 'allow Bash(git add *)'
decides add 'git add x; rm -r y' 'deny Bash(rm *)'
decides add 'curl x' 'none '
decides guarded 'git add x' 'deny '
"$work/build/tool_decisions" "$work/skills" add true | grep -qx 'the skill runs in an agent of its own'

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
