#!/usr/bin/env bash
# The main job on the embedded default: set up, make the example, run it, open JupyterLab on it.
set -euo pipefail
cd "$(dirname "$0")/.."
bash scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
demo=${DEMO:-demo}
if [ ! -f "$demo/metadata.yaml" ]; then
  mage-jlab init "$demo" --example
fi
# The root is the one JupyterLab gets below, so that both work in the same folder.
mage-jlab run "$demo" penguins --root "$demo"
if [ -n "${NO_LAB:-}" ]; then
  exit 0
fi
echo
echo "Opening JupyterLab on $demo; stop it with Ctrl+C."
options=()
# Jupyter refuses to run as root unless told; a bare machine has nobody else.
if [ "$(id -u)" = 0 ]; then
  options=(-- --allow-root)
fi
exec mage-jlab start "$demo" "${options[@]}"
