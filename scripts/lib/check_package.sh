# What a package must not do; sourced after common.sh.

# check_package FOLDER BINARY…: ends the script when a binary links what is not glibc's own, or a file of FOLDER, the
# package as it will be installed, names a folder of this machine.
check_package() {
  local folder=$1 found binary
  shift
  for binary in "$@"; do
    found=$(readelf --dynamic --wide "$binary" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
      grep --invert-match --extended-regexp '^(libc|libm|libdl|libpthread|ld-linux-x86-64|ld-linux-aarch64)\.so' || true)
    [[ -z $found ]] || die "$(basename "$binary") links what other machines may lack: ${found//$'\n'/ }"
  done
  found=$(grep --recursive --files-with-matches --binary-files=text --fixed-strings \
    --regexp="$OPENSKILLS_ROOT/" --regexp="$HOME/" "$folder" || true)
  [[ -z $found ]] || die "the package names folders of this machine:" "$found"
}
