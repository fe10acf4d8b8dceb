"""Transformer actions: a description of what to do with a frame, and doing it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.kernel_side.cleaner import columns, imputing, rows
from mage_jlab.kernel_side.cleaner.kinds import infer_column_types
from mage_jlab.kernel_side.cleaner.words import Axis

Action = dict[str, Any]
_COLUMNS = {
    "add": columns.add,
    "average": columns.aggregate("mean"),
    "clean_column_name": columns.clean_names,
    "count": columns.aggregate("count", grouped=True),
    "count_distinct": columns.aggregate("nunique", grouped=True),
    "custom": columns.custom,
    "diff": columns.diff,
    "first": columns.aggregate("first"),
    "fix_syntax_errors": columns.fix_syntax_errors,
    "impute": imputing.impute,
    "last": columns.aggregate("last"),
    "max": columns.aggregate("max"),
    "median": columns.aggregate("median"),
    "min": columns.aggregate("min"),
    "normalize": columns.normalize,
    "reformat": columns.reformat,
    "remove": columns.remove,
    "remove_outliers": columns.remove_outliers,
    "select": columns.select,
    "shift_down": columns.shift_down,
    "shift_up": columns.shift_up,
    "standardize": columns.standardize,
    "sum": columns.aggregate("sum"),
}
_ROWS = {
    "custom": columns.custom,
    "drop_duplicate": rows.drop_duplicates,
    "filter": rows.filter_rows,
    "remove": rows.remove,
    "sort": rows.sort,
}
_BY_AXIS: dict[str, dict[str, Any]] = {"column": _COLUMNS, "row": _ROWS}


def build_action_variables(
    df: Any, ctypes: dict[str, Any] | None = None, columns: Sequence[str] | None = None
) -> dict[str, Any]:
    """Describe the columns of a frame: their names and kinds."""
    kinds = infer_column_types(df, column_types=ctypes or {})
    return {
        name: {"feature": {"column_type": kinds[name], "uuid": name}, "type": "feature"}
        for name in (df.columns if columns is None else columns)
    }


def build_transformer_action(
    df: Any,
    action_type: Any,
    arguments: Sequence[Any] = (),
    action_code: str = "",
    options: dict[str, Any] | None = None,
    axis: Any = Axis("column"),  # noqa: B008 - a word, and Mage's default
    outputs: Sequence[dict[str, Any]] = (),
) -> Action:
    """Describe an action on a frame, for ``BaseAction``."""
    return {
        "action_type": action_type,
        "action_arguments": list(arguments),
        "action_code": action_code,
        "action_options": options or {},
        "action_variables": build_action_variables(df),
        "axis": axis,
        "outputs": list(outputs),
    }


class BaseAction:
    """Does what an action describes."""

    def __init__(self, action: Action) -> None:
        """Take a description."""
        self.action = action

    @property
    def action_type(self) -> Any:
        """What is done."""
        return self.action["action_type"]

    @property
    def axis(self) -> Any:
        """Whether it is about columns or rows."""
        return self.action.get("axis", "column")

    def execute(self, df: Any, **kwargs: Any) -> Any:
        """Return the frame that the action makes of a frame.

        Raises:
            BadRequest: when there is no such action.
        """
        self._fill_in()
        if df.empty:
            return df
        kind = str(self.action_type)
        if kind == "group":
            return self._group(df)
        if kind == "join":
            return self._join(df, kwargs.get("df_to_join"))
        known = _BY_AXIS.get(str(self.axis), {})
        if kind not in known:
            raise BadRequest(
                f"There is no action '{kind}' on {self.axis}s; there are: {', '.join(known)}."
            )
        copied = df.copy() if kind in ("filter", "add") else df
        result = known[kind](copied, self.action, column_types=self._kinds(), original_df=df)
        if kind == "add":
            new = [output["uuid"] for output in self.action["outputs"]]
            df[new] = result[new]
            return df
        return result

    def _kinds(self) -> dict[str, Any]:
        found = {}
        for variable in (self.action.get("action_variables") or {}).values():
            feature = (variable or {}).get("feature")
            if feature:
                found[feature["uuid"]] = feature.get("column_type")
        return found

    def _fill_in(self) -> None:
        """Put the names of columns for ``%{1}``, and Python's words for true and false."""
        action = self.action
        for key, variable in (action.get("action_variables") or {}).items():
            if not variable:
                continue
            place, name = f"%{{{key}}}", _name(key, variable)
            if action.get("action_code"):
                action["action_code"] = str(action["action_code"]).replace(place, name)
            if action.get("action_arguments"):
                action["action_arguments"] = [
                    item.replace(place, name) if isinstance(item, str) else str(item)
                    for item in action["action_arguments"]
                ]
            if action.get("action_options"):
                text = json.dumps(action["action_options"])
                action["action_options"] = json.loads(text.replace(place, name))
        if action.get("action_code"):
            code = str(action["action_code"])
            action["action_code"] = code.replace(" true", " True").replace(" false", " False")

    def _group(self, df: Any) -> Any:
        def each(part: Any) -> Any:
            for child in self.action["child_actions"]:
                part = BaseAction(child).execute(part)
            return part

        return df.groupby(self.action["action_arguments"]).apply(each)

    def _join(self, df: Any, other: Any) -> Any:
        if other is None:
            raise BadRequest("Joining needs a second frame: execute(df, df_to_join=other).")
        options = self.action["action_options"]
        left, right = list(options["left_on"]), list(options["right_on"])
        for mine, theirs in zip(left, right):
            if df[mine].dtype != other[theirs].dtype:
                df[mine] = df[mine].dropna().astype(str)
                other[theirs] = other[theirs].dropna().astype(str)
        new = {
            output["source_feature"]["uuid"]: output["uuid"]
            for output in self.action.get("outputs") or ()
            if output.get("source_feature")
        }
        merged = df.merge(
            other.rename(columns=new),
            left_on=left,
            right_on=[new.get(name, name) for name in right],
            how=options.get("how", "left"),
        )
        merged = merged.drop(columns=options.get("drop_columns") or [])
        return merged.rename(columns=options.get("rename_columns") or {})


def _name(key: str, variable: dict[str, Any]) -> str:
    if variable.get("type") == "feature":
        return str(variable["feature"]["uuid"])
    if variable.get("type") == "feature_set_version":
        return str(variable["feature_set_version"]["feature_set"]["uuid"])
    return str(key)
