"""Blocks that work with Spark: who gets a session, what is stored, how it is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest
from kernels import Kernel, running

from mage_jlab.preview import export, page, statistics
from mage_jlab.products import columns
from mage_jlab.products.formats import arrow_file

pytestmark = pytest.mark.timeout(300)

LOAD = """
@data_loader
def load(*args, **kwargs):
    spark = kwargs['spark']
    frame = spark.range(1000).selectExpr(
        'id', 'id % 7 as seven', "concat('w', id % 3) as word",
        "timestamp'2024-01-01 00:00:00' + make_interval(0, 0, 0, 0, id) as at",
    )
    return frame.repartition(4, 'seven')
"""


CONFIG = {
    "app_name": "tests",
    "others": {"spark.sql.shuffle.partitions": 2, "spark.sql.session.timeZone": "UTC"},
}


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory, spark_python: str) -> Iterator[Kernel]:
    with running(tmp_path_factory.mktemp("s"), spark_python) as started:
        answer = started.start(spark={"config": CONFIG, "set": True, "pipeline": False})
        assert answer.steps == [{"event": "ready", "key": "k1"}], answer.traceback
        yield started


def machines(kernel: Kernel) -> list[str]:
    process = psutil.Process(kernel.manager.provisioner.pid)
    return [c.name() for c in process.children(recursive=True) if c.name() == "java"]


def product(kernel: Kernel, block: str) -> tuple[Path, Any]:
    found = kernel.store.manifest("etl", "interactive", block)
    folder = kernel.store.execution("etl", "interactive", block, found.version)
    return folder, found.outputs[0]


def test_a_block_without_spark_starts_no_java_machine(kernel: Kernel) -> None:
    code = "import pandas as pd\n@data_loader\ndef f(*a, **kwargs):\n    return pd.DataFrame({'n': [1]})"
    assert kernel.cell(code, "plain").finished["state"] == "completed"
    assert not machines(kernel)


def test_a_spark_frame_is_stored_as_parquet_and_shown(kernel: Kernel) -> None:
    answer = kernel.cell(LOAD, "load")
    assert answer.finished["state"] == "completed", answer.traceback
    assert machines(kernel)
    folder, output = product(kernel, "load")
    assert (output.format, output.kind, output.rows) == ("spark", "table", 1000)
    assert [c.type for c in output.columns] == [
        "int64", "int64", "string", "timestamp[us, tz=UTC]",
    ]  # fmt: skip
    assert list((folder / "output_0.parquet").glob("*.parquet"))
    assert len(answer.previews[0]["page"]["rows"]) == 50
    assert answer.previews[0]["rows"] == 1000


def test_windows_sorts_and_filters_come_from_the_parquet_files(
    kernel: Kernel, tmp_path: Path
) -> None:
    folder, output = product(kernel, "load")
    sorted_ = page.window(folder, output, offset=500, limit=3, sort=[["id", "desc"]])
    assert [row[0] for row in sorted_["rows"]] == [499, 498, 497]
    assert sorted_["rows"][0][3].startswith("2024-01-21 19:00")
    found = page.window(
        folder, output, sort=[["at", "asc"]],
        filters=[{"column": "word", "op": "eq", "value": "w1"}, {"column": "id", "op": "lt", "value": 10}],
    )  # fmt: skip
    assert [row[0] for row in found["rows"]] == [1, 4, 7]
    assert (found["total"], found["stored"]) == (3, 1000)
    plain = [page.window(folder, output, offset=o, limit=400)["rows"] for o in (0, 400, 800)]
    assert sorted(row[0] for rows in plain for row in rows) == list(range(1000))
    counted = statistics.statistics(folder, output)["columns"]
    assert (counted[1]["distinct"], counted[0]["maximum"]) == (7, 999)
    text = b"".join(export.csv(folder, output, sort=[["id", "asc"]])).decode().splitlines()
    assert len(text) == 1001
    # Nothing was copied for it.
    assert not list(folder.glob("*.view.arrow"))
    file = tmp_path / "all.parquet"
    file.write_bytes(b"".join(export.parquet(folder, output)))
    assert pq.read_table(file).num_rows == 1000
    # SQL blocks read an Arrow copy, made batch by batch.
    table = arrow_file.open_table(columns.arrow_path(folder, output))
    assert sorted(table.column("id").to_pylist()) == list(range(1000))


def test_spark_blocks_get_spark_frames_and_others_pandas(kernel: Kernel) -> None:
    code = """
    @transformer
    def f(frame, *args, **kwargs):
        spark = kwargs.get('spark')
        assert type(frame).__module__.startswith('pyspark.sql'), type(frame)
        return frame.groupBy('seven').count().orderBy('seven')
    """
    import textwrap

    answer = kernel.cell(textwrap.dedent(code), "groups", "transformer", ["load"])
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.previews[0]["page"]["rows"][0] == [0, 143]
    code = "@transformer\ndef f(frame, *a, **k):\n    return [type(frame).__module__, int(frame['count'].sum())]"
    answer = kernel.cell(code, "pandas_one", "transformer", ["groups"])
    shown = [c["data"]["text/plain"] for c in answer.of("display_data")]
    assert shown[1] == "1000", answer.traceback
    assert "pandas" in shown[0]


def test_functions_of_a_block_are_run_by_spark(kernel: Kernel) -> None:
    code = """
from pyspark.sql.functions import udf
FACTOR = 3

def helper(number):
    return number + 1

def heavy(number):
    return helper(number) * FACTOR

@custom
def f(*args, **kwargs):
    frame = kwargs['spark'].range(3)
    return [row[0] for row in frame.select(udf(heavy, 'long')('id')).collect()]
"""
    answer = kernel.cell(code, "udfs", "custom")
    assert answer.finished["state"] == "completed", answer.traceback
    code = "@custom\ndef f(*args):\n    print(args)"
    assert kernel.cell(code, "below_udfs", "custom", ["udfs"]).stdout == "([3, 6, 9],)\n"


def test_a_session_is_asked_for_with_settings(kernel: Kernel) -> None:
    code = (
        f"""
from mage_ai.services.spark.config import SparkConfig
from mage_ai.services.spark.spark import get_spark_session
CONFIG = {CONFIG}
"""
        """
@custom
def f(*args, **kwargs):
    first = get_spark_session(None)
    print(first is kwargs['spark'], first is get_spark_session(SparkConfig.load(config=CONFIG)))
    other = {'app_name': 'other', 'others': {'spark.sql.shuffle.partitions': 3}}
    second = get_spark_session(SparkConfig.load(config=other))
    print(get_spark_session(SparkConfig.load(config=other)) is second, second is not first)
    own = SparkConfig.load(config={'use_custom_session': True})
    print(second.conf.get('spark.sql.shuffle.partitions'), get_spark_session(own) is second)
    get_spark_session(SparkConfig.load(config=CONFIG)).range(2).count()
"""
    )
    answer = kernel.cell(code, "asked", "custom")
    assert answer.finished["state"] == "completed", answer.traceback
    assert "True True\nStarting Spark (local[*]) …\nTrue True\n3 True" in answer.stdout


def test_an_unfinished_frame_leaves_nothing(kernel: Kernel) -> None:
    code = """
@data_loader
def load(*args, **kwargs):
    from pyspark.sql.functions import udf
    spark = kwargs['spark']
    return spark.range(10).selectExpr('raise_error("boom") as x')
"""
    answer = kernel.cell(code, "broken")
    assert answer.finished["state"] == "failed"
    assert kernel.store.latest("etl", "interactive", "broken") is None


def test_the_notebook_of_a_pyspark_pipeline_has_spark(kernel: Kernel) -> None:
    kernel.start(spark={"config": {}, "set": False, "pipeline": True})
    assert kernel.evaluate("spark.range(5).count()") == "5"
    code = "@custom\ndef f(*args):\n    return spark.range(3).count()"
    answer = kernel.cell(code, "global_one", "custom")
    assert "3" in str([c["data"] for c in answer.of("display_data")]), answer.traceback


def test_what_is_missing_is_named(tmp_path: Path, spark_python: str) -> None:
    with running(tmp_path / "a") as own:
        own.start(spark={"config": {}, "set": False, "pipeline": True})
        answer = own.cell(LOAD, "load")
        assert answer.finished["error"]["name"] == "MissingPackage"
        assert "pip install pyspark" in answer.finished["error"]["message"]
    with running(tmp_path / "b", spark_python, {"PATH": "/nowhere", "HOME": str(tmp_path)}) as bare:
        bare.start(spark={"config": {}, "set": False, "pipeline": True})
        answer = bare.cell(LOAD, "load")
        assert "Java 17" in answer.finished["error"]["message"]


@pytest.mark.parametrize(
    ("master", "said"),
    [
        ("yarn", "HADOOP_CONF_DIR or YARN_CONF_DIR"),
        ("k8s://http://127.0.0.1:9", "Connection refused"),
        ("sc://127.0.0.1:9", "No Spark Connect server answers at 127.0.0.1:9"),
        ("sc://127.0.0.1:port", "has the form sc://host:port"),
        ("moon", "moon"),
    ],
)
def test_a_cluster_that_is_not_there_is_said_at_once(
    tmp_path: Path, spark_python: str, master: str, said: str
) -> None:
    with running(tmp_path / "a", spark_python) as own:
        config = {"spark_master": master}
        own.start(spark={"config": config, "set": True, "pipeline": True})
        message = own.cell(LOAD, "load").finished["error"]["message"]
    assert said in message and master in message, message


def test_a_block_may_make_the_session_itself(kernel: Kernel) -> None:
    config = {"use_custom_session": True, "custom_session_var_name": "mine"}
    kernel.start(spark={"config": config, "set": True, "pipeline": False})
    code = """
@data_loader
def load(*args, **kwargs):
    from pyspark.sql import SparkSession
    kwargs['context']['mine'] = SparkSession.builder.getOrCreate()
    return 1
"""
    first = kernel.cell(code, "maker")
    assert first.finished["state"] == "completed", first.traceback
    code = "@custom\ndef f(*a, **kwargs):\n    return kwargs['mine'].range(4).count()"
    answer = kernel.cell(code, "user", "custom")
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.of("display_data")[0]["data"]["text/plain"] == "4"


def test_sql_and_r_read_spark_s_files(kernel: Kernel) -> None:
    config = {"app_name": "tests", "others": {"spark.sql.shuffle.partitions": 2}}
    kernel.start(spark={"config": config, "set": True, "pipeline": False})
    assert kernel.cell(LOAD, "load").finished["state"] == "completed"
    query = "SELECT seven, count(*) AS n FROM {{ df_1 }} WHERE word = 'w1' GROUP BY seven ORDER BY seven"
    answer = kernel.cell(query, "query", "transformer", ["load"], language="sql")
    assert answer.finished["state"] == "completed", answer.traceback
    assert sum(row[1] for row in answer.previews[0]["page"]["rows"]) == 333
    folder, _ = product(kernel, "load")
    assert not list(folder.glob("*.arrow"))  # nothing was copied
    code = "transform <- function(df_1) data.frame(rows = nrow(df_1), words = length(unique(df_1$word)))"
    answer = kernel.cell(code, "counted", "transformer", ["load"], language="r")
    assert answer.finished["state"] == "completed", answer.traceback
    assert answer.previews[0]["page"]["rows"] == [[1000, 3]]
