#!/usr/bin/env bash
# Builds the Python wheel and the npm package into dist/, each with everything it needs to run a skill.
#   --python | --typescript   only that one
#   --test                    installs each in an empty environment and runs its tests there; with both languages, also
#                             compares what they answer with C++ and the command line (tests/parity)
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

LANGUAGES=(python ts)
TEST=no
while (($#)); do
  case $1 in
    --python) LANGUAGES=(python) ;;
    --typescript) LANGUAGES=(ts) ;;
    --test) TEST=yes ;;
    --help) sed -n '2,/^[^#]/{s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}" && exit ;;
    *) die "unknown argument: $1" "See scripts/build_bindings.sh --help" ;;
  esac
  shift
done

for language in "${LANGUAGES[@]}"; do
  "$OPENSKILLS_ROOT/bindings/$language/build.sh" "$OPENSKILLS_ROOT/dist"
  if [[ $TEST == yes ]]; then
    run_logged "test-$language" "The log has each test." "$OPENSKILLS_ROOT/bindings/$language/test.sh" "$OPENSKILLS_ROOT/dist"
  fi
done
# Both at once: what they answer is what C++ and the command line answer.
if [[ $TEST == yes && ${#LANGUAGES[@]} == 2 ]]; then
  run_logged parity "The log has each difference." "$OPENSKILLS_ROOT/tests/parity/run.sh" "$OPENSKILLS_ROOT/dist"
fi
