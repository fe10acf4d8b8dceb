"""Runs, triggers and leases in the database: SQLite and a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from mage_jlab import clock
from mage_jlab.db.leases import LeaseStore
from mage_jlab.db.roots import Root
from mage_jlab.db.runs import LostRun, NewRun, RunStore
from mage_jlab.db.session import VERSION_TABLE, Database
from mage_jlab.db.tables import metadata
from mage_jlab.db.triggers import Armed, TriggerStore
from mage_jlab.errors import AlreadyExists, NotActive, RunNotFound, StillActive, TriggerNotFound
from mage_jlab.model.run import Step
from mage_jlab.model.trigger import Trigger


class Box:
    def __init__(self, database: Database, root: Path) -> None:
        self.database = database
        self.root = Root(root)
        self.runs = RunStore(database, self.root)
        self.triggers = TriggerStore(database, self.root)
        self.leases = LeaseStore(database)
        self.me = self.leases.register("host", 1, "1", "server").id


@pytest.fixture(params=["sqlite", "postgresql"])
def box(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Box]:
    if request.param == "sqlite":
        database = Database.file(tmp_path / "mage.db")
    else:
        address = request.getfixturevalue("postgresql")("stores")
        with psycopg.connect(address.uri, autocommit=True) as connection:
            # As where the server stands; moments are what they are all the same.
            connection.execute("ALTER DATABASE stores SET timezone TO 'Asia/Kolkata'")
        database = Database(address.uri.replace("postgresql://", "postgresql+psycopg://", 1))
    database.prepare()
    yield Box(database, tmp_path / "root")
    database.close()


def steps(*names: str) -> tuple[Step, ...]:
    return tuple(Step(name, name, "custom", "python") for name in names)


def test_migrations_give_the_tables_of_the_code(box: Box) -> None:
    with box.database.read() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "version_table": VERSION_TABLE,
                "include_name": lambda name, kind, _: kind != "table" or name in metadata.tables,
            },
        )
        assert compare_metadata(context, metadata) == []
    box.database.prepare()


def test_a_run_from_beginning_to_end(box: Box) -> None:
    run = box.runs.create(NewRun("p", "one", variables={"x": 1}, steps=steps("a", "b")), box.me)
    assert (run.state, run.steps_total, run.steps_done) == ("queued", 2, 0)
    assert box.runs.next_queued(box.me) == run.id
    assert box.runs.start(run.id, box.me) and not box.runs.start(run.id, box.me)
    box.runs.save_step(
        run.id, box.me, Step("a", "a", "custom", "python", state="completed", attempt=1)
    )
    assert box.runs.get(run.id).steps_done == 1
    box.runs.finish(run.id, box.me, "completed")
    box.runs.finish(run.id, box.me, "completed")
    with pytest.raises(LostRun):
        box.runs.finish(run.id, box.me, "failed")
    with pytest.raises(NotActive):
        box.runs.ask_cancel(run.id)
    assert box.runs.usual("p", "one") >= 0
    box.runs.delete(run.id)
    with pytest.raises(RunNotFound):
        box.runs.get(run.id)


def test_a_new_run_is_told_as_it_was_written_however_soon_it_starts(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = box.database.write
    started: list[bool] = []

    @contextmanager
    def write_then_start() -> Iterator[Connection]:
        with write() as connection:
            yield connection
        monkeypatch.undo()
        started.append(box.runs.take(box.me) is not None)

    monkeypatch.setattr(box.database, "write", write_then_start)
    run = box.runs.create(NewRun("p", "one", steps=steps("a")), box.me)
    assert started == [True] and box.runs.get(run.id).state == "running"
    assert (run.state, [step.block for step in run.steps]) == ("queued", ["a"])


def test_a_run_that_is_cancelled_is_told_as_it_was_written_however_soon_it_ends(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = box.runs.create(NewRun("p", "one", steps=steps("a")), box.me)
    assert box.runs.take(box.me) is not None
    write = box.database.write

    @contextmanager
    def write_then_end() -> Iterator[Connection]:
        with write() as connection:
            yield connection
        monkeypatch.undo()
        box.runs.finish(made.id, box.me, "cancelled")

    monkeypatch.setattr(box.database, "write", write_then_end)
    assert box.runs.ask_cancel(made.id).state == "cancelling"
    assert box.runs.get(made.id).state == "cancelled"
    with pytest.raises(NotActive, match="already: cancelled"):
        box.runs.ask_cancel(made.id)


def test_lists_are_paged_and_only_of_this_root(box: Box) -> None:
    made = [box.runs.create(NewRun("p", f"pipe{n % 2}"), box.me).id for n in range(5)]
    elsewhere = RunStore(box.database, Root(box.root.path.parent / "root2"))
    elsewhere.create(NewRun("p", "pipe0"), box.me)
    page, cursor = box.runs.list(limit=3)
    rest, end = box.runs.list(limit=3, cursor=cursor)
    assert [r.id for r in (*page, *rest)] == made[::-1] and end is None
    assert len(box.runs.list(pipeline="pipe1")[0]) == 2
    assert len(box.runs.list(state=["queued", "running"])[0]) == 5
    assert box.runs.list("q")[0] == []
    with pytest.raises(StillActive):
        box.runs.delete(made[0])


def test_a_serial_run_waits_for_the_older_ones(box: Box) -> None:
    trigger = box.triggers.create(Trigger("", "p", "one", "t", schedule="* * * * *"))
    first = box.runs.create(NewRun("p", "one", trigger=trigger.id), box.me)
    second = box.runs.create(NewRun("p", "one", trigger=trigger.id, serial=True), box.me)
    box.runs.start(first.id, box.me)
    assert box.runs.next_queued(box.me) is None
    box.runs.finish(first.id, box.me, "completed")
    assert box.runs.next_queued(box.me) == second.id


def test_a_fire_time_is_dealt_with_once(box: Box) -> None:
    box.triggers.create(Trigger("", "p", "one", "t", schedule="* * * * *", enabled=True))
    armed = box.triggers.armed()[0]
    moment = clock.now().replace(second=0, microsecond=0)
    made: list[str] = []
    barrier = threading.Barrier(4)

    def fire() -> None:
        barrier.wait()
        plans = [(moment, NewRun("p", "one", trigger=armed.trigger.id))]
        made.extend(box.triggers.fire(armed, plans, moment, owner=box.me))

    threads = [threading.Thread(target=fire) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert len(box.runs.list()[0]) == 1


def test_a_lost_lease_fires_nothing(box: Box) -> None:
    box.triggers.create(Trigger("", "p", "one", "t", schedule="* * * * *", enabled=True))
    armed = box.triggers.armed()[0]
    epoch = box.leases.acquire("schedule:p", box.me)
    assert epoch == 1 and box.leases.acquire("schedule:p", box.me) == 1
    other = box.leases.register("host", 2, "2", "server").id
    assert box.leases.acquire("schedule:p", other) is None
    box.leases.leave(box.me)
    assert box.leases.acquire("schedule:p", other) == 1
    now = clock.now()
    plans = [(now, NewRun("p", "one"))]
    assert box.triggers.fire(armed, plans, now, owner=box.me, lease=("schedule:p", 1)) == []
    assert box.runs.list()[0] == []


def test_editing_and_enabling_count_from_now(box: Box) -> None:
    trigger = box.triggers.create(Trigger("", "p", "one", "t", schedule="* * * * *"))
    before = clock.now()
    changed = box.triggers.change(trigger.id, {"enabled": True})
    assert changed.enabled_at >= before
    assert box.triggers.armed()[0].anchor >= before
    anchor = box.triggers.armed()[0].anchor
    box.triggers.change(trigger.id, {"description": "words"})
    assert box.triggers.armed()[0].anchor == anchor
    box.triggers.change(trigger.id, {"schedule": "0 * * * *"})
    assert box.triggers.armed()[0].anchor > anchor
    with pytest.raises(AlreadyExists):
        box.triggers.create(Trigger("", "p", "one", "t"))
    box.triggers.delete(trigger.id)
    with pytest.raises(TriggerNotFound):
        box.triggers.get(trigger.id)


def test_armed_triggers_are_read_again_only_when_they_changed(box: Box) -> None:
    def make(name: str) -> Trigger:
        return box.triggers.create(
            Trigger("", "p", "one", name, schedule="* * * * *", enabled=True)
        )

    one, two = make("one"), make("two")

    def armed() -> dict[str, Armed]:
        return {item.trigger.name: item for item in box.triggers.armed()}

    first = armed()
    assert set(first) == {"one", "two"}
    again = armed()
    assert again["one"] is first["one"] and again["two"] is first["two"]
    box.triggers.change(one.id, {"variables": {"n": 1}})
    after = armed()
    assert after["one"].trigger.variables == {"n": 1} and after["two"] is first["two"]
    # Another process's writes are seen: it has a store of its own.
    other = TriggerStore(box.database, box.root)
    later = clock.now()
    plans = [(later, NewRun("p", "one"))]
    assert other.fire(after["two"], plans, later, owner=box.me)
    assert armed()["two"].anchor == later
    other.rename_pipeline("p", "one", "new")
    assert {item.trigger.pipeline for item in armed().values()} == {"new"}
    other.change(two.id, {"enabled": False})
    other.delete(one.id)
    assert armed() == {}


def test_triggers_come_in_pages(box: Box) -> None:
    for number in range(5):
        box.triggers.create(Trigger("", "p", f"pipe{number % 2}", f"t{number}"))
    box.triggers.create(Trigger("", "other", "pipe0", "elsewhere"))
    everything = [item.name for item in box.triggers.list("p")]
    first = box.triggers.page(["p"], None, 0, 3)
    rest = box.triggers.page(["p"], None, 3, 3)
    assert [item.name for item in (*first, *rest)] == everything
    assert [item.name for item in box.triggers.page(["p"], "pipe1", 0, 9)] == ["t1", "t3"]
    assert len(box.triggers.page(["p", "other"], None, 0, 9)) == 6


def test_times_come_back_as_they_were(box: Box) -> None:
    start = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=5)))
    trigger = box.triggers.create(Trigger("", "p", "one", "t", start=start))
    assert box.triggers.get(trigger.id).start == start


def test_many_writers_and_a_long_reader(box: Box) -> None:
    errors: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(10):
                box.runs.create(NewRun("p", "one", steps=steps("a")), box.me)
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    with box.database.read() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM mage_run").fetchall()
        threads = [threading.Thread(target=write) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert errors == []
    assert len(box.runs.list(limit=500)[0]) == 80


def test_children_stand_after_their_group_and_keep_their_place(box: Box) -> None:
    wanted = NewRun("p", "pipe", steps=steps("src", "child", "sum"))
    run_id = box.runs.create(wanted, box.me).id
    box.runs.start(run_id, box.me)
    names = [f"child:{number}" for number in range(12)]
    box.runs.add_children(run_id, box.me, "child", steps(*names))
    box.runs.add_children(run_id, box.me, "child", steps(*names))  # repeating changes nothing
    run = box.runs.get(run_id)
    assert [step.block for step in run.steps] == ["src", "child", *names, "sum"]
    assert run.steps_total == 15
    for step in run.steps:
        box.runs.save_step(run_id, box.me, replace(step, state="failed", attempt=1))
    box.runs.finish(run_id, box.me, "failed")
    fresh = [replace(step, attempt=2) for step in steps("child", "child:3", "sum")]
    again = box.runs.reopen(run_id, box.me, fresh)
    assert [step.block for step in again.steps] == ["src", "child", *names, "sum"]
    assert [s.block for s in again.steps if s.attempt == 2] == ["child", "child:3", "sum"]
