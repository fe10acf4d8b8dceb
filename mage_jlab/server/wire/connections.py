"""Connectors and the profiles of io_config.yaml."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from mage_jlab.server.wire.envelope import Name, Request


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
