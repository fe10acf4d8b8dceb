"""One process with dbt imported for each kernel: what it shares between steps, and what not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import dbt_projects as projects
import psutil
import pytest
from dbt_projects import LOAD, model
from kernels import Answer, Kernel, running

pytestmark = pytest.mark.timeout(300)

SET = "import os\n@custom\ndef f(*a, **k):\n    {}\n"


@pytest.fixture
def kernel(tmp_path: Path, dbt_python: str) -> Iterator[Kernel]:
    with running(tmp_path, dbt_python) as started:
        projects.write(started.project, projects.DUCKDB.format(path=tmp_path / "w.duckdb"))
        started.start(variables={"least": 2})
        yield started


def show(kernel: Kernel, code: str, task: str = "show") -> Answer:
    answer = kernel.cell(code, "demo/models/alone", options={"dbt": task}, **model("alone"))
    assert answer.finished["state"] == "completed", answer.traceback
    return answer


def keepers(kernel: Kernel) -> list[psutil.Process]:
    """The processes of the kernel that have dbt imported."""
    children = psutil.Process(kernel.manager.provisioner.pid).children()
    living = [item for item in children if item.status() != "zombie"]
    return [item for item in living if "dbt.forks" in str(item.cmdline())]


def ended(*processes: psutil.Process) -> bool:
    """Whether they end; those whose parent has not asked yet count, too."""
    until = time.monotonic() + 20
    while any(item.is_running() and item.status() != "zombie" for item in processes):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


SLOW = "select count(*) as n from range(3000000) a, range(3000000) b where a.range <> b.range"


def begin(kernel: Kernel) -> tuple[str, psutil.Process]:
    """Begin a long query; return the request and the process that does it."""
    metadata = {
        "mage": {
            "uuid": "slow", "name": "slow", "upstream": [], "role": "block",
            **model("alone"), "type": "dbt", "options": {"dbt": "show"},
        }
    }  # fmt: skip
    message = kernel.send(SLOW, metadata=metadata)
    until = time.monotonic() + 60
    while not (jobs := [job for keeper in keepers(kernel) for job in keeper.children()]):
        assert time.monotonic() < until
        time.sleep(0.02)
    return message, jobs[0]


def test_one_process_serves_all_steps_until_the_environment_changes(kernel: Kernel) -> None:
    show(kernel, "select 1 as a")
    (first,) = keepers(kernel)
    show(kernel, "select 2 as a")
    assert keepers(kernel) == [first]
    kernel.cell(SET.format("os.environ['SHOP_DAY'] = 'monday'"), "day", "custom")
    answer = show(kernel, "select '{{ env_var('SHOP_DAY') }}' as day")
    assert answer.previews[0]["page"]["rows"] == [["monday"]]
    (second,) = keepers(kernel)
    assert second != first
    assert ended(first)
    kernel.cell(SET.format("os.environ.pop('SHOP_DAY')"), "day", "custom")
    answer = show(kernel, "select '{{ env_var('SHOP_DAY', 'none') }}' as day")
    assert answer.previews[0]["page"]["rows"] == [["none"]]


def test_a_step_leaves_nothing_to_the_next(kernel: Kernel, tmp_path: Path) -> None:
    said = {
        "language": "yaml",
        "configuration": {"dbt_project_name": "demo", "dbt": {"command": "build"}},
    }
    kernel.cell(LOAD, "load")
    answer = kernel.cell(
        '--select orders --full-refresh --fail-fast\n--vars \'{"least": 6, "only": "here"}\'',
        "daily", "dbt", ["load"], **said,
    )  # fmt: skip
    assert answer.finished["state"] == "completed", answer.traceback
    # Flags and variables of one command are not those of the next.
    flags = "{{ flags.FULL_REFRESH }} {{ flags.FAIL_FAST }} {{ var('least') }} {{ var('only', 'gone') }}"
    answer = show(kernel, f"select '{flags}' as said")
    assert answer.previews[0]["page"]["rows"] == [["False False 2 gone"]]
    assert keepers(kernel)
    # The file of the database is open to others: to a process that writes, and after it to us.
    write = (
        "import duckdb, sys\nwith duckdb.connect(sys.argv[1]) as c:\n"
        "    c.execute('create table elsewhere as select 5 as n')"
    )
    subprocess.run(
        [kernel.manager.kernel_spec.argv[0], "-c", write, tmp_path / "w.duckdb"], check=True
    )
    answer = show(kernel, "select n from elsewhere")
    assert answer.previews[0]["page"]["rows"] == [[5]]
    # Another profile, another database.
    projects.write(kernel.project, projects.DUCKDB.format(path=tmp_path / "other.duckdb"))
    answer = kernel.cell("select n from elsewhere", "demo/models/alone", **model("alone"))
    assert "elsewhere does not exist" in answer.finished["error"]["message"]


def test_each_step_has_its_own_words_and_folder(kernel: Kernel, tmp_path: Path) -> None:
    show(kernel, "select 1 as first_one")
    here = tmp_path / "elsewhere"
    here.mkdir()
    kernel.cell(SET.format(f"os.chdir({str(here)!r})"), "moved", "custom")
    code = "{{ log('said by the second', info=True) }}select 2 as n"
    answer = show(kernel, code, "compile")
    assert "said by the second" in answer.stdout
    assert "said by the second" not in show(kernel, "select 3 as n").stdout
    assert len(keepers(kernel)) == 1


def test_a_job_that_dies_fails_its_step_only(kernel: Kernel) -> None:
    show(kernel, "select 1 as a")
    (keeper,) = keepers(kernel)
    message, job = begin(kernel)
    job.kill()
    answer = kernel.collect(message)
    assert "ended (-9) without an answer" in answer.finished["error"]["message"]
    assert show(kernel, "select 7 as a").previews[0]["page"]["rows"] == [[7]]
    assert keepers(kernel) == [keeper]
    keeper.kill()
    assert show(kernel, "select 8 as a").previews[0]["page"]["rows"] == [[8]]
    assert keepers(kernel) != [keeper]


def test_an_interrupt_of_the_kernel_spares_it(kernel: Kernel) -> None:
    show(kernel, "select 1 as a")
    (keeper,) = keepers(kernel)
    os.killpg(os.getpgid(kernel.manager.provisioner.pid), signal.SIGINT)
    show(kernel, "select 2 as a")
    assert keepers(kernel) == [keeper]


def test_it_ends_with_a_kernel_that_is_killed(kernel: Kernel) -> None:
    show(kernel, "select 1 as a")
    found = keepers(kernel)
    os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
    assert ended(*found)


def test_it_ends_when_it_was_idle_for_long(kernel: Kernel) -> None:
    kernel.cell(
        SET.format("from _mage_jlab_kernel.kernel_side.dbt import warm; warm.IDLE = 0.5"),
        "soon",
        "custom",
    )
    message, job = begin(kernel)
    (found,) = keepers(kernel)
    job.kill()
    kernel.collect(message)
    found.wait(20)  # gone, not only ended: no zombie is left
    assert show(kernel, "select 2 as a").previews[0]["page"]["rows"] == [[2]]


def test_nothing_of_a_profile_stays_when_all_is_killed(tmp_path: Path, dbt_python: str) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    around = {**os.environ, "TMPDIR": str(beside), "WAREHOUSE": "canary"}
    profile = projects.DUCKDB.format(path=tmp_path / "{{{{ env_var('WAREHOUSE') }}}}.duckdb")

    def left() -> list[Path]:
        return list(beside.glob("mage-jlab-dbt-of-*"))

    with running(tmp_path, dbt_python, env=around) as kernel:
        projects.write(kernel.project, profile.replace("{{{{", "{{").replace("}}}}", "}}"))
        kernel.start()
        _, job = begin(kernel)
        (place,) = left()
        assert "canary.duckdb" in (place / "profiles" / "profiles.yml").read_text()
        others = keepers(kernel)
        os.kill(kernel.manager.provisioner.pid, signal.SIGKILL)
        for process in (*others, job):
            process.kill()
        assert ended(*others, job)
        (place,) = left()
        files = [item for item in place.rglob("*") if item.is_file()]
        assert not [item for item in files if b"canary" in item.read_bytes()]
    os.utime(place, (0, 0))  # what is new may belong to somebody who has not locked it yet
    with running(tmp_path, dbt_python, env=around) as kernel:
        kernel.start()
        show(kernel, "select 1 as a")
        assert left() == [], "the next one clears up"


def test_without_an_answer_from_it_dbt_is_started_as_it_is_elsewhere(kernel: Kernel) -> None:
    kernel.cell(
        SET.format("from _mage_jlab_kernel.kernel_side.dbt import warm; warm._IGNORE = 'raise SystemExit(3)'"),
        "broken", "custom",
    )  # fmt: skip
    for number in (1, 2):
        answer = show(kernel, f"select {number} as a")
        assert answer.previews[0]["page"]["rows"] == [[number]]
    assert not keepers(kernel)
