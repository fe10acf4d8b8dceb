"""The Spark session of this kernel: one, made when a block wants it, gone with the kernel."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import re
import shutil
import socket
import sys
import threading
import urllib.parse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mage_jlab.errors import MissingPackage, StepFailed
from mage_jlab.kernel_side.step import PYTHON, Context, Step, current

NAME = "spark"
JAVA = "openjdk-17-jre-headless"
CONNECT = "sc://"
CONNECT_PORT = 15002
YARN_FOLDERS = ("HADOOP_CONF_DIR", "YARN_CONF_DIR")
_SAID = re.compile(r"""(['"])spark\1""")
_DEMANDED = re.compile(r"""kwargs\[\s*(['"])spark\1\s*\]""")
_NAMED = re.compile(r"\b(?:spark|pyspark)\b")
_STOP_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_lock = threading.RLock()
_session: Any = None
_settings: dict[str, Any] = {}
"""What the session was started with."""


def keywords(step: Step) -> dict[str, Any]:
    """Return what a block finds in its kwargs: the session, or nothing when it wants none.

    Raises:
        MissingPackage: when it wants one and there is no pyspark.
        StepFailed: when it wants one and Spark does not start.
    """
    if step.language != PYTHON:
        return {}
    said = step.context.spark
    config = said.get("config") or {}
    if config.get("use_custom_session"):
        name = str(config.get("custom_session_var_name") or NAME)
        made = active()
        return {} if made is None else {name: made, "context": {name: made}}
    if not wants(step):
        return {}
    explicit = bool(said.get("pipeline") or _DEMANDED.search(step.code))
    if not _installed() and not (explicit and _NAMED.search(step.code)):
        return {}
    return {NAME: session(step.context)}


def wants(step: Step) -> bool:
    """Whether a block works with Spark; an ordinary one never starts a Java machine."""
    if step.language != PYTHON or NAME in step.context.variables:
        return False
    said = step.context.spark
    mage = (step.request.get("metadata") or {}).get("mage") or {}
    if said.get("pipeline") or mage.get("executor_type") == "pyspark":
        return True
    words = _NAMED if said.get("set") else _SAID
    return bool(words.search(step.code))


def learn(step: Step, given: Mapping[str, Any]) -> None:
    """Keep a session that a block made itself and put into its context."""
    global _session
    config = step.context.spark.get("config") or {}
    if config.get("use_custom_session"):
        made = given.get(str(config.get("custom_session_var_name") or NAME))
        if made is not None:
            _session = made


def session(context: Context) -> Any:
    """Return the session of this kernel; the first call starts it.

    Raises:
        MissingPackage: when there is no pyspark.
        StepFailed: when Spark does not start.
    """
    global _session
    with _lock:
        if active() is None:
            _session = _start(context.spark.get("config") or {})
        return _session


def with_settings(context: Context, settings: Any) -> Any:
    """Return a session with settings as ``SparkConfig`` has them; without any the kernel's.

    One that was started with others is ended. The one a project made itself stays.

    Raises:
        MissingPackage: when there is no pyspark.
        StepFailed: when Spark does not start.
    """
    global _session
    if settings is None:
        return session(context)
    if settings.use_custom_session:
        return active()
    with _lock:
        config = _said_of(vars(settings))
        if active() is not None and config != _settings:
            stop()
        if active() is None:
            _session = _start(config)
        return active()


def _said_of(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that make a difference."""
    told = ("use_custom_session", "custom_session_var_name")
    return {key: value for key, value in config.items() if value and key not in told}


def active() -> Any:
    """Return the session that is there, or None."""
    found = _session
    if found is None and "pyspark.sql" in sys.modules:
        found = sys.modules["pyspark.sql"].SparkSession.getActiveSession()
    if getattr(found, "is_stopped", False):
        return None  # a block has stopped it
    with contextlib.suppress(Exception):  # one of Spark Connect has no context
        if found is not None and found.sparkContext._jsc is None:
            return None
    return found


def for_reading() -> Any:
    """Return the session by which a stored Spark frame is read; None says: as pandas."""
    step = current.get()
    if step is None or not wants(step) or not _installed():
        return active() if step is None else None
    return session(step.context)


def stop() -> None:
    """End the session, so that a cluster hears of it."""
    made = active() if _session is not None else None
    if made is not None:
        ending = threading.Thread(target=made.stop, daemon=True)
        ending.start()
        ending.join(_STOP_SECONDS)


class Waiting:
    """Stands for the session in a notebook's namespace until somebody uses it."""

    def __init__(self, context: Context) -> None:
        """Start nothing."""
        self.__dict__["_context"] = context

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_repr") or name.startswith("_ipython"):
            raise AttributeError(name)
        return getattr(session(self.__dict__["_context"]), name)

    def __repr__(self) -> str:
        return "<Spark session, started when it is used>"


def offer(context: Context, namespace: dict[str, Any]) -> None:
    """Put ``spark`` into the namespace of a notebook or block of a pyspark pipeline."""
    there = namespace.get(NAME)
    if context.spark.get("pipeline"):
        if there is None or isinstance(there, Waiting):
            namespace[NAME] = Waiting(context)
    elif isinstance(there, Waiting):
        del namespace[NAME]


def _installed() -> bool:
    return importlib.util.find_spec("pyspark") is not None


def _start(config: Mapping[str, Any]) -> Any:
    if not _installed():
        raise MissingPackage(
            "This block works with Spark and needs the package pyspark, which the environment of "
            f"this kernel ({sys.prefix}) does not have; install it there ({sys.executable} -m pip "
            "install pyspark) and restart the kernel.",
            package="pyspark",
        )
    sql = importlib.import_module("pyspark.sql")
    master = str(config.get("spark_master") or "local[*]")
    if master == "local":
        master = "local[*]"
    remote = master.startswith(CONNECT)
    if remote:
        _refuse_without_server(master)
    else:
        _refuse_without_java()
        _refuse_without_cluster(master)
    global _settings
    _settings = _said_of(config)
    print(f"Starting Spark ({master}) …", flush=True)
    try:
        if remote:
            return sql.SparkSession.builder.remote(master).getOrCreate()
        return sql.SparkSession.builder.config(conf=_conf(config, master)).getOrCreate()
    except Exception as error:
        raise StepFailed(f"Spark did not start ({master}): {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Return what Java names as the first cause, where the error came from there."""
    java = getattr(error, "java_exception", None)
    with contextlib.suppress(Exception):  # the Java machine may be gone
        while java is not None and java.getCause() is not None:
            java = java.getCause()
        if java is not None and java.getMessage():
            return f"{java.getClass().getSimpleName()}: {java.getMessage()}"
    lines = str(error).strip().splitlines()
    if lines and "JAVA_GATEWAY_EXITED" in lines[0]:
        return "its Java process ended at once; the lines above say why."
    return f"{type(error).__name__}: {lines[0] if lines else ''}"


def _refuse_without_server(master: str) -> None:
    """Spark's own client asks a server that is not there again for ten minutes."""
    if importlib.util.find_spec("grpc") is None:
        raise MissingPackage(
            f"Spark Connect ({master}) needs the packages of pyspark[connect], which the "
            f"environment of this kernel ({sys.prefix}) does not have; install them there "
            f"({sys.executable} -m pip install 'pyspark[connect]') and restart the kernel.",
            package="pyspark[connect]",
        )
    try:
        address = urllib.parse.urlsplit(master)
        host, port = address.hostname or "", address.port or CONNECT_PORT
    except ValueError as error:
        raise StepFailed(
            f"The address of Spark Connect, spark_master: {master}, cannot be read ({error}); it "
            "has the form sc://host:port.",
        ) from error
    try:
        socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
    except OSError as error:
        raise StepFailed(
            f"No Spark Connect server answers at {host}:{port} ({error.strerror or error}); start "
            f"it, or correct spark_master: {master}.",
        ) from error


def _refuse_without_cluster(master: str) -> None:
    if master.startswith("yarn") and not any(os.environ.get(name) for name in YARN_FOLDERS):
        raise StepFailed(
            f"Spark finds the cluster of spark_master: {master} by the folder that "
            f"{' or '.join(YARN_FOLDERS)} names, and neither is set; set one in the environment of "
            "the Jupyter server or the kernelspec and restart the kernel.",
        )


def _refuse_without_java() -> None:
    home = os.environ.get("JAVA_HOME")
    there = Path(home, "bin", "java").exists() if home else shutil.which("java")
    if not there:
        raise StepFailed(
            "Spark needs Java 17 or newer, which was not found (neither JAVA_HOME nor java on the "
            f"PATH); install it, on Debian as the package {JAVA}, and restart the kernel.",
        )


def _conf(config: Mapping[str, Any], master: str) -> Any:
    """Return the settings of the session: Mage's keys, then whatever Spark property is given."""
    conf = importlib.import_module("pyspark").SparkConf()
    conf.setAppName(str(config.get("app_name") or "mage"))
    conf.setMaster(master)
    conf.set("spark.ui.showConsoleProgress", "false")
    conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    if master.startswith("local"):
        # Nothing of a local session listens where other machines reach it.
        conf.set("spark.driver.host", "127.0.0.1").set("spark.driver.bindAddress", "127.0.0.1")
        conf.set("spark.ui.enabled", "false")
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    if config.get("spark_home"):
        conf.setSparkHome(str(config["spark_home"]))
    environment = config.get("executor_env")
    if isinstance(environment, Mapping) and environment:
        conf.setExecutorEnv(pairs=[(str(k), str(v)) for k, v in environment.items()])
    if config.get("spark_jars"):
        conf.set("spark.jars", ",".join(str(item) for item in config["spark_jars"]))
    others = config.get("others")
    for key, value in (others if isinstance(others, Mapping) else {}).items():
        conf.set(str(key), str(value).lower() if isinstance(value, bool) else str(value))
    return conf
