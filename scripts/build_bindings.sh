#!/usr/bin/env bash
# Builds the Python and TypeScript bindings, once there are any.
set -euo pipefail

echo "The Python and TypeScript bindings are not there yet; the C++ library and the command line are."
