"""Reads what Mage itself stored of a block: ``.variables`` in its data folder.

The layout is ``pipelines/<pipeline>/.variables/[<partition>/]<block>/output_<n>/`` with
``type.json`` (what kind of value), ``data.parquet`` and ``data_column_types.json`` of frames,
``data.json`` of plain data and ``object.joblib`` of anything else. Older projects have no
``type.json``, or a file ``output_0.json`` in place of the folder.
"""

from __future__ import annotations

import datetime
import importlib
import json
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.errors import StoreError
from mage_jlab.io.naming import clean_name

_KEPT = ("df",)
"""What very old projects called their output."""
_CAST = frozenset({"Int64", "int64", "float64"})
_ENCODED = frozenset({"dict", "list"})
_PICKLED = {"custom_object": "object.joblib", "model_sklearn": "model.joblib"}
_COMPLEX = frozenset({"dictionary_complex", "list_complex"})


def find(folders: Sequence[Path], pipeline: str, block: str, partition: str = "") -> Path | None:
    """Return the folder of a block's outputs in the first data folder that has one."""
    for folder in folders:
        variables = folder / "pipelines" / pipeline / ".variables"
        above = (variables / partition).resolve() if partition else variables
        if not above.is_relative_to(variables.resolve()) and partition:
            continue
        for name in dict.fromkeys((clean_name(block).replace("/", "_"), block)):
            path = above / name
            if name and _names(path):
                return path
    return None


def values(
    folders: Sequence[Path], pipeline: str, block: str, partition: str = ""
) -> list[Any] | None:
    """Return the outputs of a block in Mage's order, None when Mage has none.

    Raises:
        StoreError: when one of them cannot be read here.
    """
    path = find(folders, pipeline, block, partition)
    return None if path is None else [_value(path, name) for name in _names(path)]


def written(path: Path) -> datetime.datetime:
    """Return when the outputs in a block's folder were written."""
    newest = max(item.stat().st_mtime for item in (path, *path.iterdir()))
    return datetime.datetime.fromtimestamp(newest, datetime.timezone.utc)


def _names(path: Path) -> list[str]:
    try:
        found = {item.name.partition(".")[0] for item in path.iterdir()}
    except OSError:
        return []
    names = sorted(name for name in found if name.startswith("output") or name in _KEPT)
    # A dynamic child has its outputs in a folder of its own.
    return names or sorted((name for name in found if name.isdigit()), key=int)


def _value(path: Path, name: str) -> Any:
    folder = path / name
    if not folder.is_dir():
        return _json(path / f"{name}.json")
    if name.isdigit():
        inner = [_value(folder, item) for item in _names(folder)]
        return inner[0] if len(inner) == 1 else inner
    try:
        return _stored(folder)
    except (OSError, ValueError, KeyError, ImportError, AttributeError, EOFError) as error:
        raise StoreError(
            f"{name} of {path.name}, as Mage stored it, cannot be read here "
            f"({type(error).__name__}: {error}); run that block here to have its output."
        ) from error


def _stored(folder: Path) -> Any:
    kind = (_json(folder / "type.json") or {}).get("type")
    if kind in _PICKLED and (folder / _PICKLED[kind]).exists():
        return _unpickled(folder / _PICKLED[kind])
    if kind == "series_pandas" and (folder / "data.parquet").exists():
        return _series(folder)
    if kind in ("geo_dataframe", "model_xgboost", "matrix_sparse", "series_polars"):
        raise ValueError(f"values of Mage's type {kind} are not read")
    if (folder / "data.parquet").exists():
        return _frame(folder, kind)
    if (folder / "data.csv").exists():
        return _pandas().read_csv(folder / "data.csv")
    parts = sorted((item for item in folder.iterdir() if item.name.isdigit()), key=_number)
    if parts and not (folder / "data.json").exists():
        return _joined([_stored(part) for part in parts])
    found = _json(folder / "data.json")
    return _restored(folder, found) if kind in _COMPLEX else found


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _unpickled(path: Path) -> Any:
    """Load an object; an environment without joblib can read those without arrays."""
    try:
        return importlib.import_module("joblib").load(path)
    except ImportError:
        with path.open("rb") as file:
            return pickle.Unpickler(file).load()  # noqa: S301 - in the kernel, as Mage does


def _number(path: Path) -> int:
    return int(path.name)


def _joined(parts: list[Any]) -> Any:
    if all(type(part).__name__ == "DataFrame" for part in parts):
        return _pandas().concat(parts, ignore_index=True)
    return [item for part in parts for item in (part if isinstance(part, list) else [part])]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None


def _frame(folder: Path, kind: Any) -> Any:
    if kind == "polars_dataframe":
        try:
            return importlib.import_module("polars").read_parquet(folder / "data.parquet")
        except ImportError:
            pass  # as pandas, then
    frame = _pandas().read_parquet(folder / "data.parquet")
    types = _json(folder / "data_column_types.json")
    return _typed(frame, types) if isinstance(types, dict) else frame


def _typed(frame: Any, types: Mapping[str, str]) -> Any:
    """Give columns back the types they had: what is no table cell was stored as JSON."""
    for name, kind in types.items():
        if name not in frame.columns:
            continue
        if kind in _ENCODED:
            frame[name] = _pandas().Series(
                [_decoded(item) for item in frame[name]], index=frame.index, dtype=object
            )
        elif kind in _CAST and len(frame):
            try:
                frame[name] = frame[name].astype(kind)
            except (TypeError, ValueError):
                continue  # it holds something else by now, for example nothing
    return frame


def _decoded(item: Any) -> Any:
    if isinstance(item, str):
        return json.loads(item)
    return item.tolist() if hasattr(item, "tolist") and not isinstance(item, float) else item


def _series(folder: Path) -> Any:
    """Return one series, or the list of them that one output held."""
    frame = _pandas().read_parquet(folder / "data.parquet")
    types = _json(folder / "data_column_types.json")
    if not isinstance(types, list):
        return _typed(frame, types or {}).iloc[:, 0]
    found = []
    for item in types:
        part = _typed(frame[: len(item["index"])].copy(), item["column_types"])
        for stored, name in item["column_mapping"].items():
            found.append(part[stored].rename(name).set_axis(item["index"]))
    return found


# ---- lists and dictionaries that hold more than JSON ----------------------

_MADE: dict[str, Callable[[Any], Any]] = {
    "Timestamp": lambda value: _pandas().Timestamp(value),
    "datetime": datetime.datetime.fromisoformat,
    "ndarray": lambda value: importlib.import_module("numpy").array(value),
    "DataFrame": lambda value: _pandas().DataFrame(value),
    "Series": lambda value: _pandas().Series(value),
    "tuple": tuple,
    "set": set,
    "int": int,
    "float": float,
}


def _restored(folder: Path, data: Any) -> Any:
    types = _json(folder / "data_column_types.json") or {}
    if isinstance(data, list):
        return [_element(item, str(number), types, folder) for number, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    result: dict[str, Any] = {}
    for path, item in data.items():  # keys of nested dictionaries are joined by dots
        *above, last = path.split(".")
        place = result
        for key in above:
            place = place.setdefault(key, {})
        place[last] = _element(item, path, types, folder)
    return result


def _element(value: Any, path: str, types: Mapping[str, Any], folder: Path) -> Any:
    known = types.get(path)
    name = str((known or {}).get("name", ""))
    if isinstance(known, dict) and known.get("variable_type") in _PICKLED:
        own = folder.joinpath(*path.split("."), _PICKLED[known["variable_type"]])
        if own.exists():
            return _unpickled(own)
    if name in ("list", "tuple", "set") and isinstance(value, list):
        inner = enumerate(value)
        value = [_element(item, f"{path}.{number}", types, folder) for number, item in inner]
    make = _MADE.get(name)
    plain = isinstance(value, str) and name in ("DataFrame", "Series")
    return value if make is None or value is None or plain else make(value)
