#!/usr/bin/env bash
# Installs what building OpenSkills needs on Debian 12 and is not there yet, and checks Rust, Python and Node.
# As root it installs directly, otherwise with sudo; without either it prints the command and stops.
#   --check                          only say what is missing (exit 1 if anything is)
#   OPENSKILLS_SKIP_DEPENDENCIES=1   trust that everything is there (other distributions)
source "$(dirname "${BASH_SOURCE[0]}")/lib/common.sh"

PACKAGES=(
  # compiler and build tools
  g++ ccache cmake ninja-build make pkg-config git ca-certificates xz-utils python3 python3-pip
  binutils python3-dev python3-venv
  # libraries
  libyaml-dev nlohmann-json3-dev libtomlplusplus-dev libcli11-dev libfmt-dev libutf8proc-dev libmd-dev libzip-dev
  # tests and benchmarks
  libgtest-dev libbenchmark-dev librapidcheck-dev strace
  # the compiler for what runs inside the sandbox
  clang-19 lld-19 llvm-19 libclang-rt-19-dev libclang-rt-19-dev-wasm32
  # the CPython that drives the guest's build
  zlib1g-dev
)

missing_packages() {
  local package
  for package in "${PACKAGES[@]}"; do
    [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
  done
}

# Lines the user can paste where this script may not install by itself.
install_command() { echo "apt-get update && apt-get install --no-install-recommends -y $*"; }

as_root() { # COMMAND…
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

# The lists are fetched only when they do not know a package, or when what they name is gone from the mirror.
install_packages() { # PACKAGE…
  local options=(-y --no-install-recommends -o DPkg::Lock::Timeout=300) package known=yes
  for package in "$@"; do
    apt-cache show --no-all-versions "$package" >/dev/null 2>&1 || known=no
  done
  if [[ $known == yes ]] && as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"; then
    return
  fi
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@"
}

ensure_packages() {
  local missing
  if ! { command -v dpkg-query && command -v apt-get; } >/dev/null; then
    die "this is not a Debian system: install the counterparts of these packages yourself:" "${PACKAGES[*]}" \
      "then set OPENSKILLS_SKIP_DEPENDENCIES=1 and run again."
  fi
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    say "all ${#PACKAGES[@]} packages are installed"
    return
  fi
  [[ $MODE == install ]] ||
    die "packages are missing. Install them as root with" "$(install_command "${missing[@]}")"
  if [[ $(id -u) != 0 ]]; then
    command -v sudo >/dev/null ||
      die "packages are missing, and neither root nor sudo is at hand. As root, run" \
        "$(install_command "${missing[@]}")" "then run this script again."
    # Asked for here, while the terminal is free; without a terminal sudo cannot ask at all.
    if [[ -t 0 ]]; then
      say "installing packages needs your password"
      sudo --validate
    elif ! sudo --non-interactive true 2>/dev/null; then
      die "packages are missing, and sudo wants a password. Run" \
        "sudo sh -c '$(install_command "${missing[@]}")'" "then run this script again."
    fi
  fi
  say "installing ${missing[*]}"
  run_logged install-packages \
    "Is the network there? By hand, as root: $(install_command "${missing[@]}")" install_packages "${missing[@]}"
}

check_tools() {
  local node
  need python3
  node=$(node --version 2>/dev/null) || node='absent (only the TypeScript binding needs it)'
  say "$(rustc --version | cut -d' ' -f1-2), $(python3 --version 2>&1), node $node"
}

MODE=install
case ${1:-} in
  '') ;;
  --check) MODE=check ;;
  *) die "usage: scripts/install_dependencies.sh [--check]" ;;
esac
# A missing Rust is said before anything is installed: it is the one thing this script does not install.
need_rust
if [[ ${OPENSKILLS_SKIP_DEPENDENCIES:-} == 1 ]]; then
  say "packages not checked (OPENSKILLS_SKIP_DEPENDENCIES=1)"
else
  ensure_packages
fi
check_tools
