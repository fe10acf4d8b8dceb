"""One form for values of both sides: what mage-ai stored and what mage-jlab stored.

Runs under mage-ai's Python too, with another pandas: no import of ours.
"""

import datetime
import math


def plain(value):
    """Return a value as JSON that is equal when the values are."""
    kind = type(value).__name__
    if kind == "DataFrame":
        return {"frame": {str(name): column(value[name]) for name in value.columns}}
    if kind == "Series":
        return {"series": column(value)}
    if kind == "ndarray":
        return {"array": [plain(item) for item in value.tolist()]}
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return {"set": sorted(map(str, value))}
    return scalar(value)


def notes(project):
    """Return what blocks wrote down beside their outputs: attempts, callbacks."""
    found = sorted(project.glob("noted_*")) + sorted(project.glob("attempts_*"))
    return {path.name: path.read_text(encoding="utf-8") for path in found}


def column(series):
    """Return a column: what kind of values it has, and the values."""
    letter = getattr(series.dtype, "kind", "O")
    kinds = {"i": "integer", "u": "integer", "f": "float", "b": "boolean", "M": "time"}
    return {"kind": kinds.get(letter, "object"), "values": [plain(item) for item in series]}


def scalar(value):
    """Return one value; nothing is None, whatever it is called."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if hasattr(value, "item") and not isinstance(value, (str, bytes)):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else float(repr(round(value, 9)))
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (bool, int, str)):
        return value
    return f"{type(value).__name__}: {value}"
