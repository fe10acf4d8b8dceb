"""A JupyterLab for the browser tests: fresh projects, fresh state, a port of its own."""

import json
import os
import sqlite3
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
charted = root / "charted"
for name, text in {
    "metadata.yaml": "project_type: standalone\n",
    "data_loaders/numbers.py": "import pandas as pd\n\n\n@data_loader\ndef load(*args, **kwargs):\n"
    "    return pd.DataFrame({'a': ['x', 'y'], 'n': [1, 2]})\n",
    "pipelines/charted/metadata.yaml": "name: charted\nuuid: charted\ntype: python\nblocks:\n"
    "- {uuid: numbers, name: numbers, type: data_loader, language: python, upstream_blocks: []}\n"
    "widgets:\n- uuid: drawn\n  name: drawn\n  type: chart\n  language: python\n"
    "  upstream_blocks: [numbers]\n  configuration: {chart_type: bar chart, group_by: [a],"
    " metrics: [{aggregation: sum, column: n}]}\n",
    "custom/fan.py": "@custom\ndef fan(*args, **kwargs):\n    return [[1, 2]]\n",
    "transformers/cut.sql": "SELECT 1\n",
    "pipelines/special/metadata.yaml": "name: special\nuuid: special\ntype: python\nblocks:\n"
    "- {uuid: fan, name: fan, type: custom, language: python, upstream_blocks: [],"
    " configuration: {dynamic: true}}\n"
    "- {uuid: cut, name: cut, type: transformer, language: sql, upstream_blocks: [fan],"
    " configuration: {data_provider: postgres, limit: 1000, reduce_output: true}}\n",
}.items():
    (charted / name).parent.mkdir(parents=True, exist_ok=True)
    (charted / name).write_text(text)

templated = root / "templated"
for name, text in {
    "metadata.yaml": "project_type: standalone\n",
    "data_loaders/ducks.py": "@data_loader\ndef load(*args, **kwargs):\n    return [1, None]\n",
    "transformers/clean_ducks.py": "@transformer\ndef clean_ducks(ducks, *args, **kwargs):\n"
    "    return [item for item in ducks if item]\n",
    "pipelines/pond/metadata.yaml": "name: pond\nuuid: pond\ntype: python\nblocks:\n"
    "- {uuid: ducks, name: Load ducks, type: data_loader, language: python, upstream_blocks: []}\n"
    "- {uuid: clean_ducks, name: Clean ducks, type: transformer, language: python,"
    " upstream_blocks: [ducks]}\n",
}.items():
    (templated / name).parent.mkdir(parents=True, exist_ok=True)
    (templated / name).write_text(text)

sys.path.insert(0, str(Path(__file__).parent))
import kinds  # noqa: E402 - beside this file

kinds.write(root / "kinds")


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


def with_languages() -> None:
    """A project with a block in each language, a database, and a kernel for Bash."""
    spec = base / "share" / "kernels" / "bash" / "kernel.json"
    spec.parent.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": argv, "display_name": "Bash", "language": "bash"}))
    database = base / "people.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE people (id INTEGER, full_name TEXT)")
    provider = "configuration: {data_provider: sqlite, data_provider_profile: files}"
    for name, text in {
        "metadata.yaml": "project_type: standalone\n",
        "io_config.yaml": f"version: 0.1.1\nfiles:\n  SQLITE_DATABASE: {database}\n",
        "data_loaders/load.py": "@data_loader\ndef load(*args, **kwargs):\n"
        "    import pandas as pd\n"
        "    return pd.DataFrame({'species': ['Adelie', 'Gentoo'], 'mass': [3700, 5000]})\n",
        "transformers/query.sql": "SELECT species, mass / 1000 AS kg\nFROM {{ df_1 }}\n",
        "transformers/plot_it.r": "transform <- function(df_1, ...) {\n    barplot(df_1$kg)\n"
        "    df_1$kind <- factor(df_1$species)\n    df_1\n}\n",
        "transformers/people.sql": "SELECT 1 AS one\n",
        "pipelines/tongues/metadata.yaml": "name: tongues\nuuid: tongues\ntype: python\nblocks:\n"
        "- {uuid: load, name: load, type: data_loader, language: python, upstream_blocks: []}\n"
        "- {uuid: query, name: query, type: transformer, language: sql, upstream_blocks: [load]}\n"
        "- {uuid: plot_it, name: plot it, type: transformer, language: r, "
        "upstream_blocks: [query]}\n"
        f"- {{uuid: people, name: people, type: transformer, language: sql, {provider}}}\n",
    }.items():
        path = root / "babel" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


with_dbt(Path(__file__).resolve().parents[1])
with_languages()
if os.environ.get("MAGE_UI_GALLERY"):
    sys.path.insert(0, str(Path(__file__).resolve().parent / "screens"))
    import gallery

    gallery.write(root / "gallery", base / "share" / "kernels")
    gallery.write_models(root / "shop")

# Settings of these tests alone; on a busy machine a kernel needs more than the second that
# the completer gives it.
settings = base / "settings"
completer = settings / "@jupyterlab" / "completer-extension" / "manager.jupyterlab-settings"
completer.parent.mkdir(parents=True)
completer.write_text(json.dumps({"providerTimeout": 20000}))
c.LabApp.user_settings_dir = str(settings)  # noqa: F821

c.ServerApp.port = int(os.environ.get("MAGE_UI_PORT", "8899"))  # noqa: F821
c.ServerApp.root_dir = str(root)  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821
c.MageApp.state_dir = str(state)  # noqa: F821
