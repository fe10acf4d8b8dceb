"""The routes of the `mage` drive: Jupyter's contents handlers on our contents.

Each method is declared anew, so that who may use it is checked with names of
our own; Jupyter's own check for `contents` inside of it stays.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec
from jupyter_server.services.contents import handlers as stock
from jupyter_server.utils import url_escape, url_path_join
from tornado import web

from mage_jlab.errors import MageError
from mage_jlab.server import wire
from mage_jlab.server.base import guarded, plain
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

    async def leave(self, answered: Any) -> None:
        """Leave it to Jupyter's own handler."""
        await answered

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


class DriveHandler(_Drive, stock.ContentsHandler):
    """Folders and notebooks."""

    @guarded("read", RESOURCE)
    async def get(self, path: str = "") -> None:
        """Read a folder or a notebook."""
        await self.leave(super().get(path))

    @guarded("write", RESOURCE)
    async def patch(self, path: str = "") -> None:
        """Rename a pipeline."""
        await self.leave(super().patch(path))

    @guarded("write", RESOURCE)
    async def post(self, path: str = "") -> None:
        """Make or copy a pipeline."""
        await self.leave(super().post(path))

    @guarded("write", RESOURCE)
    async def put(self, path: str = "") -> None:
        """Save a notebook."""
        await self.leave(super().put(path))

    @guarded("write", RESOURCE)
    async def delete(self, path: str = "") -> None:
        """Delete a pipeline."""
        await self.leave(super().delete(path))


class CheckpointsHandler(_Drive, stock.CheckpointsHandler):
    """Checkpoints, of which there are none."""

    @guarded("read", RESOURCE)
    async def get(self, path: str = "") -> None:
        """List none."""
        await self.leave(super().get(path))

    @guarded("write", RESOURCE)
    async def post(self, path: str = "") -> None:
        """Accept the wish for one."""
        await self.leave(super().post(path))


class CheckpointHandler(_Drive, stock.ModifyCheckpointsHandler):
    """One checkpoint."""

    @guarded("write", RESOURCE)
    async def post(self, path: str, checkpoint_id: str) -> None:
        """Refuse to go back to it."""
        await self.leave(super().post(path, checkpoint_id))

    @guarded("write", RESOURCE)
    async def delete(self, path: str, checkpoint_id: str) -> None:
        """Forget it."""
        await self.leave(super().delete(path, checkpoint_id))


def _failure(error: MageError) -> wire.Failure:
    return wire.Failure(error.message, error.reason, plain(error.detail) or None)
