"""mage-jlab: Mage pipelines inside JupyterLab.

This module is imported by Jupyter at start and may be imported inside a
user's kernel, so it imports nothing heavy: the server application is loaded
inside the entry point.
"""

from __future__ import annotations

from typing import Any

__version__ = "0.1.0"


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "mage-jlab"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    from mage_jlab.server.app import MageApp

    return [{"module": "mage_jlab", "app": MageApp}]
