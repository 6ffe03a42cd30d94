#!/usr/bin/env bash
# build.sh OUT: builds the npm package of @openskills/runtime into the folder OUT, with its native module, the worker
# and the guests. npm's tools are fetched as package-lock.json pins them, into the cache folder.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/check_package.sh"

TS=$OPENSKILLS_ROOT/bindings/ts
DATA_SCRIPT=$OPENSKILLS_ROOT/scripts/lib/package_data.sh

# The compiler and the headers, once for each lock file.
fetch_tools() {
  TOOLS=$OPENSKILLS_CACHE/npm/$(sha256_of "$TS/package-lock.json" | cut -c1-16)
  [[ -e $TOOLS/done ]] && return
  mkdir -p "$TOOLS"
  cp "$TS/package.json" "$TS/package-lock.json" "$TS/.npmrc" "$TOOLS"
  run_logged npm-tools "Is the network there? npm's registry is needed once." npm ci --ignore-scripts --prefix "$TOOLS"
  touch "$TOOLS/done"
}

# Beside the sources, so that the compiler and editors find the types.
link_tools() { ln -sfn "$TOOLS/node_modules" "$TS/node_modules"; }

compile_types() { # FOLDER
  run_logged compile-typescript "The first line with 'error' in the log is the cause." \
    "$TOOLS/node_modules/.bin/tsc" --project "$TS" --outDir "$1"
}

compile_native() { # FILE
  local dir
  dir=$("$DATA_SCRIPT" --build-dir)
  run_logged configure-node "If the checkout was moved, remove $dir and run again." \
    cmake -S "$OPENSKILLS_ROOT" -B "$dir" -DOPENSKILLS_BUILD_TS=ON -DOPENSKILLS_NODE_MODULES="$TOOLS/node_modules"
  run_logged build-node "The first line with 'error:' in the log is the cause." \
    cmake --build "$dir" --parallel "$OPENSKILLS_JOBS" --target openskills_node
  strip --strip-unneeded -o "$1" "$dir/lib/openskills.node"
}

pack() { # STAGE OUT
  cp "$TS/README.md" "$OPENSKILLS_ROOT/LICENSE" "$1"
  # Nobody who installs the package needs what it was built with.
  node -e 'const p = require(process.argv[1]); delete p.devDependencies; process.stdout.write(JSON.stringify(p, null, 2) + "\n")' \
    "$TS/package.json" >"$1/package.json"
  mkdir -p "$2"
  (cd "$1" && run_logged npm-pack "See the log." npm pack --pack-destination "$2")
}

[[ -n ${1:-} && $1 != -* ]] || die "usage: bindings/ts/build.sh OUT"
need node npm cmake ninja readelf strip
use_compiler_cache
OUT=$(realpath --canonicalize-missing "$1")
lock "$OUT/.lock"
STAGE=$OUT/stage
rm -rf "$STAGE"
mkdir -p "$STAGE/native"
fetch_tools
link_tools
compile_types "$STAGE/dist"
cp "$OPENSKILLS_ROOT/bindings/tools.json" "$STAGE/dist"
"$DATA_SCRIPT" "$STAGE/native"
compile_native "$STAGE/native/openskills.node"
check_package "$STAGE" "$STAGE"/native/{openskills.node,libexec/openskills/openskills-worker}
pack "$STAGE" "$OUT"
TARBALL=$(ls "$OUT"/openskills-runtime-*.tgz)
say "$(du -h "$TARBALL" | cut -f1) packed, $(du -sh "$STAGE" | cut -f1) installed: $TARBALL"
