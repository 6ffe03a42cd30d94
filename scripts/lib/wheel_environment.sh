# An environment that has the wheel alone; sourced after common.sh.

# make_wheel_environment DIST FOLDER: a venv of $PYTHON (python3) in FOLDER, with the wheel of DIST that is for it. One
# version of the interpreter can have two, with and without its global lock: the wheel is found by the ABI's name.
make_wheel_environment() {
  local python=${PYTHON:-python3} abi
  abi=$("$python" -c 'import sys; print(sys.implementation.cache_tag.replace("cpython-", "cp") + sys.abiflags)')
  "$python" -m venv "$2"
  "$2/bin/pip" install --quiet --disable-pip-version-check --no-index --no-deps "$1"/openskills-*-"$abi"-linux_*.whl
}
