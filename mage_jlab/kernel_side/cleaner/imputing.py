"""Filling gaps, by one of Mage's strategies."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.drivers import pandas
from mage_jlab.kernel_side.cleaner.values import converted, kind_of, no_blanks
from mage_jlab.kernel_side.cleaner.words import MISSING


def impute(df: Any, action: dict[str, Any], **_kwargs: Any) -> Any:
    """Fill the gaps of columns; blank texts are gaps.

    Raises:
        BadRequest: when neither a strategy nor a value says with what.
    """
    columns = list(action["action_arguments"])
    options = action.get("action_options") or {}
    strategy, value = str(options.get("strategy")), options.get("value")
    kinds = {name: action["action_variables"][name]["feature"]["column_type"] for name in columns}
    df[columns] = no_blanks(df[columns])
    if strategy == "sequential":
        df = df.sort_values(by=options.get("timeseries_index"))
    filler = _FILLERS.get(strategy)
    if filler is not None:
        filler(df, columns, kinds, value)
    elif value is not None:
        df[columns] = df[columns].fillna(value)
    else:
        raise BadRequest(
            f"Filling gaps needs a strategy ({', '.join(_FILLERS)}) or a value, not {strategy!r}."
        )
    for name in columns:
        df[name] = converted(df[name], kind_of(action, name))
    return df


def _average(df: Any, columns: list[str], _kinds: Any, _value: Any) -> None:
    df[columns] = df[columns].fillna(df[columns].astype(float).mean())


def _median(df: Any, columns: list[str], _kinds: Any, _value: Any) -> None:
    df[columns] = df[columns].fillna(df[columns].astype(float).median())


def _constant(df: Any, columns: list[str], kinds: Any, value: Any) -> None:
    if value is None:
        earliest = pandas("Filling gaps").Timestamp.min
        value = {
            name: earliest if str(kind) == "datetime" else MISSING.get(str(kind), "missing")
            for name, kind in kinds.items()
        }
    df[columns] = df[columns].fillna(value)


def _mode(df: Any, columns: list[str], kinds: Any, _value: Any) -> None:
    for name in columns:
        found = df[name].mode()
        if not len(found):
            continue
        if str(kinds[name]) == "list":
            gaps = df[name].isna()
            df[name] = [found.iloc[0] if gap else item for item, gap in zip(df[name], gaps)]
        else:
            df[name] = df[name].fillna(found.iloc[0])


def _column(df: Any, columns: list[str], _kinds: Any, value: Any) -> None:
    for name in columns:
        df[name] = df[name].fillna(df[value])


def _sequential(df: Any, columns: list[str], _kinds: Any, _value: Any) -> None:
    df[columns] = df[columns].ffill().infer_objects()


def _random(df: Any, columns: list[str], _kinds: Any, _value: Any) -> None:
    for name in columns:
        gaps = df[name].isna()
        if gaps.all():
            raise BadRequest(f"Column '{name}' has no value to choose from at random.")
        chosen = df.loc[~gaps, name].sample(int(gaps.sum()), replace=True)
        chosen.index = df.index[gaps]
        for place, item in chosen.items():
            df.at[place, name] = item


_FILLERS = {
    "average": _average,
    "median": _median,
    "constant": _constant,
    "mode": _mode,
    "column": _column,
    "sequential": _sequential,
    "random": _random,
}
