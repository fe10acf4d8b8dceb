"""Small functions that blocks take from ``mage_ai.shared``."""

from __future__ import annotations

import datetime
import enum
import json
import random
import re
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mage_jlab.io import drivers

# ---- strings ---------------------------------------------------------------


def camel_to_snake_case(name: str) -> str:
    """Return ``someName`` as ``some_name``."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    name = re.sub(r"__([A-Z])", r"_\1", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def classify(name: str) -> str:
    """Return ``some_name`` as ``SomeName``."""
    return "".join(part.capitalize() for part in name.split("_"))


def format_enum(value: Any) -> Any:
    """Return the text of a word."""
    return value.value if isinstance(value, enum.Enum) else value


def is_json(text: Any) -> Any:
    """Return the mapping that a JSON text holds, or False."""
    try:
        found = json.loads(str(text))
    except ValueError:
        return False
    return found if isinstance(found, dict) else False


def is_number(value: Any) -> bool:
    """Whether a value reads as a number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def string_to_number(value: str) -> Any:
    """Return a text as the number it reads as, else as it is."""
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return value


def remove_extension_from_filename(filename: str) -> str:
    """Return a file name without its ending."""
    return str(Path(filename).with_suffix(""))


# ---- dictionaries ----------------------------------------------------------


def camel_case_keys_to_snake_case(value: Any) -> Any:
    """Return nested dictionaries with keys in snake case."""
    if isinstance(value, list):
        return [camel_case_keys_to_snake_case(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        camel_to_snake_case(key): camel_case_keys_to_snake_case(item) for key, item in value.items()
    }


def dig(value: Any, keys: Any) -> Any:
    """Return what lies at ``a.b[0].c``."""
    for key in keys.split(".") if isinstance(keys, str) else keys:
        name, _, rest = key.strip().partition("[")
        if name and value:
            value = value.get(name)
        for number in re.findall(r"(\d+)\]", rest):
            value = value[int(number)]
    return value


def extract(
    given: Mapping[str, Any], keys: Iterable[Any], include_blank_values: bool = False
) -> Any:
    """Return some keys of a dictionary; those that are None only when asked for."""
    found = {key: given.get(key) for key in keys}
    return {k: v for k, v in found.items() if include_blank_values or v is not None}


def flatten(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return a dictionary of dictionaries as one, keys joined by ``_``, three levels deep."""

    def down(items: Mapping[str, Any], start: str, level: int) -> Iterator[tuple[str, Any]]:
        for key, value in items.items():
            name = f"{start}_{key}" if start else key
            if isinstance(value, dict) and level < 3:
                yield from down(value, name, level + 1)
            else:
                yield name, value

    return dict(down(given, "", 1))


def flatten_dict(given: Mapping[str, Any], parent_key: str = "", sep: str = ".") -> dict[str, Any]:
    """Return nested dictionaries as one, keys joined by a separator."""
    found: dict[str, Any] = {}
    for key, value in given.items():
        name = f"{parent_key}{sep}{key}" if parent_key else key
        found.update(flatten_dict(value, name, sep) if isinstance(value, dict) else {name: value})
    return found


def get_json_value(text: Any, keys: Any) -> Any:
    """Return what lies at a path in a JSON text; a text that is no JSON as it is."""
    try:
        return dig(json.loads(text), keys) if text else text
    except (TypeError, ValueError):
        return text


def get_safe_value(given: Mapping[str, Any] | None, key: str, default: Any) -> Any:
    """Return a key of a dictionary that may be None."""
    return given.get(key, default) if given else default


def group_by(key: Callable[[Any], Any], items: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return lists of the items with the same key."""
    found: dict[Any, list[Any]] = {}
    for item in items:
        found.setdefault(key(item), []).append(item)
    return found


def index_by(key: Callable[[Any], Any], items: Iterable[Any]) -> dict[Any, Any]:
    """Return the items by their key."""
    return {key(item): item for item in items}


def ignore_keys(given: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """Return a dictionary without some keys."""
    gone = set(keys)
    return {key: value for key, value in given.items() if key not in gone}


def ignore_keys_with_blank_values(given: Any, include_values: Any = None) -> dict[str, Any]:
    """Return a dictionary without empty values."""
    kept = list(include_values or ())
    return {key: value for key, value in given.items() if value or value in kept}


def merge_dict(first: Any, second: Any) -> dict[str, Any]:
    """Return two dictionaries as one; the second wins."""
    return {**(first or {}), **(second or {})}


def set_value(given: dict[str, Any], keys: Sequence[str], value: Any) -> dict[str, Any]:
    """Set a value in nested dictionaries, making those that are missing."""
    place = given
    for key in keys[:-1]:
        place[key] = place.get(key) or {}
        place = place[key]
    place[keys[-1]] = value
    return given


# ---- lists -----------------------------------------------------------------


def batch(items: Sequence[Any], n: int = 1) -> Iterator[Sequence[Any]]:
    """Yield slices of n items."""
    for start in range(0, len(items), n):
        yield items[start : start + n]


def difference(first: Sequence[Any], second: Sequence[Any]) -> list[Any]:
    """Return what is in one of two lists only."""
    return [item for item in [*first, *second] if item not in first or item not in second]


def find(condition: Callable[[Any], Any], items: Iterable[Any], map: Any = None) -> Any:
    """Return the first item that fits, or None."""
    return next(((map(item) if map else item) for item in items if condition(item)), None)


def find_index(condition: Callable[[Any], Any], items: Iterable[Any]) -> int:
    """Return the place of the first item that fits, or -1."""
    return next((place for place, item in enumerate(items) if condition(item)), -1)


def flatten_list(lists: Iterable[Iterable[Any]]) -> list[Any]:
    """Return the items of lists as one list."""
    return [item for inner in lists for item in inner]


def is_iterable(value: Any, exclude_dicts: bool = True, exclude_strings: bool = True) -> bool:
    """Whether a value can be gone through; texts and dictionaries only when asked for."""
    if (exclude_strings and isinstance(value, str)) or (exclude_dicts and isinstance(value, dict)):
        return False
    return isinstance(value, Iterable)


def sample(items: Sequence[Any]) -> Any:
    """Return any one item."""
    return random.choice(items)  # noqa: S311 - no secret is made of it


def subtract(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """Return the items of the first that are not in the second."""
    gone = set(second)
    return [item for item in first if item not in gone]


def unique_by(items: Iterable[Any], key: Callable[[Any], Any]) -> list[Any]:
    """Return the first item of each key."""
    found: dict[Any, Any] = {}
    for item in items:
        found.setdefault(key(item), item)
    return list(found.values())


# ---- values, files, ports --------------------------------------------------


def encode_complex(value: Any) -> Any:
    """Return a value that JSON has no word for, as one it has (``json.dumps(default=…)``)."""
    if isinstance(value, (set, frozenset)):
        return list(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, complex):
        return {"real": value.real, "imag": value.imag}
    if type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if type(value).__name__ == "DataFrame" and hasattr(value, "to_dict"):
        return value.to_dict(orient="records")
    for name in ("tolist", "item", "to_list", "to_dict"):
        if hasattr(value, name):
            return getattr(value, name)()
    if isinstance(value, Exception):
        return {"type": type(value).__name__, "message": str(value)}
    return value


def convert_matrix_to_dataframe(value: Any) -> Any:
    """Return a sparse matrix as a data frame with numbered columns, anything else as it is."""
    if not hasattr(value, "toarray"):
        return value
    columns = [str(number) for number in range(value.shape[1])]
    return drivers.pandas("A sparse matrix").DataFrame(value.toarray(), columns=columns)


def extract_json_objects(text: str, decoder: Any = None) -> Iterator[Any]:
    """Yield the JSON objects that stand in a text."""
    decoder = decoder or json.JSONDecoder()
    place = text.find("{")
    while place >= 0:
        try:
            found, end = decoder.raw_decode(text, place)
        except ValueError:
            place = text.find("{", place + 1)
            continue
        yield found
        place = text.find("{", end)


def files_in_path(path: str, verbose: int = 0) -> list[str]:
    """Return every file below a folder."""
    return [str(item) for item in sorted(Path(path).rglob("*")) if item.is_file()]


def is_port_in_use(port: int, host: str = "localhost") -> bool:
    """Whether something listens on a port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, int(port))) == 0
