#!/usr/bin/env bash
# build.sh [OUT_DIR]: builds the Python guest: python.wasm (a snapshot), lib/, guest.json and contents.json.
#
# Everything between is kept in ${OPENSKILLS_CACHE_DIR:-${XDG_CACHE_HOME:-~/.cache}/openskills}, step by step: a change
# of the guest's own program rebuilds neither CPython nor the library. Says nothing when OUT_DIR is up to date.
# OPENSKILLS_CPYTHON_SOURCE names another copy of CPython's tarball, OPENSKILLS_JOBS the number of parallel jobs.
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"

OUT=${1:-$ROOT_DIR/build/share/openskills/guests/python}
need_tools
source "$RECIPE_DIR/cpython.sh"
source "$RECIPE_DIR/guest.sh"

# The recipe's own files, the tools and what OPENSKILLS_CPYTHON_SOURCE brings.
recipe_key() {
  local files=("$RECIPE_DIR"/*.{sh,c,h,py,mk,txt} "$RECIPE_DIR/profile.txt.xz" "$RECIPE_DIR"/samples/*.py "${SNAPSHOT_TOOL_SOURCES[@]}")
  mapfile -t -O "${#files[@]}" files < <(find "$RECIPE_DIR/lib" -type f | LC_ALL=C sort)
  hash_of "$TOOLCHAIN" -- "${files[@]}" ${OPENSKILLS_CPYTHON_SOURCE:+"$OPENSKILLS_CPYTHON_SOURCE"}
}

KEY=$(recipe_key)
RESULT=$CACHE/guests/python-$PYTHON_VERSION-$KEY
[[ -f $OUT/.key && $(<"$OUT/.key") == "$KEY" && -d $RESULT ]] && exit 0

# Packages carry the result to other machines.
refuse_machine_paths() { # FOLDER
  local found
  found=$(grep -rlaF -e "$CACHE" -e "$ROOT_DIR/" "$1" || true)
  [[ -z $found ]] || die "these files name folders of this machine: $found"
}

# One build at a time works in the cache; a second one waits, and then finds most of its work done.
exec 9>"$WORK/.lock"
flock --nonblock 9 || { say "waiting for another build of this guest …"; flock 9; }

if [[ ! -d $RESULT ]]; then
  "$RECIPE_DIR/fetch.sh"
  needs_sources_and_toolchain
  build_library
  build_program
  build_snapshot
  rm -rf "$RESULT.partial" && mkdir -p "$RESULT.partial"
  cp -a "$SNAPSHOT"/{python.wasm,guest.json} "$RESULT.partial/"
  cp -a "$LIBRARY" "$RESULT.partial/lib"
  python3 -B "$RECIPE_DIR/seal_manifest.py" "$RESULT.partial"
  refuse_machine_paths "$RESULT.partial"
  echo "$KEY" >"$RESULT.partial/.key"
  ln -s "$(dirname "$HOST_PYTHON")" "$RESULT.partial/host"
  finish "$RESULT"
fi

mkdir -p "$(dirname "$OUT")"
rm -rf "$OUT" "$OUT.partial" && mkdir "$OUT.partial"
cp -a "$RESULT"/{python.wasm,guest.json,contents.json,lib,.key} "$OUT.partial/"
mv "$OUT.partial" "$OUT"
say "ready in $OUT ($(du -sh "$OUT" | cut -f1))"
