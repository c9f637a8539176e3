#!/bin/sh
# Makes .venv with everything the project needs, from an empty environment: Python's own venv, a pinned uv installed into
# it for speed, the locked versions with their hashes, and the project's packages as editable ones.
# usage: deploy/local/setup.sh [PYTHON]
set -eu
cd "$(dirname "$0")/../.."
python=${1:-python3}
say() { printf '%s\n' "$*" >&2; }

command -v "$python" >/dev/null 2>&1 || { say "Python 3.11 or later is needed and '$python' is not there: apt-get install python3 python3-venv"; exit 1; }
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  { say "Python 3.11 or later is needed; $python is $version: name another one with PYTHON=/path/to/python3.12"; exit 1; }
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
  { say "this Python has no venv: apt-get install python$version-venv"; exit 1; }

# An environment of another Python, or one whose making was interrupted, is made anew.
if ! { [ "$(.venv/bin/python -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$version" ] &&
       .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
  say "making .venv with Python $version"
  "$python" -m venv --clear .venv
fi
uv() { .venv/bin/python -m uv --quiet "$@"; }
.venv/bin/python -m uv --version >/dev/null 2>&1 && installed=$(cat .venv/uv.lock.txt 2>/dev/null || true) || installed=
if [ "$installed" != "$(cat requirements/uv.txt)" ]; then
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
  cp requirements/uv.txt .venv/uv.lock.txt
fi

# The system's certificates where it has some: behind an inspecting proxy only they know its authority.
[ -e /etc/ssl/certs/ca-certificates.crt ] && export UV_SYSTEM_CERTS="${UV_SYSTEM_CERTS:-1}"
say "installing the locked versions"
# Compiled once here: where PYTHONDONTWRITEBYTECODE is set, every one of the many processes would compile all of it.
# `sync` also takes away what no file names, so that an undeclared need is noticed here and not on the next machine.
uv pip sync --python .venv/bin/python --compile-bytecode --require-hashes requirements/dev.txt
uv pip install --python .venv/bin/python --no-deps --no-build-isolation \
  -e shared -e services/contracts -e services/surveys -e services/scoring -e services/gateway \
  -e services/gateway/client -e deploy/local
.venv/bin/python -m compileall -q shared/src deploy/local/src services/*/src services/gateway/client/src services/*/migrations
touch .venv/ready
