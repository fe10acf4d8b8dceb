"""A pipeline to take away: as a notebook, or as a zip of the files it is made of."""

from __future__ import annotations

import io
import zipfile

import nbformat

from mage_jlab.errors import BadRequest
from mage_jlab.files import places
from mage_jlab.server import lookup
from mage_jlab.server.base import Query, operation
from mage_jlab.server.contents import last_outputs
from mage_jlab.server.products import ProductPage, safe_name


class ExportHandler(ProductPage):
    """Download of a pipeline."""

    @operation(
        "read",
        "mage_pipelines",
        query=(Query("format", str, "ipynb (default) or zip"),),
        errors=(404, 422),
        media=("application/x-ipynb+json", "application/zip"),
    )
    async def get(self, project: str, pipeline: str) -> None:
        """Download a pipeline as a notebook or as a zip of its files."""
        kind = self.text("format") or "ipynb"
        if kind not in ("ipynb", "zip"):
            raise BadRequest("'format' must be ipynb or zip.", path="format")
        make = self._notebook if kind == "ipynb" else self._archive
        name, data = await self.aside(make, project, pipeline)
        media = "application/x-ipynb+json" if kind == "ipynb" else "application/zip"
        await self.stream([data], media, f"{safe_name(name)}.{kind}")

    def _notebook(self, project: str, pipeline: str) -> tuple[str, bytes]:
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        outputs = last_outputs(self.engine, of, loaded.id)
        book = self.engine.workspace.open_notebook(of, loaded.id, outputs=outputs)
        text: str = nbformat.writes(book, version=4)
        return loaded.id, text.encode()

    def _archive(self, project: str, pipeline: str) -> tuple[str, bytes]:
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        folder = f"{places.PIPELINES}/{loaded.id}"
        names = [f"{folder}/{places.METADATA}", f"{folder}/{places.TRIGGERS}"]
        names += [block.path for block in loaded.blocks if block.path]
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in dict.fromkeys(names):
                path = places.inside(of.root, name)
                if path.is_file():
                    archive.write(path, name)
        return loaded.id, buffer.getvalue()
