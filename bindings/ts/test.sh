#!/usr/bin/env bash
# test.sh OUT: installs the package that build.sh put into OUT in an empty project, with an empty cache, and tests
# it there: types, tests, the examples in examples/typescript.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/test" && pwd)
out=$(realpath "${1:?usage: test.sh OUT}")
project=$(mktemp -d)
trap 'rm -rf "$project"' EXIT
cp "$here"/*.mjs "$here"/../../../examples/typescript/*.mjs "$project"
cp -R "$here/types" "$project"
cd "$project"
echo '{"private": true}' >package.json
npm install --ignore-scripts --offline --no-audit --no-fund --silent --cache "$project/.npm" "$out"/openskills-runtime-*.tgz
# Not part of the package: what checks the declarations.
ln -s "$here/../node_modules/@types" node_modules/@types
"$here/../node_modules/.bin/tsc" --project types
export OPENSKILLS_EXAMPLES=$(realpath "$here/../../../examples/skills") OPENSKILLS_TS_README=$here/../README.md XDG_CACHE_HOME=$project/cache
mkdir -m 700 cache
PATH=$(dirname "$(command -v node)"):/nonexistent node --expose-gc --test
