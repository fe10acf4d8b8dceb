"""The project that the pictures of block types are taken of: one block of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

LOAD = """import numpy as np
import pandas as pd


@data_loader
def load_orders(*args, **kwargs):
    rng = np.random.default_rng(1)
    days = pd.to_timedelta(rng.integers(0, 365, 5000), unit="D")
    return pd.DataFrame({
        "order_id": np.arange(5000),
        "country": rng.choice(["ES", "FR", "DE"], 5000),
        "total": rng.gamma(2, 30, 5000).round(2),
        "day": pd.Timestamp("2025-01-01") + days,
    })


@test
def test_output(output, *args):
    assert (output["total"] >= 0).all(), "negative totals"
"""
FILES = {
    "data_loaders/load_orders.py": LOAD,
    "transformers/large_orders.py": """@transformer
def keep_large(orders, *args, **kwargs):
    return orders[orders["total"] >= kwargs.get("min_total", 100)]
""",
    "data_exporters/write_csv.py": """from mage_ai.io.file import FileIO


@data_exporter
def write(orders, *args, **kwargs):
    FileIO().export(orders, "/tmp/large_orders.csv", index=False)
""",
    "custom/countries.py": """@custom
def countries(*args, **kwargs):
    items = ["ES", "FR", "DE"]
    return [items, [{"block_uuid": f"country_{item}"} for item in items]]
""",
    "transformers/per_country.py": """@transformer
def per_country(country, *args, **kwargs):
    print(kwargs["block_uuid"])
    return {"country": country, "letters": len(country)}
""",
    "sensors/file_is_there.py": """from pathlib import Path


@sensor
def file_is_there(*args, **kwargs) -> bool:
    return Path("/etc/hostname").exists()
""",
    "conditionals/only_on_weekdays.py": """@condition
def only_on_weekdays(*args, **kwargs) -> bool:
    return kwargs["execution_date"].weekday() < 5
""",
    "callbacks/tell.py": """@callback("success")
def tell(parent, **kwargs):
    print(kwargs["parent_block_uuid"], "wrote", len(parent), "rows")


@callback("failure")
def complain(**kwargs):
    print("it failed:", kwargs["__error"])
""",
    "scratchpads/try_it.py": """%timeit -n 10 sum(range(1000))
""",
    "markdowns/about.md": """## Orders
Loads the orders of the shop, keeps the **large** ones and writes them.
""",
    "charts/totals_by_country.py": "",
    "extensions/sane_orders.py": """@extension("great_expectations")
def validate(validator, *args, **kwargs):
    validator.expect_table_row_count_to_be_between(1000, 10000)
    validator.expect_column_values_to_not_be_null("order_id")
    validator.expect_column_values_to_be_between("total", min_value=0)
""",
    "transformers/by_country.sql": """SELECT country, count(*) AS orders, sum(total) AS total
FROM {{ df_1 }}
GROUP BY country
ORDER BY total DESC
""",
    "transformers/mean_in_r.r": """transform <- function(df_1, ...) {
  aggregate(total ~ country, df_1, mean)
}
""",
    "global_data_products.yaml": """large_orders:
  object_type: pipeline
  object_uuid: orders
  outdated_after: {seconds: 86400}
  settings:
    large_orders: {partitions: 1}
""",
}


def _block(uuid: str, kind: str, *upstream: str, **facts: Any) -> dict[str, Any]:
    return {
        "uuid": uuid, "name": uuid.replace("_", " "), "type": kind, "language": "python",
        "upstream_blocks": list(upstream), "downstream_blocks": [], "configuration": {},
        "executor_type": "local_python", "status": "not_executed", **facts,
    }  # fmt: skip


def write(root: Path, kernels: Path) -> None:
    """Write the project into a folder, and the kernelspec for its expectations."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    (root / "metadata.yaml").write_text("project_type: standalone\n")
    orders = [
        _block("about", "markdown", language="markdown"),
        _block("load_orders", "data_loader"),
        _block("large_orders", "transformer", "load_orders"),
        _block("write_csv", "data_exporter", "large_orders"),
        _block("load_again", "data_loader", replicated_block="load_orders"),
        _block("by_country", "transformer", "load_orders", language="sql"),
        _block("mean_in_r", "transformer", "load_orders", language="r"),
        _block("countries", "custom", configuration={"dynamic": True}),
        _block("per_country", "transformer", "countries"),
        _block("file_is_there", "sensor"),
        _block("try_it", "scratchpad"),
    ]
    chart = {
        "chart_type": "bar chart", "group_by": ["country"],
        "metrics": [{"aggregation": "sum", "column": "total"}],
    }  # fmt: skip
    _pipeline(
        root, "orders", orders,
        callbacks=[_block("tell", "callback", "write_csv")],
        conditionals=[_block("only_on_weekdays", "conditional", "write_csv")],
        widgets=[_block("totals_by_country", "chart", "load_orders", configuration=chart)],
        variables={"min_total": 100},
    )  # fmt: skip
    product = {"global_data_product": {"uuid": "large_orders"}}
    uses = [_block("the_large_orders", "global_data_product", configuration=product)]
    _pipeline(root, "uses", uses)
    checks = [_block("sane_orders", "extension", "load_orders")]
    _pipeline(
        root, "checked", [_block("load_orders", "data_loader")],
        extensions={"great_expectations": {"blocks": checks}},
        executor_config={"kernel_name": "expectations"},
    )  # fmt: skip
    python = Path(__file__).parents[2] / ".environments" / "expectations" / "bin" / "python"
    spec = kernels / "expectations" / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    argv = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {"argv": argv, "display_name": "expectations", "language": "python"}
    spec.write_text(json.dumps(facts))


def write_models(shop: Path) -> None:
    """Add a pipeline of one dbt model to the project that has a dbt project."""
    path = "demo/models/alone.sql"
    facts = {"file_path": path, "file_source": {"path": f"dbt/{path}", "project_path": "dbt/demo"}}
    model = _block("dbt/demo/models/alone", "dbt", language="sql", configuration=facts)
    _pipeline(shop, "models", [model])


def _pipeline(root: Path, name: str, blocks: list[dict[str, Any]], **facts: Any) -> None:
    path = root / "pipelines" / name / "metadata.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        yaml.safe_dump({"uuid": name, "name": name, "type": "python", "blocks": blocks, **facts})
    )
