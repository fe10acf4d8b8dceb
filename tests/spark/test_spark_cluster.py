"""Runs on a real standalone cluster and on a real Spark Connect server, on loopback."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from engine.projects import custom, running, step, write_pipeline
from jupyter_client.kernelspec import KernelSpecManager

from mage_jlab.executors.settings import Kernels
from mage_jlab.preview import page

pytestmark = pytest.mark.timeout(300)


class Daemon:
    """A process of Spark whose log says when it is ready."""

    def __init__(self, home: Path, log: Path, *arguments: str) -> None:
        environment = {
            **os.environ, "SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_MASTER_HOST": "127.0.0.1",
        }  # fmt: skip
        self.log = log
        self.process = subprocess.Popen(
            [str(home / "bin" / "spark-class"), *arguments],
            stdout=log.open("w"), stderr=subprocess.STDOUT, env=environment, cwd=log.parent,
        )  # fmt: skip

    def said(self, pattern: str) -> re.Match[str]:
        until = time.monotonic() + 90
        while time.monotonic() < until:
            found = re.search(pattern, self.log.read_text())
            if found:
                return found
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        raise AssertionError(self.log.read_text())

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture
def master(tmp_path: Path, spark_home: Path) -> Iterator[tuple[str, Daemon]]:
    package = "org.apache.spark.deploy"
    host = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
    chief = Daemon(spark_home, tmp_path / "master.log", f"{package}.master.Master", *host)
    try:
        address = chief.said(r"Starting Spark master at (spark://\S+)")[1]
        worker = Daemon(
            spark_home, tmp_path / "worker.log", f"{package}.worker.Worker", *host,
            "--cores", "1", "--memory", "1g", "--work-dir", str(tmp_path / "work"), address,
        )  # fmt: skip
        try:
            worker.said("Successfully registered with master")
            yield address, chief
        finally:
            worker.stop()
    finally:
        chief.stop()


@pytest.fixture
def connect(tmp_path: Path, spark_home: Path) -> Iterator[str]:
    service = "org.apache.spark.sql.connect.service.SparkConnectServer"
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1", "spark.connect.grpc.binding.port": "0",
        "spark.driver.host": "127.0.0.1", "spark.ui.enabled": "false",
    }  # fmt: skip
    server = Daemon(
        spark_home, tmp_path / "connect.log", "org.apache.spark.deploy.SparkSubmit",
        *(word for key, value in settings.items() for word in ("--conf", f"{key}={value}")),
        "--class", service, "local:///none",
    )  # fmt: skip
    try:
        yield "sc://" + server.said(r"Spark Connect server started at: (\S+)")[1]
    finally:
        server.stop()


def project_of(tmp_path: Path, python: str, config: dict[str, Any]) -> tuple[Path, Kernels]:
    """Write a project whose blocks run where Spark is, with these settings of Spark."""
    kernels = tmp_path / "kernels" / "withspark"
    kernels.mkdir(parents=True)
    argv = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "Spark", "language": "python"}
    (kernels / "kernel.json").write_text(json.dumps(spec))
    project = tmp_path / "root" / "shop"
    project.mkdir(parents=True)
    said = {"project_type": "standalone", "kernel_name": "withspark", "spark_config": config}
    (project / "metadata.yaml").write_text(yaml.safe_dump(said))
    specs = KernelSpecManager(kernel_dirs=[str(kernels.parent)])
    return project, Kernels(spares=0, specs=specs)


def test_a_run_works_on_the_cluster_and_leaves_it(
    tmp_path: Path, mage_state: Path, spark_python: str, master: tuple[str, Daemon]
) -> None:
    address, chief = master
    config = {
        "app_name": "nightly",
        "spark_master": address,
        "others": {
            "spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1",
            "spark.executor.memory": "512m", "spark.ui.enabled": False,
        },
    }  # fmt: skip
    project, kernels = project_of(tmp_path, spark_python, config)
    write_pipeline(
        project,
        "etl",
        {
            "load": custom("return kwargs['spark'].range(0, 100000, 1, 4)"),
            "count": custom(
                "frame = args[0]\n"
                "spark = frame.sparkSession\n"
                "return {'rows': frame.count(), 'master': spark.sparkContext.master,\n"
                "        'app': spark.sparkContext.appName}",
                "load",
            ),
            "plain": custom("return int(args[0]['id'].sum())", "load"),
        },
    )
    with running(project.parent, mage_state, kernels=kernels) as engine:
        of = engine.workspace.projects()[0]
        run = engine.wait(engine.submit(of.id, "etl").id, 240)
        assert run.state == "completed", [(s.block, s.error) for s in run.steps]
        store = engine.products(of)
        count = step(run, "count")
        folder = store.execution("etl", run.id, "count", count.version)
        found = json.loads((folder / "output_0.json").read_text())
        assert found == {"rows": 100000, "master": address, "app": "nightly"}
        load = store.manifest("etl", run.id, "load")
        folder = store.execution("etl", run.id, "load", load.version)
        last = page.window(folder, load.outputs[0], limit=1, sort=[["id", "desc"]])
        assert last["rows"] == [[99999]]
        plain = store.manifest("etl", run.id, "plain")
        folder = store.execution("etl", run.id, "plain", plain.version)
        assert json.loads((folder / "output_0.json").read_text()) == sum(range(100000))
    # The kernel is gone, and the application with it.
    chief.said("Removing app app-")


def test_a_run_works_by_a_connect_server(
    tmp_path: Path, mage_state: Path, spark_python: str, connect: str
) -> None:
    project, kernels = project_of(tmp_path, spark_python, {"spark_master": connect})
    write_pipeline(
        project,
        "etl",
        {
            "load": custom("return kwargs['spark'].range(0, 1000, 1, 4)"),
            "sum": custom(
                "frame = args[0]  # a frame of kwargs['spark']\n"
                "return {type(frame).__module__: frame.agg({'id': 'sum'}).collect()[0][0]}",
                "load",
            ),
            "plain": custom("return int(args[0]['id'].sum())", "load"),
        },
    )
    with running(project.parent, mage_state, kernels=kernels) as engine:
        of = engine.workspace.projects()[0]
        run = engine.wait(engine.submit(of.id, "etl").id, 240)
        assert run.state == "completed", [(s.block, s.error) for s in run.steps]
        store = engine.products(of)

        def output(block: str) -> Any:
            folder = store.execution("etl", run.id, block, step(run, block).version)
            return json.loads((folder / "output_0.json").read_text())

        assert output("sum") == {"pyspark.sql.connect.dataframe": sum(range(1000))}
        assert output("plain") == sum(range(1000))
