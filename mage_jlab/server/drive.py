"""The routes of the `mage` drive: Jupyter's contents handlers on our contents.

Each method is declared anew, so that who may use it is checked with names of
our own; Jupyter's own check for `contents` inside of it stays.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.services.contents import handlers as stock
from jupyter_server.utils import url_escape, url_path_join
from tornado import web

from mage_jlab.errors import MageError
from mage_jlab.server import wire
from mage_jlab.server.base import plain
from mage_jlab.server.contents import DriveError

RESOURCE = "mage_pipelines"
ROOT = "mage/contents"


class _Drive:
    """What the handlers of the drive have in common."""

    settings: dict[str, Any]
    base_url: str

    @property
    def contents_manager(self) -> Any:
        """Our contents, not those of the server."""
        return self.settings["mage_contents_manager"]

    def location_url(self, path: str) -> str:
        """Return where a document lies on this drive."""
        return str(url_path_join(self.base_url, ROOT, url_escape(path)))

    async def _finish_error(self, code: int, message: str) -> None:
        error = sys.exc_info()[1]  # of ours, when called from an `except` of Jupyter's handler
        raise error if isinstance(error, DriveError) else web.HTTPError(code, message)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with our sentence where there is one."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        if isinstance(error, DriveError):
            failure = _failure(error.error)
            self.finish(msgspec.json.encode(failure))  # type: ignore[attr-defined]
        else:
            super().write_error(status_code, **kwargs)  # type: ignore[misc]


class DriveHandler(_Drive, stock.ContentsHandler):  # type: ignore[misc]
    """Folders and notebooks."""

    @web.authenticated
    @authorized(action="read", resource=RESOURCE)
    async def get(self, path: str = "") -> None:
        """Read a folder or a notebook."""
        await super().get(path)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def patch(self, path: str = "") -> None:
        """Rename a pipeline."""
        await super().patch(path)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def post(self, path: str = "") -> None:
        """Make or copy a pipeline."""
        await super().post(path)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def put(self, path: str = "") -> None:
        """Save a notebook."""
        await super().put(path)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def delete(self, path: str = "") -> None:
        """Delete a pipeline."""
        await super().delete(path)


class CheckpointsHandler(_Drive, stock.CheckpointsHandler):  # type: ignore[misc]
    """Checkpoints, of which there are none."""

    @web.authenticated
    @authorized(action="read", resource=RESOURCE)
    async def get(self, path: str = "") -> None:
        """List none."""
        await super().get(path)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def post(self, path: str = "") -> None:
        """Accept the wish for one."""
        await super().post(path)


class CheckpointHandler(_Drive, stock.ModifyCheckpointsHandler):  # type: ignore[misc]
    """One checkpoint."""

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def post(self, path: str, checkpoint_id: str) -> None:
        """Refuse to go back to it."""
        await super().post(path, checkpoint_id)

    @web.authenticated
    @authorized(action="write", resource=RESOURCE)
    async def delete(self, path: str, checkpoint_id: str) -> None:
        """Forget it."""
        await super().delete(path, checkpoint_id)


def _failure(error: MageError) -> wire.Failure:
    return wire.Failure(error.message, error.reason, plain(error.detail) or None)
