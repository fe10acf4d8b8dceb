"""SQL blocks without a data provider: DuckDB over the outputs of upstream blocks.

The tables are called by the upstream block's id and, as in Mage, ``{{ df_1 }}``
… ``{{ df_n }}``; ``{{ variable }}`` takes a variable as a value. The result of
the last statement that gives rows is the block's output.
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side import inputs, outputs
from mage_jlab.kernel_side.step import Step
from mage_jlab.products.formats.target import comes_from

_PLACE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FRAME = re.compile(r"df_(\d+)")


def run(step: Step, shell: Any) -> None:
    """Run the block's text and store what its last statement gives.

    Raises:
        StepFailed: when DuckDB is not there, an input is no table, or the SQL is wrong.
    """
    try:
        duckdb = importlib.import_module("duckdb")
    except ImportError:
        raise StepFailed(
            f"Block '{step.block}' is SQL without a data provider, which runs by DuckDB, and this "
            "kernel's environment has none; install it (pip install duckdb) and restart the "
            "kernel.",
            block=step.block,
        ) from None
    values = inputs.load(step)
    connection = duckdb.connect(":memory:")
    try:
        for number, (block, value) in enumerate(zip(step.upstream, values), 1):
            table = _table(step, block, value)
            connection.register(f"df_{number}", table)
            if block != f"df_{number}":
                connection.register(block, table)
        result = _execute(step, duckdb, connection)
    finally:
        connection.close()
    outputs.store(step, [] if result is None else [result], shell)


def _table(step: Step, block: str, value: Any) -> Any:
    if comes_from(value, "pandas", "DataFrame") or comes_from(value, "pyarrow", "Table"):
        return value
    if comes_from(value, "polars", "DataFrame"):
        return value.to_arrow()
    if isinstance(value, (list, dict)) and value:
        try:
            return importlib.import_module("pandas").DataFrame(value)
        except (ImportError, ValueError, TypeError):
            pass
    raise StepFailed(
        f"Block '{step.block}' asks the output of '{block}' by SQL, which is a "
        f"{type(value).__name__} and no table.",
        block=step.block,
    )


def _execute(step: Step, duckdb: Any, connection: Any) -> Any:
    text, parameters = _filled(step)
    result = None
    try:
        statements = connection.extract_statements(text)
        for statement in statements:
            wanted = {key: parameters[key] for key in statement.named_parameters}
            relation = connection.execute(statement, wanted or None)
            if statement.type == duckdb.StatementType.SELECT:
                result = relation.df()
    except duckdb.Error as error:
        raise StepFailed(f"The SQL of block '{step.block}' failed: {error}") from None
    if not statements:
        raise StepFailed(f"Block '{step.block}' has no SQL to run.", block=step.block)
    return result


def _filled(step: Step) -> tuple[str, dict[str, Any]]:
    """Put table names for ``{{ df_n }}`` and parameters for variables."""
    variables = inputs.keyword_arguments(step)
    parameters: dict[str, Any] = {}

    def place(match: re.Match[str]) -> str:
        name = match.group(1)
        frame = _FRAME.fullmatch(name)
        if frame:
            if not 1 <= int(frame.group(1)) <= len(step.upstream):
                raise StepFailed(
                    f"Block '{step.block}' uses {{{{ {name} }}}} but has {len(step.upstream)} "
                    "upstream blocks.",
                    block=step.block,
                )
            return name
        if name not in variables:
            raise StepFailed(
                f"Block '{step.block}' uses {{{{ {name} }}}}, which is no variable of it.",
                block=step.block,
            )
        parameters[name] = variables[name]
        return f"${name}"

    return _PLACE.sub(place, step.code), parameters
