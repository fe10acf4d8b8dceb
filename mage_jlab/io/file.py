"""Files on this machine, and addresses that pandas can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.io.base import BaseFile, format_of, read, write
from mage_jlab.io.drivers import pandas


class FileIO(BaseFile):
    """Reads and writes data frames as files, by the ending of their name."""

    def __init__(self, verbose: bool = False, **_kwargs: Any) -> None:
        """Make a reader and writer of files."""
        super().__init__(verbose)

    @classmethod
    def with_config(cls, *_args: Any, **_kwargs: Any) -> FileIO:
        """Make one; files need no settings."""
        return cls()

    def load(
        self,
        filepath: Any = None,
        format: Any = None,
        file_directories: Any = None,
        limit: int | None = None,
        **kwargs: Any,
    ) -> Any:
        """Read a file or an address, or every file below some folders, into a frame."""
        with self.printer.print_msg(f"Loading '{filepath or file_directories}'"):
            if file_directories:
                result = self._folders(file_directories, format, kwargs)
            else:
                result = read(filepath, filepath, format_of(filepath, format), **kwargs)
            return result if limit is None else result.head(limit)

    def _folders(self, folders: Any, format: Any, kwargs: dict[str, Any]) -> Any:
        listed = [folders] if isinstance(folders, str) else folders
        files = [
            path for folder in listed for path in sorted(Path(folder).rglob("*")) if path.is_file()
        ]
        frames = [read(path, path, format_of(path, format), **kwargs) for path in files]
        return pandas("Reading files").concat(frames, axis=0, ignore_index=True)

    def export(self, df: Any, filepath: Any, format: Any = None, **kwargs: Any) -> None:
        """Write a frame to a file, as pandas does: with its index unless ``index=False``."""
        with self.printer.print_msg(f"Exporting to '{filepath}'"):
            write(df, filepath, filepath, format_of(filepath, format), **kwargs)

    def exists(self, filepath: Any) -> bool:
        """Whether the file is there."""
        return Path(str(filepath)).exists()
