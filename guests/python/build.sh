#!/usr/bin/env bash
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"
need_tools
"$RECIPE_DIR/fetch.sh"
source "$RECIPE_DIR/cpython.sh"
needs_sources_and_toolchain
echo $WASM_PYTHON
