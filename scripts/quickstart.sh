#!/usr/bin/env bash
# From a fresh clone to a skill that ran in the sandbox: installs what is missing, builds, runs the example skill
# `csv-report` on a CSV file and says what happened.
#   scripts/quickstart.sh [FILE.csv]   without FILE the skill's own sample: 200 lines of sales data
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

INPUT=${1:-$OPENSKILLS_ROOT/examples/skills/csv-report/assets/sample.csv}
case $INPUT in --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;; esac
[[ -f $INPUT && -r $INPUT ]] || die "no such file: $INPUT"
INPUT=$(realpath "$INPUT")

"$OPENSKILLS_ROOT/scripts/install_dependencies.sh"
"$OPENSKILLS_ROOT/scripts/build_runtime.sh"

# A folder of its own: the script sees this and the skill, nothing else of the machine.
RUN=$(mktemp -d "${TMPDIR:-/tmp}/openskills-quickstart.XXXXXX")
WORKSPACE=$RUN/workspace
mkdir "$WORKSPACE"
cp -- "$INPUT" "$WORKSPACE/data.csv"
COMMAND=("$OPENSKILLS_ROOT/build/bin/openskills" --skills "$OPENSKILLS_ROOT/examples/skills" run csv-report
  scripts/report.py --workspace "$WORKSPACE")
ARGUMENTS=(data.csv --output report.md)
OUTCOME=$RUN/outcome.json

say "running the skill"
STATUS=0
"${COMMAND[@]}" --json -- "${ARGUMENTS[@]}" >"$OUTCOME" || STATUS=$?

python3 - "$OUTCOME" "$WORKSPACE" "${ARGUMENTS[*]}" <<'PYTHON' ||
import json, pathlib, sys

text = pathlib.Path(sys.argv[1]).read_text()
workspace = pathlib.Path(sys.argv[2])
try:
    outcome = json.loads(text)
except ValueError:
    sys.exit(f"the runtime printed no outcome: {text[:500]!r}")
if outcome["status"] != "ok":
    error = outcome.get("error") or {}
    why = " ".join(error.get(key) or "" for key in ("message", "hint"))
    sys.exit(f"status {outcome['status']}: {why}\n{outcome.get('stderr', '')}")

isolation, usage = outcome["isolation"], outcome["usage"]
layers = isolation["layers"]
held = ["WebAssembly"] if layers.get("wasm") else []
if layers.get("landlock"):
    held.append(f"Landlock (ABI {layers['landlock']})")
if layers.get("seccomp"):
    held.append("seccomp")
held += [f"{name} namespace" for name in layers.get("namespaces", [])]

print(f"""
What happened
  skill      {outcome['skill']}, unmodified, from examples/skills
  script     {outcome['script']} {sys.argv[3]}
  where      tier {isolation['tier']}, guest {isolation.get('guest')}: {isolation['reason']}
  walls      {', '.join(held)}; network {layers.get('network')}
  took       {usage['wall_ms']:.1f} ms, {usage['peak_memory_bytes'] / 2**20:.0f} MiB of memory at most
  changed    {', '.join(f"{a['change']} {a['path']} ({a['bytes']} bytes)" for a in outcome['artifacts']) or 'nothing'}
  it said    {outcome['stdout'].strip()}
""")
report = (workspace / "report.md").read_text(encoding="utf-8").splitlines()
print("The report begins:")
print("\n".join("  | " + line for line in report[:22]))
PYTHON
  die "the example did not run (exit code $STATUS)." "Try build/bin/openskills doctor."

cat <<END

Where it is
  the report  $WORKSPACE/report.md
  everything  $OUTCOME (the outcome, as a program would read it)

Next
  cd '$OPENSKILLS_ROOT'
  build/bin/openskills --skills examples/skills list
  build/bin/openskills --skills examples/skills show csv-report
  echo '{"text":"One two. Two three!"}' | build/bin/openskills --skills examples/skills run text-stats-wasm --input -
  build/bin/openskills run DIR/OF/A/SKILL scripts/NAME.py --workspace DIR -- ARGUMENTS
  build/bin/openskills doctor
  scripts/test_all.sh
END
