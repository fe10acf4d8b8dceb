#!/usr/bin/env bash
# Browser tests: installs Chromium and Galata when they are missing; fails, never skips.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
if [ ! -x "${CHROMIUM:-/usr/bin/chromium}" ]; then
  echo "browser: installing Chromium …"
  bash scripts/apt.sh chromium fonts-dejavu-core
fi
bash scripts/environments.sh dbt
# A port that nothing else has, also where two checkouts are tested at once.
export MAGE_UI_PORT=${MAGE_UI_PORT:-$(python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')}
cd ui-tests
jlpm install --immutable >../.venv/jlpm-ui.log 2>&1 || { tail -n 40 ../.venv/jlpm-ui.log >&2; exit 1; }
jlpm test "$@"
