"""A JupyterLab for the browser tests: fresh projects, fresh state, a port of its own."""

import json
import os
import sys
import tempfile
from pathlib import Path

from jupyterlab.galata import configure_jupyter_server

from mage_jlab.files.workspace import Workspace

configure_jupyter_server(c)  # noqa: F821

base = Path(tempfile.mkdtemp(prefix="mage-ui-"))
root = base / "work"
(root / "empty").mkdir(parents=True)
state = base / "state"
workspace = Workspace(root, state)
workspace.create_project("penguins", example=True)
workspace.create_project("blank")


def with_dbt(checkout: Path) -> None:
    """A project with a dbt project and a kernel that has dbt: `scripts/environments.sh dbt`."""
    sys.path.insert(0, str(checkout / "tests" / "dbt"))
    import dbt_projects as projects

    python = checkout / ".environments" / "dbt" / "bin" / "python"
    spec = base / "share" / "kernels" / "withdbt" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "dbt", "language": "python"}))
    os.environ["JUPYTER_PATH"] = str(base / "share")
    shop = root / "shop"
    for name, text in {
        "metadata.yaml": "project_type: standalone\nkernel_name: withdbt\n",
        "data_loaders/load.py": projects.LOAD,
        "pipelines/etl/metadata.yaml": "name: etl\nuuid: etl\ntype: python\nblocks:\n"
        "- {uuid: load, name: load, type: data_loader, language: python, upstream_blocks: []}\n",
    }.items():
        (shop / name).parent.mkdir(parents=True, exist_ok=True)
        (shop / name).write_text(text)
    projects.write(shop, projects.DUCKDB.format(path=base / "warehouse.duckdb"))


with_dbt(Path(__file__).resolve().parents[1])

c.ServerApp.port = int(os.environ.get("MAGE_UI_PORT", "8899"))  # noqa: F821
c.ServerApp.root_dir = str(root)  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821
c.MageApp.state_dir = str(state)  # noqa: F821
