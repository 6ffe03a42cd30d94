#!/usr/bin/env bash
# Everything from nothing: what is missing on the machine, the runtime with its guests, the bindings.
# Arguments are passed on to build_runtime.sh.
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

"$OPENSKILLS_ROOT/scripts/install_dependencies.sh"
"$OPENSKILLS_ROOT/scripts/build_runtime.sh" "$@"
"$OPENSKILLS_ROOT/scripts/build_bindings.sh"
