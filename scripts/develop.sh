#!/usr/bin/env bash
# Link the built front end of this checkout into .venv instead of the copy.
set -euo pipefail
cd "$(dirname "$0")/.."
target=.venv/share/jupyter/labextensions/mage-jlab
rm -rf "$target"
mkdir -p "$(dirname "$target")"
ln -s "$PWD/mage_jlab/labextension" "$target"
mkdir -p .venv/etc/jupyter/jupyter_server_config.d
cp jupyter-config/server-config/mage_jlab.json .venv/etc/jupyter/jupyter_server_config.d/
echo "develop: linked $target"
