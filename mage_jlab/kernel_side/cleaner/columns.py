"""Actions on columns."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from keyword import iskeyword
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.drivers import package, pandas
from mage_jlab.kernel_side.cleaner import conditions, functions
from mage_jlab.kernel_side.cleaner.kinds import NUMBER, find_syntax_errors
from mage_jlab.kernel_side.cleaner.values import converted, no_blanks
from mage_jlab.kernel_side.cleaner.words import CURRENCY_SYMBOLS, NUMBER_TYPES

_log = logging.getLogger(__name__)
_PASCAL = re.compile(r"(?:[A-Z][a-z]*)+")
_CAMEL = re.compile(r"[a-z]+(?:[A-Z][a-z]*)*")
_PARTS = re.compile(r"^[a-z]+|[A-Z][a-z]*")
Action = dict[str, Any]


def add(df: Any, action: Action, column_types: dict[str, Any], **_kwargs: Any) -> Any:
    """Make a new column by a function."""
    name = (action.get("action_options") or {}).get("udf")
    if name is None or not action["action_arguments"]:
        return df
    new = action["outputs"][0]
    result = df.copy()
    result[new["uuid"]] = functions.call(name, df, action, column_types)
    result[new["uuid"]] = converted(result[new["uuid"]], new["column_type"])
    return result


def clean_column_name(name: str) -> str:
    """Return a column name in lower case with underscores, as Mage writes it."""
    if iskeyword(name):
        name = f"{name}_"
    name = re.sub(r"[\s\-.]", "_", name.strip(" '\"_-"))
    name = re.sub(r"[^a-zA-Z_0-9]", "", name)
    if NUMBER.match(name):
        name = f"number_{name}"
    if iskeyword(name):
        name = f"{name}_"
    if not re.fullmatch("[A-Z0-9]+", name) and (_PASCAL.fullmatch(name) or _CAMEL.fullmatch(name)):
        name = "_".join(_PARTS.findall(name))
    return name.lower()


def clean_names(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Rename columns to clean names."""
    return df.rename(columns={name: clean_column_name(name) for name in action["action_arguments"]})


def custom(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Run code of the action's own: it changes ``df`` or marks functions."""
    marked: list[Any] = []
    code = str(action["action_code"]).replace("\t", "    ")
    exec(code, {"df": df, "transformer_action": lambda f: marked.append(f) or f})  # type: ignore[func-returns-value] # noqa: S102 - the user's own
    for function in marked:
        df = function(df)
    return df


def diff(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Make a column of the differences from row to row."""
    if action["action_arguments"]:
        df[action["outputs"][0]["uuid"]] = df[action["action_arguments"][0]].diff()
    return df


def _texts(df: Any, columns: Any) -> Iterator[str]:
    for name in columns:
        values = df[name].dropna()
        if len(values) and isinstance(values.iloc[0], str):
            yield name
        elif len(values):
            _log.warning("Column '%s' is no text and is left as it is.", name)


def fix_syntax_errors(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Mark values that break the rules of their column's kind."""
    for name in _texts(df, action["action_arguments"]):
        kind = str(action["action_variables"][name]["feature"]["column_type"])
        wrong = find_syntax_errors(df[name], kind)
        mark: Any = "invalid"
        if kind in NUMBER_TYPES or kind == "datetime":
            mark = pandas().NaT if kind == "datetime" else float("nan")
        df.loc[wrong, name] = mark
    return df


def normalize(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Scale columns to lie between 0 and 1."""
    for name in action["action_arguments"]:
        low, high = df[name].min(), df[name].max()
        df[name] = (df[name] - low) / (high - low)
    return df


def standardize(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Scale columns to mean 0 and deviation 1 (of the population)."""
    for name in action["action_arguments"]:
        df[name] = (df[name] - df[name].mean()) / df[name].std(ddof=0)
    return df


def _capitals(df: Any, columns: list[str], options: dict[str, Any]) -> None:
    for name in _texts(df, columns):
        upper = options.get("capitalization") == "uppercase"
        df[name] = df[name].str.upper() if upper else df[name].str.lower()
    df[columns] = no_blanks(df[columns])


def _currency(df: Any, columns: list[str], _options: dict[str, Any]) -> None:
    for name in _texts(df, columns):
        bare = df[name].replace(CURRENCY_SYMBOLS, "", regex=True).replace(r"\s", "", regex=True)
        df[name] = pandas().to_numeric(no_blanks(bare), errors="coerce").astype(float)


def _dates(df: Any, columns: list[str], _options: dict[str, Any]) -> None:
    for name in columns:
        values = df[name]
        there = values.dropna()
        if len(there) and isinstance(there.iloc[0], str):
            values = values.str.replace(
                r"\s*([/\\\-.]+)\s*", lambda found: found.group(1)[0], regex=True
            ).str.lower()
        df[name] = pandas().to_datetime(values, format="mixed", errors="coerce")


def _trim(df: Any, columns: list[str], _options: dict[str, Any]) -> None:
    for name in columns:
        df[name] = df[name].str.strip()


_REFORMATS = {
    "caps_standardization": _capitals,
    "currency_to_num": _currency,
    "date_format_conversion": _dates,
    "trim": _trim,
}


def reformat(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Write the values of columns in another way."""
    columns, options = list(action["action_arguments"]), action["action_options"]
    known = _REFORMATS.get(options["reformat"])
    if known is None:
        df[columns] = no_blanks(df[columns])
    else:
        known(df, columns, options)
    return df


def remove(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Drop columns; those that are not there are no error."""
    return df.drop(columns=[name for name in action["action_arguments"] if name in df.columns])


def remove_outliers(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Drop rows that lie far from all others, as scikit-learn sees it.

    Raises:
        BadRequest: when the method is not known.
    """
    method = (action.get("action_options") or {}).get("method", "auto")
    if method not in ("auto", "lof", "itree"):
        raise BadRequest(f"Outliers are found by 'auto', 'lof' or 'itree', not by {method!r}.")
    kinds = action["action_variables"]
    names = [
        name
        for name in action["action_arguments"]
        if str(kinds[name]["feature"]["column_type"]) in NUMBER_TYPES
    ]
    numbers = df[names].astype(float).dropna()
    if not numbers.size:
        return df
    far = _far(numbers.to_numpy(), method)
    return df.drop(index=numbers.index[far])


def _far(values: Any, method: str) -> Any:
    """Return which rows are outliers; how many there may be is estimated by quartiles."""
    need = ("scikit-learn", "remove_outliers")
    np = package("numpy", *need)
    count, width = values.shape
    first, third = np.quantile(values, 0.25, axis=0), np.quantile(values, 0.75, axis=0)
    reach = 1.5 * (third - first)
    odd = ((values < first - reach) | (values > third + reach)).mean(axis=1) >= 0.5
    rate = min(max(odd.mean(), 0.025), 0.15)
    if width > 20:
        decomposition = package("sklearn.decomposition", *need)
        values = decomposition.PCA(n_components=20, random_state=42).fit_transform(values)
    if method == "lof" or (method == "auto" and width <= 5):
        small = 2 if count < 10 else count // 10 + 1
        near = small if count < 500 else (20 if rate <= 0.1 else 35)
        neighbors = package("sklearn.neighbors", *need)
        finder = neighbors.LocalOutlierFactor(n_neighbors=near, contamination=rate)
    else:
        ensemble = package("sklearn.ensemble", *need)
        finder = ensemble.IsolationForest(contamination=rate, random_state=42)
    return finder.fit_predict(values) == -1


def select(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Keep some columns."""
    return df[list(action["action_arguments"])]


def shift_down(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Make a column of the values some rows above."""
    if not action["action_arguments"]:
        return df
    options = action.get("action_options") or {}
    name, new = action["action_arguments"][0], action["outputs"][0]["uuid"]
    groups = options.get("groupby_columns")
    column = df[name] if groups is None else df.groupby(groups)[name]
    df[new] = column.shift(options.get("periods", 1))
    return df


def shift_up(df: Any, action: Action, **_kwargs: Any) -> Any:
    """Make a column of the values one row below."""
    if action["action_arguments"]:
        df[action["outputs"][0]["uuid"]] = df[action["action_arguments"][0]].shift(-1)
    return df


def aggregate(method: str, *, grouped: bool = False) -> Any:
    """Return the action that makes a column of an aggregate, of all rows or of groups."""

    def act(df: Any, action: Action, **_kwargs: Any) -> Any:
        names = list(action["action_arguments"])
        options = action.get("action_options") or {}
        if not names:
            return df
        if grouped or options.get("groupby_columns"):
            return _grouped(df, action, names, options, method)
        column = df[names[0]]
        ends = {"first": 0, "last": -1}
        df[action["outputs"][0]["uuid"]] = (
            column.iloc[ends[method]] if method in ends else column.agg(method)
        )
        return df

    return act


def _grouped(
    df: Any, action: Action, names: list[str], options: dict[str, Any], method: str
) -> Any:
    rows = _in_window(df, options)
    if action.get("action_code"):
        rows = conditions.select(rows, action["action_code"], rows)
    groups = options["groupby_columns"]
    found = rows.groupby(groups)[names].agg(method)
    new = dict(zip(names, [output["uuid"] for output in action["outputs"]]))
    return df.merge(found.rename(columns=new), on=groups, how="left")


def _in_window(df: Any, options: dict[str, Any]) -> Any:
    """Return the rows whose second time lies within so many seconds before the first."""
    keys = ("timestamp_feature_a", "timestamp_feature_b", "window")
    if not all(key in options for key in keys):
        return df
    first, second, window = (options[key] for key in keys)

    def times(name: str) -> Any:
        return pandas().to_datetime(df[name], format="mixed", utc=True)

    apart = (times(first) - times(second)).dt.total_seconds()
    low, high = sorted((0, window))
    return df[(apart >= low) & (apart <= high)]
