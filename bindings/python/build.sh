#!/usr/bin/env bash
# build.sh [OUT]: builds the wheel of the package `openskills` into OUT (default: dist/), with everything it needs to run
# a skill. Says nothing when OUT has the wheel of this state of the sources. PYTHON names another interpreter than python3.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/engine.sh"
source "$OPENSKILLS_ROOT/scripts/lib/check_package.sh"

HERE=$OPENSKILLS_ROOT/bindings/python
OUT=$(realpath --canonicalize-missing "${1:-$OPENSKILLS_ROOT/dist}")
PYTHON=${PYTHON:-python3}
DATA=$OPENSKILLS_ROOT/build-package/data
WHEEL_DATA=$OPENSKILLS_ROOT/build-package/wheel-data

# The tools that pyproject.toml names, once per interpreter, outside of the checkout.
need_build_tools() {
  local key
  key=$({ "$PYTHON" -c 'import sys; print(sys.version, sys.executable)' && grep '^requires = ' "$HERE/pyproject.toml"; } |
    sha256sum | cut -c1-16)
  TOOLS=$OPENSKILLS_CACHE/python-build/$key
  [[ -e $TOOLS/done ]] && return
  rm -rf "$TOOLS"
  run_logged python-tools "Is the package python3-venv installed, and a package index in reach?" \
    install_build_tools
  touch "$TOOLS/done"
}

install_build_tools() {
  local -a tools
  mapfile -t tools < <(grep '^requires = ' "$HERE/pyproject.toml" | grep -o '"[^"]*"' | tr -d '"')
  "$PYTHON" -m venv "$TOOLS" && "$TOOLS/bin/pip" install --quiet --disable-pip-version-check "${tools[@]}"
}

sources_key() {
  { find "$HERE" "$OPENSKILLS_ROOT"/{bindings/core,bindings/tools.json,runtime,cmake,CMakeLists.txt} -type f \
      -not -name '*_test.cc' -not -path '*/tests/*' -not -name '*.pyc' -print0 | LC_ALL=C sort --zero-terminated |
      xargs --null sha256sum
    cat "$DATA"/share/openskills/guests/*/*.json "$(trusted_code)"
    sha256_of "$DATA/libexec/openskills/openskills-worker"
    "$PYTHON" --version; } | sha256sum | cut -c1-16
}

trusted_code() { "$OPENSKILLS_ROOT/scripts/lib/package_data.sh" --trusted-code; }

# The guests go in as one file: installers compile every *.py they put down, and with that spoil a guest's digest.
stage_wheel_data() {
  rm -rf "$WHEEL_DATA"
  mkdir -p "$WHEEL_DATA/share/openskills"
  cp -a "$DATA/libexec" "$DATA/LICENSE" "$WHEEL_DATA"
  tar --create --file "$WHEEL_DATA/share/openskills/guests.tar" --directory "$DATA/share/openskills/guests" \
    --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner .
  sha256_of "$WHEEL_DATA/share/openskills/guests.tar" >"$WHEEL_DATA/share/openskills/guests.sha256"
}

build_wheel() { # BUILD_DIR
  env PATH="$TOOLS/bin:$PATH" OPENSKILLS_PACKAGE_DATA="$WHEEL_DATA" OPENSKILLS_TRUSTED_CODE="$(trusted_code)" \
    OPENSKILLS_WASMTIME_DIR="$OPENSKILLS_WASMTIME_DIR" CMAKE_BUILD_PARALLEL_LEVEL="$OPENSKILLS_JOBS" \
    "$TOOLS/bin/pip" wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --config-settings=build-dir="$1" --wheel-dir "$OUT.partial" "$HERE"
}

check_wheel() { # FILE
  local unpacked
  unpacked=$(mktemp -d)
  "$PYTHON" -m zipfile -e "$1" "$unpacked"
  check_package "$unpacked" "$unpacked"/openskills/{_native*.so,libexec/openskills/openskills-worker}
  rm -rf "$unpacked"
}

need cmake ninja g++ readelf "$PYTHON"
"$OPENSKILLS_ROOT/scripts/lib/package_data.sh" "$DATA"
need_build_tools
use_compiler_cache
need_engine
KEY=$(sources_key)
TAG=$("$PYTHON" -c 'import sys; print(sys.implementation.cache_tag + sys.abiflags)')
[[ -f $OUT/.key-$TAG && $(<"$OUT/.key-$TAG") == "$KEY" ]] && exit
lock "$OPENSKILLS_ROOT/build-package/.lock-python"
rm -rf "$OUT.partial"
stage_wheel_data
run_logged python-wheel "The first line with 'error:' in the log is the cause." \
  build_wheel "$OPENSKILLS_ROOT/build-package/python-$TAG"
check_wheel "$OUT.partial"/*.whl
mkdir -p "$OUT"
WHEEL=$(cd "$OUT.partial" && echo *.whl)
mv "$OUT.partial/$WHEEL" "$OUT/"
rmdir "$OUT.partial"
echo "$KEY" >"$OUT/.key-$TAG"
say "wheel: $(cd "$OUT" && du -h -- "$WHEEL" | tr '\t' ' ') in $OUT"
