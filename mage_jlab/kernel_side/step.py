"""One execution of a block in this kernel, and the context it happens in."""

from __future__ import annotations

import contextvars
import datetime
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mage_jlab.kernel_side.wire import DATED, HostChannel, code_hash
from mage_jlab.products import places
from mage_jlab.products.execution import Execution
from mage_jlab.products.record import Recorder

if TYPE_CHECKING:
    from mage_jlab.kernel_side.product import Product

PYTHON = "python"
RAW = frozenset({"scratchpad"})
NEVER = frozenset({"markdown"})


@dataclass
class Context:
    """What this kernel works for: a pipeline of a project, a scope, variables."""

    key: str
    project: str
    project_slug: str
    root: Path
    pipeline: str
    pipeline_slug: str
    scope: str
    store: Path
    cwd: str | None = None
    parent_on_path: bool = True
    aliases: tuple[str, ...] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    env: str = "dev"
    execution_date: str | None = None
    trigger: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] | None = None
    sources: Path | None = None
    channel: HostChannel | None = None
    mage_data: tuple[Path, ...] = ()
    """Where Mage itself left outputs of this project's blocks."""
    limits: dict[str, Any] = field(default_factory=dict)
    spark: dict[str, Any] = field(default_factory=dict)
    """Spark's settings; whether they are set at all, whether the pipeline is one of Spark."""
    ours: dict[str, Any] = field(default_factory=dict)
    """Interpreter and import path of mage-jlab's own environment."""
    one_process: bool = False
    """Whether all blocks of a run share one process, and what they leave in ``context``."""
    shared: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What blocks of this run left in their ``context`` in this kernel."""

    @property
    def interactive(self) -> bool:
        """Whether a person runs cells here, rather than the engine a plan."""
        return self.run is None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Context:
        """Read a context from the JSON of the start code."""
        channel = data.get("channel")
        return cls(
            key=str(data.get("key", "")),
            project=str(data["project"]),
            project_slug=str(data["project_slug"]),
            root=Path(data["root"]),
            pipeline=str(data["pipeline"]),
            pipeline_slug=str(data["pipeline_slug"]),
            scope=str(data.get("scope") or "interactive"),
            store=Path(data["store"]),
            cwd=data.get("cwd"),
            parent_on_path=bool(data.get("parent_on_path", True)),
            aliases=tuple(data.get("aliases") or ()),
            variables=_dated(data.get("variables") or {}),
            env=str(data.get("env") or "dev"),
            execution_date=data.get("execution_date"),
            trigger=dict(data.get("trigger") or {}),
            run=data.get("run"),
            sources=Path(data["sources"]) if data.get("sources") else None,
            channel=HostChannel(channel["address"], channel["token"]) if channel else None,
            mage_data=tuple(Path(item) for item in data.get("mage_data") or ()),
            limits=dict(data.get("limits") or {}),
            spark=dict(data.get("spark") or {}),
            ours=dict(data.get("ours") or {}),
            one_process=bool(data.get("one_process")),
        )


def _dated(value: Any) -> Any:
    """Return variables with the dates and times that were marked in them."""
    if isinstance(value, list):
        return [_dated(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() != {DATED}:
        return {key: _dated(item) for key, item in value.items()}
    text = str(value[DATED])
    kind = datetime.datetime if "T" in text else datetime.date
    return kind.fromisoformat(text)


@dataclass
class Step:
    """A block that is being executed because of one execute request."""

    context: Context
    request: Mapping[str, Any]
    block: str
    name: str
    type: str
    language: str
    role: str
    upstream: tuple[str, ...]
    configuration: dict[str, Any]
    options: dict[str, Any]
    path: str | None
    code: str
    version: str
    started: datetime.datetime
    clock: float
    execution: Execution | None = None
    recorder: Recorder | None = None
    tree: Any = None
    problem: BaseException | None = None
    """Found before the block could run; raised when it would."""
    entered: bool = False
    state: str = "running"
    outputs: list[dict[str, Any]] = field(default_factory=list)
    tests: list[dict[str, Any]] = field(default_factory=list)
    error: dict[str, Any] | None = None
    reply: dict[str, Any] | None = None
    """What the execute reply is to say when the block failed."""
    result: Any = None
    """What a condition said, for the engine."""
    gathered: list[list[Any]] | None = None
    """The outputs of its children so far, while a notebook runs one after the other."""
    filename: str = "<block>"
    product: Product | None = None
    """What it left, while that is on its way to the disk."""
    settled: bool = False
    """Whether nothing is on its way any more: it is on disk, or lost."""
    lost: dict[str, Any] | None = None
    """Why its product could not be stored."""
    ended_after: float | None = None
    """Seconds from start to end, once it has ended."""
    shared: dict[str, Any] = field(default_factory=dict)
    """What its functions left in ``context``, where that ends with the execution."""

    def fail(self, error: dict[str, Any]) -> None:
        """Note that the block ended badly; whoever interrupts a notebook's block knows why."""
        self.error = error
        interrupted = self.context.interactive and error["name"] == "KeyboardInterrupt"
        self.state = "interrupted" if interrupted else "failed"

    @property
    def raw(self) -> bool:
        """Whether the cell runs as it is, in the notebook's own namespace."""
        return self.type in RAW and self.language == PYTHON

    @property
    def tests_only(self) -> bool:
        """Whether only the tests are to run, on stored outputs."""
        return self.options.get("tests") == "only"

    @property
    def code_hash(self) -> str:
        """Return the hash of the text that runs."""
        return code_hash(self.code)

    def duration(self) -> float:
        """Return the seconds since the start."""
        return round(time.monotonic() - self.clock, 6)


current: contextvars.ContextVar[Step | None] = contextvars.ContextVar("mage_step", default=None)


def of_request(context: Context, request: Mapping[str, Any], code: str) -> Step | None:
    """Return the step that an execute request asks for, or None for an ordinary cell."""
    mage = (request.get("metadata") or {}).get("mage")
    if not isinstance(mage, Mapping) or not mage.get("uuid") or mage.get("type") in NEVER:
        return None
    options = dict(mage.get("options") or {})
    started = datetime.datetime.now(datetime.timezone.utc)
    version = options.get("version")
    if not (isinstance(version, str) and places.is_version(version)):
        version = places.new_version(started)
    return Step(
        context=context,
        request=request,
        block=str(mage["uuid"]),
        name=str(mage.get("name") or mage["uuid"]),
        type=str(mage.get("type") or "custom"),
        language=str(mage.get("language") or PYTHON),
        role=str(mage.get("role") or "block"),
        upstream=tuple(str(item) for item in mage.get("upstream") or ()),
        configuration=dict(mage.get("configuration") or {}),
        options=options,
        path=mage.get("path"),
        code=code,
        version=version,
        started=started,
        clock=time.monotonic(),
    )
