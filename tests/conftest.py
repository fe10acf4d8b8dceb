"""What tests share: a project in Mage's format, and a Jupyter server with the extension.

Everything lies in temporary folders; nothing outside of them is touched.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says something about the machine, not about the code. The examples
# are the same each time; `--hypothesis-profile=explore` looks for others.
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", settings.get_profile("explore"), derandomize=True)
settings.load_profile("steady")

pytest_plugins = ["pytest_jupyter.jupyter_server", "tests.databases"]

LOAD = """
import pandas as pd

if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test


@data_loader
def load_numbers(*args, **kwargs):
    print('loading')
    return pd.DataFrame({'n': range(2500), 'word': [f'w{i % 7}' for i in range(2500)]})


@test
def test_output(output, *args):
    assert len(output) == 2500
"""
DOUBLE = """
@transformer
def double(frame, *args, **kwargs):
    frame = frame.copy()
    frame['twice'] = frame['n'] * 2
    return frame
"""
COUNT = """
@data_exporter
def count(frame, *args, **kwargs):
    return {'rows': len(frame), 'who': kwargs.get('who', 'nobody')}
"""
PIPELINE = """\
blocks:
- all_upstream_blocks_executed: true
  color: null
  configuration: {}
  downstream_blocks:
  - double
  executor_config: null
  executor_type: local_python
  has_callback: false
  language: python
  name: load numbers
  retry_config: null
  status: updated
  timeout: null
  type: data_loader
  upstream_blocks: []
  uuid: load_numbers
- configuration: {}
  downstream_blocks:
  - sub/count
  executor_type: local_python
  language: python
  name: double
  status: updated
  type: transformer
  upstream_blocks:
  - load_numbers
  uuid: double
- configuration: {}
  downstream_blocks: []
  executor_type: local_python
  language: python
  name: sub/count
  status: updated
  type: data_exporter
  upstream_blocks:
  - double
  uuid: sub/count
callbacks: []
conditionals: []
created_at: '2024-01-02 03:04:05.678901+00:00'
data_integration: null
description: Numbers, twice
executor_config: {}
executor_count: 1
executor_type: null
extensions: {}
name: numbers
notification_config: {}
retry_config: {}
run_pipeline_in_one_process: false
settings:
  triggers: null
spark_config: {}
tags:
- demo
type: python
uuid: numbers
variables_dir: /home/src/mage_data/demo
widgets: []
"""


def write(root: Path, files: dict[str, str]) -> None:
    """Write files, with the folders they need."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(textwrap.dedent(text).encode())


def snapshot(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def make_project(folder: Path) -> Path:
    """Write a small project: load → double → count, and a broken pipeline."""
    write(
        folder,
        {
            "metadata.yaml": "project_type: standalone\nproject_uuid: abc123\n",
            "io_config.yaml": "version: 0.1.1\ndefault: {}\n",
            "requirements.txt": "pandas\nno-such-package-of-ours==1.0\n# remark\n-r other.txt\n",
            "data_loaders/load_numbers.py": LOAD,
            "transformers/double.py": DOUBLE.lstrip("\n").rstrip("\n"),
            "data_exporters/sub/count.py": COUNT,
            "pipelines/numbers/metadata.yaml": PIPELINE,
            "pipelines/numbers/__init__.py": "",
            "pipelines/broken/metadata.yaml": "name: broken\nblocks:\n- uuid: a\n  type: [\n",
        },
    )
    return folder


@pytest.fixture
def mage_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of this test."""
    folder = tmp_path / "state"
    monkeypatch.setenv("MAGE_JLAB_STATE_DIR", str(folder))
    monkeypatch.delenv("MAGE_DATABASE_CONNECTION_URL", raising=False)
    # Tests count kernels; those about spares ask for some.
    monkeypatch.setenv("MAGE_JLAB_SPARE_KERNELS", "0")
    return folder


@pytest.fixture
def mage_project(jp_root_dir: Path) -> Path:
    """The small project, in the folder ``demo`` of the server's root."""
    return make_project(jp_root_dir / "demo")
