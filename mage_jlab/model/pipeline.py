"""A pipeline: its blocks and its settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mage_jlab.errors import BlockNotFound
from mage_jlab.ids import BlockId, PipelineId
from mage_jlab.model.block import Block

PIPELINE_TYPES = ("python", "pyspark", "streaming", "integration", "databricks")
RUNNABLE_TYPES = ("python", "pyspark")


@dataclass(frozen=True)
class Pipeline:
    """A pipeline as its file says.

    `blocks` holds every block in file order: the list ``blocks`` first, then
    callbacks, conditionals, widgets (charts) and extensions; `Block.role`
    tells them apart. `document` is the whole mapping of the file.
    """

    id: PipelineId
    name: str
    type: str = "python"
    description: str | None = None
    tags: tuple[str, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[Block, ...] = ()
    executor_type: str | None = None
    retry_config: Mapping[str, Any] | None = None
    concurrency: Mapping[str, Any] = field(default_factory=dict)
    kernel: str | None = None
    document: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Block]:
        return iter(self.blocks)

    def block(self, block_id: str) -> Block:
        """Return the block of that id.

        Raises:
            BlockNotFound: when the pipeline has none.
        """
        for block in self.blocks:
            if block.id == block_id:
                return block
        raise BlockNotFound(f"Pipeline '{self.id}' has no block '{block_id}'.", block=block_id)

    @property
    def ids(self) -> tuple[BlockId, ...]:
        """Return the ids of all blocks, in order."""
        return tuple(block.id for block in self.blocks)
