"""Sensors in runs: asked again and again, holding nothing while they wait."""

from __future__ import annotations

from pathlib import Path

from flow.engine.projects import block, custom, running, step, until, write_pipeline

from mage_jlab.assembly import Engine

READY = """
from pathlib import Path

@sensor
def ready(*args, **kwargs):
    return Path({flag!r}).exists()
"""


def waiting(root: Path, flag: Path, **entry: object) -> None:
    write_pipeline(
        root / "p",
        "wait",
        {
            "ready": block("sensor", READY.format(flag=str(flag)), **entry),
            "after": custom("return 'done'", "ready"),
        },
    )


def every(seconds: float) -> dict[str, object]:
    return {"configuration": {"poll_interval": seconds}}


def test_a_waiting_sensor_holds_no_kernel(root: Path, mage_state: Path, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    waiting(root, flag, **every(3))
    write_pipeline(root / "p", "other", {"one": custom("return 1")})
    with running(root, mage_state, max_kernels=1) as engine:
        run = engine.submit("p", "wait")
        until(lambda: step(engine.runs.get(run.id), "ready").state == "running")
        until(lambda: "is asked again in 3 seconds" in said(engine, run.id))
        # The only place is free for another run meanwhile.
        other = engine.wait(engine.submit("p", "other").id, 30)
        assert other.state == "completed"
        now = engine.runs.get(run.id)
        assert (step(now, "ready").state, step(now, "after").state) == ("running", "queued")
        flag.touch()
        ended = engine.wait(run.id, 60)
        assert ended.state == "completed", ended.error
        ready = step(ended, "ready")
        assert ready.attempt == 1 and ready.started < other.ended
        text = said(engine, run.id)
        assert "is not ready" in text and "The sensor says True." in text


def said(engine: Engine, run_id: str) -> str:
    return "\n".join(str(item["text"]) for item in engine.step_log(run_id, "ready")[0])


def test_the_timeout_counts_while_it_waits(root: Path, engine: Engine, tmp_path: Path) -> None:
    waiting(root, tmp_path / "never", timeout=4, **every(60))
    run = engine.wait(engine.submit("p", "wait").id, 60)
    assert run.state == "failed"
    assert step(run, "ready").error == "It ran longer than its timeout of 4 s."
    assert "longer than its timeout" in said(engine, run.id)
    assert step(run, "after").state == "upstream_failed"


def test_a_waiting_sensor_is_cancelled_at_once(root: Path, engine: Engine, tmp_path: Path) -> None:
    waiting(root, tmp_path / "never", **every(60))
    run = engine.submit("p", "wait")
    until(lambda: "is not ready" in said(engine, run.id))
    engine.cancel(run.id)
    ended = engine.wait(run.id, 30)
    assert ended.state == "cancelled"
    assert {item.state for item in ended.steps} == {"cancelled"}
    assert "It was cancelled." in said(engine, run.id)


def test_a_sensor_waits_for_another_pipeline(root: Path, engine: Engine) -> None:
    write_pipeline(root / "p", "first", {"one": custom("return 1")})
    body = """
    from mage_ai.orchestration.run_status_checker import check_status

    @sensor
    def ready(*args, **kwargs):
        return check_status('first', kwargs['execution_date'], hours=1)
    """
    write_pipeline(
        root / "p",
        "second",
        {"ready": block("sensor", body, **every(0.5)), "after": custom("return 2", "ready")},
    )
    first = engine.submit("p", "first")
    engine.wait(first.id, 60)
    run = engine.wait(engine.submit("p", "second").id, 60)
    assert run.state == "completed", run.error


def test_a_sensor_waits_for_a_block_of_its_own_run(root: Path, engine: Engine) -> None:
    body = """
    from mage_ai.orchestration.run_status_checker import check_status

    @sensor
    def ready(*args, **kwargs):
        named = dict(execution_date=kwargs['execution_date'], hours=1)
        return any(check_status('own', block_uuid=name, **named) for name in ('left', 'right'))
    """
    write_pipeline(
        root / "p",
        "own",
        {
            "ready": block("sensor", body, **every(0.5)),
            "left": custom("import time; time.sleep(1.2)"),
            "right": custom("return 1"),
            "after": custom("return len(args), args[0]", "ready"),
        },
    )
    run = engine.wait(engine.submit("p", "own").id, 60)
    assert run.state == "completed", run.error
    assert step(run, "ready").ended > step(run, "right").ended


def test_blocks_of_one_process_share_their_context_while_a_sensor_waits(
    root: Path, mage_state: Path, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    write_pipeline(
        root / "p",
        "wait",
        {
            "first": custom("kwargs['context']['left'] = ['by the first']"),
            "ready": block("sensor", READY.format(flag=str(flag)), "first", **every(3)),
            "after": custom("assert kwargs['context']['left'] == ['by the first']", "ready"),
        },
        run_pipeline_in_one_process=True,
    )
    write_pipeline(root / "p", "other", {"one": custom("assert not kwargs['context']")})
    with running(root, mage_state, max_kernels=1) as engine:
        run = engine.submit("p", "wait")
        until(lambda: "is asked again in 3 seconds" in said(engine, run.id))
        # Its kernel lives on, its place is free meanwhile.
        assert engine.wait(engine.submit("p", "other").id, 30).state == "completed"
        flag.touch()
        ended = engine.wait(run.id, 60)
        assert ended.state == "completed", step(ended, "after").error
        assert engine.wait(engine.submit("p", "other").id, 30).state == "completed"
