"""Runs pipelines by mage-ai's own scheduler and writes what came out. Run by mage-ai's Python.

Arguments: project folder, result file, JSON list of pipelines, and "charts" to draw those, too. The scheduler is asked every
second instead of every ten; everything else is mage-ai as it is.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

ROOT, RESULT, PIPELINES = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
SECRET = json.loads(os.environ.get("SHOP_SECRET") or "null")
ABOVE = Path(ROOT).parent
os.environ.setdefault("MAGE_DATA_DIR", str(ABOVE / "mage_data"))
os.chdir(ABOVE)
sys.path.append(str(ABOVE))
sys.path.insert(0, str(Path(__file__).resolve().parent))
WAIT = 500


def main():
    from mage_ai.settings.repo import set_repo_path
    from plain import notes, plain

    set_repo_path(ROOT)
    from mage_ai.orchestration.db import db_connection
    from mage_ai.orchestration.db.database_manager import database_manager

    database_manager.run_migrations()
    db_connection.start_session()
    from mage_ai.orchestration.pipeline_scheduler import schedule_all
    from mage_ai.orchestration.queue.queue_factory import QueueFactory
    from mage_ai.orchestration.triggers.api import trigger_pipeline

    QueueFactory.get_queue().start()
    if SECRET:
        from mage_ai.data_preparation.shared.secrets import create_secret

        create_secret(*SECRET)
    runs = {}
    for name in PIPELINES:
        runs[name] = trigger_pipeline(name, repo_path=ROOT, verbose=False)
        runs[name].pipeline_schedule.update(settings={"allow_blocks_to_fail": True})
    until = time.monotonic() + WAIT
    while time.monotonic() < until:
        schedule_all()
        for run in runs.values():
            run.refresh()
        if all(run.status in ("completed", "failed", "cancelled") for run in runs.values()):
            break
        time.sleep(1)
    else:
        late = [name for name, run in runs.items() if str(run.status) == "running"]
        print(f"Not ended in {WAIT} s: {late}", file=sys.stderr, flush=True)
        os.killpg(0, signal.SIGKILL)  # half a result is none
    found = {name: told(run, plain) for name, run in runs.items()}
    found["files"] = notes(Path(ROOT))
    if "charts" in sys.argv[4:]:
        import charts
        from mage_ai.data_preparation.models.widget import Widget

        found["charts"] = charts.of_mage(Widget)
    Path(RESULT).write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    os.killpg(0, signal.SIGKILL)  # its worker processes do not end by themselves


def told(run, plain):
    from mage_ai.data_preparation.models.pipeline import Pipeline

    pipeline = Pipeline.get(run.pipeline_uuid, repo_path=ROOT)
    steps = {}
    for step in run.block_runs:
        step.refresh()
        block = pipeline.get_block(step.block_uuid)
        values = None
        if step.status == "completed":
            manager = pipeline.variable_manager
            names = manager.get_variables_by_block(
                pipeline.uuid, block.uuid, partition=run.execution_partition
            )
            values = [
                plain(
                    manager.get_variable(
                        pipeline.uuid, block.uuid, name, partition=run.execution_partition
                    )
                )
                for name in sorted(names)
                if name.startswith("output")
            ]
        steps[step.block_uuid] = {"state": str(step.status.value), "outputs": values}
    return {"state": str(run.status.value), "steps": steps}


if __name__ == "__main__":
    os.setpgrp()
    main()
