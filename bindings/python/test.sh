#!/usr/bin/env bash
# test.sh WHEEL_FOLDER: checks the types, installs the wheel into a new venv that has nothing else, and runs the tests there.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
"$OPENSKILLS_ROOT/bindings/python/check_types.sh"
SCRATCH=$(mktemp -d)
# With the ABI's name: one version of the interpreter can have two, with and without its global lock.
WHEEL=$("${PYTHON:-python3}" -c 'import sys; print(sys.implementation.cache_tag.replace("cpython-", "cp") + sys.abiflags)')
WHEEL=$(realpath "$1"/openskills-*-"$WHEEL"-linux_*.whl)
trap 'rm -rf "$SCRATCH"' EXIT
"${PYTHON:-python3}" -m venv "$SCRATCH/venv"
"$SCRATCH/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$WHEEL"
cd "$SCRATCH"
# A cache of its own, empty: the wheel alone has to do.
export OPENSKILLS_CACHE_DIR=$SCRATCH/cache OPENSKILLS_SOURCE_DIR=$OPENSKILLS_ROOT
for tests in "$OPENSKILLS_ROOT"/bindings/python/tests/test_*.py; do
  "$SCRATCH/venv/bin/python" -X faulthandler -W error::ResourceWarning -B "$tests" "${@:2}"
done
