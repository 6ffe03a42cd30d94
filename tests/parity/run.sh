#!/usr/bin/env bash
# run.sh DIST: builds the C++ side, installs the wheel and the npm package of DIST in empty environments, and compares
# what all sides answer (compare.py).
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/engine.sh"
source "$OPENSKILLS_ROOT/scripts/lib/wheel_environment.sh"

[[ -n ${1:-} && $1 != -* ]] || die "usage: tests/parity/run.sh DIST"
DIST=$(realpath "$1")
BUILD=$("$OPENSKILLS_ROOT/scripts/lib/package_data.sh" --build-dir)
use_compiler_cache
run_logged build-parity "scripts/build_bindings.sh makes what this needs." \
  cmake --build "$BUILD" --parallel "$OPENSKILLS_JOBS" --target openskills_parity_driver openskills
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
make_wheel_environment "$DIST" "$SCRATCH/venv"
mkdir "$SCRATCH/project"
echo '{"private": true}' >"$SCRATCH/project/package.json"
npm install --prefix "$SCRATCH/project" --ignore-scripts --offline --no-audit --no-fund --silent --cache "$SCRATCH/npm" \
  "$DIST"/openskills-runtime-*.tgz
python3 -B "$OPENSKILLS_ROOT/tests/parity/compare.py" --build-dir "$BUILD" --guests "$BUILD/data/share/openskills/guests" \
  --python "$SCRATCH/venv/bin/python" --node-project "$SCRATCH/project"
