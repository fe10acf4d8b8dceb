"""Actions on rows."""

from __future__ import annotations

from typing import Any

from mage_jlab.io.drivers import pandas
from mage_jlab.kernel_side.cleaner import conditions
from mage_jlab.kernel_side.cleaner.values import kind_of
from mage_jlab.kernel_side.cleaner.words import NUMBER_TYPES

Action = dict[str, Any]


def drop_duplicates(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Keep the last (or first) of equal rows."""
    options = action.get("action_options") or {}
    subset = list(action.get("action_arguments") or ()) or None
    return df.drop_duplicates(subset=subset, keep=options.get("keep", "last"))


def filter_rows(df: Any, action: Action, original_df: Any = None, **_kwargs: Any) -> Any:
    """Keep the rows for which the action's condition holds."""
    return conditions.select(df, action["action_code"], original_df)


def sort(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Sort by columns; rows with a gap in the first one stand where the smallest would."""
    options = action.get("action_options") or {}
    each = list(options.get("ascendings") or ())
    ascending = each[0] if each else options.get("ascending", True)
    names = list(action["action_arguments"])
    numbers = [name for name in names if str(kind_of(action, name)) in NUMBER_TYPES]
    gaps = None
    if names and names[0] in numbers:
        first = df[names[0]]
        gaps = first.isna() | (first.astype(str).str.len() == 0)
    kept = df if gaps is None else df[~gaps]
    order = (
        kept.astype(dict.fromkeys(numbers, float))
        .reset_index(drop=True)
        .sort_values(by=names, ascending=each or ascending)
        .index
    )
    done = kept.iloc[order]
    if gaps is None:
        return done
    parts = [df[gaps], done] if ascending else [done, df[gaps]]
    return pandas().concat(parts)


def remove(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Drop rows by their index; those that are not there are no error."""
    return df.drop([row for row in action["action_options"]["rows"] if row in df.index])
