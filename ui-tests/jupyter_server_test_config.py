"""A JupyterLab for the browser tests: fresh projects, fresh state, a port of its own."""

import os
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

c.ServerApp.port = int(os.environ.get("MAGE_UI_PORT", "8899"))  # noqa: F821
c.ServerApp.root_dir = str(root)  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821
c.MageApp.state_dir = str(state)  # noqa: F821
