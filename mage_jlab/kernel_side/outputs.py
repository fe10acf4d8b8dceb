"""What a block's function returned: which outputs that makes, stored and shown."""

from __future__ import annotations

import datetime
import json
import platform
import types
from typing import Any

from mage_jlab.ids import slug
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import PREVIEW
from mage_jlab.model.product import IMAGE, JSON, MEDIA, TABLE, TEXT, Manifest, Output
from mage_jlab.products import cells, execution, first_page

KEEP_VERSIONS = 5
_SHOWN = 10
"""Outputs beyond so many are stored but not shown under the cell."""
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


def store(step: Step, values: list[Any], shell: Any) -> None:
    """Store the outputs of a block, show them, then write the manifest.

    Raises:
        Unstorable: when one cannot be stored.
        DiskFull: when there is no space left.
    """
    if step.execution is None:
        return
    stored = step.execution.store(values)
    context = step.context
    what = Manifest(
        version=step.version,
        project=context.project,
        pipeline=context.pipeline,
        block=step.block,
        scope=context.scope,
        created=datetime.datetime.now(datetime.timezone.utc).isoformat(),
        duration=step.duration(),
        code_hash=step.code_hash,
        outputs=tuple(stored),
        partition=(context.run or {}).get("partition"),
        python=platform.python_version(),
        kernel=(context.run or {}).get("kernel"),
    )
    step.execution.commit(what)
    step.outputs = [_summary(output) for output in stored]
    for output, value in zip(stored[:_SHOWN], values):  # noqa: B905 - Python 3.9 has no strict
        _show(step, output, value if len(stored) == len(values) else values, shell)
    if len(stored) > _SHOWN:
        _display(shell, {"text/plain": f"… and {len(stored) - _SHOWN} more outputs"})
    if context.interactive:
        keep = int(context.limits.get("keep_versions") or KEEP_VERSIONS)
        execution.prune(step.execution.folder.parent, keep)


def _summary(output: Output) -> dict[str, Any]:
    columns = None
    if output.kind == TABLE:
        columns = len(output.columns) - int(output.options.get("index_columns", 0))
    return {
        "name": output.name,
        "kind": output.kind,
        "rows": output.rows,
        "columns": columns,
        "bytes": output.bytes,
    }


def _show(step: Step, output: Output, value: Any, shell: Any) -> None:
    if output.kind == TABLE:
        page = _bounded(first_page.rows(_folder(step), output))
        data: dict[str, Any] = {PREVIEW: _preview(step, output, page)}
        data["text/plain"] = _words(output, page)
        _display(shell, data)
    elif output.kind == JSON:
        shown = json.loads((_folder(step) / output.files[0]).read_text(encoding="utf-8"))
        text = json.dumps(shown, ensure_ascii=False, indent=2)
        data = {"text/plain": text if len(text) < 10_000 else f"{text[:10_000]}\n…"}
        if isinstance(shown, (dict, list)) and len(text) <= _PAGE_BYTES:
            data["application/json"] = shown
        _display(shell, data)
    elif output.kind == TEXT:
        text = str(value)
        _display(shell, {"text/plain": text if len(text) < 10_000 else f"{text[:10_000]}\n…"})
    elif output.kind in (IMAGE, MEDIA):
        _show_media(step, output, shell)
    else:
        _display(shell, {"text/plain": output.preview or output.type})


def _show_media(step: Step, output: Output, shell: Any) -> None:
    data: dict[str, Any] = {"text/plain": output.preview or output.type}
    path = _folder(step) / output.files[0]
    media = output.media_type or ""
    if path.stat().st_size <= 20 * 1024 * 1024:
        if media.endswith("+json"):
            data[media] = json.loads(path.read_text(encoding="utf-8"))
        elif media.startswith("image/"):
            import base64

            data[media] = base64.b64encode(path.read_bytes()).decode("ascii")
    _display(shell, data)


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
        "  ".join(text[:24].ljust(width) for text, width in zip(row, widths))  # noqa: B905
        for row in [names, *body]
    ]
    lines.append(f"{output.rows:,} rows × {len(output.columns):,} columns")
    return "\n".join(lines)


def _display(shell: Any, data: dict[str, Any]) -> None:
    shell.display_pub.publish(data=data, metadata={})
