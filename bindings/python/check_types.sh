#!/usr/bin/env bash
# check_types.sh: the package's sources and a program that uses all of it (tests/typing_test.py), by mypy and pyright.
# Both are installed into the cache folder once; pyright needs Node.
source "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib/common.sh"
CHECKERS=(mypy==2.4.1 pyright==1.1.414)
TOOLS=$OPENSKILLS_CACHE/type-checkers/$(sha256sum <<<"${CHECKERS[*]}" | cut -c1-16)
if [[ ! -e $TOOLS/done ]]; then
  rm -rf "$TOOLS"
  "${PYTHON:-python3}" -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet --disable-pip-version-check "${CHECKERS[@]}"
  touch "$TOOLS/done"
fi
cd "$(dirname "${BASH_SOURCE[0]}")"
MYPYPATH=src "$TOOLS/bin/mypy" --warn-unused-ignores --cache-dir "$TOOLS/mypy"
PYRIGHT_PYTHON_IGNORE_WARNINGS=1 "$TOOLS/bin/pyright" --warnings
