#!/usr/bin/env bash
# Builds the engine (once per machine), the C++ runtime, the guests and the compiled example skill.
# The program is then build/bin/openskills, and finds its guests in build/share/openskills/guests.
#   --preset release|dev|asan   release (the default) goes to build/, the others to build-dev/ and build-asan/
#   --build-dir DIR             another folder than the preset's
#   --no-guests                 engine and C++ only
#   --engine-dir                build only the engine and print its folder, for configuring by hand:
#                               export OPENSKILLS_WASMTIME_DIR=$(scripts/build_runtime.sh --engine-dir)
# Needs what scripts/install_dependencies.sh installs.
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"
source "$OPENSKILLS_ROOT/scripts/lib/engine.sh"

PRESET=release
BUILD_DIR=
GUESTS=yes
ENGINE_ONLY=no

parse_arguments() {
  while (($#)); do
    case $1 in
      --preset) PRESET=${2:?--preset wants a name} && shift ;;
      --build-dir) BUILD_DIR=${2:?--build-dir wants a folder} && shift ;;
      --no-guests) GUESTS=no ;;
      --engine-dir) ENGINE_ONLY=yes ;;
      --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
      *) die "unknown argument: $1" "See scripts/build_runtime.sh --help" ;;
    esac
    shift
  done
  case $PRESET in
    release) BUILD_DIR=${BUILD_DIR:-$OPENSKILLS_ROOT/build} ;;
    dev | asan) BUILD_DIR=${BUILD_DIR:-$OPENSKILLS_ROOT/build-$PRESET} ;;
    *) die "unknown preset: $PRESET" "Known are release, dev and asan." ;;
  esac
}

build_cpp() {
  run_logged "configure-$PRESET" "If the checkout was moved, remove $BUILD_DIR and run again." \
    cmake -S "$OPENSKILLS_ROOT" --preset "$PRESET" -B "$BUILD_DIR"
  run_logged "build-$PRESET" "The first line with 'error:' in the log is the cause." \
    cmake --build "$BUILD_DIR" --parallel "$OPENSKILLS_JOBS"
}

build_guests() {
  local out=$BUILD_DIR/share/openskills/guests/python
  "$OPENSKILLS_ROOT/guests/python/build.sh" "$out" ||
    die "the Python guest was not built." "guests/python/README.md says what it needs; run this script again after."
}

build_example_skills() {
  local script
  for script in "$OPENSKILLS_ROOT"/examples/skills/*/build.sh; do
    "$script" || die "$script failed."
  done
}

# Compiles the guest for this machine now, so that nobody's first script waits for it.
warm_cache() {
  local scratch
  scratch=$(mktemp -d)
  run_logged "warm-cache-$PRESET" "Try '$BUILD_DIR/bin/openskills doctor'." \
    "$BUILD_DIR/bin/openskills" exec --workspace "$scratch" --timeout 300s -- python3 -c pass
  rmdir "$scratch"
}

parse_arguments "$@"
if [[ $ENGINE_ONLY == yes ]]; then
  need_engine
  echo "$OPENSKILLS_WASMTIME_DIR"
  exit
fi
need cmake ninja g++ objcopy python3
use_compiler_cache
need_engine
lock "$BUILD_DIR/.lock"
build_cpp
build_example_skills
if [[ $GUESTS == yes ]]; then
  build_guests
  warm_cache
fi
say "ready: $BUILD_DIR/bin/openskills"
