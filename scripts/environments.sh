#!/usr/bin/env bash
# Make environments of users for tests, below .environments: bash scripts/environments.sh dbt spark xeus
# What is in one says tests/environments/<name>.txt; it is made again when that file changes.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in "$@"; do
  list=tests/environments/$name.txt
  folder=.environments/$name
  wanted=$(sha256sum "$list" | cut -d' ' -f1)
  if [ -f "$folder/.made" ] && [ "$(cat "$folder/.made")" = "$wanted" ]; then
    continue
  fi
  echo "environments: making $folder …"
  rm -rf "$folder"
  mkdir -p .environments
  "${PYTHON:-.venv/bin/python}" -m venv "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$list"
  echo "$wanted" >"$folder/.made"
done
