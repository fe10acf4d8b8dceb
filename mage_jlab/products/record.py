"""What an execution published, as it happened: the lines of `record.jsonl`.

The writing half runs in the user's kernel, in whatever thread publishes; the
reading half puts the lines together to the outputs of a notebook cell or to
the records of a log. A record has a size limit: its beginning and its end are
kept, what lay between is counted.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mage_jlab.products.manifest import RECORD

LIMIT = 4 * 1024 * 1024
_PIECE = 32 * 1024
_SEGMENTS = ("record.tail.0", "record.tail.1")
_LEVEL = re.compile(r"(?:\S+ )?\[?(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b")


class Recorder:
    """Appends what is published; never raises, never holds more than one line in memory."""

    def __init__(self, folder: Path, limit: int = LIMIT) -> None:
        self._folder = folder
        self._head = limit // 2
        self._segment = limit // 4
        self._lock = threading.Lock()
        self._file: Any = None
        self._written = 0
        self._tail: Any = None
        self._tail_number = 0
        self._tail_written = 0
        self._dropped = [0, 0]
        self._tail_counts = [0, 0]
        self._closed = False

    def add(self, entry: dict[str, Any]) -> None:
        """Append one entry."""
        output = entry.get("output") or {}
        if output.get("output_type") == "stream" and len(output["text"]) > _PIECE:
            self._add_text(output["name"], output["text"])
            return
        now = datetime.datetime.now(datetime.timezone.utc)
        line = json.dumps({"t": now.isoformat(), **entry}, default=str).encode() + b"\n"
        if len(line) > max(self._segment, 1024):
            line = _replaced(now, len(line))
        with self._lock, contextlib.suppress(OSError):
            if not self._closed:
                self._append(line)

    def _add_text(self, name: str, text: str) -> None:
        """Append a long text in pieces; of a very long one the middle is only counted."""
        piece = max(256, min(_PIECE, self._segment // 8))
        most = self._head + 2 * self._segment
        if len(text) > 2 * most:
            middle = len(text) - 2 * most
            pieces = [text[:most], text[-most:]]
        else:
            middle, pieces = 0, [text]
        for number, part in enumerate(pieces):
            if number:
                with self._lock:
                    self._dropped[0] += 1
                    self._dropped[1] += middle
            for start in range(0, len(part), piece):
                output = {
                    "output_type": "stream",
                    "name": name,
                    "text": part[start : start + piece],
                }
                self.add({"output": output})

    def _append(self, line: bytes) -> None:
        if self._tail is None and self._written + len(line) <= self._head:
            if self._file is None:
                self._file = (self._folder / RECORD).open("ab", buffering=0)
            self._file.write(line)
            self._written += len(line)
            return
        if self._tail is None or self._tail_written + len(line) > self._segment:
            self._turn()
        self._tail.write(line)
        self._tail_written += len(line)
        self._tail_counts[self._tail_number] += 1

    def _turn(self) -> None:
        """Begin the other segment of the tail; what was in it is gone and counted."""
        if self._tail is not None:
            self._tail.close()
            self._tail_number = 1 - self._tail_number
        path = self._folder / _SEGMENTS[self._tail_number]
        if path.exists():
            self._dropped[0] += self._tail_counts[self._tail_number]
            self._dropped[1] += path.stat().st_size
        self._tail_counts[self._tail_number] = 0
        self._tail = path.open("wb", buffering=0)
        self._tail_written = 0

    def close(self) -> None:
        """Put the end of the record behind its beginning."""
        with self._lock, contextlib.suppress(OSError):
            self._closed = True
            if self._tail is not None:
                self._tail.close()
                newest = self._folder / _SEGMENTS[self._tail_number]
                oldest = self._folder / _SEGMENTS[1 - self._tail_number]
                if self._dropped[0]:
                    mark = {"dropped": {"lines": self._dropped[0], "bytes": self._dropped[1]}}
                    self._file_or_open().write(json.dumps(mark).encode() + b"\n")
                for path in (oldest, newest):
                    if path.exists():
                        self._file_or_open().write(path.read_bytes())
                        path.unlink()
            if self._file is not None:
                self._file.close()

    def _file_or_open(self) -> Any:
        if self._file is None:
            self._file = (self._folder / RECORD).open("ab", buffering=0)
        return self._file


def _replaced(now: datetime.datetime, size: int) -> bytes:
    """Return a short entry for one that is too large to be kept."""
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/plain": f"(an output of {size:,} bytes was too large to be kept)"},
    }
    return json.dumps({"t": now.isoformat(), "output": output}).encode() + b"\n"


def lines(folder: Path) -> Iterator[dict[str, Any]]:
    """Read the record of an execution, finished, running or killed."""
    paths = [folder / RECORD]
    segments = [folder / name for name in _SEGMENTS if (folder / name).exists()]
    paths += sorted(segments, key=lambda path: path.stat().st_mtime_ns)
    for number, path in enumerate(paths):
        if number == 1:
            yield {"dropped": {"lines": 0, "bytes": 0}}
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            for line in file:
                with contextlib.suppress(ValueError):  # the last line of a killed writer
                    yield json.loads(line)


def outputs(folder: Path) -> list[dict[str, Any]]:
    """Return what a notebook cell would show: streams merged, updates and clears applied."""
    result: list[dict[str, Any]] = []
    shown: dict[str, list[int]] = {}
    clear_next = False
    for entry in lines(folder):
        if "dropped" in entry:
            result.append(_stream(_words(entry["dropped"]), "stderr"))
            continue
        if "clear" in entry:
            if entry["clear"]:
                clear_next = True
            else:
                result.clear()
                shown.clear()
            continue
        output = entry.get("output")
        if not isinstance(output, dict):
            continue
        if entry.get("update"):
            for number in shown.get(entry["update"], ()):
                result[number].update(data=output["data"], metadata=output["metadata"])
            continue
        if clear_next:
            result.clear()
            shown.clear()
            clear_next = False
        if not _merged(result, output):
            if entry.get("display_id"):
                shown.setdefault(entry["display_id"], []).append(len(result))
            result.append(output)
    return result


def _merged(result: list[dict[str, Any]], output: dict[str, Any]) -> bool:
    if output.get("output_type") != "stream" or not result:
        return False
    last = result[-1]
    if last.get("output_type") != "stream" or last.get("name") != output["name"]:
        return False
    last["text"] = last["text"] + output["text"]
    return True


def _stream(text: str, name: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


def _words(dropped: dict[str, int]) -> str:
    if not dropped.get("lines"):
        return "\n… a part of the output was not kept …\n"
    size = dropped["bytes"] / 1e6
    return f"\n… {dropped['lines']:,} pieces of output ({size:,.1f} MB) were not kept …\n"


def log(folder: Path, offset: int = 0, limit: int = 2000) -> tuple[list[dict[str, Any]], int, int]:
    """Return records of the log from a byte offset, the next offset, and what was dropped."""
    records: list[dict[str, Any]] = []
    dropped = 0
    position = max(0, offset)
    try:
        file = (folder / RECORD).open("rb")
    except FileNotFoundError:
        return [], position, 0
    with file:
        file.seek(position)
        while len(records) < limit:
            line = file.readline()
            if not line.endswith(b"\n"):
                break
            position += len(line)
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if "dropped" in entry:
                dropped += int(entry["dropped"].get("lines", 0))
                records.append(_record(None, "system", "WARNING", _words(entry["dropped"]).strip()))
            elif isinstance(entry.get("output"), dict) and not entry.get("update"):
                records.extend(_records(entry.get("t"), entry["output"]))
    return records, position, dropped


def _records(time: str | None, output: dict[str, Any]) -> list[dict[str, Any]]:
    kind = output.get("output_type")
    if kind == "stream":
        usual = "WARNING" if output.get("name") == "stderr" else "INFO"
        text = output["text"]
        pieces = text[:-1].split("\n") if text.endswith("\n") else text.split("\n")
        result = []
        for piece in pieces:
            match = _LEVEL.match(piece)
            result.append(_record(time, "stream", match.group(1) if match else usual, piece))
        return result
    if kind == "error":
        words = f"{output.get('ename')}: {output.get('evalue')}"
        return [{**_record(time, "error", "ERROR", words), "output": output}]
    text = output.get("data", {}).get("text/plain", "")
    text = "".join(text) if isinstance(text, list) else str(text)
    return [{**_record(time, "display", "INFO", text), "output": output}]


def _record(time: str | None, kind: str, level: str, text: str) -> dict[str, Any]:
    return {"time": time, "kind": kind, "level": level, "text": text, "output": None}
