"""The connections of a project: ``io_config.yaml`` as a form, and trying them."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import Future
from typing import Any

import msgspec

from mage_jlab.files.connections import Connections, Edit, Value
from mage_jlab.model.connectors import CONNECTORS
from mage_jlab.model.project import Project
from mage_jlab.server import lookup, wire
from mage_jlab.server.base import MageHandler, operation

CONNECTIONS = "mage_connections"


class ConnectionsHandler(MageHandler):
    """The profiles of a project."""

    @operation("read", CONNECTIONS, answer=wire.Connections, errors=(404, 422, 503))
    def get(self, project: str) -> wire.Connections:
        """Read the profiles of io_config.yaml; what is secret is left out."""
        of = lookup.project(self.engine, project)
        return self._shown(of, self.engine.workspace.connections(of))

    @operation(
        "write",
        CONNECTIONS,
        answer=wire.Connections,
        body=wire.ConnectionsChange,
        errors=(404, 409, 412, 422, 428, 503),
        matches=True,
    )
    def patch(self, project: str) -> wire.Connections:
        """Change keys of a profile, or make a profile; anything else in the file stays."""
        of = lookup.project(self.engine, project)
        etag = self.match()
        wanted = self.read(wire.ConnectionsChange)
        edits = [Edit(tuple(item.path), item.kind, item.text) for item in wanted.changes]
        found = self.engine.workspace.change_connections(
            of, wanted.profile, edits, create=wanted.create, etag=etag
        )
        self.app.tell("project", of)
        return self._shown(of, found)

    def _shown(self, of: Project, found: Connections) -> wire.Connections:
        names = [item.name for item in self.engine.secrets(of).names() if item.pipeline is None]
        return wire.Connections(
            etag=found.etag,
            exists=found.exists,
            problem=found.problem,
            profiles=[
                wire.ConnectionProfile(
                    profile.name, [_value(value, set(names)) for value in profile.values]
                )
                for profile in found.profiles
            ],
            connectors=[
                wire.Connector(
                    item.id,
                    item.label,
                    item.testable,
                    [
                        wire.ConnectorSetting(s.key, s.label, s.kind, list(s.choices))
                        for s in item.settings
                    ],
                )
                for item in CONNECTORS
            ],
            secrets=names,
        )


class ConnectionTestHandler(MageHandler):
    """Trying one connection."""

    _trying: Future[dict[str, Any]] | None = None

    @operation(
        "execute",
        CONNECTIONS,
        answer=wire.ConnectionTestResult,
        body=wire.ConnectionTest,
        errors=(404, 422, 503),
    )
    async def post(self, project: str) -> None:
        """Try a connection in a kernel of the project; hanging up ends the trial."""
        self._trying = await self.aside(self._begin, project)
        try:
            said = await asyncio.wrap_future(self._trying)
        except asyncio.CancelledError:
            if not self._trying.cancelled():
                raise
            return  # nobody listens any more
        self.send(msgspec.json.encode(msgspec.convert(said, wire.ConnectionTestResult)))

    def _begin(self, project: str) -> Future[dict[str, Any]]:
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.ConnectionTest)
        pipeline = wanted.pipeline and lookup.named_pipeline(self.engine, of, wanted.pipeline)
        return self.engine.try_connection(
            of,
            wanted.profile,
            wanted.connector,
            pipeline=pipeline or "",
            kernel=wanted.kernel,
            anywhere=self.app.test_any_address,
        )

    def on_connection_close(self) -> None:
        """Give the trial up: who asked has gone."""
        if self._trying is not None:
            self._trying.cancel()
        super().on_connection_close()


def _value(value: Value, secrets: set[str]) -> wire.ConnectionValue:
    known = None
    if value.kind == "env":
        known = str(value.text) in os.environ
    elif value.kind == "secret":
        known = value.text in secrets or str(value.text) in os.environ
    return wire.ConnectionValue(
        list(value.path), value.kind, value.text, value.secret, value.connector, known
    )
