"""Which projects' triggers this process may fire.

One process per project and database; and, because a lease reaches no further
than its database, one database per project: its name stands in the project's
state folder, and a second one is refused.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path

from mage_jlab import clock
from mage_jlab.db.leases import LeaseStore
from mage_jlab.db.session import Database
from mage_jlab.errors import Conflict

_FRESH = 10.0
FILE = "database.json"


class ProjectLeases:
    """The leases of this process, by project id."""

    def __init__(
        self, leases: LeaseStore, database: Database, owner: str,
        stored: Callable[[str], str], state: Callable[[str], Path],
    ) -> None:  # fmt: skip
        """`stored` gives a project's name in the database, `state` its state folder."""
        self._leases = leases
        self._database = database
        self._owner = owner
        self._stored = stored
        self._state = state
        self._held: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def holds(self, project: str) -> bool:
        """Take or keep the lease of a project; False when somebody else has it."""
        with self._lock:
            held = self._held.get(project)
            if held is not None and clock.monotonic() - held[1] < _FRESH:
                return True
            self.claim_database(project)
            epoch = self._leases.acquire(self.name(project), self._owner)
            if epoch is None:
                self._held.pop(project, None)
                return False
            self._held[project] = (epoch, clock.monotonic())
            return True

    def lease(self, project: str) -> tuple[str, int]:
        """Return name and epoch of a lease that is held."""
        held = self._held.get(project)
        return self.name(project), held[0] if held is not None else -1

    def lost(self, project: str) -> None:
        """A write under the lease was refused: look again before the next one."""
        self._held.pop(project, None)

    def name(self, project: str) -> str:
        """Return the name of a project's lease."""
        return f"schedule:{self._stored(project)}"

    def claim_database(self, project: str) -> None:
        """Note that this database schedules a project.

        Raises:
            Conflict: when another one does.
        """
        file = self._state(project) / FILE
        try:
            known = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            known = {}
        if known.get("database") == self._database.id:
            return
        if known.get("database"):
            raise Conflict(
                f"The triggers of project '{project or '/'}' are kept in another database "
                f"({known.get('address')}); start mage-jlab with that one, "
                f"or delete {file} to move the schedules here.",
                project=project,
            )
        said = {"database": self._database.id, "address": self._database.name}
        file.write_text(json.dumps(said), "utf-8")
