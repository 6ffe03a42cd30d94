#!/usr/bin/env bash
# Gets the sources the guest is made from into the cache, each checked against a pinned SHA-256: CPython, zlib and
# wasi-libc, as the Debian release "trixie" carries them, from the mirror this machine already uses; bzip2, xz and
# SQLite out of crates; the bundled packages as wheels (packages.txt).
# OPENSKILLS_CPYTHON_SOURCE names another copy of CPython's tarball.
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"

# What the shared way to the distribution expects of its caller.
OPENSKILLS_CACHE=$CACHE
sha256_of() { sha256sum "$1" | cut -c1-64; }
run_logged() { logged "$@"; }
source "$ROOT_DIR/scripts/lib/debian_trixie.sh"

CPYTHON_TAR=python$PYTHON_SHORT\_$PYTHON_VERSION.orig.tar.xz
CPYTHON_SHA256=93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640
ZLIB_TAR=zlib_1.3.dfsg+really$ZLIB_VERSION.orig.tar.gz
ZLIB_SHA256=60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb
WASI_DEB=wasi-libc_${WASI_LIBC_VERSION}_all.deb

if [[ -n ${OPENSKILLS_CPYTHON_SOURCE:-} ]]; then
  [[ -f $OPENSKILLS_CPYTHON_SOURCE ]] || die "OPENSKILLS_CPYTHON_SOURCE names no file: $OPENSKILLS_CPYTHON_SOURCE"
  # Another tarball of the same release (another compression, for example) has another digest: it is the caller's choice.
  ln -sfn "$(realpath "$OPENSKILLS_CPYTHON_SOURCE")" "$DOWNLOADS/cpython.tar"
else
  fetch_trixie_source "$CPYTHON_TAR" "$CPYTHON_SHA256" python$PYTHON_SHORT
  ln -sfn "$OPENSKILLS_DOWNLOADS/$CPYTHON_TAR" "$DOWNLOADS/cpython.tar"
fi
fetch_trixie_source "$ZLIB_TAR" "$ZLIB_SHA256" zlib
fetch_trixie_deb "$WASI_DEB" "$WASI_LIBC_SHA256" wasi-libc
ln -sfn "$OPENSKILLS_DOWNLOADS/$ZLIB_TAR" "$DOWNLOADS/zlib.tar"
ln -sfn "$OPENSKILLS_DOWNLOADS/$WASI_DEB" "$DOWNLOADS/wasi-libc.deb"

# ---- crates and wheels, by the ordinary clients ----

have_crate() { [[ -f $DOWNLOADS/$1.crate ]] && echo "${CRATES[$1]}  $DOWNLOADS/$1.crate" | sha256sum --check --status; }

# cargo fetches crates into its own cache; nothing of them is compiled.
fetch_crates() {
  local scratch=$WORK/crates crate name
  rm -rf "$scratch" && mkdir -p "$scratch"
  {
    printf '[package]\nname = "sources"\nversion = "0.0.0"\n[lib]\npath = "lib.rs"\n[dependencies]\n'
    for crate in "${!CRATES[@]}"; do
      name=${crate%%-sys-*}-sys
      printf '%s = { version = "=%s", default-features = false }\n' "$name" "${crate#"$name"-}"
    done
  } >"$scratch/Cargo.toml"
  touch "$scratch/lib.rs"
  env -C "$scratch" CARGO_HOME="$scratch/home" cargo fetch
  for crate in "${!CRATES[@]}"; do
    cp "$scratch"/home/registry/cache/*/"$crate.crate" "$DOWNLOADS/"
    have_crate "$crate"
  done
  rm -rf "$scratch"
}

# Wheels for any platform, or for one whose compiled parts make_lib.py leaves out: the same on every machine.
fetch_wheels() {
  rm -rf "$WHEELS.partial"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
    --implementation cp --python-version "$PYTHON_SHORT" --abi "cp${PYTHON_SHORT/./}" --abi none \
    --platform manylinux_2_17_x86_64 --platform any --dest "$WHEELS.partial" --requirement "$RECIPE_DIR/packages.txt"
  finish "$WHEELS"
}

for crate in "${!CRATES[@]}"; do
  have_crate "$crate" && continue
  logged fetch-crates "Is the network there? Put ${crate}.crate into $DOWNLOADS by hand otherwise." fetch_crates
  break
done
[[ -d $WHEELS ]] || logged fetch-wheels "Is the network there, and pip for python3 (python3-pip)?" fetch_wheels
