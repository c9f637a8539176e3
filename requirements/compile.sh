#!/usr/bin/env bash
# Locks the versions of every service with hashes. No download address is written: hashes identify the files.
# usage: requirements/compile.sh [--upgrade]
set -euo pipefail
cd "$(dirname "$0")/.."
lock() { # name, inputs ...
  local name=$1; shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate \
    --no-emit-package gongping-shared --no-emit-package gongping-client --no-emit-package gongping-local \
    --custom-compile-command "requirements/compile.sh" "${UPGRADE[@]}" --output-file "requirements/$name.txt" "$@"
}
UPGRADE=("$@")
# Development is locked first; the services then take the same versions, so that what is tested is what runs.
lock dev requirements/dev.in shared/pyproject.toml services/{contracts,surveys,scoring,gateway}/pyproject.toml \
  services/gateway/client/pyproject.toml deploy/local/pyproject.toml
for service in contracts surveys scoring gateway; do
  lock "$service" "services/$service/pyproject.toml" --constraint requirements/dev.txt
done
lock client services/gateway/client/pyproject.toml --constraint requirements/dev.txt
lock uv requirements/uv.in
lock bench requirements/bench.in --constraint requirements/dev.txt
