"""The product store: complete or absent, versions, records, retention, renames."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest

from mage_jlab.errors import AlreadyExists, BeingStored, DiskFull, ProductNotFound
from mage_jlab.model.product import Manifest
from mage_jlab.products.commit import Commit, commit
from mage_jlab.products.execution import Execution, prune, read_values
from mage_jlab.products.formats import registry
from mage_jlab.products.formats.target import storage_error
from mage_jlab.products.record import Recorder
from mage_jlab.products.retention import Retention, outgrown
from mage_jlab.products.store import ProductStore

START = "2026-11-22T10:00:00+00:00"


def version(number: int) -> str:
    return f"20261122T1000{number:08d}-00aa"


def execution(
    store: ProductStore, number: int, block: str = "load", scope: str = "interactive", **step: Any
) -> Execution:
    folder = store.execution("etl", scope, block, version(number))
    return Execution(
        folder, {"block": block, "state": "completed", "started": START, "pid": 1, **step}
    )


def complete(store: ProductStore, number: int, value: Any = "x", **more: Any) -> Path:
    made = execution(store, number, **more)
    outputs = registry.write_all([value], made.folder)
    what = Manifest(
        version(number), "shop", "etl", more.get("block", "load"), more.get("scope", "interactive"),
        START, 0.1, "hash", tuple(outputs),
    )  # fmt: skip
    product = Commit(made.folder, what)
    commit([product])
    assert product.error is None
    return made.folder


@pytest.fixture
def store(tmp_path: Path) -> ProductStore:
    return ProductStore(tmp_path / "products")


def test_newest_complete_version_counts(store: ProductStore) -> None:
    assert store.latest("etl", "interactive", "load") is None
    assert store.last_step("etl", "interactive", "load") is None
    complete(store, 1, "one")
    complete(store, 2, "two")
    registry.write_all(["three"], execution(store, 3, state="failed").folder)
    assert store.versions("etl", "interactive", "load") == [version(3), version(2), version(1)]
    found = store.latest("etl", "interactive", "load")
    assert found is not None and found.version == version(2)
    assert found == store.manifest("etl", "interactive", "load")
    assert store.manifest("etl", "interactive", "load", version(1)).version == version(1)
    assert read_values(store.root, "etl", "interactive", "load") == ["two"]
    step = store.last_step("etl", "interactive", "load")
    assert step is not None and step["state"] == "failed"
    for wrong in (version(3), version(9), "../../x", "", "20261122T100000000001-zzzz"):
        with pytest.raises(ProductNotFound):
            if wrong:
                store.manifest("etl", "interactive", "load", wrong)
            else:
                store.manifest("etl", "other", "load")
    with pytest.raises(ProductNotFound):
        store.execution("etl", "interactive", "load", "../../../etc")


def test_hostile_ids_stay_inside(store: ProductStore) -> None:
    folder = store.execution("../..", "..", "/etc/passwd", version(1))
    assert store.root in folder.parents and ".." not in folder.relative_to(store.root).parts


def test_step_without_its_process_reads_as_interrupted(store: ProductStore) -> None:
    gone = subprocess.Popen([sys.executable, "-c", "pass"])
    gone.wait()
    execution(store, 1, state="running", pid=gone.pid)
    step = store.last_step("etl", "interactive", "load")
    assert step is not None and step["state"] == "interrupted"
    assert "kernel ended" in step["error"]["message"]


def test_running_step_of_a_living_process(store: ProductStore) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    execution(store, 1, state="running", pid=os.getpid(), started=now)
    step = store.last_step("etl", "interactive", "load")
    assert step is not None and step["state"] == "running"
    assert store.sweep() == 0


def test_who_knows_the_version_of_a_running_step_waits_for_it(store: ProductStore) -> None:
    """Its first rows are shown while its tests run: what is asked then is not gone."""
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    execution(store, 1, state="running", pid=os.getpid(), started=now)
    with pytest.raises(BeingStored):
        store.wait("etl", "interactive", "load", version(1), seconds=0.1)
    store.wait("etl", "interactive", "load", seconds=0.1)  # any version: nothing to wait for


def test_process_id_used_again_is_not_the_writer(store: ProductStore) -> None:
    """A pid that now belongs to a younger process says nothing."""
    execution(store, 1, state="running", pid=os.getpid(), started="2001-01-01T00:00:00+00:00")
    step = store.last_step("etl", "interactive", "load")
    assert step is not None and step["state"] == "interrupted"


KILLED = """
    import os, sys
    from pathlib import Path
    import numpy as np, pandas as pd
    from mage_jlab.products.execution import Execution
    from mage_jlab.products.formats import registry
    folder = Path(sys.argv[1])
    made = Execution(folder, {"block": "load", "state": "running", "pid": os.getpid(),
                              "started": "2026-11-22T10:00:00+00:00"})
    (folder / "record.jsonl").write_text('{"t": "x", "output": {"output_type": "stream", '
                                         '"name": "stdout", "text": "hi"}}\\n')
    print("ready", flush=True)
    while True:
        registry.write_all([pd.DataFrame({"a": np.arange(300_000)}), {"b": 1}], folder)
"""


def test_killed_writer_leaves_no_product(store: ProductStore) -> None:
    complete(store, 1, "old")
    folder = store.execution("etl", "interactive", "load", version(2))
    code = textwrap.dedent(KILLED)
    writer = subprocess.Popen(
        [sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 30
    while not (folder / "output_0.arrow").exists():
        assert time.monotonic() < deadline
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert not (folder / "manifest.json").exists()
    found = store.latest("etl", "interactive", "load")
    assert found is not None and found.version == version(1)
    assert store.sweep() == 1
    assert sorted(p.name for p in folder.iterdir()) == ["record.jsonl", "step.json"]
    assert store.record("etl", "interactive", "load")[0]["text"] == "hi"
    step = store.last_step("etl", "interactive", "load")
    assert step is not None and step["state"] == "interrupted"


def test_full_disk_is_a_sentence_and_leaves_the_old_product(
    store: ProductStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's own limit on the size of a file stands in for a full disk."""
    import resource

    complete(store, 1, "old")
    made = execution(store, 2)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, before[1]))
    try:
        with pytest.raises(DiskFull) as caught:
            registry.write_all([b"x" * 1_000_000], made.folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "no space left to store output_0" in caught.value.message
    assert "MB free" in caught.value.message and caught.value.status == 507
    assert not list(made.folder.glob("output_0*"))
    assert read_values(store.root, "etl", "interactive", "load") == ["old"]


def test_other_storage_errors_are_named(tmp_path: Path) -> None:
    assert "Permission" in storage_error(PermissionError(13, "Permission"), tmp_path, "x").message


def test_rename_of_a_block_and_of_a_pipeline(store: ProductStore) -> None:
    complete(store, 1, "a", block="sub/load")
    complete(store, 2, "b", block="sub/load", scope="run-1")
    store.rename_block("etl", "sub/load", "loaded")
    assert read_values(store.root, "etl", "interactive", "loaded") == ["a"]
    assert read_values(store.root, "etl", "run-1", "loaded") == ["b"]
    assert store.latest("etl", "interactive", "sub/load") is None
    store.rename_pipeline("etl", "new name")
    assert read_values(store.root, "new name", "run-1", "loaded") == ["b"]
    complete(store, 3)
    with pytest.raises(AlreadyExists):
        store.rename_pipeline("etl", "new name")
    store.rename_pipeline("never there", "x")
    store.delete_scope("new name", "run-1")
    assert store.latest("new name", "run-1", "loaded") is None


def kept(store: ProductStore, block: str = "load") -> list[int]:
    names = store.versions("etl", "interactive", block)
    return [number for number in range(20, 0, -1) if version(number) in names]


def test_retention_by_count_and_by_size_of_every_block(store: ProductStore) -> None:
    for number in range(1, 9):
        complete(store, number, "x" * 10_000)
        complete(store, number, "x" * 10_000, scope="run-1")
        complete(store, number, "small", block="other")
    before = store.size()
    freed = store.retain(Retention(versions=3))
    assert kept(store) == kept(store, "other") == [8, 7, 6]
    assert len(store.versions("etl", "run-1", "load")) == 8
    assert freed == before - store.size() > 5 * 10_000
    # The size is counted for each block: the small one keeps its versions.
    store.retain(Retention(versions=3, version_bytes=25_000))
    assert kept(store) == [8, 7] and kept(store, "other") == [8, 7, 6]
    store.retain(Retention(versions=3, version_bytes=1))
    assert kept(store) == kept(store, "other") == [8]


def test_failed_executions_and_logs_count_too(store: ProductStore) -> None:
    complete(store, 1, "good")
    for number in range(2, 12):
        made = execution(store, number, state="failed")
        recorder = Recorder(made.folder)
        recorder.add(stream("x" * 10_000))
        recorder.close()
    store.retain(Retention(versions=4))
    assert kept(store) == [11, 10, 9, 1]
    store.retain(Retention(versions=4, version_bytes=23_000))
    assert kept(store) == [11, 10, 1]
    store.retain(Retention(versions=1, version_bytes=1))
    # What is newest and what last went well stay.
    assert kept(store) == [11, 1]
    assert read_values(store.root, "etl", "interactive", "load") == ["good"]


def test_what_never_went_well_is_limited(store: ProductStore) -> None:
    for number in range(1, 9):
        execution(store, number, state="failed")
    store.retain(Retention(versions=3))
    assert kept(store) == [8, 7, 6]


def test_what_runs_is_not_removed(store: ProductStore) -> None:
    now = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime())
    execution(store, 1, state="running", pid=os.getpid(), started=now)
    for number in range(2, 9):
        complete(store, number)
    store.retain(Retention(versions=2, version_bytes=1))
    assert kept(store) == [8, 1]


def test_the_kernel_keeps_to_the_count_too(store: ProductStore) -> None:
    complete(store, 1, "good")
    for number in range(2, 9):
        execution(store, number, state="failed")
    prune(store.execution("etl", "interactive", "load", version(1)).parent, 3)
    assert kept(store) == [8, 7, 6, 1]


def test_runs_go_as_a_whole_when_a_block_takes_too_much() -> None:
    runs = [("r5", False), ("r4", True), ("r3", True), ("r2", False), ("r1", True)]
    sizes = {run: {"big": 100, "small": 1} for run, _ in runs}
    assert outgrown(runs, sizes, 500) == []
    assert outgrown(runs, sizes, 499) == ["r1"]
    assert outgrown(runs, sizes, 250) == ["r3", "r2", "r1"]
    # The newest, and the newest that went well, stay whatever they take.
    assert outgrown(runs, sizes, 1) == ["r3", "r2", "r1"]
    # One small run behind a large one goes with it: no holes in the history.
    assert outgrown(runs, sizes | {"r3": {"big": 1000}}, 500) == ["r3", "r2", "r1"]


def stream(text: str, name: str = "stdout") -> dict[str, Any]:
    return {"output": {"output_type": "stream", "name": name, "text": text}}


def display(text: str, **more: Any) -> dict[str, Any]:
    output = {"output_type": "display_data", "data": {"text/plain": text}, "metadata": {}}
    return {"output": output, **more}


def test_record_becomes_the_outputs_of_a_cell(store: ProductStore) -> None:
    made = execution(store, 1)
    recorder = Recorder(made.folder)
    for entry in (
        stream("a"),
        stream("b\n"),
        stream("c", "stderr"),
        display("old", display_id="p"),
    ):
        recorder.add(entry)
    recorder.add(display("new", update="p"))
    recorder.close()
    recorder.add(stream("too late"))
    found = store.record("etl", "interactive", "load", version(1))
    assert [o.get("text") or o["data"]["text/plain"] for o in found] == ["ab\n", "c", "new"]
    records, position, dropped = store.log("etl", "interactive", "load", version(1))
    assert [(r["level"], r["text"]) for r in records] == [
        ("INFO", "a"), ("INFO", "b"), ("WARNING", "c"), ("INFO", "old"),
    ]  # fmt: skip
    again = store.log("etl", "interactive", "load", version(1), position)
    assert (again, dropped) == (([], position, 0), 0)


def test_clear_output(store: ProductStore) -> None:
    recorder = Recorder(execution(store, 1).folder)
    for entry in (stream("gone"), {"clear": False}, stream("stays until"), {"clear": True}):
        recorder.add(entry)
    assert store.record("etl", "interactive", "load")[0]["text"] == "stays until"
    recorder.add(stream("replaced"))
    recorder.close()
    assert [o["text"] for o in store.record("etl", "interactive", "load")] == ["replaced"]


def test_log_levels_of_a_logger(store: ProductStore) -> None:
    recorder = Recorder(execution(store, 1).folder)
    recorder.add(
        stream("2026-11-22T10:00:00 ERROR bad\n2026-11-22T10:00:00 DEBUG fine\n", "stderr")
    )
    recorder.close()
    records, _, _ = store.log("etl", "interactive", "load", version(1))
    assert [r["level"] for r in records] == ["ERROR", "DEBUG"]


@pytest.mark.parametrize("closed", [True, False])
def test_record_keeps_beginning_and_end(store: ProductStore, closed: bool) -> None:
    """Also of a process that was killed before it could put them together."""
    folder = execution(store, 1).folder
    recorder = Recorder(folder, limit=40_000)
    for number in range(5_000):
        recorder.add(stream(f"line {number}\n"))
    if closed:
        recorder.close()
    assert sum(p.stat().st_size for p in folder.glob("record*")) < 50_000
    text = "".join(o["text"] for o in store.record("etl", "interactive", "load"))
    assert text.startswith("line 0\nline 1\n") and text.endswith("line 4999\n")
    assert "not kept" in text
    if closed:
        records, _, dropped = store.log("etl", "interactive", "load", version(1))
        assert dropped > 4_000 and records[-1]["text"] == "line 4999"
        assert len(records) + dropped == 5_001


def test_too_large_pieces_are_shortened(store: ProductStore) -> None:
    folder = execution(store, 1).folder
    recorder = Recorder(folder, limit=100_000)
    recorder.add(stream("a" * 1_000_000 + "end\n"))
    recorder.add(display("x" * 1_000_000))
    recorder.close()
    found = store.record("etl", "interactive", "load")
    text = "".join(o["text"] for o in found if "text" in o)
    assert text.startswith("aaa") and text.endswith("end\n") and "not kept" in text
    assert "too large" in found[-1]["data"]["text/plain"]
    assert (folder / "record.jsonl").stat().st_size < 110_000


def test_half_written_line_is_ignored(store: ProductStore) -> None:
    folder = execution(store, 1).folder
    line = json.dumps({"t": START, **stream("whole\n")})
    (folder / "record.jsonl").write_text(f'{line}\n{{"t": "2026-')
    assert [o["text"] for o in store.record("etl", "interactive", "load")] == ["whole\n"]
    records, position, _ = store.log("etl", "interactive", "load", version(1))
    assert len(records) == 1 and position == len(line) + 1
