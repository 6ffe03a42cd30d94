#!/usr/bin/env bash
# Prints the path of the native CPython of the guest's version, for tests that compare the two. build.sh makes it.
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"
for python in "$WORK"/host-*/python3; do
  [[ -x $python ]] && exec echo "$python"
done
die "no native interpreter yet: run guests/python/build.sh first."
