"""Chart blocks: every type, from a configuration, from variables, from decorated functions."""

from __future__ import annotations

from typing import Any

import pytest
from kernels import Answer, Kernel
from test_convention import ok

VEGA = "application/vnd.vegalite.v5+json"
SALES = """
import pandas as pd

@data_loader
def sales(*args, **kwargs):
    return pd.DataFrame({
        'city': ['Lyon', 'Nice', 'Lyon', 'Paris', 'Nice', 'Lyon', None],
        'kind': ['a', 'b', 'a', 'a', 'b', 'b', 'a'],
        'n': [1, 2, 3, 4, 6, 5, 100],
        'word': ['x', ' ', 'x', 'y', 'z', '', 'x'],
        'day': pd.to_datetime(['2024-01-01', '2024-01-02', '2024-01-02', '2024-01-05',
                               '2024-02-01', '2024-02-10', '2024-03-01']),
    })
"""


@pytest.fixture(scope="module", autouse=True)
def data(kernel: Kernel) -> None:
    ok(kernel.cell(SALES, "sales"))


def drawn(kernel: Kernel, code: str = "", **configuration: Any) -> Answer:
    answer = kernel.cell(code or "# nothing", "c", "chart", ["sales"], configuration=configuration)
    ok(answer)
    return answer


def values(answer: Answer) -> list[dict[str, Any]]:
    (spec,) = answer.mime(VEGA)
    found: list[dict[str, Any]] = spec["data"]["values"]
    return found


def spec(answer: Answer) -> dict[str, Any]:
    (found,) = answer.mime(VEGA)
    assert found["config"]["background"] == "transparent"
    return dict(found)


def metric(aggregation: str, column: str = "n") -> dict[str, str]:
    return {"aggregation": aggregation, "column": column}


@pytest.mark.parametrize(
    ("aggregation", "column", "lyon", "nice"),
    [
        ("sum", "n", 9, 8),
        ("average", "n", 3, 4),
        ("count", "n", 3, 2),
        ("count", "word", 2, 1),
        ("count_distinct", "word", 1, 1),
        ("max", "n", 5, 6),
        ("min", "n", 1, 2),
        ("median", "n", 3, 6),
        ("mode", "kind", "a", "b"),
    ],
)
def test_aggregations_are_mages(
    kernel: Kernel, aggregation: str, column: str, lyon: Any, nice: Any
) -> None:
    answer = drawn(
        kernel, chart_type="bar chart", group_by=["city"], metrics=[metric(aggregation, column)]
    )
    found = {row["city"]: row[f"{aggregation}({column})"] for row in values(answer)}
    assert found["Lyon"] == lyon and found["Nice"] == nice
    assert set(found) == {"Lyon", "Nice", "Paris"}


def test_bars_by_two_columns_sorted_cut_and_labelled(kernel: Kernel) -> None:
    answer = drawn(
        kernel,
        chart_type="bar chart",
        group_by=["city", "kind"],
        metrics=[metric("sum"), metric("count")],
        y_sort_order="descending",
        limit=3,
        x_axis_label="where",
        y_axis_label="how much",
        chart_style="horizontal",
        width_percentage=50,
        height=300,
    )
    assert [(row["city · kind"], row["sum(n)"]) for row in values(answer)] == [
        ("Nice · b", 8),
        ("Lyon · b", 5),
        ("Lyon · a", 4),
    ]
    said = spec(answer)
    assert (said["width"], said["height"]) == (320, 300)
    encoding = said["encoding"]
    assert encoding["y"]["title"] == "where" and encoding["x"]["title"] == "how much"
    assert "yOffset" in encoding and said["transform"][0]["fold"] == ["sum(n)", "count(n)"]


def test_a_histogram_has_at_most_forty_buckets(kernel: Kernel) -> None:
    few = values(drawn(kernel, chart_type="histogram", group_by=["n"], buckets=5))
    assert [row["count"] for row in few] == [6, 0, 0, 0, 1]
    assert [row["from"] for row in few] == [1, 21, 41, 61, 81]
    many = drawn(
        kernel, "x = [i / 7 for i in range(1000)]", chart_type="histogram", x="x", buckets=900
    )
    assert len(values(many)) <= 40 and sum(row["count"] for row in values(many)) == 1000
    small = drawn(kernel, "x = [1, 2, 2, None, 3]", chart_type="histogram", x="x")
    assert [row["count"] for row in values(small)] == [1, 2, 1]
    text = kernel.cell("", "c", "chart", ["sales"], configuration={
        "chart_type": "histogram", "group_by": ["word"]})  # fmt: skip
    assert "holds no numbers" in text.finished["error"]["message"]


def test_lines_of_several_ys(kernel: Kernel) -> None:
    code = "x = [1, 2, 3]\ny = [[1, 4, 9], [2, 3, 5]]"
    answer = drawn(kernel, code, chart_type="line chart", x="x", y="y")
    assert values(answer)[2] == {"x": 3, "y 1": 9, "y 2": 5}
    assert spec(answer)["encoding"]["x"]["type"] == "quantitative"
    one = drawn(kernel, "a = df_1['day']\nb = df_1['n']", chart_type="line chart", x="a", y="b")
    assert spec(one)["encoding"]["x"]["type"] == "temporal" and len(values(one)) == 7
    grouped = drawn(kernel, chart_type="line chart", group_by=["kind"], metrics=[metric("sum")])
    assert values(grouped) == [{"kind": "a", "sum(n)": 108}, {"kind": "b", "sum(n)": 13}]


def test_a_pie_counts_what_occurs(kernel: Kernel) -> None:
    answer = drawn(kernel, chart_type="pie chart", group_by=["city"], buckets=2)
    assert values(answer) == [{"city": "Lyon", "count": 3}, {"city": "Nice", "count": 2}]
    assert spec(answer)["mark"]["type"] == "arc"
    code = drawn(kernel, "x = ['a', 'b', 'a', None]", chart_type="pie chart", x="x")
    assert values(code) == [{"x": "a", "count": 2}, {"x": "b", "count": 1}]


def test_a_table_is_a_table(kernel: Kernel) -> None:
    answer = drawn(
        kernel,
        chart_type="table",
        group_by=["city", "n"],
        order_by="n",
        y_sort_order="descending",
        limit=2,
    )
    (preview,) = answer.previews
    assert [column["name"] for column in preview["columns"]] == ["city", "n"]
    assert preview["page"]["rows"] == [[None, 100], ["Nice", 6]]
    assert preview["rows"] == 2 and preview["block"] == "c"
    code = "x = ['a', 'b']\ny = [[1, 'x'], [2, 'y'], [3, 'z']]\nindex = [10, 20, 30]"
    (preview,) = drawn(kernel, code, chart_type="table", x="x", y="y", limit=2).previews
    assert preview["rows"] == 2 and [c["name"] for c in preview["columns"]][-2:] == ["a", "b"]


def test_time_series_in_intervals(kernel: Kernel) -> None:
    answer = drawn(
        kernel,
        chart_type="time series bar chart",
        group_by=["day"],
        metrics=[metric("sum"), metric("average")],
        time_interval="month",
    )
    found = [(r["day"][:10], r["day (end)"][:10], r["sum(n)"]) for r in values(answer)]
    assert found == [
        ("2024-01-01", "2024-02-01", 10),
        ("2024-02-01", "2024-03-01", 11),
        ("2024-03-01", "2024-04-01", 100),
    ]
    assert spec(answer)["encoding"]["x"]["type"] == "temporal"
    days = drawn(
        kernel,
        chart_type="time series line chart",
        group_by=["day"],
        metrics=[metric("count"), metric("max")],
        time_interval="original",
    )
    # 61 days are too many: two days at a time.
    assert len(values(days)) == 31
    assert values(days)[1] == {
        "day": "2024-01-03T00:00:00", "day (end)": "2024-01-05T00:00:00",
        "count(n)": 0, "max(n)": None,
    }  # fmt: skip
    seconds = "x = [1704067200, 1704153600]\ny = [[1, 2]]"
    coded = drawn(kernel, seconds, chart_type="time series line chart", x="x", y="y")
    assert [row["x"][:10] for row in values(coded)] == ["2024-01-01", "2024-01-02"]


DECORATED = """
@data_source
def data(sales, *args, **kwargs):
    return sales[sales['n'] < 5]

@configuration
def said(frame):
    return {'chart_type': 'bar chart', 'x_axis_label': 'cities'}

@xy
def both(frame, **kwargs):
    return frame['city'].tolist(), frame['n'].tolist()
"""


def test_decorated_functions(kernel: Kernel) -> None:
    answer = drawn(kernel, DECORATED)
    assert [row["y"] for row in values(answer)] == [1, 2, 3, 4]
    assert spec(answer)["encoding"]["x"]["title"] == "cities"
    single = "@x\ndef a(s):\n    return [1, 2]\n\n@y\ndef b(s):\n    return [3, 4]\n"
    assert values(drawn(kernel, single, chart_type="line chart")) == [
        {"x": 1, "y": 3},
        {"x": 2, "y": 4},
    ]


@pytest.mark.parametrize(
    ("code", "mime"),
    [
        ("@render(render_type='html')\ndef r(s):\n    return '<b>bold</b>'", "text/html"),
        ("@render(render_type='json')\ndef r(s):\n    return {'a': 1}", "application/json"),
        (
            "@render(render_type='json')\ndef r(s):\n    return {'data': [], 'layout': {}}",
            "application/vnd.plotly.v1+json",
        ),
        ("@render(render_type='png')\ndef r(s):\n    return 'aGk='", "image/png"),
        (
            "@render(render_type='json')\ndef r(s):\n"
            "    return {'$schema': 'https://vega.github.io/schema/vega-lite/v5.json'}",
            VEGA,
        ),
    ],
)
def test_rendered_by_the_code(kernel: Kernel, code: str, mime: str) -> None:
    assert drawn(kernel, code).mime(mime)


def test_a_custom_chart_draws_by_itself(kernel: Kernel) -> None:
    code = "from IPython.display import display, HTML\ndisplay(HTML('<i>own</i>'))"
    answer = drawn(kernel, code, chart_type="custom")
    assert answer.mime("text/html") == ["<i>own</i>"] and not answer.mime(VEGA)


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"chart_type": "donut"}, "is a 'donut', which is not known"),
        ({"chart_type": "bar chart"}, "needs a column to group by"),
        ({"chart_type": "bar chart", "group_by": ["zz"]}, "uses column 'zz'"),
        (
            {"chart_type": "bar chart", "group_by": ["kind"],
             "metrics": [{"aggregation": "average", "column": "city"}]},
            "Column 'city' has no average",
        ),
        (
            {"chart_type": "bar chart", "group_by": ["kind"],
             "metrics": [{"aggregation": "range", "column": "n"}]},
            "'range' is no aggregation",
        ),
        (
            {"chart_type": "time series bar chart", "group_by": ["word"]},
            "Column 'word' holds no dates or times",
        ),
        (
            {"chart_type": "time series bar chart", "group_by": ["day"], "time_interval": "era"},
            "'era' is no time interval",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(kernel: Kernel, configuration: Any, words: str) -> None:
    answer = kernel.cell("# x", "c", "chart", ["sales"], configuration=configuration)
    assert words in answer.finished["error"]["message"]


def test_without_data(kernel: Kernel) -> None:
    answer = kernel.cell("# x", "c", "chart", configuration={"chart_type": "bar chart"})
    assert "no upstream block left a table" in answer.finished["error"]["message"]


def test_charts_by_names_of_mage(kernel: Kernel) -> None:
    """What the code of charts that Mage itself offers imports."""
    code = """
from mage_ai.data_cleaner.column_types.column_type_detector import infer_column_types
from mage_ai.data_preparation.models.constants import DATAFRAME_ANALYSIS_MAX_COLUMNS
from mage_ai.shared.parsers import convert_matrix_to_dataframe

frame = convert_matrix_to_dataframe(df_1).iloc[:, :DATAFRAME_ANALYSIS_MAX_COLUMNS]
names = list(frame.columns)
said = ['type']
cells = [[kind.value for kind in infer_column_types(frame).values()]]
"""
    answer = drawn(kernel, code, chart_type="table", x="names", y="cells", index="said")
    assert "number" in str(answer.previews or answer.of("display_data"))


def test_a_sparse_matrix_becomes_a_frame(kernel: Kernel) -> None:
    """With a class that looks like scipy's: nothing of it is imported."""
    code = """
from mage_ai.shared.parsers import convert_matrix_to_dataframe

class Sparse:
    shape = (1, 3)
    def toarray(self):
        return [[0, 5, 0]]

@custom
def f():
    frame = convert_matrix_to_dataframe(Sparse())
    print(list(frame.columns), frame.values.tolist(), convert_matrix_to_dataframe(7))
"""
    answer = kernel.cell(code, "sparse", "custom")
    ok(answer)
    assert answer.stdout == "['0', '1', '2'] [[0, 5, 0]] 7\n"


def test_a_chart_without_settings_and_code_says_what_to_do(kernel: Kernel) -> None:
    answer = kernel.cell("# nothing", "bare", "chart", [])
    ok(answer)
    assert "choose a type and columns in the settings" in answer.mime("text/plain")[0]
    answer = kernel.cell("drawn = 1", "bare", "chart", [])
    ok(answer)
    assert answer.mime("text/plain") == []
