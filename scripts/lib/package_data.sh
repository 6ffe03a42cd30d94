#!/usr/bin/env bash
# package_data.sh DEST: fills DEST with what a Python or npm package carries besides its native module:
#   libexec/openskills/openskills-worker      stripped
#   share/openskills/guests/NAME/             each guest, with its code compiled ahead
#   LICENSE
# The native module belongs beside libexec/ and share/, and finds both there. Build it with
#   -DOPENSKILLS_FOR_PACKAGES=ON -DOPENSKILLS_TRUSTED_CODE=$(scripts/lib/package_data.sh --trusted-code)
# so that it takes the compiled code for its own; --build-dir prints a build folder that is configured so, in which the
# runtime is compiled already.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/engine.sh"

PACKAGE_BUILD=${OPENSKILLS_PACKAGE_BUILD_DIR:-$OPENSKILLS_ROOT/build-package}
TRUSTED_CODE=$PACKAGE_BUILD/trusted-code

configure() { # NAME OPTION…
  local name=$1
  shift
  run_logged "$name" "If the checkout was moved, remove $PACKAGE_BUILD and run again." \
    cmake -S "$OPENSKILLS_ROOT" -B "$PACKAGE_BUILD" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DOPENSKILLS_WASMTIME_DIR="$OPENSKILLS_WASMTIME_DIR" -DOPENSKILLS_FOR_PACKAGES=ON \
    -DOPENSKILLS_BUILD_TESTS=OFF -DOPENSKILLS_BUILD_BENCH=OFF "$@"
}

build_programs() {
  # What is trusted is known only when a program has compiled it; the list changes one source file.
  [[ -e $TRUSTED_CODE ]] || { mkdir -p "$PACKAGE_BUILD" && : >"$TRUSTED_CODE"; }
  configure configure-package -DOPENSKILLS_TRUSTED_CODE="$TRUSTED_CODE"
  run_logged build-package "The first line with 'error:' in the log is the cause." \
    cmake --build "$PACKAGE_BUILD" --parallel "$OPENSKILLS_JOBS" \
    --target openskills openskills-worker openskills_bindings_core
}

# Which guests go into a package; each is one that build_runtime.sh built, or is built now.
build_guests() {
  local name
  for name in python; do
    "$OPENSKILLS_ROOT/guests/$name/build.sh" "$PACKAGE_BUILD/share/openskills/guests/$name" ||
      die "the guest '$name' was not built." "guests/$name/README.md says what it needs; run this script again after."
  done
}

# The engine and the revision that compiled code is made for.
# awk reads to the end: a program whose reader goes away first ends with SIGPIPE.
compiled_by() { "$PACKAGE_BUILD/bin/openskills" cache show --json | awk '/"engine": "wasmtime/ && !seen++'; }

# Compiles the guests' modules in a cache of their own, so that nothing a user's cache holds comes to be trusted.
compile_guests() {
  local key
  key=$(cd "$PACKAGE_BUILD/share/openskills/guests" && { cat ./*/guest.json && echo "$OPENSKILLS_WASMTIME_DIR" &&
    sha256_of "$PACKAGE_BUILD/engine/libopenskills_wasmtime.a" && compiled_by; } | sha256sum | cut -c1-16)
  COMPILED=$OPENSKILLS_CACHE/package-code/$key
  [[ -e $COMPILED/done ]] && return
  rm -rf "$COMPILED"
  mkdir -p "$COMPILED/work"
  chmod 700 "$COMPILED"
  run_logged compile-guests "Try '$PACKAGE_BUILD/bin/openskills doctor'." \
    env OPENSKILLS_CACHE_DIR="$COMPILED" OPENSKILLS_GUEST_PATH= XDG_CONFIG_HOME="$COMPILED/config" \
    "$PACKAGE_BUILD/bin/openskills" exec --workspace "$COMPILED/work" --timeout 600s -- python3 -c pass
  touch "$COMPILED/done"
}

stage() { # FOLDER
  mkdir -p "$1/libexec/openskills" "$1/share/openskills"
  strip --strip-all -o "$1/libexec/openskills/openskills-worker" "$PACKAGE_BUILD/bin/openskills-worker"
  cp -R --dereference "$PACKAGE_BUILD/share/openskills/guests" "$1/share/openskills/guests"
  cp "$OPENSKILLS_ROOT/LICENSE" "$1/LICENSE"
  OPENSKILLS_CACHE_DIR=$COMPILED "$PACKAGE_BUILD/bin/openskills" cache show --json |
    python3 -B "$OPENSKILLS_ROOT/scripts/lib/ship_compiled_code.py" "$1/share/openskills/guests" "$1.trusted-code"
  chmod -R u=rwX,go=rX "$1"
}

make_data() { # DEST
  local dest partial
  dest=$(realpath --canonicalize-missing "$1")
  partial=$dest.partial
  rm -rf "$partial"
  mkdir -p "$(dirname "$dest")"
  build_guests
  compile_guests
  stage "$partial"
  if ! cmp --silent "$partial.trusted-code" "$TRUSTED_CODE"; then
    cp "$partial.trusted-code" "$TRUSTED_CODE"
    build_programs
  fi
  rm -rf "$dest" "$partial.trusted-code"
  mv "$partial" "$dest"
  say "package data: $(du -sh "$dest" | cut -f1) in $dest"
}

case ${1:-} in
  --trusted-code) echo "$TRUSTED_CODE" && exit ;;
  --build-dir) echo "$PACKAGE_BUILD" && exit ;;
  --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
  '' | -*) die "usage: scripts/lib/package_data.sh DEST | --trusted-code | --build-dir" ;;
esac
need cmake ninja g++ objcopy strip python3
use_compiler_cache
need_engine
lock "$PACKAGE_BUILD/.lock"
build_programs
make_data "$1"
