"""Writes products the way Mage stores outputs, for ``get_variable`` of mage-ai.

Each output becomes a folder ``output_<n>``: frames as ``data.parquet`` with the types of columns
that Parquet cannot hold, plain data as ``data.json``, anything else as ``object.joblib`` (joblib
reads plain pickles; one of ours is copied and never opened: cells of a frame that only a pickle
holds are written as they are shown). Read by `kernel_side/mage_outputs`.
"""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mage_jlab.model import product as kinds
from mage_jlab.model.product import Output
from mage_jlab.products import cells, columns
from mage_jlab.products.formats import arrow_file, json_list, pickled, registry
from mage_jlab.products.formats.plain_json import NAME as PLAIN

SAMPLE_ROWS = 1000


def write(folder: Path, outputs: tuple[Output, ...], target: Path) -> list[str]:
    """Write the outputs of one execution below a block's folder and return their names.

    What lay there before is replaced.

    Raises:
        StoreError: when an output cannot be read.
    """
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    values: list[tuple[str, Output | None, Any]]
    if len(outputs) == 1 and outputs[0].format == json_list.NAME:
        listed = json_list.read(folder, outputs[0])
        values = [(f"output_{number}", None, value) for number, value in enumerate(listed)]
    else:
        values = [(item.name, item, None) for item in outputs]
    for name, output, value in values:
        made = target / name
        made.mkdir()
        if output is not None and output.kind == kinds.PICKLE and output.format == pickled.NAME:
            shutil.copyfile(folder / f"{output.name}{pickled.SUFFIX}", made / "object.joblib")
            _json(made / "type.json", {"type": "custom_object"})
        else:
            _write(made, value if output is None else _read(folder, output), output)
    return [name for name, _, _ in values]


def _read(folder: Path, output: Output) -> Any:
    if not (output.options.get("pandas") or {}).get("pickle"):
        return registry.read(folder, output)
    frame = arrow_file.open_table(columns.arrow_path(folder, output)).to_pandas()
    index = list(frame.columns[: int(output.options.get("index_columns") or 0)])
    return frame.set_index(index) if index else frame


def _write(made: Path, value: Any, output: Output | None) -> None:
    if output is not None and output.kind == kinds.TABLE and output.format != "numpy":
        _frame(made, value if isinstance(value, pd.DataFrame) else _as_frame(value))
        return
    plain = output is None or output.kind in (kinds.JSON, kinds.TEXT) or output.format == PLAIN
    if plain:
        _json(made / "data.json", value)
        iterable = isinstance(value, list)
        _json(made / "type.json", {"type": "iterable" if iterable else None})
        return
    with (made / "object.joblib").open("wb") as file:
        pickle.dump(value, file, protocol=4)
    _json(made / "type.json", {"type": "custom_object"})


def _as_frame(value: Any) -> pd.DataFrame:
    if isinstance(value, pd.Series):
        return value.to_frame()
    found: pd.DataFrame = value.to_pandas()  # polars and Arrow tables have it
    return found


def _frame(made: Path, frame: pd.DataFrame) -> None:
    types: dict[str, str] = {}
    made_columns = {}
    for name in frame.columns:
        column = frame[name]
        kind = _nested(column)
        if kind is not None:
            types[str(name)] = kind
            column = column.map(_encoded, na_action="ignore")
        made_columns[str(name)] = column
    stored = pd.DataFrame(made_columns, index=frame.index)
    stored.to_parquet(made / "data.parquet", engine="pyarrow")
    stored.iloc[:SAMPLE_ROWS].to_parquet(made / "sample_data.parquet", engine="pyarrow")
    _json(made / "data_column_types.json", types)
    rows, width = stored.shape
    counts = {"original_row_count": rows, "original_column_count": width}
    _json(made / "statistics.json", counts)
    _json(made / "type.json", {"type": "dataframe"})


def _nested(column: pd.Series[Any]) -> str | None:
    """Return dict or list when that is what a column holds."""
    if column.dtype != object:
        return None
    found = next((item for item in column if isinstance(item, (dict, list, tuple, np.ndarray))), 0)
    if isinstance(found, dict):
        return "dict"
    return None if found == 0 and not isinstance(found, np.ndarray) else "list"


def _encoded(item: Any) -> Any:
    if isinstance(item, (dict, list, tuple, np.ndarray)):
        return json.dumps(cells.plain(item) if isinstance(item, np.ndarray) else item, default=str)
    return item


def _json(path: Path, value: Mapping[str, Any] | Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, default=str), encoding="utf-8")
