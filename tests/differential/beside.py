"""What stands beside ordinary steps: notes, charts, checks, polars, settings of pipelines."""

from __future__ import annotations

from typing import Any

VALIDATE = """\
if 'extension' not in globals():
    from mage_ai.data_preparation.decorators import extension


@extension('great_expectations')
def validate(validator, *args, **kwargs):
    {what}
"""
INTERACTION = """\
inputs:
  country:
    type: dropdown_menu
    options: [{label: Spain, value: ES}, {label: Portugal, value: PT}]
layout: [[{variable: country, width: 1}]]
variables:
  country: {input: country, name: Country, required: true, types: [string]}
"""
FILES = {
    "markdowns/b_note.md": "# Notes about {{ country }}\n\nNo code.\n",
    "markdowns/b_linked.md": "Between two blocks\n",
    "scratchpads/b_pad.py": "%matplotlib inline\nundefined_name\n",
    "charts/b_chart.py": "x = []\ny = []\nraise ValueError('drawn in a run')\n",
    "extensions/e_check.py": VALIDATE.format(
        what="validator.expect_column_values_to_not_be_null('id')\n"
        "    validator.expect_column_max_to_be_between('id', min_value=1, max_value=9)"
    ),
    "extensions/e_check_bad.py": VALIDATE.format(
        what="validator.expect_column_values_to_be_unique('id')"
    ),
    "data_loaders/y_loader.yaml": "table: orders\ncolumns: [id, total]\n",
    "custom/y_custom.yaml": "a: 1\n",
    "interactions/choose.yaml": INTERACTION,
    "pipelines/interacted/interactions.yaml": "blocks: {i_uses: [{uuid: choose}]}\nlayout: []\n"
    "permissions: []\n",
}
POLARS = "import polars as pl\n"
POLARS_FRAME = "pl.DataFrame({'n': [3, None, 2], 'w': ['a', 'b', None], 'x': [0.5, 1.0, None], 'l': [[1], [], None]})"
SEEN = """def f(frame, *args, **kwargs):
    frames = frame if isinstance(frame, list) else [frame]
    return {'module': [type(f).__module__.split('.')[0] for f in frames],
            'kinds': [type(f).__name__ for f in frames], 'columns': [list(f.columns) for f in frames],
            'rows': [[[None if c is None or c != c else str(c) for c in row] for row in
                      (f.rows() if hasattr(f, 'rows') else f.values.tolist())] for f in frames]}"""


def _bare(kind: str, language: str, *upstream: str, **entry: Any) -> dict[str, Any]:
    return {"type": kind, "body": "", "upstream": list(upstream), "language": language, **entry}


def _yaml(kind: str) -> dict[str, Any]:
    """An entry whose text is YAML; the text is among FILES."""
    return {"type": kind, "body": "", "upstream": [], "language": "yaml"}


def _polars(block: Any, load: Any) -> dict[str, Any]:
    made = {
        "frame": POLARS_FRAME, "pair": f"({POLARS_FRAME}, {POLARS_FRAME}.head(1))",
        "empty": "pl.DataFrame({'a': []}, schema={'a': pl.Int64})",
        "times": "pl.DataFrame({'t': [__import__('datetime').datetime(2024, 1, 2), None]})",
        "series": "pl.Series('s', [1, 2, 3])",
    }  # fmt: skip
    found: dict[str, Any] = {}
    for name, expression in made.items():
        found[f"pl_{name}"] = load(expression, POLARS)
        if name != "series":
            found[f"pl_got_{name}"] = block("transformer", SEEN, f"pl_{name}")
    found["pl_series_got"] = block(
        "transformer", "def f(s, *args, **kwargs):\n    return [int(v) for v in s]", "pl_series"
    )
    found["pl_changed"] = block(
        "transformer",
        "def f(frame, *args, **kwargs):\n    return frame.filter(pl.col('n') > 2).with_columns(m=pl.col('n') * 2)",
        "pl_frame", head=POLARS,
    )  # fmt: skip
    found["pl_exported"] = block(
        "data_exporter", "def f(frame, *args, **kwargs):\n    return frame.to_dicts()", "pl_changed"
    )
    found["pl_tested"] = block(
        "data_loader", f"def f(*args, **kwargs):\n    return {POLARS_FRAME}\n\n@test\ndef t(frame, *args):\n    assert frame.height == 3", head=POLARS,
    )  # fmt: skip
    return found


def _one_process(block: Any, load: Any, prefix: str) -> dict[str, Any]:
    """Blocks that leave something in `context` for those after them."""
    note = """def f(*args, **kwargs):
    from pathlib import Path
    context = kwargs['context']
    told = {'seen': context.get('seen'), 'args': [str(a) for a in args]}
    Path(kwargs['repo_path'], 'noted_%s').write_text(str(told))
    return told"""
    first = "def f(*args, **kwargs):\n    kwargs['context']['seen'] = ['first']\n    return [1, 2]"
    second = "def f(*args, **kwargs):\n    kwargs['context'].setdefault('seen', []).append('second')\n    return [kwargs['context']['seen'], args[0]]"
    return {
        f"{prefix}_first": block("data_loader", first),
        f"{prefix}_second": block("transformer", second, f"{prefix}_first"),
        f"{prefix}_third": block("data_exporter", note % f"{prefix}_third", f"{prefix}_second"),
        f"{prefix}_frame": load("pd.DataFrame({'n': [1, 2]})", "import pandas as pd\n"),
        f"{prefix}_sum": block(
            "transformer", "def f(frame, *args, **kwargs):\n    return {'sum': int(frame['n'].sum())}", f"{prefix}_frame"
        ),
    }  # fmt: skip


def _retried(block: Any, prefix: str) -> dict[str, Any]:
    """A retry sees what the first attempt left in `context`, where it is shared."""
    body = """def f(*args, **kwargs):
    context = kwargs['context']
    context['tries'] = context.get('tries', 0) + 1
    assert kwargs['retry']['attempts'] > 1, 'first'
    return {'tries': context['tries']}"""
    entry = {"retry_config": {"retries": 1, "delay": 1}}
    tested = """def f(*args, **kwargs):
    kwargs['context']['left'] = 5
    return 1

@test
def t(output, *args, **kwargs):
    assert kwargs['context']['left'] == 5"""
    return {
        f"{prefix}_tries": block("custom", body, **entry),
        f"{prefix}_tested": block("custom", tested),
    }


def _extended(load: Any, block: Any) -> dict[str, Any]:
    pandas = "import pandas as pd\n"
    return {
        "e_good": load("pd.DataFrame({'id': [1, 2]})", pandas),
        "e_below": block("transformer", "def f(frame, *args, **kwargs):\n    return len(frame)", "e_good"),
        "e_bad": load("pd.DataFrame({'id': [1, 1]})", pandas),
        "e_below_bad": block("transformer", "def f(frame, *args, **kwargs):\n    return len(frame)", "e_bad"),
        "e_unchecked": load("1"),
    }  # fmt: skip


def _extension(name: str, *upstream: str) -> dict[str, Any]:
    return {
        "uuid": name, "name": name, "type": "extension", "language": "python", "configuration": {},
        "extension_uuid": "great_expectations", "upstream_blocks": list(upstream), "downstream_blocks": [],
    }  # fmt: skip


def pipelines(block: Any, load: Any, echo: Any) -> dict[str, Any]:
    """The pipelines, by name, with the rest of their documents."""
    chart = {
        "uuid": "b_chart", "name": "b_chart", "type": "chart", "language": "python",
        "upstream_blocks": ["b_load"], "downstream_blocks": [],
        "configuration": {"chart_type": "bar chart", "x": "x", "y": "y"},
    }  # fmt: skip
    slow = "def f(*args, **kwargs):\n    import time\n    time.sleep({})\n    return 'slept'"
    one = {"run_pipeline_in_one_process": True}
    return {
        "beside": ({
            "b_note": _bare("markdown", "markdown"),
            "b_load": load("[1, 2]"),
            "b_pad": _bare("scratchpad", "python"),
            "b_after": echo("b_load"),
        }, {"widgets": [chart], "variables": {"country": "ES"}}),
        "beside_linked": ({
            "bl_load": load("[1, 2]"),
            "b_linked": _bare("markdown", "markdown", "bl_load"),
            "bl_after": echo("bl_load"),
        }, {}),
        "polars": (_polars(block, load), {}),
        "yamls": ({"y_loader": _yaml("data_loader"), "y_custom": _yaml("custom"), "y_other": load("1")}, {}),
        "one": (_one_process(block, load, "on"), one),
        "one_cached": (_one_process(block, load, "oc"), {**one, "cache_block_output_in_memory": True}),
        "many": (_one_process(block, load, "om"), {}),
        "one_retried": (_retried(block, "or"), one),
        "many_retried": (_retried(block, "mr"), {}),
        "extended": (_extended(load, block), {
            "extensions": {"great_expectations": {"blocks": [_extension("e_check", "e_good"), _extension("e_check_bad", "e_bad")]}},
        }),
        "limited": ({
            "l_slow": block("custom", slow.format(25), timeout=3),
            "l_fast": block("custom", slow.format(0), timeout=30),
            "l_after": echo("l_slow"),
            "l_no_limit": block("custom", slow.format(0), timeout=0, executor_type="local_python", color="blue", priority=1),
        }, {"executor_type": "local_python", "executor_count": 1, "tags": ["x"], "settings": {"triggers": {"save_in_code_automatically": False}},
            "notification_config": {}, "spark_config": {}, "retry_config": {"retries": 3}, "concurrency_config": {"block_run_limit": 5}}),
        "interacted": ({"i_uses": load("{'country': kwargs.get('country'), 'own': kwargs.get('own')}")}, {"variables": {"own": 1}}),
    }  # fmt: skip
