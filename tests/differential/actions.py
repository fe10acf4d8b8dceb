"""Every transformer action of Mage's templates, applied by both sides to the same tables."""

from __future__ import annotations

from typing import Any

HEAD = """
import datetime
import numpy as np
import pandas as pd
from mage_ai.data_cleaner.transformer_actions.base import BaseAction
from mage_ai.data_cleaner.transformer_actions.constants import ActionType, Axis, ImputationStrategy
from mage_ai.data_cleaner.transformer_actions.utils import build_transformer_action
from mage_ai.data_cleaner.column_types.column_type_detector import infer_column_types


def people():
    return pd.DataFrame({
        'id': [1, 2, 3, 4, 5, 5],
        'Full Name': ['Ann', 'Bob', 'Cid', None, 'Eve', 'Eve'],
        'age': [31.0, None, 45.0, 28.0, 60.0, 61.0],
        'city': ['Rome', 'Oslo', 'Rome', 'Oslo', '', ''],
        'price': ['$1,000', '$20.50', '3', None, '7', '7'],
        'joined': ['2024-01-02', '2024-02-03', '2024-01-05', None, '2023-12-31', '2023-12-31'],
        'score': [1, 5, 2, 8, 100, 100],
    })


def mails():
    return pd.DataFrame({
        'email': [f'user{i}@example.com' for i in range(20)] + ['nonsense', 'x@y'],
        'phone_number': ['(555) 123-45%02d' % i for i in range(22)],
        'zip': ['%05d' % (10000 + i) for i in range(22)],
        'tags': ['[1, 2]'] * 22,
        'flag': [True, False] * 11,
        'kind': ['a', 'b'] * 11,
        'when': ['2024-01-%02d' % (i + 1) for i in range(22)],
        'long': ['some words that are different number %d of them all' % i for i in range(22)],
        'n': list(range(22)),
        'x': [i / 7 for i in range(22)],
        'empty': [None] * 22,
        'constant': [1] * 22,
        'text_numbers': [str(i * 3) for i in range(22)],
        'yes': ['Yes', 'No'] * 11,
    })


def cell(value):
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, (pd.Timestamp, datetime.datetime)):
        return value.isoformat()
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return round(float(value), 6)
    if hasattr(value, 'item'):
        return value.item()
    return value if isinstance(value, (str, bool)) else str(value)


def shown(frame):
    return {
        'index': [cell(i) for i in frame.index],
        'columns': {str(c): [cell(v) for v in frame[c]] for c in frame.columns},
        'kinds': {str(c): {'i': 'int', 'u': 'int', 'f': 'float', 'b': 'bool', 'M': 'time'}.get(
            getattr(frame[c].dtype, 'kind', 'O'), 'object') for c in frame.columns},
    }


def act(make, *args, **options):
    frame = make()
    try:
        action = build_transformer_action(frame, *args, **options)
        return shown(BaseAction(action).execute(frame))
    except Exception as error:
        return {'error': True}
"""
C = "axis=Axis.COLUMN"
R = "axis=Axis.ROW"
NUMBERS = "arguments=['age']"
OUT = "outputs=[{'uuid': 'new', 'column_type': 'number'}]"
OUTF = "outputs=[{'uuid': 'new', 'column_type': 'number_with_decimals'}]"
OUTT = "outputs=[{'uuid': 'new', 'column_type': 'text'}]"


def _aggregates() -> dict[str, str]:
    found = {}
    for name in (
        "AVERAGE",
        "SUM",
        "MAX",
        "MIN",
        "MEDIAN",
        "FIRST",
        "LAST",
        "COUNT",
        "COUNT_DISTINCT",
    ):
        found[f"{name.lower()}_grouped"] = (
            f"people, ActionType.{name}, arguments=['score'], {OUT}, options={{'groupby_columns': ['city']}}"
        )
    for name in ("AVERAGE", "SUM", "MAX", "MIN", "MEDIAN"):
        found[name.lower()] = f"people, ActionType.{name}, {NUMBERS}, {OUT}, {C}"
    return found


def _impute() -> dict[str, str]:
    found = {}
    for strategy in ("AVERAGE", "MEDIAN", "MODE", "CONSTANT", "RANDOM", "NOOP"):
        found[f"impute_{strategy.lower()}"] = (
            f"people, ActionType.IMPUTE, {NUMBERS}, options={{'strategy': ImputationStrategy.{strategy}}}"
        )
    found["impute_random"] = (
        "one_value, ActionType.IMPUTE, arguments=['a'], options={'strategy': 'random'}"
    )
    found["impute_constant_text"] = (
        "people, ActionType.IMPUTE, arguments=['Full Name', 'city'], options={'strategy': 'constant'}"
    )
    found["impute_value"] = (
        "people, ActionType.IMPUTE, arguments=['Full Name'], options={'strategy': 'constant', 'value': 'x'}"
    )
    found["impute_bare_value"] = (
        "people, ActionType.IMPUTE, arguments=['age'], options={'value': 5}"
    )
    found["impute_mode_text"] = (
        "people, ActionType.IMPUTE, arguments=['city', 'Full Name'], options={'strategy': 'mode'}"
    )
    found["impute_column"] = (
        "people, ActionType.IMPUTE, arguments=['age'], options={'strategy': 'column', 'value': 'score'}"
    )
    found["impute_sequence"] = (
        "people, ActionType.IMPUTE, arguments=['age'], options={'strategy': 'sequential', 'timeseries_index': ['joined']}"
    )
    found["impute_nothing"] = "people, ActionType.IMPUTE, arguments=['age'], options={}"
    return found


def _reformat() -> dict[str, str]:
    pattern = "people, ActionType.REFORMAT, arguments=['{}'], options={{'reformat': '{}'{}}}"
    return {
        "upper": pattern.format("city", "caps_standardization", ", 'capitalization': 'uppercase'"),
        "lower": pattern.format(
            "Full Name", "caps_standardization", ", 'capitalization': 'lowercase'"
        ),
        "currency": pattern.format("price", "currency_to_num", ""),
        "dates": pattern.format("joined", "date_format_conversion", ""),
        "trim": pattern.format("city", "trim", ""),
        "other": pattern.format("city", "something", ""),
        "lower_numbers": pattern.format(
            "score", "caps_standardization", ", 'capitalization': 'lowercase'"
        ),
    }


def _functions() -> dict[str, str]:
    pattern = "people, ActionType.ADD, arguments={}, options={{'udf': '{}'{}}}, {}"
    return {
        "add_sum": pattern.format("['score', 'id']", "addition", "", OUT),
        "add_value": pattern.format("['score']", "addition", ", 'value': 10", OUT),
        "add_days": pattern.format("['joined']", "addition", ", 'value': 1, 'column_type': 'datetime'", OUTT),
        "add_constant": pattern.format("[5]", "constant", "", OUT),
        "add_difference": pattern.format("['score', 'id']", "difference", "", OUT),
        "add_less": pattern.format("['score']", "difference", ", 'value': 1", OUT),
        "add_divide": pattern.format("['score', 'id']", "divide", "", OUTF),
        "add_half": pattern.format("['score']", "divide", ", 'value': 2", OUTF),
        "add_multiply": pattern.format("['score', 'id']", "multiply", "", OUTF),
        "add_twice": pattern.format("['score']", "multiply", ", 'value': 2", OUTF),
        "add_week": pattern.format("['joined']", "date_trunc", ", 'date_part': 'week'", OUTT),
        "add_formatted": pattern.format("['joined']", "formatted_date", ", 'format': '%Y/%m'", OUTT),
        "add_replace": pattern.format("['city']", "string_replace", ", 'pattern': 'o', 'replacement': '0'", OUTT),
        "add_split": pattern.format("['Full Name']", "string_split", ", 'separator': 'n', 'part_index': 0", OUTT),
        "add_substring": pattern.format("['city']", "substring", ", 'start': 1, 'stop': 3", OUTT),
        "add_distance": pattern.format("['score', 'id', 'id', 'score']", "distance_between", "", OUTF),
        "add_if": pattern.format("['big', 'small']", "if_else", "", OUTT) + ", action_code='score > 4'",
        "add_if_column": pattern.format("['id', 'score']", "if_else", ", 'arg1_type': 'column', 'arg2_type': 'column'", OUT)
        + ", action_code='score > 4'",
        "add_nothing": pattern.format("['id']", "addition", "", OUT),
        "add_unknown": pattern.format("['id']", "what", "", OUT),
    }  # fmt: skip


def _rows() -> dict[str, str]:
    filtered = f"people, ActionType.FILTER, {R}, action_code="
    return {
        "filter": filtered + "'score > 4'",
        "filter_and": filtered + "'score > 1 and score < 50'",
        "filter_quoted": filtered + '\'"Full Name" == "Eve"\'',
        "filter_text": filtered + "\"city == 'Rome'\"",
        "filter_null": filtered + "'city == null'",
        "filter_not_null": filtered + "'age != null'",
        "filter_contains": filtered + "\"city contains 'om'\"",
        "filter_not_contains": filtered + "\"city not contains 'om'\"",
        "filter_columns": filtered + "'score >= id'",
        "filter_contains_numbers": filtered + "\"score contains '1'\"",
        "filter_none": filtered + "''",
        "duplicates": f"people, ActionType.DROP_DUPLICATE, {R}",
        "duplicates_first": f"people, ActionType.DROP_DUPLICATE, {R}, arguments=['city'], options={{'keep': 'first'}}",
        "sort": f"people, ActionType.SORT, {R}, arguments=['score']",
        "sort_gaps": f"people, ActionType.SORT, {R}, arguments=['age']",
        "sort_down": f"people, ActionType.SORT, {R}, arguments=['age'], options={{'ascending': False}}",
        "sort_two": f"people, ActionType.SORT, {R}, arguments=['city', 'score'], options={{'ascendings': [False, True]}}",
        "remove_rows": f"people, ActionType.REMOVE, {R}, options={{'rows': [0, 2, 99]}}",
    }


def _columns() -> dict[str, str]:
    return {
        "clean_names": "odd_names, ActionType.CLEAN_COLUMN_NAME, arguments=list(odd_names().columns)",
        "difference": f"people, ActionType.DIFF, arguments=['score'], {OUT}",
        "remove": "people, ActionType.REMOVE, arguments=['age', 'nope']",
        "select": "people, ActionType.SELECT, arguments=['id', 'city']",
        "shift_down": f"people, ActionType.SHIFT_DOWN, arguments=['score'], {OUT}",
        "shift_down_two": f"people, ActionType.SHIFT_DOWN, arguments=['score'], options={{'periods': 2, 'groupby_columns': ['city']}}, {OUT}",
        "shift_up": f"people, ActionType.SHIFT_UP, arguments=['score'], {OUT}",
        "normalize": "people, ActionType.NORMALIZE, arguments=['age', 'score']",
        "standardize": "people, ActionType.STANDARDIZE, arguments=['score', 'age']",
        "fix_mails": "mails, ActionType.FIX_SYNTAX_ERRORS, arguments=['email', 'phone_number', 'zip', 'kind']",
        "empty": "lambda: people().head(0), ActionType.SELECT, arguments=['id']",
        "no_arguments": f"people, ActionType.SUM, {OUT}",
        "unknown_axis": "people, ActionType.SORT, arguments=['id'], axis=Axis.COLUMN",
        "strings": "people, 'select', arguments=['id'], axis='column'",
        "custom": f"people, ActionType.CUSTOM, {C}, action_code='df[\"id\"] = df[\"id\"] * 2', arguments=['id']",
        "far": "mails_far, ActionType.REMOVE_OUTLIERS, arguments=['n'], options={'method': 'auto'}",
        "window": f"times, ActionType.COUNT, arguments=['v'], {OUT}, options={{'groupby_columns': ['k'], 'timestamp_feature_a': 'a', 'timestamp_feature_b': 'b', 'window': 86400}}",
        "coded": f"people, ActionType.SUM, arguments=['score'], {OUT}, options={{'groupby_columns': ['city']}}, action_code='score > 1'",
    }


MORE = """

def one_value():
    return pd.DataFrame({'a': ['x', None, 'x'], 'b': [1, 2, 3]})


def odd_names():
    return pd.DataFrame({name: [1, 2] for name in [
        'Full Name', 'UPPER', 'camelCase', 'PascalCase', '123abc', '42', 'class', 'a-b.c', ' "x" ', 'ok_name', '$$', 'True',
    ]})


def mails_far():
    frame = mails()[['n', 'kind']].copy()
    frame.loc[21, 'n'] = 100000
    return frame


def times():
    return pd.DataFrame({
        'k': [1, 1, 2], 'v': [5, 6, 7],
        'a': ['2024-01-02', '2024-01-02', '2024-01-09'], 'b': ['2024-01-01 12:00', '2023-01-01', '2024-01-08 12:00'],
    })
"""


def _types() -> str:
    return """def f(*args, **kwargs):
    return {
        'mails': {k: str(getattr(v, 'value', v)) for k, v in infer_column_types(mails()).items()},
        'people': {k: str(getattr(v, 'value', v)) for k, v in infer_column_types(people()).items()},
        'odd': {k: str(getattr(v, 'value', v)) for k, v in infer_column_types(times()).items()},
        'action': sorted(build_transformer_action(people(), ActionType.SUM, arguments=['id'])),
        'names': [a.value for a in ActionType] + [a.value for a in Axis] + [s.value for s in ImputationStrategy],
    }"""


def pipelines() -> dict[str, dict[str, dict[str, Any]]]:
    """The pipeline of actions: one block for each kind."""
    from differential.projects import block

    groups = {
        "aggregates": _aggregates(), "imputing": _impute(), "reformatting": _reformat(),
        "functions": _functions(), "rows": _rows(), "columns": _columns(),
    }  # fmt: skip
    blocks = {}
    groups["outliers"] = {"far": groups["columns"].pop("far")}  # needs scikit-learn
    for name, calls in groups.items():
        lines = "\n".join(f"        {key!r}: act({call})," for key, call in calls.items())
        body = f"def f(*args, **kwargs):\n    return {{\n{lines}\n    }}"
        blocks[name] = block("transformer", body, head=HEAD + MORE)
    blocks["column_types"] = block("transformer", _types(), head=HEAD + MORE)
    return {"actions": blocks}
