#!/usr/bin/env bash
# Gets the sources the guest is made from into the cache, each checked against a pinned SHA-256: CPython, zlib and
# wasi-libc, as the Debian release "trixie" carries them, from the mirror this machine already uses; bzip2, xz and
# SQLite out of crates; the bundled packages as wheels (packages.txt).
# OPENSKILLS_CPYTHON_SOURCE names another copy of CPython's tarball.
source "$(dirname "${BASH_SOURCE[0]}")/recipe.sh"

SUITE=trixie
CPYTHON_TAR=python$PYTHON_SHORT\_$PYTHON_VERSION.orig.tar.xz
ZLIB_TAR=zlib_1.3.dfsg+really$ZLIB_VERSION.orig.tar.gz
WASI_DEB=wasi-libc_0.0~git20241209.574b88d-2_all.deb
declare -A PINNED=(
  ["$CPYTHON_TAR"]=93e583f243454e6e9e4588ca2c2662206ad961659863277afcdb96801647d640
  ["$WASI_DEB"]=b7716260051d289248b7667f81fa2792c125d888ff51da3fa09c6272cc0bd11d
  ["$ZLIB_TAR"]=60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb
)

verified() { # FILE NAME
  [[ -f $1 ]] && echo "${PINNED[$2]}  $1" | sha256sum --check --status
}

have() { verified "$DOWNLOADS/$1" "$1"; }

# A private apt: own sources, lists and cache, so that the machine's configuration stays as it is.
private_apt() {
  local apt=$WORK/apt mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  command -v apt-get >/dev/null || die "apt-get is missing, and with it the way to $SUITE's packages." \
    "Put the files named in guests/python/fetch.sh into $DOWNLOADS (each is checked by its SHA-256) and run again."
  # Security and update suites live in other folders of a mirror: only the main one carries every release.
  mirror=$(apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)' | sort -u |
    awk -F'|' '$1 == "Debian" && $2 !~ /-/ && $3 !~ /security/ { print $3; exit }')
  [[ -n $mirror ]] || die "apt knows no Debian mirror here. Put the files named in guests/python/fetch.sh into $DOWNLOADS."
  mkdir -p "$apt"/{lists/partial,cache/archives/partial,preferences,downloads}
  for kind in deb deb-src; do
    echo "$kind [signed-by=$keyring] $mirror $SUITE main"
  done >"$apt/sources.list"
  APT_OPTIONS=(-o "Dir::Etc::sourcelist=$apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::Etc::preferencesparts=$apt/preferences" -o APT::Sandbox::User="$(id -un)")
  logged fetch-lists "Is the network there?" apt-get "${APT_OPTIONS[@]}" update
}

apt_download() { # KIND PACKAGE…
  (cd "$WORK/apt/downloads" && apt-get -y "${APT_OPTIONS[@]}" "$@")
}

take() { # FOLDER NAME
  verified "$1/$2" "$2" || die "$2 was not found or its SHA-256 is not the pinned one." \
    "The mirror may carry another version now: put the right file into $DOWNLOADS, or name CPython's tarball in OPENSKILLS_CPYTHON_SOURCE."
  mv "$1/$2" "$DOWNLOADS/$2"
}

if [[ -n ${OPENSKILLS_CPYTHON_SOURCE:-} ]]; then
  [[ -f $OPENSKILLS_CPYTHON_SOURCE ]] || die "OPENSKILLS_CPYTHON_SOURCE names no file: $OPENSKILLS_CPYTHON_SOURCE"
  # Another tarball of the same release (another compression, for example) has another digest: it is the caller's choice.
  ln -sfn "$(realpath "$OPENSKILLS_CPYTHON_SOURCE")" "$DOWNLOADS/cpython.tar"
else
  ln -sfn "$CPYTHON_TAR" "$DOWNLOADS/cpython.tar"
fi
ln -sfn "$ZLIB_TAR" "$DOWNLOADS/zlib.tar"
ln -sfn "$WASI_DEB" "$DOWNLOADS/wasi-libc.deb"

missing=()
[[ -n ${OPENSKILLS_CPYTHON_SOURCE:-} ]] || have "$CPYTHON_TAR" || missing+=("$CPYTHON_TAR")
have "$ZLIB_TAR" || missing+=("$ZLIB_TAR")
have "$WASI_DEB" || missing+=("$WASI_DEB")

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

[[ ${#missing[@]} -eq 0 ]] && exit 0

private_apt
for file in "${missing[@]}"; do
  case $file in
    "$CPYTHON_TAR") logged fetch-cpython "Is the network there?" apt_download source --download-only --tar-only python$PYTHON_SHORT ;;
    "$ZLIB_TAR") logged fetch-zlib "Is the network there?" apt_download source --download-only --tar-only zlib ;;
    "$WASI_DEB") logged fetch-wasi-libc "Is the network there?" apt_download download wasi-libc ;;
  esac
  take "$WORK/apt/downloads" "$file"
done
