"""The outputs of one execution on their way: kept for the next block, shown, stored."""

from __future__ import annotations

import datetime
import platform
from collections.abc import Callable
from typing import Any

from mage_jlab.errors import MageError
from mage_jlab.kernel_side.step import Step
from mage_jlab.model.product import TABLE, Manifest, Output
from mage_jlab.products.execution import Execution
from mage_jlab.products.formats import registry
from mage_jlab.products.formats.kept import Built, Kept
from mage_jlab.products.formats.target import Target


class Product:
    """What a block returned, from the moment it is safe from the block's own code."""

    def __init__(self, step: Step, execution: Execution, values: list[Any], *, alone: bool) -> None:
        """Keep what can be kept and write the rest, which may be changed from now on.

        Raises:
            Unstorable: when an output cannot be stored.
            DiskFull: when there is no space left.
        """
        self._begin(step, execution)
        self.kept: list[Kept | None] = registry.keep(values, alone=alone)
        self.outputs: list[Output | None]
        if any(item is not None and item.table for item in self.kept):
            self.outputs = [self._now(number, value) for number, value in enumerate(values)]
        else:
            self.outputs = list(registry.write_all(values, self.folder))

    def _begin(self, step: Step, execution: Execution) -> None:
        self._step = step
        self.folder = execution.folder
        self._duration = step.duration()
        self._created = datetime.datetime.now(datetime.timezone.utc)
        self._built: dict[int, Built] = {}
        self.pages: dict[str, list[list[Any]]] = {}
        """The first rows of tables that another program wrote, by the output's name."""

    @classmethod
    def written(
        cls, step: Step, execution: Execution, outputs: list[Output], pages: dict[str, Any]
    ) -> Product:
        """Take outputs whose files lie in the folder already."""
        made = cls.__new__(cls)
        made._begin(step, execution)
        made.kept = [None] * len(outputs)
        made.outputs = list(outputs)
        made.pages = pages
        return made

    def _now(self, number: int, value: Any) -> Output | None:
        item = self.kept[number]
        if item is None or not item.table:
            return registry.write(value, self.folder, f"output_{number}")
        if self._step.context.interactive:
            self._built[number] = registry.build(item.value)  # the first page is shown at once
        return None

    def described(self, number: int) -> tuple[Output, Built | None]:
        """Return what is known of an output, and the table as long as its file is not there."""
        output, built = self.outputs[number], self._built.get(number)
        if output is None:
            if built is None:
                raise AssertionError("a table is built before it is shown")
            output = built.describe(Target(self.folder, f"output_{number}"))
        return output, built

    def summaries(self) -> list[dict[str, Any]]:
        """Return what is told about the outputs."""
        return [
            summary(output) if output is not None else self._expected(number)
            for number, output in enumerate(self.outputs)
        ]

    def _expected(self, number: int) -> dict[str, Any]:
        item = self.kept[number]
        rows, columns = (None, None) if item is None else (item.rows, item.columns)
        return {
            "name": f"output_{number}",
            "kind": TABLE,
            "rows": rows,
            "columns": columns,
            "bytes": None,
        }

    def write(self, show: Callable[[], None] | None = None) -> Manifest:
        """Write the tables; `show` is called when all of them can be shown."""
        for number, output in enumerate(self.outputs):
            item = self.kept[number]
            if output is None and item is not None and number not in self._built:
                self._built[number] = registry.build(item.value)
        if show is not None:
            show()
        for number in list(self._built):
            built = self._built.pop(number)
            name = f"output_{number}"
            self.outputs[number] = registry.write_built(built, self.folder, name)
            del built
        return self._manifest()

    def let_go(self) -> None:
        """Forget the values."""
        self.kept = []
        self._built.clear()

    def _manifest(self) -> Manifest:
        step, context = self._step, self._step.context
        return Manifest(
            version=step.version,
            project=context.project,
            pipeline=context.pipeline,
            block=step.block,
            scope=context.scope,
            created=self._created.isoformat(),
            duration=self._duration,
            code_hash=step.code_hash,
            outputs=tuple(item for item in self.outputs if item is not None),
            partition=(context.run or {}).get("partition"),
            python=platform.python_version(),
            kernel=(context.run or {}).get("kernel"),
        )


def summary(output: Output) -> dict[str, Any]:
    """Return what is told about an output that is stored."""
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


def reason(error: BaseException) -> dict[str, Any]:
    """Return why a product was not stored, as the end of a step tells it."""
    message = error.message if isinstance(error, MageError) else str(error)
    return {"name": type(error).__name__, "message": message, "line": None}
