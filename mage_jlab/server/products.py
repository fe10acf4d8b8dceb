"""Data products: what a block left, windows into it, and files to take away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mage_jlab import clock
from mage_jlab.errors import (
    BadRequest,
    BlockNotFound,
    PipelineNotFound,
    ProductNotFound,
    StoreError,
)
from mage_jlab.model.product import INTERACTIVE, TABLE, Manifest, Output
from mage_jlab.products import cells
from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import MageHandler, Query, operation

if TYPE_CHECKING:
    from mage_jlab.products.store import ProductStore

PRODUCTS = "mage_products"
OCTETS = "application/octet-stream"
_VERSION = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_CHUNK = 1 << 18
_SHOWN = frozenset({
    "application/json", "application/pdf", "image/gif", "image/jpeg", "image/png",
    "image/svg+xml", "image/webp", "text/csv", "text/html", "text/markdown", "text/plain",
})  # fmt: skip
"""Media types that are sent as what they are; anything else is bytes to be saved."""
_WHERE = (
    Query("scope", str, "interactive (default) or the id of a run"),
    Query("version", str, "one execution; the newest when left out"),
)
_SORTED = (
    Query("sort", str, 'JSON: [["column", "asc"], …]'),
    Query("filter", str, 'JSON: [{"column", "op", "value"}, …]'),
)


class ProductPage(MageHandler):
    """What the pages of a product share: finding it."""

    def found(self, project: str, pipeline: str, block: str) -> tuple[ProductStore, Manifest]:
        """Return the store and the manifest that the address and the query name."""
        scope, version = self.text("scope") or INTERACTIVE, self.text("version")
        if version is not None and not _VERSION.fullmatch(version):
            raise ProductNotFound("There is no such version of the product.")
        try:
            return self._at(project, pipeline, block, scope, version)
        except (PipelineNotFound, BlockNotFound, ProductNotFound):
            if scope != INTERACTIVE or version is None:
                raise
            return self._elsewhere(project, pipeline, block, version)

    def _elsewhere(
        self, project: str, pipeline: str, block: str, version: str
    ) -> tuple[ProductStore, Manifest]:
        """Find what an open notebook shows though no file has the block under that name.

        It was renamed meanwhile, or it is new and has run before it was saved.
        """
        of = lookup.project(self.engine, project)
        store = self.engine.products(of)
        held = store.holder(version)
        if held is None:
            raise ProductNotFound("There is no such version of the product.", version=version)
        *now, block_id = held
        if now != [pipeline, block]:
            return self._at(project, now[0], now[1], INTERACTIVE, version)
        identity = lookup.pipeline_id(self.engine, of, pipeline)
        store.wait(identity, INTERACTIVE, block_id, version)
        return store, store.manifest(identity, INTERACTIVE, block_id, version)

    def _at(
        self, project: str, pipeline: str, block: str, scope: str, version: str | None
    ) -> tuple[ProductStore, Manifest]:
        of, identity, block_id, scope = lookup.product_ids(
            self.engine, project, pipeline, block, scope
        )
        store = self.engine.products(of)
        if version is not None and version not in store.versions(identity, scope, block_id):
            raise ProductNotFound("There is no such version of the product.", version=version)
        store.wait(identity, scope, block_id, version)
        return store, store.manifest(identity, scope, block_id, version)

    def output(
        self, project: str, pipeline: str, block: str, name: str
    ) -> tuple[Path, Manifest, Output]:
        """Return the folder of an execution and one of its outputs."""
        store, manifest = self.found(project, pipeline, block)
        folder = store.execution(
            manifest.pipeline, manifest.scope, manifest.block, manifest.version
        )
        for item in manifest.outputs:
            if item.name == name:
                return folder, manifest, item
        raise ProductNotFound("The product has no such output.")

    def table(self, project: str, pipeline: str, block: str, name: str) -> tuple[Path, Output]:
        """Return the folder and the output, which must be a table."""
        folder, _, item = self.output(project, pipeline, block, name)
        if item.kind != TABLE:
            raise BadRequest(f"Output '{item.name}' is no table but {item.kind}.")
        return folder, item

    def order(self) -> tuple[list[tuple[str, str]], list[dict[str, Any]]]:
        """Return the sort and the filter of the query."""
        sort: list[tuple[str, str]] = self.plain("sort", list[tuple[str, wire.Direction]], [])
        filters: list[wire.Filter] = self.plain("filter", list[wire.Filter], [])
        return sort, [{"column": f.column, "op": f.op, "value": f.value} for f in filters]

    async def stream(self, chunks: Iterable[bytes], media: str, name: str | None) -> None:
        """Send bytes as they come; they are read in threads."""
        self._own_type = media
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        if name is not None:
            self.set_header("Content-Disposition", f'attachment; filename="{safe_name(name)}"')
        following = iter(chunks)
        try:
            # The first chunk is read before the first byte is sent: a query that
            # does not fit the table still becomes a proper answer.
            chunk = await self.aside(next, following, None)
            self.set_header("Content-Type", media)
            while chunk is not None:
                self.write(chunk)
                await self.flush()
                chunk = await self.aside(next, following, None)
            await self.finish()
        finally:
            close = getattr(following, "close", None)
            if close is not None:
                await self.aside(close)


class ProductHandler(ProductPage):
    """What one execution of a block stored."""

    @operation("read", PRODUCTS, answer=wire.Product, query=_WHERE, errors=(404, 422))
    def get(self, project: str, pipeline: str, block: str) -> wire.Product:
        """Read what a block stored: its outputs, their columns and sizes."""
        store, manifest = self.found(project, pipeline, block)
        where = (manifest.pipeline, manifest.scope, manifest.block)
        return wire.Product(
            project=project,
            pipeline=manifest.pipeline,
            block=manifest.block,
            scope=manifest.scope,
            version=manifest.version,
            created=views.when(manifest.created) or clock.now(),
            duration=manifest.duration,
            outputs=[_output(item) for item in manifest.outputs],
            versions=store.complete(*where),
            bytes=store.version_size(*where, manifest.version),
            stored=store.block_size(*where),
        )


class RowsHandler(ProductPage):
    """A window of a table."""

    @operation(
        "read",
        PRODUCTS,
        answer=wire.Rows,
        query=(
            *_WHERE,
            Query("offset", int, "number of the first row"),
            Query("limit", int, "how many rows, at most 1000"),
            *_SORTED,
        ),
        errors=(404, 422),
    )
    def get(self, project: str, pipeline: str, block: str, output: str) -> dict[str, Any]:
        """Read a window of a table, sorted and filtered over the whole of it."""
        from mage_jlab.preview import page

        sort, filters = self.order()
        offset = self.integer("offset", 0)
        limit = self.integer("limit", 100, least=0, most=1000)
        folder, item = self.table(project, pipeline, block, output)
        return page.window(
            folder,
            item,
            offset=offset,
            limit=limit,
            sort=sort,
            filters=filters,
            whole=bool(self.integer("whole", 0, most=1)),
        )


class StatisticsHandler(ProductPage):
    """What the columns of a table hold."""

    @operation("read", PRODUCTS, answer=wire.Statistics, query=_WHERE, errors=(404, 422))
    def get(self, project: str, pipeline: str, block: str, output: str) -> dict[str, Any]:
        """Read counts, extremes and a small distribution of every column."""
        from mage_jlab.preview import statistics

        folder, item = self.table(project, pipeline, block, output)
        return statistics.statistics(folder, item)


class DownloadHandler(ProductPage):
    """A table as a file."""

    @operation(
        "read",
        PRODUCTS,
        query=(
            *_WHERE,
            Query("format", str, "csv (default) or parquet"),
            *_SORTED,
            Query("safe", int, "1: guard cells that a spreadsheet would take for formulas"),
        ),
        errors=(404, 422),
        media=("text/csv", "application/vnd.apache.parquet"),
    )
    async def get(self, project: str, pipeline: str, block: str, output: str) -> None:
        """Download the whole table as CSV or Parquet, sorted and filtered if asked."""
        name, media, chunks = await self.aside(self._asked, project, pipeline, block, output)
        await self.stream(chunks, media, name)

    def _asked(
        self, project: str, pipeline: str, block: str, output: str
    ) -> tuple[str, str, Iterator[bytes]]:
        from mage_jlab.preview import export

        kind = self.text("format") or "csv"
        if kind not in ("csv", "parquet"):
            raise BadRequest("'format' must be csv or parquet.", path="format")
        sort, filters = self.order()
        safe = bool(self.integer("safe", 0, most=1))
        folder, item = self.table(project, pipeline, block, output)
        name = f"{safe_name(block)}-{safe_name(item.name)}.{kind}"
        if kind == "csv":
            chunks = export.csv(folder, item, sort=sort, filters=filters, safe=safe)
            return name, "text/csv", chunks
        chunks = export.parquet(folder, item, sort=sort, filters=filters)
        return name, "application/vnd.apache.parquet", chunks


class ContentHandler(ProductPage):
    """The bytes of an output that is no table."""

    @operation(
        "read",
        PRODUCTS,
        query=_WHERE,
        errors=(404, 422),
        media=("application/json", "text/plain", "image/png", OCTETS),
    )
    async def get(self, project: str, pipeline: str, block: str, output: str) -> None:
        """Give the bytes of an output; what is not known to be shown is for saving only."""
        folder, manifest, item = await self.aside(self.output, project, pipeline, block, output)
        if not item.files:
            raise ProductNotFound(f"Output '{item.name}' has no content of its own.")
        path = folder / Path(item.files[0]).name
        if not await self.aside(path.is_file):
            raise StoreError(f"The file of output '{item.name}' is missing in the store.")
        media = (item.media_type or _MEDIA.get(item.kind) or OCTETS).partition(";")[0].strip()
        shown = media in _SHOWN
        if shown and (media.startswith("text/") or media == "application/json"):
            media += "; charset=utf-8"
        name = None if shown else f"{safe_name(manifest.block)}-{path.name}"
        await self.stream(_pieces(path), media if shown else OCTETS, name)


_MEDIA = {"json": "application/json", "text": "text/plain", "image": "image/png"}


def safe_name(name: str) -> str:
    """Return a file name that no header and no file system can misread."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name, flags=re.ASCII).strip("._")[:100] or "download"


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            yield piece


def _output(item: Output) -> wire.ProductOutput:
    return wire.ProductOutput(
        name=item.name,
        kind=item.kind,
        type=item.type,
        bytes=item.bytes,
        rows=item.rows,
        columns=[wire.Column(c.name, c.type, cells.kind(c.type), c.nulls) for c in item.columns],
        media_type=item.media_type,
        preview=item.preview,
    )
