"""A project with a block of every kind, and every type of chart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LOAD = """
import pandas as pd

@data_loader
def load(*args, **kwargs):
    days = pd.date_range('2024-01-01', periods=120, freq='D')
    return pd.DataFrame({
        'day': days,
        'city': ['Lyon', 'Nice', 'Paris', 'Lille'] * 30,
        'kind': ['a', 'b', 'a', 'a', 'b'] * 24,
        'sold': [(i * 37) % 23 + i / 10 for i in range(120)],
    })
"""
CHECK = """
@extension('great_expectations')
def validate(validator, *args, **kwargs):
    validator.expect_column_values_to_not_be_null('city')
"""
SOLD = [{"aggregation": "sum", "column": "sold"}]
BOTH = [*SOLD, {"aggregation": "average", "column": "sold"}]
CHARTS: dict[str, dict[str, Any]] = {
    "bars": {"chart_type": "bar chart", "group_by": ["city"], "metrics": BOTH,
             "y_sort_order": "descending"},
    "flat": {"chart_type": "bar chart", "group_by": ["city", "kind"], "metrics": SOLD,
             "chart_style": "horizontal"},
    "lines": {"chart_type": "line chart", "group_by": ["kind"], "metrics": BOTH},
    "histogram": {"chart_type": "histogram", "group_by": ["sold"], "buckets": 12},
    "pie": {"chart_type": "pie chart", "group_by": ["kind"]},
    "table": {"chart_type": "table", "group_by": ["city", "sold"], "order_by": "sold",
              "y_sort_order": "descending", "limit": 20},
    "weeks": {"chart_type": "time series bar chart", "group_by": ["day"], "metrics": SOLD,
              "time_interval": "week"},
    "months": {"chart_type": "time series line chart", "group_by": ["day"], "metrics": BOTH,
               "time_interval": "month"},
}  # fmt: skip
FORM = """
inputs:
  city:
    type: dropdown_menu
    options: [{label: Lyon, value: lyon}, {label: Nice, value: nice}]
  loud: {type: switch}
  count: {type: text_field, style: {input_type: number}}
  words: {type: text_field, style: {multiline: true}}
layout:
- - {variable: city, width: 2}
  - {variable: count, width: 1}
- - {variable: loud}
- - {variable: words}
variables:
  city: {input: city, name: City, description: Whose sales, required: true, types: [string]}
  count: {input: count, name: How many, types: [integer]}
  loud: {input: loud, name: Tell everybody, types: [boolean]}
  words: {input: words, name: Words}
"""


def write(project: Path) -> None:
    """Write the project."""
    blocks = [
        entry("load", "data_loader"),
        entry("orders", "global_data_product", global_data_product={"uuid": "daily_orders"}),
        entry("wait", "sensor", "load"),
        entry("step", "custom", "orders"),
        {**entry("load again", "data_loader"), "replicated_block": "load"},
        entry("strange", "ai", "load"),
    ]
    said = {
        "name": "kinds",
        "uuid": "kinds",
        "type": "python",
        "blocks": blocks,
        "conditionals": [entry("only if", "conditional", "step")],
        "callbacks": [entry("after", "callback", "load")],
        "extensions": {
            "great_expectations": {"blocks": [entry("check", "extension", "load again")]}
        },
        "widgets": [],
        "variables": {"city": "nice", "other": 1},
    }
    charts = {
        "name": "charts",
        "uuid": "charts",
        "type": "python",
        "blocks": [entry("load", "data_loader")],
        "widgets": [entry(name, "chart", "load", **c) for name, c in CHARTS.items()],
    }
    source = {
        "name": "orders",
        "uuid": "orders",
        "type": "python",
        "blocks": [entry("make", "custom")],
    }
    product = {"object_type": "pipeline", "object_uuid": "orders",
               "outdated_after": {"weeks": 1}, "settings": {"make": {"partitions": 1}}}  # fmt: skip
    files = {
        "metadata.yaml": "project_type: standalone\n",
        "global_data_products.yaml": yaml.safe_dump({"daily_orders": product}),
        "data_loaders/load.py": LOAD,
        "sensors/wait.py": "@sensor\ndef ready(*args, **kwargs):\n    return True\n",
        "custom/step.py": "@custom\ndef step(orders, *args):\n    return orders['make'][0]\n",
        "custom/make.py": "@custom\ndef make(*args):\n    return {'orders': 3}\n",
        "conditionals/only if.py": "@condition\ndef yes(*args, **kwargs):\n    return True\n",
        "callbacks/after.py": "@callback('success')\ndef told(*args):\n    print('told')\n",
        "extensions/check.py": CHECK,
        "interactions/sales.yaml": FORM,
        "pipelines/kinds/interactions.yaml": "blocks:\n  load:\n  - uuid: sales\n",
        **{f"charts/{name}.py": "# drawn by its settings\n" for name in CHARTS},
        **{f"pipelines/{item['uuid']}/metadata.yaml": yaml.safe_dump(item)
           for item in (said, charts, source)},
    }  # fmt: skip
    for name, text in files.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)


def entry(name: str, kind: str, *upstream: str, **configuration: Any) -> dict[str, Any]:
    """One block entry."""
    return {
        "uuid": name,
        "name": name,
        "type": kind,
        "language": "python",
        "upstream_blocks": list(upstream),
        "downstream_blocks": [],
        "configuration": configuration,
    }
