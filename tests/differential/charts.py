"""Charts: what each side computes of the same table, in one form.

Runs under mage-ai's Python too: no import of ours. A case is (configuration, code).
"""

import datetime

SALES = """
import pandas as pd
def made():
    return pd.DataFrame({
        'city': ['Lyon', 'Nice', 'Lyon', 'Paris', 'Nice', 'Lyon', None],
        'kind': ['a', 'b', 'a', 'a', 'b', 'b', 'a'],
        'n': [1, 2, 3, 4, 6, 5, 100],
        'x': [0.5, None, 1.25, 2.0, 9.75, 3.5, 4.0],
        'word': ['x', ' ', 'x', 'y', 'z', '', 'x'],
        'day': pd.to_datetime(['2024-01-01', '2024-01-02', '2024-01-02', '2024-01-05',
                               '2024-01-09', '2024-01-10', '2024-01-12']),
        'hour': ['2024-01-01 00:10:00', '2024-01-01 02:00:00', '2024-01-01 02:30:00', None,
                 '2024-01-01 05:00:00', '2024-01-01 05:10:00', '2024-01-01 06:59:59'],
        'stamp': [1704067200, 1704070800, 1704074400, 1704078000, 1704081600, 1704085200, 1704088800],
        'long': pd.date_range('2024-01-01', periods=7, freq='20D'),
    })
"""
WORDS = ("average", "count", "count_distinct", "max", "median", "min", "sum")


def _metric(aggregation, column="n"):
    return {"aggregation": aggregation, "column": column}


def cases():
    """Return the cases by name."""
    bar, line, pie, table = "bar chart", "line chart", "pie chart", "table"
    series = "time series line chart"
    numbers = [_metric(word) for word in WORDS]
    found = {
        "bar": {"chart_type": bar, "group_by": ["city"], "metrics": numbers},
        "bar_floats": {"chart_type": bar, "group_by": ["kind"], "metrics": [_metric(w, "x") for w in WORDS]},
        "bar_words": {"chart_type": bar, "group_by": ["kind"],
                      "metrics": [_metric(w, "word") for w in ("count", "count_distinct", "mode", "max")]},
        "bar_two_groups": {"chart_type": bar, "group_by": ["city", "kind"], "metrics": [_metric("sum")]},
        "line": {"chart_type": line, "group_by": ["city"], "metrics": numbers},
        "line_days": {"chart_type": line, "group_by": ["day"], "metrics": [_metric("sum")]},
        "histogram": {"chart_type": "histogram", "group_by": ["n"], "buckets": 10},
        "histogram_floats": {"chart_type": "histogram", "group_by": ["x"], "buckets": 5},
        "histogram_few": {"chart_type": "histogram", "group_by": ["x"], "buckets": "20"},
        "histogram_whole": {"chart_type": "histogram", "group_by": ["n"]},
        "pie": {"chart_type": pie, "group_by": ["city"]},
        "pie_few": {"chart_type": pie, "group_by": ["word"], "buckets": 2},
        "pie_numbers": {"chart_type": pie, "group_by": ["n"]},
        "table": {"chart_type": table, "group_by": ["city", "n"], "limit": 3},
        "table_ordered": {"chart_type": table, "group_by": ["n", "kind"], "order_by": "n", "y_sort_order": "descending"},
        "days": {"chart_type": series, "group_by": ["day"], "metrics": [_metric("sum"), _metric("count")], "time_interval": "day"},
        "days_original": {"chart_type": series, "group_by": ["day"], "metrics": [_metric("sum")], "time_interval": "original"},
        "weeks": {"chart_type": series, "group_by": ["day"], "metrics": [_metric("sum")], "time_interval": "week"},
        "hours": {"chart_type": "time series bar chart", "group_by": ["hour"], "metrics": [_metric("count")], "time_interval": "hour"},
        "hours_average": {"chart_type": series, "group_by": ["hour"], "metrics": [_metric("average")], "time_interval": "hour"},
        "stamps": {"chart_type": series, "group_by": ["stamp"], "metrics": [_metric("max")], "time_interval": "hour"},
        "many_days": {"chart_type": series, "group_by": ["long"], "metrics": [_metric("sum")], "time_interval": "day"},
    }  # fmt: skip
    variables = {"x": "x", "y": "y"}
    named = {"x": "across", "y": "up"}
    coded = {
        "code_bar": ({"chart_type": bar, **variables}, "x = df_1['city'].fillna('?').tolist()\ny = df_1['n']"),
        "code_line": ({"chart_type": line, **named}, "across = [1, 2, 3]\nup = [[1, 4, 9], [2, 3, 5]]"),
        "code_histogram": ({"chart_type": "histogram", "x": "x", "buckets": 4}, "x = df_1['x']"),
        "code_pie": ({"chart_type": pie, "x": "x"}, "x = df_1['kind'].tolist() + [None]"),
        "code_table": ({"chart_type": table, "index": "index", **variables},
                       "x = ['a', 'b']\ny = [[1, 2], [3, 4]]\nindex = ['p', 'q']"),
        "decorated_xy": ({"chart_type": line}, "@data_source\ndef d(frame, *args, **kwargs):\n    return frame[frame['n'] > 2]\n\n"
                         "@xy\ndef b(frame, *args, **kwargs):\n    return frame['day'].dt.day.tolist(), [frame['n'].tolist()]"),
        "decorated_configuration": ({}, "@configuration\ndef c(*args, **kwargs):\n    return {'chart_type': 'bar chart'}\n\n"
                                    "@x\ndef a(frame, *args, **kwargs):\n    return [1, 2]\n\n@y\ndef b(*args, **kwargs):\n    return [3, 4]"),
        "decorated_source": ({"chart_type": bar, "group_by": ["city"], "metrics": [_metric("sum")]},
                             "@data_source\ndef d(frame, *args, **kwargs):\n    return frame[frame['n'] < 5]"),
    }  # fmt: skip
    return {**{name: (said, "# nothing") for name, said in found.items()}, **coded}


def of_mage(widget_class):
    """Return what mage-ai's Widget computes of every case."""
    space = {}
    exec(SALES, space)
    found = {}
    for name, (said, code) in cases().items():
        widget = widget_class(name, name, "chart", configuration=said, content=code)
        frame = space["made"]()
        result = widget._execute_block(
            {"sales": frame, "df_1": frame}, custom_code=code, input_vars=[frame],
            upstream_block_uuids=["sales"],
        )  # fmt: skip
        found[name] = _told(said.get("chart_type") or "bar chart", result)
    return found


def _told(kind, result):
    if "error" in result:
        return {"error": True}
    x, y = result.get("x"), result.get("y")
    if kind == "histogram":
        return {
            "bins": [
                [_cell(a["min"]), _cell(a["max"]), int(b["value"])]
                for a, b in zip(x, y, strict=True)
            ]
        }
    if kind == "pie chart":
        return {"pieces": {str(_cell(name)): int(count) for name, count in x.items()}}
    if kind == "table":
        index = result.get("index")
        told = {"columns": list(x), "rows": [[_cell(c) for c in row] for row in y]}
        return told if index is None else {**told, "index": [_cell(i) for i in index]}
    if kind.startswith("time"):
        return {"ends": [round(end) for end in x], "y": [[_cell(v) for v in line] for line in y]}
    lines = y if y and isinstance(y[0], list) else [y]
    return {"x": [_cell(v) for v in x], "y": [[_cell(v) for v in line] for line in lines]}


def _cell(value):
    if isinstance(value, tuple):
        return " · ".join(str(item) for item in value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, float):
        return None if value != value else round(value, 9)
    return value


def of_spec(said, spec):
    """Return what a Vega-Lite specification of ours carries, in the same form."""
    kind = said.get("chart_type") or "bar chart"
    rows = spec["data"]["values"]
    if kind == "histogram":
        return {"bins": [[_cell(r["from"]), _cell(r["to"]), r["count"]] for r in rows]}
    names = list(rows[0])
    if kind == "pie chart":
        return {"pieces": {row[names[0]]: row[names[1]] for row in rows}}
    if kind.startswith("time"):
        moments = [datetime.datetime.fromisoformat(row[names[1]]) for row in rows]
        ends = [round(m.replace(tzinfo=datetime.timezone.utc).timestamp()) for m in moments]
        return {"ends": ends, "y": [[_cell(row[n]) for row in rows] for n in names[2:]]}
    return {
        "x": [_cell(row[names[0]]) for row in rows],
        "y": [[_cell(row[name]) for row in rows] for name in names[1:]],
    }


def of_frame(frame, *, index):
    """Return what a table of ours shows, in the same form."""
    told = {"columns": [str(name) for name in frame.columns],
            "rows": [[_cell(c) for c in row] for row in frame.values.tolist()]}  # fmt: skip
    return {**told, "index": [_cell(i) for i in frame.index]} if index else told
