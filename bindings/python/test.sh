#!/usr/bin/env bash
# test.sh WHEEL_FOLDER: installs the wheel into a new venv that has nothing else and runs the tests there.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
SCRATCH=$(mktemp -d)
trap 'rm -rf "$SCRATCH"' EXIT
"${PYTHON:-python3}" -m venv "$SCRATCH/venv"
"$SCRATCH/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$1"/openskills-*.whl
cd "$SCRATCH"
# A cache of its own, empty: the wheel alone has to do.
OPENSKILLS_CACHE_DIR=$SCRATCH/cache OPENSKILLS_SOURCE_DIR=$OPENSKILLS_ROOT \
  "$SCRATCH/venv/bin/python" -X faulthandler -W error::ResourceWarning -B \
  "$OPENSKILLS_ROOT/bindings/python/tests/test_openskills.py" "${@:2}"
