"""What runs dbt: one job in a process of its own, as a command of dbt leaves much behind.

Called by the kernel's interpreter, with a folder as its argument: `job.json` in it
says what to do, `told.json` is written as the answer. What dbt logs goes to the
standard output while it happens, one JSON object in a line. When the standard
input ends, the kernel is gone, and this ends, too.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from mage_jlab.kernel_side.dbt import tables

_LEVELS = ("info", "warn", "error")
_SHOWN_BY_US = ("CompiledNode", "ShowNode")
_NO_LIMIT = ("sqlserver", "synapse", "fabric", "oracle")
_GRACE = 5.0


class Work:
    """One job: tables of the blocks above, a command of dbt, the rows of a model."""

    def __init__(self, folder: Path, out: Any) -> None:
        self.folder = folder
        self.job: dict[str, Any] = json.loads((folder / "job.json").read_text("utf-8"))
        self.project = Path(self.job["project"])
        self.said = _settings(self.project / "dbt_project.yml")
        self.manifest: Any = None
        self.told: dict[str, Any] = {"results": [], "error": None, "rows": None}
        self._out = out

    # ---- what dbt says -----------------------------------------------------

    def tell(self, level: str, text: str) -> None:
        """Send a line to the kernel."""
        self._out.write(json.dumps({"level": level, "text": text}) + "\n")
        self._out.flush()

    def heard(self, event: Any) -> None:
        """Pass on what dbt logs, without the SQL and the rows that a model's cell shows itself."""
        shown = self.job.get("alone") and event.info.name in _SHOWN_BY_US
        if event.info.level in _LEVELS and not shown:
            self.tell(event.info.level, str(event.info.msg))

    def invoke(self, arguments: list[str], *, quiet: bool = False) -> Any:
        """Run one command of dbt."""
        runner = importlib.import_module("dbt.cli.main").dbtRunner
        callbacks = [] if quiet else [self.heard]
        return runner(manifest=self.manifest, callbacks=callbacks).invoke(arguments)

    # ---- the job -----------------------------------------------------------

    def run(self) -> None:
        """Do the job."""
        offer_variables(self.job["variables"])
        with self._lock():
            tables.declare(self._model_paths(), self.job["sources"])
            self._deps()
            with self._seeds():
                if not self._parsed():
                    return
                for table in self._wanted():
                    self._load(table)
            self._main()

    def _parsed(self) -> bool:
        """Read the project once; what follows is done with what was read."""
        if self.job["language"] != "sql" and not self.job["tables"]:
            return True  # one command and nothing before it
        result = self.invoke(["parse", *self.job["common"]], quiet=True)
        if not result.success:
            self._failed(result)
            return False
        self.manifest = result.result
        return True

    def _main(self) -> None:
        command = self._command()
        if command is not None:
            self.tell("info", " ".join(["dbt", *command[: self.job["shown"]]]))
            result = self.invoke(command)
            if not result.success:
                self._failed(result)
            self._note(result)
            self._keep_artifacts()
        if self.job["language"] == "sql" and self.told["error"] is None:
            self._rows()

    def _command(self) -> list[str] | None:
        task: str = self.job["task"]
        if self.job["language"] != "sql":
            return [*self.job["command"], *self.job["common"]]
        node = self.node()
        if node is None:
            self.told["error"] = {
                "kind": "model",
                "message": f"dbt knows no model in {self.job['file']}; is its folder among the "
                "model-paths of dbt_project.yml, and is the model enabled?",
            }
            return None
        if task == "run" and node.resource_type in ("snapshot", "seed"):
            task = node.resource_type.value
        selection = [self.job["select"]]
        if self.job["inline"] is not None:
            selection = ["--inline", self.job["inline"]]
        elif selection[0] is not None:
            selection = ["--select", selection[0]]
        if task == "show":
            selection += ["--limit", str(self.job["limit"])]
        return [task, *selection, *self.job["flags"], *self.job["common"]]

    def node(self) -> Any:
        """Return what dbt knows of the block's file: a model, a snapshot, a seed."""
        for node in self.manifest.nodes.values():
            mine = node.package_name == self.said.get("name")
            if mine and Path(node.original_file_path).as_posix() == self.job["file"]:
                return node
        return None

    def _failed(self, result: Any) -> None:
        error = result.exception
        if error is not None:
            if self.job.get("inline") is not None and error.__context__ is not None:
                error = error.__context__  # dbt says only that the text was not understood
            self.told["error"] = {"kind": "exception", "message": str(error)}
        else:
            self.told["error"] = {"kind": "results", "message": None}

    def _note(self, result: Any) -> None:
        found = getattr(result.result, "results", None)
        if found is None and isinstance(result.result, (list, tuple)):
            return
        self.told["results"] = [described(item) for item in found or ()]
        if self.job["task"] == "show" and result.success and found:
            table = found[0].agate_table
            names = list(table.column_names)
            rows = [[tables.plain(value) for value in row.values()] for row in table.rows]
            self._write(names, rows)

    # ---- rows of the model -------------------------------------------------

    def _rows(self) -> None:
        """Fetch the rows of the model's own table, for the blocks below or to be looked at."""
        wanted = self.job["rows"]
        if wanted is None or self.job["task"] in ("show", "compile", "test"):
            return
        node = self.node()
        relation = getattr(node, "relation_name", None)
        if not relation:
            if wanted["needed"]:  # an ephemeral model is a query only
                self._ephemeral(wanted["limit"])
            return
        if not wanted["needed"] and node.config.materialized == "view":
            return
        adapter = self.adapter()
        query = f"select * from {relation}"  # noqa: S608 - dbt's own name of the table
        limit = wanted["limit"]
        if limit is not None and adapter.type() not in _NO_LIMIT:
            query += f" limit {int(limit)}"
        with adapter.connection_named("mage"):
            handle = adapter.connections.get_thread_connection().handle
            if not hasattr(handle, "cursor"):
                _, table = adapter.execute(query, fetch=True, limit=limit)
                rows = [[tables.plain(value) for value in row.values()] for row in table.rows]
                self._write(list(table.column_names), rows)
                return
            cursor = handle.cursor()
            cursor.execute(query)
            if adapter.type() == "duckdb" and tables.pandas() is not None:
                self._pickle(cursor.df())
                return
            names = [column[0] for column in cursor.description]
            rows = cursor.fetchall() if limit is None else cursor.fetchmany(limit)
            self._write(names, [list(row) for row in rows])

    def _ephemeral(self, limit: int | None) -> None:
        count = "-1" if limit is None else str(limit)
        select = ["--select", self.job["select"], "--limit", count]
        result = self.invoke(["show", *select, *self.job["common"]], quiet=True)
        if result.success and result.result.results:
            table = result.result.results[0].agate_table
            rows = [[tables.plain(value) for value in row.values()] for row in table.rows]
            self._write(list(table.column_names), rows)

    def _write(self, names: list[str], rows: list[list[Any]]) -> None:
        pd = tables.pandas()
        if pd is not None:
            self._pickle(pd.DataFrame.from_records(rows, columns=names, coerce_float=True))
            return
        records = [dict(zip(names, row)) for row in rows]
        text = json.dumps(records, default=str)
        (self.folder / "rows.json").write_text(text, "utf-8")
        self.told["rows"] = "rows.json"

    def _pickle(self, frame: Any) -> None:
        frame.to_pickle(self.folder / "rows.pickle")
        self.told["rows"] = "rows.pickle"

    # ---- tables of the blocks above ------------------------------------------

    def adapter(self) -> Any:
        """Return dbt's own door to the database, once the project has been read."""
        factory = importlib.import_module("dbt.adapters.factory").FACTORY
        return next(iter(factory.adapters.values()))

    def _wanted(self) -> list[dict[str, Any]]:
        """Return the tables that the model asks for; of a command, those that any model does."""
        if self._seeded():
            return []
        found = []
        for table in self.job["tables"]:
            source = self._source(table)
            readers = self.manifest.child_map.get(source.unique_id, []) if source else []
            node = self.node() if self.job["language"] == "sql" else None
            if readers if node is None else node.unique_id in readers:
                found.append({**table, "relation": source})
        return found

    def _source(self, table: dict[str, Any]) -> Any:
        for source in self.manifest.sources.values():
            if source.identifier == table["table"] and source.loader == "mage":
                return source
        return None

    def _load(self, table: dict[str, Any]) -> None:
        frame = tables.read_frame(self.folder / table["file"])
        relation = table["relation"].relation_name
        adapter = self.adapter()
        began = time.monotonic()
        with adapter.connection_named("mage"):
            handle = adapter.connections.get_thread_connection().handle
            if adapter.type() == "duckdb":
                tables.into_duckdb(handle.cursor(), table["relation"], frame)
            else:
                tables.into_postgres(handle, table["relation"], frame)
        seconds = time.monotonic() - began
        self.tell("info", f"Loaded {len(frame):,} rows into {relation} in {seconds:.2f}s")

    def _seeded(self) -> bool:
        return bool(self.job["tables"]) and self.kind() not in ("duckdb", "postgres")

    @contextlib.contextmanager
    def _seeds(self) -> Any:
        """In other databases the rows travel as a seed of dbt, as Mage does it everywhere."""
        if not self._seeded():
            yield
            return
        paths = self.said.get("seed-paths") or ["seeds"]
        made, names = [], []
        for table in self.job["tables"]:
            file = (
                self.project / paths[0] / f"mage_{self.job['pipeline']}" / f"{table['table']}.csv"
            )
            file.parent.mkdir(parents=True, exist_ok=True)
            tables.read_frame(self.folder / table["file"]).to_csv(file, index=False)
            made.append(file)
            names.append(table["table"])
        try:
            result = self.invoke(["seed", "--select", " ".join(names), *self.job["common"]])
            if not result.success:
                raise SystemExit(f"The rows of upstream blocks were not loaded: {result.exception}")
        finally:
            for file in made:
                file.unlink()
                with contextlib.suppress(OSError):
                    file.parent.rmdir()
        yield

    # ---- surroundings ----------------------------------------------------------

    def _profile(self) -> dict[str, Any]:
        """Return the chosen output of the profile, as it stands; dbt itself reads it anew."""
        file = Path(self.job["profiles"]) / "profiles.yml"
        try:
            profile: Any = tables.yaml().safe_load(file.read_text("utf-8"))[self.said["profile"]]
            target = self.job["target"] or profile.get("target") or "default"
            return dict(profile["outputs"][target])
        except (OSError, KeyError, TypeError, AttributeError, tables.yaml().YAMLError):
            return {}

    def kind(self) -> str:
        """Return the type of database, as the profile has it."""
        return str(self._profile().get("type"))

    @contextlib.contextmanager
    def _lock(self) -> Any:
        """A DuckDB file has one writer; a folder of artifacts had better have one, too."""
        database = self._profile().get("path") if self.kind() == "duckdb" else None
        shared = None
        if database and str(database) != ":memory:":
            shared = str(Path(str(database)).absolute())
        elif self.job["language"] != "sql":
            shared = str(self.project)
        if shared is None or os.name != "posix":
            yield
            return
        import fcntl

        folder = Path(tempfile.gettempdir()) / f"mage-jlab-dbt-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = hashlib.sha256(shared.encode()).hexdigest()[:20]
        with (folder / name).open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.tell("info", f"Waiting for another dbt block that uses {shared}.")
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _model_paths(self) -> list[Path]:
        return [self.project / name for name in self.said.get("model-paths") or ["models"]]

    def _deps(self) -> None:
        """Install packages when they are not there, or older than what asks for them."""
        asked = [
            file
            for name in ("packages.yml", "dependencies.yml")
            if (file := self.project / name).is_file()
        ]
        if not asked or not any("packages" in file.read_text("utf-8") for file in asked):
            return
        there = self.project / (self.said.get("packages-install-path") or "dbt_packages")
        newest = max(file.stat().st_mtime for file in asked)
        if there.is_dir() and any(there.iterdir()) and there.stat().st_mtime >= newest:
            return
        result = self.invoke(["deps", *self.job["common"]])
        if not result.success:
            self.tell("warn", f"The packages could not be installed: {result.exception}")

    def _keep_artifacts(self) -> None:
        """Leave dbt's artifacts where they are looked for, after a run in a folder of its own."""
        made = os.environ.get("DBT_TARGET_PATH")
        if not made or self.job["task"] in ("show", "compile"):
            return
        target = self.project / (self.said.get("target-path") or "target")
        with contextlib.suppress(OSError, shutil.Error):
            skipped = shutil.ignore_patterns("partial_parse.msgpack", "perf_info.json")
            shutil.copytree(made, target, dirs_exist_ok=True, ignore=skipped)


def _settings(file: Path) -> dict[str, Any]:
    try:
        found: Any = tables.yaml().safe_load(file.read_text("utf-8"))
    except tables.yaml().YAMLError as error:
        raise SystemExit(f"{file.name} is no YAML: {error}") from None
    if not isinstance(found, dict):
        raise SystemExit(f"{file.name} is empty or no mapping.")
    return found


def offer_variables(known: dict[str, Any]) -> None:
    """Let models say ``variables('name')``, as other blocks of Mage do."""
    context = importlib.import_module("dbt.context.base").BaseContext
    usual = context.to_dict

    def variables(name: str, parse: Any = None) -> Any:
        value = known.get(name)
        return parse(value) if parse else value

    def to_dict(self: Any) -> dict[str, Any]:
        found: dict[str, Any] = usual(self)
        found.setdefault("variables", variables)
        return found

    context.to_dict = to_dict


def described(item: Any) -> dict[str, Any]:
    """Return one result as plain data; that of a macro knows its name alone."""
    node = getattr(item, "node", None)
    unique = getattr(item, "unique_id", None) or ""
    kind = getattr(node, "resource_type", unique.partition(".")[0])
    response = item.adapter_response or {}
    return {
        "name": getattr(node, "name", unique.rpartition(".")[2]),
        "kind": str(getattr(kind, "value", kind)),
        "status": str(getattr(item.status, "value", item.status)),
        "seconds": round(float(item.execution_time or 0), 4),
        "message": str(item.message) if item.message is not None else None,
        "rows": response.get("rows_affected"),
        "failures": item.failures,
        "file": getattr(node, "original_file_path", None),
        "relation": getattr(node, "relation_name", None),
        "sql": getattr(node, "compiled_code", None),
    }


def _end_with_kernel(folder: Path) -> None:
    """Stop when nobody is there any more to whom the result could be told.

    The folder, with the profile in it, would have been removed by the kernel.
    """
    sys.stdin.buffer.read()
    shutil.rmtree(folder, ignore_errors=True)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(_GRACE)
    os._exit(1)


def main() -> None:
    """Do the job of the folder that is the argument."""
    work(Path(sys.argv[1]))


def work(folder: Path) -> NoReturn:
    """Do the job and end; what goes wrong is told in words."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints to the standard output must not be taken for a message
    threading.Thread(target=_end_with_kernel, args=(folder,), daemon=True).start()
    told: dict[str, Any] = {"results": [], "error": None, "rows": None}
    try:
        job = Work(folder, out)
        told = job.told
        job.run()
    except KeyboardInterrupt:
        told["error"] = {"kind": "interrupt", "message": "dbt was interrupted."}
    except SystemExit as error:
        told["error"] = {"kind": "exception", "message": str(error)}
    except BaseException as error:  # noqa: BLE001 - told to the kernel, which raises it
        told["error"] = {"kind": "exception", "message": f"{type(error).__name__}: {error}"}
    with contextlib.suppress(OSError):  # the kernel is gone
        (folder / "told.json").write_text(json.dumps(told, default=str), "utf-8")
        out.flush()
    sys.stdout.flush()
    os._exit(0)  # threads of drivers must not keep it
