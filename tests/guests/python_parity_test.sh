#!/usr/bin/env bash
# Runs the guest's parity cases through the real binary: same output, exit status and files as native Python.
set -euo pipefail
source_dir=$1
build_dir=$2
export OPENSKILLS_CACHE_DIR="$build_dir/test-cache"
native=$(env -u OPENSKILLS_CACHE_DIR "$source_dir/guests/python/host_python.sh")
# missing_script: openskills looks scripts up itself and has an exit code of its own for it (test_bad_input.py).
exec python3 -B "$source_dir/guests/python/tests/compare.py" --native "$native" --except missing_script \
  --guest "'$build_dir/bin/openskills' exec --workspace {workspace} --stdin - -- python3"
