#!/usr/bin/env bash
# Lint, types, import contracts, unit, server, flow and browser tests, in this order.
set -euo pipefail
cd "$(dirname "$0")/.."
# Without any locale Python switches encodings as it starts, and what it starts differs from it.
[ -n "${LC_ALL:-}${LC_CTYPE:-}${LANG:-}" ] || export LANG=C.UTF-8
began=$SECONDS
step() { echo; echo "== $1 ($((SECONDS - began)) s)"; shift; "$@"; }
step "set-up" bash scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
if ! command -v mariadbd >/dev/null && [ ! -x /usr/sbin/mariadbd ]; then
  step "MariaDB for the connectors' tests" bash scripts/apt.sh mariadb-server
fi
step "environments of users" bash scripts/environments.sh dbt spark xeus
if [ ! -e /usr/share/jupyter/kernels/ir/kernel.json ] || [ ! -d /usr/lib/R/site-library/bit64 ]; then
  step "R for the tests of R blocks" bash scripts/apt.sh r-base-core r-cran-irkernel r-cran-bit64
fi
if ! command -v java >/dev/null; then
  step "Java for Spark" bash scripts/apt.sh openjdk-17-jre-headless
fi
step "ruff" ruff check .
step "ruff format" ruff format --check .
step "front-end lint" jlpm lint
step "mypy" mypy
step "TypeScript" jlpm tsc --noEmit -p .
step "import contracts" lint-imports
step "front-end unit tests" jlpm test
step "unit tests" pytest tests/unit tests/mage tests/shape
step "server tests" pytest tests/server
step "flow tests" pytest tests/flow tests/cli tests/faults tests/differential tests/connectors tests/dbt tests/spark
step "browser tests" bash scripts/browser.sh
echo
echo "all passed in $((SECONDS - began)) s"
