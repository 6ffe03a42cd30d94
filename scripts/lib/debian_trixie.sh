# Single files out of the Debian release "trixie", from the mirror this machine already uses, without touching its
# package configuration: apt runs with sources, lists and cache of its own. Every file is checked by its pinned
# SHA-256, so a mirror (or a file placed by hand) needs no trust. Sourced after common.sh, never run.
# shellcheck shell=bash

OPENSKILLS_DOWNLOADS=$OPENSKILLS_CACHE/downloads
TRIXIE_APT=$OPENSKILLS_CACHE/apt-trixie
TRIXIE_LISTS_ARE_FRESH=no
WASI_LIBC_VERSION='0.0~git20241209.574b88d-2'
WASI_LIBC_SHA256=b7716260051d289248b7667f81fa2792c125d888ff51da3fa09c6272cc0bd11d

# The mirror of the main archive, out of apt's own configuration. Security and update suites live elsewhere.
debian_mirror() {
  # shellcheck disable=SC2016 # apt expands these
  apt-get indextargets --format '$(ORIGIN)|$(CODENAME)|$(REPO_URI)' 2>/dev/null | sort --unique |
    awk -F'|' '$1 == "Debian" && $2 !~ /-/ { print $3; exit }'
}

private_apt() { # APT-GET ARGUMENTS…
  apt-get -y -o Dir::Etc::sourcelist="$TRIXIE_APT/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o Dir::State::lists="$TRIXIE_APT/lists" -o Dir::Cache="$TRIXIE_APT/cache" \
    -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts="$TRIXIE_APT/preferences" \
    -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

private_apt_update() {
  local mirror keyring=/usr/share/keyrings/debian-archive-keyring.gpg kind
  [[ $TRIXIE_LISTS_ARE_FRESH == no ]] || return 0
  mirror=$(debian_mirror)
  [[ -n $mirror ]] || { echo "apt knows no mirror of the Debian archive on this machine" && return 1; }
  mkdir -p "$TRIXIE_APT"/{lists/partial,cache/archives/partial,preferences}
  for kind in deb deb-src; do
    echo "$kind [signed-by=$keyring] $mirror trixie main"
  done >"$TRIXIE_APT/sources.list"
  private_apt update && TRIXIE_LISTS_ARE_FRESH=yes
}

# verified FILE SHA256 : whether the file is there with that content.
verified() { [[ -f $1 && $(sha256_of "$1") == "$2" ]]; }

fetch_by_apt() { # FOLDER APT-GET ARGUMENTS…
  local folder=$1
  shift
  private_apt_update || return
  cd "$folder" && private_apt "$@"
}

# Downloads in a scratch folder; what arrives with the right digest moves to its place in one step.
fetch_trixie() { # FILE SHA256 APT-GET ARGUMENTS…
  local file=$1 sha256=$2 scratch by_hand
  shift 2
  verified "$OPENSKILLS_DOWNLOADS/$file" "$sha256" && return
  by_hand="Put the file $file (SHA-256 $sha256) into $OPENSKILLS_DOWNLOADS by hand and run again."
  command -v apt-get >/dev/null || die "$file cannot be fetched: there is no apt-get here." "$by_hand"
  mkdir -p "$OPENSKILLS_DOWNLOADS"
  scratch=$(mktemp -d "$OPENSKILLS_DOWNLOADS/.fetch.XXXXXX")
  if ! (run_logged "fetch-${file%%_*}" "Is the network there? $by_hand" fetch_by_apt "$scratch" "$@"); then
    rm -rf "$scratch"
    exit 1
  fi
  if ! verified "$scratch/$file" "$sha256"; then
    rm -rf "$scratch"
    die "the mirror no longer has $file as it is pinned here." "$by_hand"
  fi
  mv "$scratch/$file" "$OPENSKILLS_DOWNLOADS/$file"
  rm -rf "$scratch"
}

# fetch_trixie_deb FILE SHA256 PACKAGE : a binary package, into $OPENSKILLS_DOWNLOADS/FILE.
fetch_trixie_deb() { fetch_trixie "$1" "$2" download "$3"; }

# fetch_trixie_source FILE SHA256 PACKAGE : one file of a source package (its upstream tarball).
fetch_trixie_source() { fetch_trixie "$1" "$2" source --download-only --tar-only "$3"; }

# need_wasi_sysroot : sets WASI_SYSROOT to a folder with wasi-libc's include/ and lib/, fetching it once per machine.
# A WASI_SYSROOT that is set already is taken as it is.
need_wasi_sysroot() {
  local file=wasi-libc_${WASI_LIBC_VERSION}_all.deb part
  [[ -z ${WASI_SYSROOT:-} ]] || return 0
  WASI_SYSROOT=$OPENSKILLS_CACHE/wasi-sysroot-$WASI_LIBC_VERSION
  export WASI_SYSROOT
  [[ ! -d $WASI_SYSROOT ]] || return 0
  fetch_trixie_deb "$file" "$WASI_LIBC_SHA256" wasi-libc
  part=$(mktemp -d "$OPENSKILLS_CACHE/.wasi-sysroot.XXXXXX")
  (cd "$part" && ar x "$OPENSKILLS_DOWNLOADS/$file" && tar --extract --file data.tar.* ./usr/include ./usr/lib)
  # Whoever comes second finds the folder in its place and throws the own copy away.
  mv --no-target-directory "$part/usr" "$WASI_SYSROOT" 2>/dev/null || [[ -d $WASI_SYSROOT ]]
  rm -rf "$part"
}
