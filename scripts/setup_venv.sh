#!/bin/sh
# Makes .venv where it is missing, and installs the requirements files given.
#     scripts/setup_venv.sh requirements.txt
# PYTHON=/path/to/python chooses the interpreter; else the first of the usual names that is new enough.
set -eu
cd "$(dirname "$0")/.."

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

choose_python() {
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    echo "Python 3.11 or newer is needed${PYTHON:+, and $PYTHON is not}: install it, or name one: make PYTHON=/path/to/python3.11 ..." >&2
    return 1
}

make_venv() {
    python=$(choose_python)
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "$python cannot make a virtual environment: install the package python$version-venv (or python3-venv) and try again." >&2
        return 1
    fi
    echo "Setting up .venv with $("$python" --version) (only the first time)"
    "$python" -m venv --clear .venv
}

if ! { new_enough .venv/bin/python && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
    make_venv
fi
for file in "$@"; do
    echo "Installing $file"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --requirement "$file"
done
