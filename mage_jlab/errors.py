"""Every error that mage-jlab raises.

One base, one class for each kind of failure. A message is one sentence that
says what is wrong, where, and what to do. `status` is the HTTP status with
which the REST interface answers; `reason` the machine-readable name.
Standard library only: this module is shipped into user kernels.
"""

from __future__ import annotations

from typing import Any


class MageError(Exception):
    """Something went wrong that mage-jlab knows the name of."""

    status = 500

    def __init__(self, message: str, **detail: Any) -> None:
        """Keep the sentence and the plain data that belongs to it."""
        super().__init__(message)
        self.message = message
        self.detail = detail

    @property
    def reason(self) -> str:
        """Return the name of the failure, for programs."""
        return type(self).__name__

    def __reduce__(self) -> tuple[Any, ...]:
        return (_revive, (type(self), self.message, self.detail))


def _revive(kind: type[MageError], message: str, detail: dict[str, Any]) -> MageError:
    return kind(message, **detail)


class BadRequest(MageError):
    """The request cannot be understood."""

    status = 400


class InvalidName(BadRequest):
    """A name breaks the one rule for names."""


class OutsideProject(BadRequest):
    """A path leads out of the project folder."""


class NotFound(MageError):
    """There is no such thing."""

    status = 404


class ProjectNotFound(NotFound):
    """There is no such project."""


class PipelineNotFound(NotFound):
    """There is no such pipeline."""


class BlockNotFound(NotFound):
    """There is no such block."""


class TriggerNotFound(NotFound):
    """There is no such trigger."""


class RunNotFound(NotFound):
    """There is no such run."""


class ProductNotFound(NotFound):
    """There is no such data product."""


class Conflict(MageError):
    """The request does not fit the present state."""

    status = 409


class AlreadyExists(Conflict):
    """Something of that name is there already."""


class Changed(Conflict):
    """The thing changed since it was read."""

    status = 412


class MatchRequired(MageError):
    """A change must say in `If-Match` what it was made from."""

    status = 428


class CycleError(Conflict):
    """The blocks would depend on each other in a circle."""


class NotActive(Conflict):
    """The run has ended already."""


class StillActive(Conflict):
    """The thing is in use by an active run."""


class BrokenFile(MageError):
    """A file cannot be read as what it should be."""

    status = 422


class UnsafeFile(BrokenFile):
    """A file exceeds what is safe to load."""


class EditRefused(MageError):
    """An edit could not be written so that it reads back as meant; nothing was written."""

    status = 422


class InvalidPlan(MageError):
    """A pipeline cannot be run as it is."""

    status = 422


class InvalidTrigger(BadRequest):
    """A trigger's schedule or settings make no sense."""


class InvalidQuery(BadRequest):
    """A sort or filter does not fit the table."""


class StoreError(MageError):
    """A data product could not be stored or read."""


class DiskFull(StoreError):
    """There is no space left for a data product or the database."""

    status = 507


class NotReady(MageError):
    """The engine has not started, or could not."""

    status = 503


class BeingStored(NotReady):
    """What a block left is still on its way to the disk."""


class DatabaseTooNew(MageError):
    """The database was written by a newer mage-jlab; nothing is written to it."""

    status = 503


class KernelError(MageError):
    """A kernel did not do what was asked of it."""


class KernelDied(KernelError):
    """A kernel died in the middle of a step."""


class KernelStartTimeout(KernelError):
    """A kernel did not start in time."""


class ZygoteFailed(KernelError):
    """A kernel could not be forked; it has to be spawned."""


class StepFailed(MageError):
    """The code of a block raised."""


class CodeFailed(StepFailed):
    """The code of a block in another language failed."""


class TestsFailed(StepFailed):
    """The tests of a block failed."""

    __test__ = False


class StepTimeout(StepFailed):
    """A block ran longer than its timeout."""


class WrongArguments(StepFailed):
    """A block's function does not take as many inputs as the block has upstream blocks."""


class NoFunction(StepFailed):
    """A block has no function with its type's decorator."""


class MissingInput(StepFailed):
    """A block's upstream block has no stored output."""


class BadItems(StepFailed):
    """What a dynamic block returned is no list of items."""


class Unstorable(StepFailed):
    """An output of a block cannot be stored."""


class ConnectionTestFailed(MageError):
    """A connection could not be tested."""

    status = 422


class SecretsClosed(MageError):
    """The store of secrets cannot be opened; nothing of it is read or written."""

    status = 503


class HostError(MageError):
    """The host channel refused or could not answer."""


class MissingPackage(StepFailed):
    """The kernel's environment lacks a package that a block needs."""
