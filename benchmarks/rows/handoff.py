"""A table of 10 million rows and 8 columns on its way to the next block and to the disk."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks import measure, work
from benchmarks.measure import Sample
from benchmarks.peers.mage import Mage
from benchmarks.peers.notebooks import papermill
from benchmarks.row import OURS, Once, Row, Side
from benchmarks.stage import Server, Stage, fresh, seconds

_ROWS = {False: 10_000_000, True: 100_000}


def _moment(file: Path) -> float:
    return float(file.read_text().split()[0])


def _gap(folder: Path, *users: str) -> float:
    return max(_moment(folder / f"{name}_began") for name in users) - _moment(folder / "load_ended")


def _remove(server: Server, run: str) -> None:
    """Make room: a run of ten million rows keeps half a gigabyte."""
    server.ask("DELETE", f"runs/{run}")


@contextlib.contextmanager
def same_kernel(stage: Stage, kind: str, kernel: str | None = None) -> Iterator[Once]:
    stage.pipeline("handoff", work.handoff(stage.out, _ROWS[stage.quick], kind))
    if kernel is not None:
        with (stage.project / "pipelines" / "handoff" / "metadata.yaml").open("a") as file:
            file.write(f"executor_config: {{kernel_name: {kernel}}}\n")
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            cpu = server.cpu()
            _, run = server.run("handoff")
            server.ended(run, 0.1)
            _remove(server, run)
            return Sample(_gap(stage.out, "h_use"), server.cpu() - cpu)

        yield once


@contextlib.contextmanager
def pandas_two(stage: Stage) -> Iterator[Once]:
    """The same in a kernel whose environment has pandas 2; it is made on the spot."""
    home = stage.folder / "pandas2"
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    words = ["-m", "pip", "install", "--quiet", "ipykernel", "pandas<3", "pyarrow"]
    subprocess.run([str(home / "bin" / "python"), *words], check=True)
    spec = stage.folder / "data" / "kernels" / "pandas2"
    spec.mkdir(parents=True)
    launch = [str(home / "bin" / "python"), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    facts = {"argv": launch, "display_name": "pandas 2", "language": "python"}
    (spec / "kernel.json").write_text(json.dumps(facts))
    with same_kernel(stage, "pandas", "pandas2") as once:
        yield once


@contextlib.contextmanager
def other_kernel(stage: Stage) -> Iterator[Once]:
    rows = _ROWS[stage.quick]
    stage.pipeline("handoff2", work.handoff(stage.out, rows, beside=True))
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            cpu = server.cpu()
            _, run = server.run("handoff2")
            server.ended(run, 0.1)
            _remove(server, run)
            users = "h_use", "h_use_too"
            pids = {(stage.out / f"{name}_began").read_text().split()[1] for name in users}
            if len(pids) != 2:
                raise RuntimeError("Both blocks were given to one kernel.")
            return Sample(_gap(stage.out, *users), server.cpu() - cpu)

        yield once


@contextlib.contextmanager
def mage(stage: Stage) -> Iterator[Once]:
    peer = Mage(stage)
    out = fresh(peer.folder / "out")
    peer.pipeline("handoff", work.handoff(out, _ROWS[stage.quick]))

    def once() -> Sample:
        return Sample(-1, peer.run("handoff").cpu)

    def gap() -> Sample:
        cpu = once().cpu
        return Sample(_gap(out, "h_use"), cpu)

    yield gap


@contextlib.contextmanager
def by_hand(stage: Stage) -> Iterator[Once]:
    """Two cells of one kernel: nothing is kept, nothing is handed over."""
    out = fresh(stage.folder / "papermill-out")
    body = "".join(
        line[4:] + "\n" for line in work.FRAME.format(n=_ROWS[stage.quick]).split("\n") if line
    )
    cells = [
        f"import time\n{body}open({str(out / 'load_ended')!r}, 'w').write(str(time.time()))",
        f"open({str(out / 'h_use_began')!r}, 'w').write(str(time.time()))\n{work.USE.strip()}",
    ]
    with papermill(stage, "handoff", cells) as run:

        def once() -> Sample:
            cpu = run().cpu
            return Sample(_gap(out, "h_use"), cpu)

        yield once


@contextlib.contextmanager
def durable(stage: Stage) -> Iterator[Once]:
    """From the loader's last line to its manifest on the disk."""
    blocks = work.handoff(stage.out, _ROWS[stage.quick])
    stage.pipeline("keep", {"h_load": blocks["h_load"]})
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            cpu = server.cpu()
            _, run = server.run("keep")
            ended = seconds(server.ended(run, 0.1)["ended"])
            _remove(server, run)
            return Sample(ended - _moment(stage.out / "load_ended"), server.cpu() - cpu)

        yield once


@contextlib.contextmanager
def memory(stage: Stage) -> Iterator[Once]:
    """Peak memory of the run's kernel, over that of a script that makes the same frame."""
    blocks = work.handoff(stage.out, _ROWS[stage.quick])
    stage.pipeline("keep", {"h_load": blocks["h_load"]})
    script = stage.folder / "frame.py"
    code = blocks["h_load"][1].replace("    return df\n", "") + "load()\n"
    script.write_text(code)
    with stage.server() as server:
        server.ready()

        def once() -> Sample:
            process = subprocess.Popen([sys.executable, str(script)])
            measure._started.add(process.pid)
            with measure.peak_memory(process.pid) as plain:
                process.wait()
            idle = measure.tree_memory(server.process.pid)
            with measure.peak_memory(server.process.pid) as ours:
                _, run = server.run("keep")
                server.ended(run, 0.1)
            _remove(server, run)
            return Sample((ours[0] - idle) / plain[0])

        yield once


def _row(kind: str, title: str, limit: float, *more: Side) -> Row:
    target = f"≤ {limit * 1000:.0f} ms"
    ours = Side(OURS, lambda stage: same_kernel(stage, kind))
    recorded = "mage 6.0 s, dagster 1.9 s, prefect persisted 13.4 s; one kernel by hand 0.017 s"
    return Row(
        f"handoff-{kind}", f"10 M × 8 {title} to the next block, same kernel", target,
        (ours, *more), limit=limit, repeat=3, recorded=recorded,
    )  # fmt: skip


PANDAS = _row(
    "pandas", "pandas DataFrame", 0.05,
    Side("mage run", mage, most=2, warm=False, peer="mage-ai"),
    Side("papermill (by hand)", by_hand, most=2, warm=False, peer="papermill"),
)  # fmt: skip
POLARS = _row("polars", "polars DataFrame", 0.05)
ARROW = _row("arrow", "Arrow table", 0.05)
PANDAS_TWO = Row(
    "handoff-pandas2",
    "10 M × 8 pandas 2 DataFrame to the next block, same kernel",
    "≤ 250 ms",
    (Side(OURS, pandas_two),),
    limit=0.25,
    repeat=3,
    recorded="mage 6.0 s",
)
OTHER_KERNEL = Row(
    "handoff-other",
    "10 M × 8 pandas DataFrame to the next block, other kernel",
    "≤ 1.5 s",
    (Side(OURS, other_kernel),),
    limit=1.5,
    repeat=3,
    recorded="dagster multiprocess 4.1 s",
)
DURABLE = Row(
    "durable",
    "10 M × 8 product durable after the block returned (run completed)",
    "≤ 4 s",
    (Side(OURS, durable),),
    limit=4,
    repeat=3,
)
MEMORY = Row(
    "memory",
    "peak memory of that, over a plain pandas script",
    "≤ 1.6 ×",
    (Side(OURS, memory, warm=False),),
    limit=1.6,
    unit="×",
    repeat=2,
    recorded="mage 2.5 GB peak",
)
