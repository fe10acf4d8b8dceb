"""Runs: list, start, read, cancel, retry, delete; the log of a step."""

from __future__ import annotations

from mage_jlab.errors import BadRequest, BlockNotFound
from mage_jlab.ids import BlockId, find
from mage_jlab.model.run import RUN_STATES
from mage_jlab.server import lookup, views, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation

RUNS = "mage_runs"


class RunsHandler(MageHandler):
    """All runs."""

    @operation(
        "read",
        RUNS,
        answer=wire.Page[wire.RunSummary],
        query=(
            Query("project", str, "slug of a project"),
            Query("pipeline", str, "id of a pipeline"),
            Query("state", str, "a state of runs"),
            Query("trigger", str, "id of a trigger"),
            *PAGING,
        ),
        errors=(404,),
    )
    def get(self) -> wire.Page[wire.RunSummary]:
        """List runs, newest first."""
        wanted, state = self.text("project"), self.text("state")
        if state is not None and state not in RUN_STATES:
            raise BadRequest(f"'{state}' is no state of a run.", path="state")
        of = lookup.project(self.engine, wanted) if wanted else None
        found, following = self.engine.runs.list(
            project=None if of is None else of.id,
            pipeline=self.text("pipeline"),
            state=state,
            trigger=self.text("trigger"),
            limit=self.integer("limit", 50, least=1, most=200),
            cursor=self.text("cursor"),
        )
        return views.run_page(self.engine, found, following)

    @operation(
        "execute",
        RUNS,
        answer=wire.Run,
        body=wire.RunCreate,
        status=202,
        errors=(404, 409, 422),
    )
    def post(self) -> wire.Run:
        """Start a run; the header Idempotency-Key makes repeating it harmless."""
        wanted = self.read(wire.RunCreate)
        self.sized(wanted.variables)
        key = self.request.headers.get("Idempotency-Key")
        if key is not None and not 0 < len(key) <= 200:
            raise BadRequest("The header Idempotency-Key must have 1 to 200 characters.")
        of = lookup.project(self.engine, wanted.project)
        identity = lookup.named_pipeline(self.engine, of, wanted.pipeline)
        if wanted.blocks is not None:
            loaded = self.engine.workspace.load(of, identity)
            for block in wanted.blocks:
                loaded.block(block)
        trigger = self.engine.triggers.get(wanted.trigger) if wanted.trigger else None
        run = self.engine.submit(
            of.id,
            identity,
            variables=wanted.variables,
            blocks=wanted.blocks,
            trigger=trigger,
            execution_date=lookup.aware(wanted.execution_date),
            user=self.user,
            idempotency_key=key,
        )
        return views.run(run)


class RunHandler(MageHandler):
    """One run."""

    @operation("read", RUNS, answer=wire.Run, errors=(404,))
    def get(self, run: str) -> wire.Run:
        """Read a run with its steps."""
        found = self.engine.runs.get(run)
        return views.run(found, self.engine.runs.earlier(found.id))

    @operation("write", RUNS, status=204, errors=(404, 409))
    def delete(self, run: str) -> None:
        """Delete a finished run with its logs and products."""
        self.engine.delete_run(self.engine.runs.get(run).id)


class CancelHandler(MageHandler):
    """Cancelling a run."""

    @operation("execute", RUNS, answer=wire.Run, status=202, errors=(404, 409))
    def post(self, run: str) -> wire.Run:
        """Cancel a run; it is cancelled when its processes have ended."""
        return views.run(self.engine.cancel(self.engine.runs.get(run).id))


class RetryHandler(MageHandler):
    """Running again what did not complete."""

    @operation(
        "execute",
        RUNS,
        answer=wire.Run,
        body=wire.RunRetry,
        status=202,
        errors=(404, 409, 422),
    )
    def post(self, run: str) -> wire.Run:
        """Run again what did not complete, or a block and all below it."""
        found = self.engine.runs.get(run)
        wanted = self.read(wire.RunRetry)
        if wanted.from_block is not None and wanted.from_block not in [
            step.block for step in found.steps
        ]:
            raise BlockNotFound("That run has no such step.", block=wanted.from_block)
        return views.run(self.engine.retry(found.id, from_block=wanted.from_block))


class LogHandler(MageHandler):
    """The log of a step."""

    @operation(
        "read",
        RUNS,
        answer=wire.Log,
        query=(Query("offset", int, "the `next` of the piece before"),),
        errors=(404,),
    )
    def get(self, run: str, step: str) -> wire.Log:
        """Read what a step printed, displayed and raised."""
        found = self.engine.runs.get(run)
        block = find(step, [BlockId(item.block) for item in found.steps])
        if block is None:
            raise BlockNotFound("That run has no such step.")
        offset = self.integer("offset", 0)
        records, following, complete, truncated = self.engine.step_log(found.id, block, offset)
        return wire.Log([views.record(item) for item in records], following, complete, truncated)
