"""Reading a project: pipelines, block sources, content hashes, who uses which file."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mage_jlab import clock
from mage_jlab.errors import BrokenFile, MageError, OutsideProject, PipelineNotFound
from mage_jlab.files import block_source, pipeline_yaml, places, yaml_load
from mage_jlab.ids import PipelineId, find
from mage_jlab.model.block import Block
from mage_jlab.model.pipeline import Pipeline
from mage_jlab.model.project import Project

_CACHED = 500
_USERS_SECONDS = 2.0


class Reader:
    """Reads projects below a root. Documents are remembered by the hash of their bytes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._documents: dict[bytes, dict[Any, Any]] = {}
        self._lines: dict[bytes, dict[str, int]] = {}
        self._users: dict[Path, tuple[float, dict[str, list[PipelineId]]]] = {}

    def forget(self, project: Project) -> None:
        """Drop what is remembered of a project after a change."""
        self._users.pop(project.root, None)

    def lookup(self, project: Project) -> block_source.Lookup:
        """Return where blocks' files may lie: the parent only when it is below the root."""
        parent = project.root.parent
        allowed = project.root != self.root and places.is_inside(parent, self.root)
        folders = [project.root, parent] if allowed else [project.root]
        platform = any((folder / places.SETTINGS).is_file() for folder in folders)
        return block_source.Lookup(project.root, parent if allowed else None, platform)

    def pipelines(self, project: Project) -> list[PipelineId]:
        """Return the ids of the pipelines: folders with a definition, broken ones too."""
        folder = places.pipelines_folder(project.root)
        try:
            with os.scandir(folder) as entries:
                names = sorted(
                    entry.name
                    for entry in entries
                    if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
                )
        except OSError:
            return []
        return [PipelineId(name) for name in names if self._listed(project, name)]

    @staticmethod
    def _listed(project: Project, name: str) -> bool:
        try:
            name.encode("utf-8")
            return places.pipeline_file(project.root, name).is_file()
        except (OutsideProject, UnicodeEncodeError, OSError):
            return False

    def resolve(self, project: Project, pipeline_id: str) -> PipelineId:
        """Return the id of a pipeline given by its id or slug.

        Raises:
            PipelineNotFound: when there is none.
        """
        wanted = PipelineId(pipeline_id)
        try:
            if places.pipeline_file(project.root, pipeline_id).is_file() and self._named(
                project, pipeline_id
            ):
                return wanted
        except (OutsideProject, ValueError, OSError):
            pass
        match = find(pipeline_id, self.pipelines(project))
        if match is None:
            raise PipelineNotFound(
                f"Project '{project.name}' has no pipeline '{pipeline_id[:200]}'.",
                pipeline=pipeline_id[:200],
            )
        return match

    @staticmethod
    def _named(project: Project, pipeline_id: str) -> bool:
        """Whether the folder has this very name (file systems may ignore case)."""
        folder = places.pipelines_folder(project.root)
        link = folder / pipeline_id
        return not link.is_symlink() and pipeline_id in os.listdir(folder)  # noqa: PTH208  # names only

    def data(self, project: Project, pipeline_id: str) -> bytes:
        """Return the bytes of a pipeline's file."""
        known = self.resolve(project, pipeline_id)
        try:
            file = places.pipeline_file(project.root, known)
            return places.read_bytes(file, yaml_load.MAX_BYTES)
        except FileNotFoundError as error:
            raise PipelineNotFound(f"Pipeline '{known}' has just been removed.") from error
        except OSError as error:
            raise BrokenFile(
                f"{self.name(known)} cannot be read: {error.strerror}.", file=self.name(known)
            ) from error

    @staticmethod
    def name(pipeline_id: str) -> str:
        """Return the file of a pipeline, relative to the project."""
        return f"{places.PIPELINES}/{pipeline_id}/{places.METADATA}"

    def document(self, data: bytes, file: str) -> dict[Any, Any]:
        """Return the document of a pipeline's file; it must not be changed."""
        digest = hashlib.sha256(data).digest()
        found = self._documents.get(digest)
        if found is None:
            found = yaml_load.load_mapping(yaml_load.decode(data, file), file)
            with self._lock:
                if len(self._documents) >= _CACHED:
                    self._documents.pop(next(iter(self._documents)))
                self._documents[digest] = found
        return found

    def lines(self, data: bytes, file: str) -> dict[str, int]:
        """Return uuid of a block -> the line its entry begins at."""
        digest = hashlib.sha256(data).digest()
        known = self._lines.get(digest)
        if known is None:
            found = _lines(data, file)
            with self._lock:
                if len(self._lines) >= _CACHED:
                    self._lines.pop(next(iter(self._lines)))
                self._lines[digest] = found
            return found
        return known

    def load(self, project: Project, pipeline_id: str) -> Pipeline:
        """Return a pipeline.

        Raises:
            PipelineNotFound: when there is none.
            BrokenFile: when its file cannot be read; `detail` says the line.
        """
        known = self.resolve(project, pipeline_id)
        document = self.document(self.data(project, known), self.name(known))
        return self.built(project, known, document)

    def built(self, project: Project, pipeline_id: str, document: dict[Any, Any]) -> Pipeline:
        """Return the pipeline of a document; its kernel may come from the project."""
        pipeline = pipeline_yaml.build(document, pipeline_id, self.lookup(project))
        fallback = project.settings.get("kernel_name")
        if pipeline.kernel is None and isinstance(fallback, str) and fallback:
            return dataclasses.replace(pipeline, kernel=fallback)
        return pipeline

    def text(self, project: Project, block: Block) -> block_source.Text | None:
        """Return a block's file as it is, or None when there is none.

        Raises:
            BrokenFile: when it is no text.
        """
        if block.path is None:
            return None
        try:
            path = self.lookup(project).real(block.path)
        except OutsideProject:
            return None
        return block_source.read(path, block.path)

    def source(self, project: Project, block: Block) -> str | None:
        """Return a block's source, normalised, or None when it has none."""
        found = self.text(project, block)
        if found is not None:
            return block_source.normal(found.text)
        content = block.entry.get("content")
        return block_source.normal(content) if isinstance(content, str) and content else None

    def etag(self, project: Project, pipeline_id: str) -> str:
        """Return the hash of a pipeline's file and of the sources of its blocks."""
        known = self.resolve(project, pipeline_id)
        data = self.data(project, known)
        total = hashlib.sha256(data)
        pipeline = self.built(project, known, self.document(data, self.name(known)))
        lookup = self.lookup(project)
        for block in pipeline:
            total.update(f"\0{block.id}\0{block.path}\0".encode("utf-8", "surrogatepass"))
            if block.path is not None:
                total.update(_digest(lookup, block.path))
        return total.hexdigest()

    def users(self, project: Project) -> dict[str, list[PipelineId]]:
        """Return file -> the pipelines that use it. Broken pipelines are left out."""
        cached = self._users.get(project.root)
        if cached is not None and cached[0] > clock.monotonic():
            return cached[1]
        found: dict[str, list[PipelineId]] = {}
        for pipeline in self.readable(project):
            for path in {block.path for block in pipeline if block.path is not None}:
                found.setdefault(path, []).append(pipeline.id)
        self._users[project.root] = (clock.monotonic() + _USERS_SECONDS, found)
        return found

    def readable(self, project: Project) -> Iterator[Pipeline]:
        """Yield every pipeline that can be read."""
        for pipeline_id in self.pipelines(project):
            try:
                yield self.load(project, pipeline_id)
            except MageError:
                continue


def _lines(data: bytes, file: str) -> dict[str, int]:
    """Return uuid of a block -> the line its entry begins at."""
    found: dict[str, int] = {}
    composed = yaml_load.compose(yaml_load.decode(data, file), file)
    top = dict(_named(composed.node, composed.keys))
    for key in ("blocks", "callbacks", "conditionals", "widgets"):
        node = top.get(key)
        for item in node.value if node is not None and isinstance(node.value, list) else []:
            uuid = dict(_named(item, composed.keys)).get("uuid")
            if uuid is not None and isinstance(uuid.value, str):
                found.setdefault(uuid.value, item.start_mark.line + 1)
    return found


def _named(node: Any, keys: Mapping[int, Any]) -> Iterator[tuple[Any, Any]]:
    if node is not None and getattr(node, "id", "") == "mapping":
        for key, value in node.value:
            yield keys.get(id(key)), value


def _digest(lookup: block_source.Lookup, path: str) -> bytes:
    try:
        file = lookup.real(path)
        return hashlib.sha256(places.read_bytes(file, block_source.MAX_BYTES)).digest()
    except (OSError, OutsideProject):
        return b"missing"
