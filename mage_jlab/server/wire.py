"""The types of the REST interface, declared once (D10).

Requests are validated against these, responses are encoded from these, the
OpenAPI document and the TypeScript types are generated from these. Times are
ISO 8601 in UTC. Fields of a request that may be left out have a default;
`UNSET` means "leave as it is" in a change.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Generic, Literal, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType

T = TypeVar("T")

BlockLanguage = str
Severity = Literal["error", "warning", "info"]
RunState = Literal[
    "queued", "running", "cancelling", "completed", "failed",
    "cancelled", "interrupted", "missed", "skipped",
]  # fmt: skip
StepState = Literal[
    "queued", "running", "completed", "failed",
    "upstream_failed", "skipped", "cancelled", "interrupted",
]  # fmt: skip
Direction = Literal["asc", "desc"]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Seconds = Annotated[float, Meta(ge=0, le=31_536_000)]


class Request(Struct, forbid_unknown_fields=True):
    """A request body: unknown fields are refused, so typing errors are seen."""


class Failure(Struct, omit_defaults=True):
    """What is wrong, in one sentence; its name; plain data that belongs to it."""

    message: str
    reason: str | None = None
    detail: dict[str, Any] | None = None


class Page(Struct, Generic[T]):
    """Some items, and the cursor of the next ones when there are more."""

    items: list[T]
    next: str | None = None


class BlockOutputs(Struct):
    """What a block published in its last interactive run: how it ended, nbformat outputs."""

    block: str
    state: dict[str, Any]
    outputs: list[dict[str, Any]]


class Filter(Request):
    """A condition on a column of a table; `null` and `notnull` take no value."""

    column: str
    op: Literal["contains", "eq", "ne", "lt", "le", "gt", "ge", "null", "notnull"]
    value: Any = None


class Health(Struct):
    """Whether the parts live.

    `scheduler` is starting | running | standby | failed | stopped.
    `products_bytes` is what the stored outputs and logs take. Of every block the newest
    `products_keep` executions in notebooks stay, within `products_limit` bytes; of every pipeline
    the newest `runs_keep` runs, while none of their blocks takes more than `runs_limit` bytes.
    """

    version: str
    scheduler: str
    scheduler_message: str | None
    database: str
    active_runs: int
    products_bytes: int | None = None
    products_keep: int | None = None
    products_limit: int | None = None
    runs_keep: int | None = None
    runs_limit: int | None = None


class Problem(Struct):
    """One thing that is wrong or odd in a project."""

    severity: Severity
    message: str
    pipeline: str | None = None
    block: str | None = None
    file: str | None = None
    line: int | None = None


class Project(Struct):
    """A project. `slug` is its id in URLs and drive paths; `id` its path below the root."""

    slug: str
    id: str
    name: str
    path: str
    pipelines: int
    problems: list[Problem] = []


class ProjectCreate(Request):
    """Make a project folder at `path`, relative to the server's root."""

    path: str
    example: bool = False


class PipelineSummary(Struct):
    """A pipeline in a list. `path` opens its notebook: ``mage:<project>/<pipeline>.ipynb``."""

    project: str
    slug: str
    id: str
    name: str
    type: str
    path: str
    blocks: int
    tags: list[str]
    description: str | None = None
    state: str | None = None
    last_run: str | None = None
    last_run_at: datetime | None = None
    next_fire: datetime | None = None
    problem: Problem | None = None


class OutputSummary(Struct):
    """One output of a step, in short."""

    name: str
    kind: str
    rows: int | None = None
    columns: int | None = None
    bytes: int | None = None


class Block(Struct):
    """A block of a pipeline. `source` is None when its file is missing or it has none."""

    slug: str
    id: str
    name: str
    type: str
    language: str
    role: str
    upstream: list[str]
    downstream: list[str]
    path: str | None
    source: str | None
    configuration: dict[str, Any]
    retry_config: dict[str, Any] | None = None
    timeout: float | None = None
    executor_type: str | None = None
    executor_config: dict[str, Any] | None = None
    color: str | None = None
    kernel: str | None = None
    used_in: list[str] = []
    """Other pipelines of the project that use the same file."""


class Pipeline(Struct):
    """A pipeline in full. `etag` goes into `If-Match` of a change."""

    project: str
    slug: str
    id: str
    name: str
    type: str
    path: str
    etag: str
    description: str | None
    tags: list[str]
    variables: dict[str, Any]
    kernel: str | None
    blocks: list[Block]
    problems: list[Problem]
    executor_type: str | None = None
    retry_config: dict[str, Any] | None = None
    concurrency: dict[str, Any] = {}


class PipelineCreate(Request):
    """Make a pipeline; `copy_of` (an id) duplicates one, `template` is one of the project."""

    name: Name
    type: str = "python"
    description: str | None = None
    copy_of: str | None = None
    template: str | None = None


class PipelineChange(Request):
    """Change a pipeline; a new `name` renames its folder too."""

    name: Name | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    tags: list[str] | UnsetType = UNSET
    variables: dict[str, Any] | UnsetType = UNSET
    kernel: str | UnsetType | None = UNSET
    executor_type: str | UnsetType | None = UNSET
    retry_config: dict[str, Any] | UnsetType | None = UNSET
    concurrency: dict[str, Any] | UnsetType = UNSET
    order: list[str] | UnsetType = UNSET
    """Ids of all entries of `blocks` in their new order."""


class BlockCreate(Request):
    """Add a block.

    `source` wins over `template`; `after` is a block id; `existing` (a path
    relative to the project) uses a file that is there already. `replica_of` runs the code of
    another block under a name, with inputs and settings, of its own.
    """

    name: Name
    type: str
    language: str = "python"
    template: str | None = None
    source: str | None = None
    existing: str | None = None
    upstream: list[str] = []
    after: str | None = None
    copy_of: str | None = None
    replica_of: str | None = None
    configuration: dict[str, Any] = {}


class BlockChange(Request):
    """Change a block; a new `name` renames its file in every pipeline that uses it."""

    name: Name | UnsetType = UNSET
    upstream: list[str] | UnsetType = UNSET
    configuration: dict[str, Any] | UnsetType = UNSET
    retry_config: dict[str, Any] | UnsetType | None = UNSET
    timeout: Seconds | UnsetType | None = UNSET
    executor_type: str | UnsetType | None = UNSET
    executor_config: dict[str, Any] | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    source: str | UnsetType = UNSET
    language: str | UnsetType = UNSET


class BlockTemplate(Struct):
    """A template for a new block."""

    id: str
    name: str
    type: str
    language: str
    description: str
    source: str
    configuration: dict[str, Any] = {}
    color: str | None = None
    own: bool = False
    """Whether it is a template of the project."""


class PipelineTemplate(Struct):
    """A template of the project for new pipelines."""

    id: str
    name: str
    description: str
    tags: list[str]
    blocks: int


class TemplateCreate(Request):
    """Save a pipeline (an id), or one block of it, as a template of the project."""

    name: Name
    pipeline: str
    block: str | None = None
    description: str = ""


class FormOption(Struct):
    """One choice of a field."""

    label: str
    value: Any


class FormField(Struct):
    """One input of a form: the variable it sets and how it looks.

    `input` is checkbox | code | dropdown_menu | switch | text_field; `types` are boolean | date |
    datetime | dictionary | float | integer | list | string. `width` is a share of its row.
    """

    variable: str
    label: str
    description: str | None
    input: str
    types: list[str]
    required: bool
    options: list[FormOption]
    multiline: bool
    number: bool
    language: str | None
    default: Any
    width: float


class Form(Struct):
    """A form for variables of a pipeline (an interaction); `block` is what it belongs to."""

    id: str
    block: str
    rows: list[list[FormField]]
    problem: str | None = None


class DataProduct(Struct):
    """A global data product. `words` says when it is made again.

    `state` is fresh | outdated | never (no complete run yet) | broken (its pipeline is not there).
    `settings` is block -> how many of the newest runs are handed on; 0 is all.
    """

    project: str
    id: str
    slug: str
    pipeline: str
    outdated_after: dict[str, float]
    outdated_starting_at: dict[str, int]
    settings: dict[str, int]
    words: str
    state: str
    last_run: str | None = None
    last_made: datetime | None = None
    due: datetime | None = None
    making: str | None = None
    """The run that makes it now."""


Partitions = dict[str, Annotated[int, Meta(ge=0, le=100_000)]]


class DbtModel(Struct):
    """A model or snapshot of a dbt project; paths are relative to `dbt/`.

    `upstream` are the models it refers to, `sources` the tables of blocks it reads, called
    `<pipeline>_<block>`.
    """

    project: str
    path: str
    name: str
    kind: str
    upstream: list[str]
    sources: list[str]


class DataProductCreate(Request):
    """Register the outputs of a pipeline (an id) as a global data product."""

    name: Name
    pipeline: str
    outdated_after: dict[str, float] = {}
    outdated_starting_at: dict[str, int] = {}
    settings: Partitions = {}


class DataProductChange(Request):
    """Change a global data product."""

    pipeline: str | UnsetType = UNSET
    outdated_after: dict[str, float] | UnsetType = UNSET
    outdated_starting_at: dict[str, int] | UnsetType = UNSET
    settings: Partitions | UnsetType = UNSET


class Trigger(Struct):
    """A trigger. `words` says in words when it fires.

    `ignored` names settings of Mage that are kept in the file and do nothing here.
    """

    id: str
    project: str
    pipeline: str
    name: str
    kind: str
    enabled: bool
    schedule: str | None
    zone: str
    variables: dict[str, Any]
    settings: dict[str, Any]
    missed: str
    overlap: str
    source: str
    words: str
    description: str | None = None
    start: datetime | None = None
    next_fire: datetime | None = None
    last_run: str | None = None
    last_state: str | None = None
    ignored: list[str] = []


class TriggerCreate(Request):
    """Make a trigger. `project` is a slug, `pipeline` an id."""

    project: str
    pipeline: str
    name: Name
    kind: Literal["schedule", "api"] = "schedule"
    schedule: str | None = None
    zone: str = "UTC"
    enabled: bool = True
    variables: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    missed: Literal["latest", "none", "all"] = "latest"
    overlap: Literal["skip", "queue", "allow", "replace"] = "skip"
    start: datetime | None = None
    description: str | None = None
    save_in_code: bool = False


class TriggerChange(Request):
    """Change a trigger. Editing never fires."""

    name: Name | UnsetType = UNSET
    schedule: str | UnsetType = UNSET
    zone: str | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    variables: dict[str, Any] | UnsetType = UNSET
    settings: dict[str, Any] | UnsetType = UNSET
    missed: Literal["latest", "none", "all"] | UnsetType = UNSET
    overlap: Literal["skip", "queue", "allow", "replace"] | UnsetType = UNSET
    start: datetime | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    save_in_code: bool | UnsetType = UNSET


class SchedulePreviewRequest(Request):
    """Ask what a schedule means before saving it."""

    schedule: str
    zone: str = "UTC"
    count: Annotated[int, Meta(ge=1, le=50)] = 5


class Fire(Struct):
    """A fire time: the instant, and the wall time in the schedule's zone."""

    utc: datetime
    wall: str


class SchedulePreview(Struct):
    """A schedule in words, its next fire times, and notes (clock changes)."""

    words: str
    fires: list[Fire]
    notes: list[str] = []


class Attempt(Struct):
    """One try of a block that was followed by another."""

    attempt: int
    state: StepState
    started: datetime | None
    ended: datetime | None
    error: str | None


class Step(Struct):
    """One block in one run: its newest attempt. `earlier` are the ones before, oldest first.

    `group` is the block of which the step is one child of many.
    """

    block: str
    slug: str
    name: str
    type: str
    language: str
    upstream: list[str]
    state: StepState
    attempt: int
    started: datetime | None
    ended: datetime | None
    error: str | None
    outputs: list[OutputSummary]
    earlier: list[Attempt] = []
    group: str | None = None


class RunSummary(Struct):
    """A run in a list. `usual` is the median duration of completed runs, in seconds."""

    id: str
    project: str
    pipeline: str
    state: RunState
    kind: str
    trigger: str | None
    trigger_name: str | None
    fire_time: datetime | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    error: str | None
    steps_total: int
    steps_done: int
    usual: float | None = None
    late: bool = False


class Run(Struct):
    """A run with its steps. `why` says why it is in its state, in words.

    `late`: it took or takes longer than the trigger's setting `sla` allows, counted from its
    fire time. `user` is `token` for whoever has but the server's token.
    """

    id: str
    project: str
    pipeline: str
    state: RunState
    kind: str
    trigger: str | None
    trigger_name: str | None
    fire_time: datetime | None
    created: datetime | None
    started: datetime | None
    ended: datetime | None
    error: str | None
    why: str | None
    variables: dict[str, Any]
    blocks: list[str] | None
    code_hash: str | None
    kernel: str | None
    cwd: str | None
    user: str | None
    retry_of: str | None
    steps: list[Step]
    late: bool = False


class RunCreate(Request):
    """Start a run. `project` is a slug, `pipeline` and `blocks` are ids."""

    project: str
    pipeline: str
    variables: dict[str, Any] = {}
    blocks: list[str] | None = None
    execution_date: datetime | None = None
    trigger: str | None = None


class RunRetry(Request):
    """Run again what did not complete, or a block and all below it."""

    from_block: str | None = None


class LogRecord(Struct):
    """One record of a step's log.

    `kind` is stream | display | error | system; `output` is the nbformat
    output it came from (rich outputs and errors).
    """

    time: datetime | None
    kind: str
    level: str
    text: str
    output: dict[str, Any] | None = None


class Log(Struct):
    """A piece of a step's log; `next` is the offset to continue at while it grows."""

    records: list[LogRecord]
    next: int
    complete: bool
    truncated: int = 0


class Column(Struct):
    """A column of a stored table; `kind` is number | text | time | boolean | other."""

    name: str
    type: str
    kind: str
    nulls: int | None = None


class ProductOutput(Struct):
    """One stored output of a block."""

    name: str
    kind: str
    type: str
    bytes: int
    rows: int | None = None
    columns: list[Column] = []
    media_type: str | None = None
    preview: str | None = None


class Product(Struct):
    """What one execution of a block stored. `scope` is interactive or a run id.

    `bytes` is what this execution takes on disk, its log included; `stored` what all executions
    of the block in this scope take.
    """

    project: str
    pipeline: str
    block: str
    scope: str
    version: str
    created: datetime
    duration: float
    outputs: list[ProductOutput]
    versions: list[str] = []
    bytes: int = 0
    stored: int = 0


class Rows(Struct):
    """A window of a table: `rows` are lists of plain values in column order.

    `total` counts the rows after the filter, `stored` all of them. Cells that
    were clipped are named as [row in window, column].
    """

    columns: list[Column]
    rows: list[list[Any]]
    offset: int
    total: int
    stored: int
    clipped: list[list[int]] = []


class Bin(Struct):
    """A bar of a small distribution: label and count."""

    label: str
    count: int


class ColumnStatistics(Struct):
    """What a column holds: nulls, distinct values, extremes, distribution."""

    name: str
    kind: str
    count: int
    nulls: int
    distinct: int | None
    minimum: Any = None
    maximum: Any = None
    mean: float | None = None
    bins: list[Bin] = []


class Statistics(Struct):
    """Statistics of every column of a table."""

    rows: int
    columns: list[ColumnStatistics]


class KernelStart(Struct):
    """Code that, executed once in a kernel, makes it run blocks of a pipeline."""

    code: str
    key: str
    """Changes when the code or the pipeline changes."""


class Requirement(Struct):
    """One requirement of a project: state is met | missing | other_version | unknown."""

    requirement: str
    state: str
    installed: str | None = None


class Requirements(Struct):
    """A project's requirements against a kernel's environment."""

    kernel: str
    items: list[Requirement]
    install_command: str | None = None
    message: str | None = None


class ImportRequest(Request):
    """Import triggers, variables and history from a Mage database file.

    It lies in the project, or is `path`, relative to the server's root.
    """

    path: str | None = None


class ImportResult(Struct):
    """What was taken over."""

    triggers: int
    runs: int
    variables: int
    notes: list[str] = []


class SecretCreate(Request):
    """Keep a secret for a project, or for one pipeline of it (its id)."""

    name: Name
    value: Annotated[str, Meta(min_length=1)]
    pipeline: str | None = None
    replace: bool = False
    """Whether a secret of that name may be there already."""


class Secret(Struct):
    """What may be known of a secret: never its value."""

    name: str
    slug: str
    pipeline: str | None
    """None: for the whole project."""
    changed: datetime


class ConnectorSetting(Struct):
    """One key of a connector; kind is text | number | secret | switch."""

    key: str
    label: str
    kind: str
    choices: list[str]


class Connector(Struct):
    """A connector that a profile may hold settings of."""

    id: str
    label: str
    testable: bool
    settings: list[ConnectorSetting]


class ConnectionValue(Struct):
    """One key of a profile: kind is text | env | secret | template | hidden.

    `text` is the value, or the name that is referred to; never a secret. `known` says of a
    reference whether there is such a variable or secret.
    """

    path: list[str]
    kind: str
    text: str | None
    secret: bool
    connector: str | None = None
    known: bool | None = None


class ConnectionProfile(Struct):
    """A profile of io_config.yaml, in the order of the file."""

    name: str
    values: list[ConnectionValue]


class Connections(Struct):
    """io_config.yaml as a form."""

    etag: str
    exists: bool
    problem: str | None
    """Why it can only be edited by hand."""
    profiles: list[ConnectionProfile]
    connectors: list[Connector]
    secrets: list[str]
    """Names of the project's secrets, to refer to."""


class ConnectionChange(Request):
    """What one key is to be: text, a reference (env, secret), or removed."""

    path: Annotated[list[Name], Meta(min_length=1, max_length=4)]
    kind: Literal["text", "env", "secret", "remove"]
    text: Annotated[str, Meta(max_length=10_000)] = ""


class ConnectionsChange(Request):
    """Change keys of a profile, or make one."""

    profile: Name
    changes: Annotated[list[ConnectionChange], Meta(max_length=200)] = []
    create: bool = False


class ConnectionTest(Request):
    """Try a connection; secrets of `pipeline` (its id) count when it is named."""

    connector: Name
    profile: Name = "default"
    kernel: Name | None = None
    pipeline: Name | None = None


class MissingPackage(Struct):
    """A package that a kernel's environment lacks."""

    package: str
    environment: str
    python: str
    wanted_by: str


class ConnectionTestResult(Struct):
    """How it went.

    `reason` is ok | settings | address | unreachable | password | database | missing_package |
    other.
    """

    ok: bool
    message: str
    reason: str
    seconds: float
    missing_package: MissingPackage | None = None


class ImportedBlock(Request):
    """What was changed of a proposed block; what is left out stays as proposed."""

    key: Annotated[str, Meta(max_length=10)]
    name: Name | None = None
    type: Name | None = None
    skip: bool | None = None
    upstream: Annotated[list[str], Meta(max_length=2000)] | None = None
    """Keys of the blocks above it, in the order of the inputs."""


class NotebookImport(Request):
    """A notebook (its path below the server's root) that is to become a pipeline."""

    path: Annotated[str, Meta(min_length=1, max_length=4000)]
    name: Name | None = None
    blocks: Annotated[list[ImportedBlock], Meta(max_length=2000)] = []
    etag: str | None = None
    """Of the notebook that was shown; another one is refused."""


class NotebookBlock(Struct):
    """A block that would be made of some cells. Nothing is made of it while `skip`."""

    key: str
    id: str
    name: str
    type: str
    skip: bool
    upstream: list[str]
    takes: list[str]
    gives: list[str]
    cells: list[int]
    code: str
    warnings: list[str]


class NotebookDraft(Struct):
    """The pipeline that a notebook would become."""

    name: str
    etag: str
    blocks: list[NotebookBlock]
    types: list[str]
