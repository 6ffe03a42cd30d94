#!/usr/bin/env bash
# test.sh WHEEL_FOLDER: checks the types, installs the wheel into a new venv that has nothing else, and runs the tests there.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/wheel_environment.sh"
"$OPENSKILLS_ROOT/bindings/python/check_types.sh"
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
make_wheel_environment "$(realpath "$1")" "$SCRATCH/venv"
cd "$SCRATCH"
# A cache of its own, empty: the wheel alone has to do.
export OPENSKILLS_CACHE_DIR=$SCRATCH/cache OPENSKILLS_SOURCE_DIR=$OPENSKILLS_ROOT
for tests in "$OPENSKILLS_ROOT"/bindings/python/tests/test_*.py; do
  "$SCRATCH/venv/bin/python" -X faulthandler -W error::ResourceWarning -B "$tests" "${@:2}"
done
