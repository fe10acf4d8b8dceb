"""The first rows of a stored table, read where it was written, as JSON-safe cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.model.product import Output
from mage_jlab.products import cells
from mage_jlab.products.formats import (
    arrow_file,
    column_buffers,
    numpy_array,
    polars_frame,
    spark_frame,
)


def rows(folder: Path, output: Output) -> list[list[Any]]:
    """Return the first rows of the first columns of a table."""
    count, width = cells.PAGE_ROWS, cells.PAGE_COLUMNS
    path = folder / output.files[0]
    if path.suffix == column_buffers.SUFFIX:
        columns = column_buffers.first(path, count, width)
    elif path.suffix == numpy_array.SUFFIX:
        columns = numpy_array.first(path, count, width)
    elif path.suffix == spark_frame.SUFFIX:
        columns = spark_frame.first(path, count, width)
    elif arrow_file.pyarrow() is not None:
        columns = arrow_file.first(path, count, width)
    else:
        columns = polars_frame.first(path, count, width)
    return cells.rows(columns)[0]
