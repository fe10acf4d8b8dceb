"""The key that every store of this state folder is encrypted with.

One file, `secrets/key` of the state folder, mode 0600 in a folder of mode
0700: one Fernet key a line, the newest first. Whoever can read it and the
stores can read the secrets, so it is refused when others may.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from mage_jlab.errors import SecretsClosed

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

_OTHERS = 0o077


class Keyring:
    """The keys in a folder; made when the first secret is kept."""

    def __init__(self, folder: Path) -> None:
        """Remember where; nothing is read or made yet."""
        self.folder = folder
        self.file = folder / "key"

    def check(self) -> None:
        """Look whether the key is ours alone; no key yet is fine.

        Raises:
            SecretsClosed: when others may read it.
        """
        if os.name != "posix":
            return  # the folder lies in the user's profile; its rights are no mode bits
        for path in (self.folder, self.file):
            try:
                facts = path.stat()
            except FileNotFoundError:
                return
            if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & _OTHERS:
                wanted = "700" if path == self.folder else "600"
                raise SecretsClosed(
                    f"Secrets stay closed: others may read {path}; it must be yours alone "
                    f"(chmod {wanted})."
                )

    def cipher(self) -> MultiFernet | None:
        """Return what decrypts with every key and encrypts with the newest; None without keys.

        Raises:
            SecretsClosed: when the key file is open to others, or is no key file.
        """
        from cryptography.fernet import Fernet, MultiFernet  # few runs need it

        self.check()
        try:
            lines = self.file.read_text("ascii", "replace").split()
        except FileNotFoundError:
            return None
        try:
            return MultiFernet([Fernet(line) for line in lines])
        except ValueError:
            raise SecretsClosed(f"Secrets stay closed: {self.file} holds no keys.") from None

    def made(self) -> MultiFernet:
        """Return the cipher; make the first key when there is none."""
        with locked(self.folder):
            found = self.cipher()
            if found is None:
                from cryptography.fernet import Fernet

                write(self.file, Fernet.generate_key() + b"\n")
                found = self.cipher()
        assert found is not None  # noqa: S101 - written just now
        return found


def write(path: Path, data: bytes) -> None:
    """Write a file for its owner only: all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes, where the system has such locks."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        import fcntl
    except ImportError:  # Windows
        yield
        return
    file: IO[bytes]
    with os.fdopen(os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600), "rb") as file:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
