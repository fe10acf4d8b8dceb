"""The source text of a block: where its file lies, reading it, writing it back.

Text is compared and shown normalised (line ends are newlines, none at the
end); a file keeps its own line ends, its final newlines, its byte order mark
and its encoding.
"""

from __future__ import annotations

import difflib
import hashlib
import io
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mage_jlab.errors import BrokenFile, EditRefused, OutsideProject, UnsafeFile
from mage_jlab.files import places
from mage_jlab.model.block import DBT, FOLDERS, extension

MAX_BYTES = 8 * 1024 * 1024
_BOM = b"\xef\xbb\xbf"


def default_path(block_id: str, kind: str, language: str) -> str | None:
    """Return where Mage keeps a block's file, or None when such a block has none."""
    folder = FOLDERS.get(kind)
    if folder is None:
        return None
    ending = extension(language)
    if kind == DBT and language == "sql":
        path = block_id if block_id.startswith("dbt/") else f"dbt/{block_id}"
        return path if path.endswith(".sql") else f"{path}.sql"
    return f"{folder}/{block_id}.{ending}"


@dataclass(frozen=True)
class Lookup:
    """Where files may be looked for: the project, and its parent when that is allowed."""

    root: Path
    parent: Path | None = None
    platform: bool = False
    """Whether projects share a ``settings.yaml``: only then Mage goes by ``file_source``."""

    def find(
        self, block_id: str, kind: str, language: str, configuration: Mapping[str, Any]
    ) -> str | None:
        """Return a block's file relative to the project, ``/`` separated; it may be missing."""
        default = default_path(block_id, kind, language)
        fallback: str | None = None
        for folder, relative in self._candidates(kind, default, configuration):
            try:
                path = places.inside(folder, relative)
            except OutsideProject:
                continue
            if path.is_file():
                return self._relative(folder, relative)
            # A file that is gone is written again where the pipeline says it was.
            if fallback is None and folder == self.root and path.parent.is_dir():
                fallback = relative
        return fallback or self._safe(default)

    def _candidates(
        self, kind: str, default: str | None, configuration: Mapping[str, Any]
    ) -> Iterator[tuple[Path, str]]:
        said = configuration.get("file_source")
        source = said.get("path") if isinstance(said, Mapping) else None
        file = configuration.get("file_path")
        if self.platform or kind == DBT:
            yield from self._places(kind, source)
            yield from self._places(kind, file)
        else:
            yield from self._places(kind, file)
        if default is not None:
            yield self.root, default
        if not self.platform:
            yield from self._places(kind, source)

    def _places(self, kind: str, value: Any) -> Iterator[tuple[Path, str]]:
        if not isinstance(value, str) or not value.strip():
            return
        relative = value.strip()
        try:
            places.parts_of(relative)
        except OutsideProject:
            return
        yield self.root, relative
        if self.parent is not None:
            yield self.parent, relative
        if "/" in relative:
            yield self.root, relative.split("/", 1)[1]
        if kind == DBT:
            yield self.root, f"dbt/{relative}"

    def _relative(self, folder: Path, relative: str) -> str:
        clean = "/".join(places.parts_of(relative))
        if folder == self.root:
            return clean
        first, _, rest = clean.partition("/")
        return rest if first == self.root.name and rest else f"../{clean}"

    def _safe(self, relative: str | None) -> str | None:
        if relative is None:
            return None
        try:
            places.inside(self.root, relative)
        except OutsideProject:
            return None
        return relative

    def real(self, relative: str) -> Path:
        """Return the real path of a block's file.

        Raises:
            OutsideProject: when it leads out of where files may lie.
        """
        if relative.startswith("../"):
            if self.parent is None:
                raise OutsideProject(f"The path {relative!r} leads out of the project.")
            return places.inside(self.parent, relative.removeprefix("../"))
        return places.inside(self.root, relative)


@dataclass(frozen=True)
class Text:
    """A file's text with what is needed to write it back as it was."""

    text: str
    encoding: str = "utf-8"
    bom: bool = False

    def encode(self, text: str, file: str) -> bytes:
        """Return the bytes of a text in this file's encoding.

        Raises:
            EditRefused: when the encoding has no such character.
        """
        try:
            return (_BOM if self.bom else b"") + text.encode(self.encoding)
        except UnicodeEncodeError as error:
            raise EditRefused(
                f"{file} is written in {self.encoding}, which has no {error.object[error.start]!r}."
            ) from error


def decode(data: bytes, file: str) -> Text:
    """Read bytes as UTF-8, else as the file's coding line says, else byte by byte (Latin-1).

    Raises:
        UnsafeFile: when there are too many.
        BrokenFile: when it is no text at all.
    """
    if len(data) > MAX_BYTES:
        raise UnsafeFile(f"{file} is too large to be shown as a block.", file=file)
    if b"\0" in data:
        raise BrokenFile(f"{file} is no text file: it holds a zero byte.", file=file)
    bom = data.startswith(_BOM)
    body = data[3:] if bom else data
    try:
        return Text(body.decode("utf-8"), "utf-8", bom)
    except UnicodeDecodeError:
        pass
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
        text = body.decode(encoding)
        if text.encode(encoding) == body:
            return Text(text, encoding, bom)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        pass
    return Text(body.decode("latin-1"), "latin-1", bom)


def read(path: Path, file: str) -> Text | None:
    """Return a file's text, or None when there is no such file.

    Raises:
        BrokenFile: when it is no text, or too large.
    """
    try:
        data = places.read_bytes(path, MAX_BYTES)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise BrokenFile(f"{file} cannot be read: {error.strerror}.", file=file) from error
    return decode(data, file)


def normal(text: str) -> str:
    """Return the form in which block texts are shown and compared."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


def code_hash(text: str) -> str:
    """Return the hash of a block's code (the same as the one computed in the kernel)."""
    return hashlib.sha256(normal(text).encode("utf-8", "surrogatepass")).hexdigest()


def woven(old: str, new: str) -> str:
    """Return the new text with the line ends and the final newlines of the old one."""
    body = normal(new)
    if normal(old) == body:
        return old
    if not normal(old):
        return f"{body}\n" if body else ""
    flat = old.replace("\r\n", "\n").replace("\r", "\n")
    tail = old[_tail_start(old) :]
    if body and not tail and flat == "":
        tail = "\n"
    if "\r" not in old:
        return body + tail
    if old.count("\r\n") == old.count("\n") == old.count("\r"):
        return body.replace("\n", "\r\n") + tail
    return _mixed(old[: _tail_start(old)], body) + tail


def _tail_start(text: str) -> int:
    return len(text.rstrip("\r\n"))


def _split(text: str) -> list[tuple[str, str]]:
    """Split into (line, its end)."""
    pairs = []
    for line in text.replace("\r\n", "\x00\n").replace("\r", "\x01\n").split("\n"):
        if line.endswith("\x00"):
            pairs.append((line[:-1], "\r\n"))
        elif line.endswith("\x01"):
            pairs.append((line[:-1], "\r"))
        else:
            pairs.append((line, "\n"))
    return pairs


def _mixed(old: str, body: str) -> str:
    """Weave line by line: a line that stays keeps its own end."""
    before = _split(old)
    ends = [end for _, end in before[:-1]]
    usual = max(("\n", "\r\n", "\r"), key=ends.count)
    after = body.split("\n")
    result = [usual] * len(after)
    matcher = difflib.SequenceMatcher(None, [line for line, _ in before], after, autojunk=False)
    for start, target, size in matcher.get_matching_blocks():
        for step in range(size):
            if start + step < len(ends):
                result[target + step] = ends[start + step]
    lines = [line + end for line, end in zip(after, result, strict=True)]
    woven = "".join(lines)[: -len(result[-1])]
    # A lone carriage return before an empty line would be read as one line end.
    return woven if normal(woven) == body else body.replace("\n", usual)
