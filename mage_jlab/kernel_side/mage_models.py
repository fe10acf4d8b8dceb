"""Classes of Mage that blocks look at or derive from: settings, pipelines, streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Block:
    """A block of a pipeline, as its file says."""

    uuid: str
    name: str
    type: str
    language: str = "python"
    configuration: dict[str, Any] = field(default_factory=dict)
    upstream_block_uuids: list[str] = field(default_factory=list)
    pipeline: Any = field(default=None, repr=False)

    def get_outputs(self, execution_partition: Any = None, **_kwargs: Any) -> list[Any]:
        """Return the stored outputs of the block: the notebook's, or a run's by its partition."""
        found: list[Any] = self.pipeline.outputs_of(self.uuid, execution_partition)
        return found


class BaseStream:
    """What sources and sinks written in Python have in common."""

    def __init__(self, **kwargs: Any) -> None:
        """Keep what it was given."""
        self.kwargs = kwargs

    def init_client(self) -> None:
        """Connect; called once before the first message."""


class BasePythonSource(BaseStream):
    """A source of messages written in Python."""

    def read(self, handler: Callable[..., Any]) -> None:
        """Call the handler with each message."""

    def batch_read(self, handler: Callable[..., Any]) -> None:
        """Call the handler with lists of messages."""


class BasePythonSink(BaseStream):
    """A sink of messages written in Python."""

    def batch_write(self, messages: list[dict[str, Any]]) -> None:
        """Write a list of messages."""


def classes(
    ask: Callable[..., Any], outputs: Callable[..., list[Any]], root: Callable[[], Path]
) -> dict[str, Any]:
    """Return `RepoConfig` and `Pipeline` by their names; they ask the engine.

    `ask` is a call over the host channel, `outputs` reads those of a block, `root` says where the
    project is.
    """

    class RepoConfig:
        """The settings of the project (``metadata.yaml``), each by its name."""

        def __init__(self, repo_path: str | None = None, **_kwargs: Any) -> None:
            """Read the settings of this kernel's project."""
            self.repo_path = repo_path or str(root())
            self.config: dict[str, Any] = dict(ask("settings") or {})

        def __getattr__(self, name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            return self.__dict__.get("config", {}).get(name)

        def to_dict(self, **_kwargs: Any) -> dict[str, Any]:
            """Return all settings."""
            return dict(self.config)

    class Pipeline:
        """A pipeline of this project, as its file says; it cannot be changed through this."""

        def __init__(self, uuid: str, **_kwargs: Any) -> None:
            """Read the pipeline.

            Raises:
                HostError: when there is none of that name.
            """
            said: Mapping[str, Any] = ask("pipeline", pipeline=uuid)
            self.uuid = uuid
            self.name = said["name"]
            self.type = said["type"]
            self.description = said["description"]
            self.tags = list(said["tags"])
            self.variables = dict(said["variables"])
            self.blocks_by_uuid = {
                item["uuid"]: Block(**item, pipeline=self) for item in said["blocks"]
            }
            self.block_uuids = list(self.blocks_by_uuid)

        @classmethod
        def get(cls, uuid: str, check_if_exists: bool = False, **_kwargs: Any) -> Any:
            """Return the pipeline; with `check_if_exists` None when there is none."""
            if check_if_exists and uuid not in ask("pipelines"):
                return None
            return cls(uuid)

        @classmethod
        def get_all_pipelines(cls, *_args: Any, **_kwargs: Any) -> list[str]:
            """Return the names of all pipelines."""
            return list(ask("pipelines"))

        def get_block(self, block_uuid: str, *_args: Any, **_kwargs: Any) -> Block | None:
            """Return a block, None when there is none of that name."""
            return self.blocks_by_uuid.get(block_uuid)

        def outputs_of(self, block_uuid: str, partition: Any = None) -> list[Any]:
            """Return the stored outputs of a block."""
            return outputs(self.uuid, block_uuid, partition)

    return {"RepoConfig": RepoConfig, "get_repo_config": RepoConfig, "Pipeline": Pipeline}
