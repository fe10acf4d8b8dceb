"""What a block's function returned: which outputs that makes, stored and shown."""

from __future__ import annotations

import json
import os
import time
import types
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.ids import slug
from mage_jlab.kernel_side import dynamic, masking
from mage_jlab.kernel_side.held import Entry, held, limit
from mage_jlab.kernel_side.product import Product, reason
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import PREVIEW
from mage_jlab.kernel_side.writer import Job, writer
from mage_jlab.model.product import IMAGE, JSON, MEDIA, TABLE, TEXT, Manifest, Output
from mage_jlab.products import cells, first_page, manifest
from mage_jlab.products.execution import prune
from mage_jlab.products.formats import registry, target
from mage_jlab.products.formats.kept import Built

KEEP_VERSIONS = 5
_SHOWN = 10
"""Outputs beyond so many are stored but not shown under the cell."""
_MOST_EXACT = 2**53 - 1
"""Beyond it a number of JavaScript is no longer exact."""
_PAGE_BYTES = 256 * 1024


def split(returned: Any) -> list[Any]:
    """Return the outputs that a returned value makes, by Mage's rules.

    None makes none, a tuple or list of N makes N, anything else one. A
    generator is run through and makes one list.
    """
    if returned is None:
        return []
    if isinstance(returned, (types.GeneratorType, map, filter, zip)):
        return [list(returned)]
    if type(returned) in (list, tuple):
        return list(returned)
    return [returned]


def store(step: Step, values: list[Any], shell: Any, *, alone: bool = False) -> None:
    """Take the outputs of a block: keep them for the next one, show them, have them stored.

    Afterwards nothing that the block's code does reaches them any more. `alone`
    says that no code of the block will run again.

    Raises:
        Unstorable: when one cannot be stored.
        DiskFull: when there is no space left.
    """
    if step.gathered is not None:
        step.gathered.append(values)  # stored with those of its siblings
        return
    if step.execution is None:
        return
    dynamic.told(step, values)
    product = Product(step, step.execution, values, alone=alone)
    step.product = product
    _tell(step, product, shell)


def place(step: Step) -> dict[str, str]:
    """Return where another program writes an output of a block, and under which name.

    What is not the block's own output yet (it is a child's, or a list of items) has
    a name of its own until it has been read.
    """
    name = "output_0" if _straight(step) else f".given-{os.getpid()}-{time.monotonic_ns()}"
    return {"target": str(_folder(step)), "name": name}


def store_written(step: Step, made: Sequence[Mapping[str, Any]], shell: Any) -> None:
    """Take outputs that another program wrote where `place` said.

    Each says its `output`, as in a manifest, and its first `page` as cells.

    Raises:
        StoreError: when an output has to be read here and cannot be.
    """
    written = [manifest.output(item["output"]) for item in made]
    if _straight(step) and step.execution is not None:
        pages = {item.name: said["page"] for item, said in zip(written, made) if "page" in said}
        step.product = product = Product.written(step, step.execution, written, pages)
        _tell(step, product, shell)
        return
    folder = Path(_folder(step))
    try:
        values = registry.read_all(folder, written)
    finally:
        for path in target.all_files(folder, [name for o in written for name in o.files]):
            path.unlink(missing_ok=True)
    store(step, values, shell)


def _straight(step: Step) -> bool:
    """Whether what is written is the block's output as it is."""
    return step.gathered is None and not dynamic.is_dynamic(step)


def _tell(step: Step, product: Product, shell: Any) -> None:
    step.outputs = product.summaries()
    if step.context.interactive and shell is not None:
        _show_all(step, product, shell.display_pub.publish)
    _hold(step, product)


def left(step: Step) -> list[Any]:
    """Return what a step left, while it is on its way to the disk."""
    product = step.product
    if product is None:
        return []
    found = []
    for item, output in zip(product.kept, product.outputs):
        if item is not None:
            found.append(item.fresh())
        elif output is not None:
            found.append(registry.read(product.folder, output))
    return found


def _show_all(step: Step, product: Product, publish: Callable[..., None]) -> None:
    for number in range(min(len(product.outputs), _SHOWN)):
        _show(step, number, publish)
    if len(product.outputs) > _SHOWN:
        more = f"… and {len(product.outputs) - _SHOWN} more outputs"
        publish(data={"text/plain": more}, metadata={})


def _hold(step: Step, product: Product) -> None:
    context, wanted = step.context, step.options.get("keep")
    if isinstance(wanted, list) and step.block not in wanted:
        return
    most = None if isinstance(wanted, list) else limit(context.limits.get("held_bytes"))
    entry = Entry(product.folder, list(product.kept), list(product.outputs))
    held.put((context.pipeline, context.scope, step.block), entry, most)


def settle(step: Step, tell: Callable[[], None]) -> None:
    """Have the product of a step that has ended stored; `tell` when it is safe or lost."""
    product, execution = step.product, step.execution
    if product is None or execution is None:
        raise AssertionError("a step that stores has a product and a folder")

    def write() -> Manifest:
        if step.context.interactive or step.raw:
            return product.write()
        # Nobody looks on: what a person would have seen at once is only noted.
        return product.write(lambda: _show_all(step, product, _recording(step)))

    def done(error: BaseException | None) -> None:
        if error is None:
            step.outputs = product.summaries()
        else:
            execution.discard([item for item in product.outputs if item is not None])
            context = step.context
            held.drop((context.pipeline, context.scope, step.block), step.version)
            step.outputs = []
            step.lost = reason(error)
            if step.state == "completed":
                step.state, step.error = "failed", step.lost
        step.settled = True
        product.let_go()
        tell()
        if step.context.interactive and error is None:
            keep = int(step.context.limits.get("keep_versions") or KEEP_VERSIONS)
            prune(product.folder.parent, keep)

    writer.add(Job(product.folder, write, done))


def _recording(step: Step) -> Callable[..., None]:
    """Note what a person at a notebook would have seen at once."""

    def publish(data: dict[str, Any], metadata: dict[str, Any]) -> None:
        if step.recorder is not None:
            shown = masking.anything(data, frozenset({PREVIEW}))
            output = {"output_type": "display_data", "data": shown, "metadata": metadata}
            step.recorder.add({"output": output})

    return publish


def _show(step: Step, number: int, publish: Callable[..., None]) -> None:
    if step.product is None:
        raise AssertionError("a step that shows outputs has a product")
    output, built = step.product.described(number)
    data: dict[str, Any]
    if output.kind == TABLE:
        page = _bounded(step.product.pages.get(output.name) or _page(step, output, built))
        data = {PREVIEW: _preview(step, output, page)}
        data["text/plain"] = _words(output, page)
    elif output.kind == JSON:
        shown = json.loads((_folder(step) / output.files[0]).read_text(encoding="utf-8"))
        text = json.dumps(shown, ensure_ascii=False, indent=2)
        data = {"text/plain": text if len(text) < 10_000 else f"{text[:10_000]}\n…"}
        if isinstance(shown, (dict, list)) and len(text) <= _PAGE_BYTES:
            data["application/json"] = _exact(shown)
    elif output.kind == TEXT:
        text = (_folder(step) / output.files[0]).read_text("utf-8", "replace")
        data = {"text/plain": text if len(text) < 10_000 else f"{text[:10_000]}\n…"}
    elif output.kind in (IMAGE, MEDIA):
        data = _media(step, output)
    else:
        data = {"text/plain": output.preview or output.type}
    publish(data=data, metadata={})


def _exact(value: Any) -> Any:
    """Return plain data with whole numbers as text where the page would round them."""
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    return str(value) if isinstance(value, int) and abs(value) > _MOST_EXACT else value


def _page(step: Step, output: Output, built: Built | None) -> list[list[Any]]:
    """Return the first page, from memory as long as the file is not there."""
    if built is None:
        return first_page.rows(_folder(step), output)
    return cells.rows(built.first(cells.PAGE_ROWS, cells.PAGE_COLUMNS))[0]


def _media(step: Step, output: Output) -> dict[str, Any]:
    data: dict[str, Any] = {"text/plain": output.preview or output.type}
    path = _folder(step) / output.files[0]
    media = output.media_type or ""
    if path.stat().st_size <= 20 * 1024 * 1024:
        if media.endswith("+json"):
            data[media] = json.loads(path.read_text(encoding="utf-8"))
        elif media.startswith("image/"):
            import base64

            data[media] = base64.b64encode(path.read_bytes()).decode("ascii")
    return data


def _folder(step: Step) -> Any:
    if step.execution is None:
        raise AssertionError("a step that stores has a folder")
    return step.execution.folder


def _bounded(page: list[list[Any]]) -> list[list[Any]]:
    """Cut the first page so that a message stays small, however wide the table."""
    size = 0
    for number, row in enumerate(page):
        size += len(json.dumps(row))
        if size > _PAGE_BYTES and number:
            return page[:number]
    return page


def _preview(step: Step, output: Output, page: list[list[Any]]) -> dict[str, Any]:
    context = step.context
    columns = output.columns[: cells.PAGE_COLUMNS]
    return {
        "project": context.project_slug,
        "pipeline": context.pipeline_slug,
        "block": step.block,
        "block_slug": slug(step.block),
        "scope": context.scope,
        "version": step.version,
        "output": output.name,
        "kind": TABLE,
        "type": output.type,
        "rows": output.rows,
        "columns": [cells.column(c.name, c.type, c.nulls) for c in columns],
        "columns_total": len(output.columns),
        "page": {"offset": 0, "rows": page},
    }


def _words(output: Output, page: list[list[Any]]) -> str:
    """Return a table as plain text, for programs and notebooks that know no grid."""
    names = [column.name for column in output.columns[:8]]
    body = [["" if cell is None else str(cell)[:24] for cell in row[:8]] for row in page[:5]]
    widths = [max([len(n[:24]), *(len(r[i]) for r in body)]) for i, n in enumerate(names)]
    lines = [
        "  ".join(text[:24].ljust(width) for text, width in zip(row, widths))
        for row in [names, *body]
    ]
    lines.append(f"{output.rows:,} rows × {len(output.columns):,} columns")
    return "\n".join(lines)
