"""What every handler shares: who may, what comes in, what goes out, what went wrong.

A method of a handler is declared with `operation`, which puts Jupyter's
authentication outside and its authorisation inside, with explicit names, and
keeps the facts from which the OpenAPI document is generated. A method that is
an ordinary function runs in a thread, so that no file, database or product
is ever read on the server's loop.
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from tornado import web
from tornado.iostream import StreamClosedError

from mage_jlab.errors import BadRequest, DiskFull, MageError, MatchRequired, NotFound
from mage_jlab.server import wire

if TYPE_CHECKING:
    from mage_jlab.assembly import Engine
    from mage_jlab.server.app import MageApp

T = TypeVar("T")
Method = Callable[..., Any]
JSON = "application/json"
NAMELESS = "token"
_MADE_UP = re.compile(r"[0-9a-f]{32}")
_VARIABLES = 256 * 1024
_AT = re.compile(r" - at `\$?\.?(.*)`$")


@dataclass(frozen=True)
class Query:
    """A query parameter, for the document."""

    name: str
    schema: type | Any = str
    text: str = ""
    required: bool = False


@dataclass(frozen=True)
class Operation:
    """The facts of one method of one route."""

    action: str
    resource: str
    summary: str
    answer: Any = None
    body: type[msgspec.Struct] | None = None
    query: tuple[Query, ...] = ()
    status: int = 200
    errors: tuple[int, ...] = ()
    media: tuple[str, ...] = (JSON,)
    matches: bool = False
    """Whether the method demands `If-Match`."""


PAGING = (
    Query("limit", int, "how many items at most"),
    Query("cursor", str, "the `next` of the page before"),
)


def guarded(action: str, resource: str) -> Callable[[Method], Method]:
    """Demand a login, and the right to do `action` on `resource`."""

    def decorate(method: Method) -> Method:
        checked: Any = authorized(action=action, resource=resource)
        return cast("Method", web.authenticated(checked(method)))

    return decorate


def operation(
    action: str,
    resource: str,
    *,
    answer: Any = None,
    body: type[msgspec.Struct] | None = None,
    query: tuple[Query, ...] = (),
    status: int = 200,
    errors: tuple[int, ...] = (),
    **more: Any,
) -> Callable[[Method], Method]:
    """Declare a method of the interface: guarded, documented, its errors answered."""

    def decorate(method: Method) -> Method:
        summary = (inspect.getdoc(method) or "").partition("\n")[0]

        @wraps(method)
        async def run(self: MageHandler, **ids: str) -> None:
            try:
                if inspect.iscoroutinefunction(method):
                    await method(self, **ids)
                else:
                    self.send(await self.aside(self.made, method, ids), status)
            except MageError as error:
                self.fail(error)
            except StreamClosedError:
                self.log.debug("The caller went away from %s", self.request.path)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                self.fail(DiskFull("There is no space left on the server's disk."))

        facts = Operation(action, resource, summary, answer, body, query, status, errors, **more)
        declared: Any = guarded(action, resource)(run)
        declared.operation = facts
        return cast("Method", declared)

    return decorate


class MageHandler(APIHandler):
    """The base of all our handlers."""

    auth_resource = "mage"

    @property
    def app(self) -> MageApp:
        """The server extension."""
        return cast("MageApp", self.settings["mage_jlab"])

    @property
    def engine(self) -> Engine:
        """The engine; only to be asked for in a thread."""
        return self.app.engine

    @property
    def user(self) -> str | None:
        """The name of who asks."""
        return user_name(getattr(self.current_user, "username", None))

    def set_default_headers(self) -> None:
        """Nothing of ours is to be guessed at or kept by a cache."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")

    async def aside(self, call: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Do something that may block in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.app.pool, lambda: call(*args, **kwargs))

    def compute_etag(self) -> str | None:
        """Leave the header to the methods that know a real one."""
        return None

    # What comes in

    def read(self, kind: type[T]) -> T:
        """Return the body, validated.

        Raises:
            BadRequest: with the path of the field that is wrong.
        """
        try:
            return msgspec.json.decode(self.request.body or b"{}", type=kind)
        except msgspec.ValidationError as error:
            raise _invalid(str(error), "The request") from error
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise BadRequest("The body is not valid JSON.") from error

    def text(self, name: str, default: str | None = None) -> str | None:
        """Return a query parameter; an empty one counts as absent."""
        # Not stripped: Tornado turns NUL and its like into blanks, which must stay wrong.
        return self.get_query_argument(name, None, strip=False) or default

    def integer(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """Return a whole number of the query, within bounds.

        Raises:
            BadRequest: when it is none, or out of bounds.
        """
        value = self.text(name)
        if value is None:
            return default
        if not re.fullmatch(r"-?\d{1,18}", value, re.ASCII) or not least <= int(value) <= most:
            raise BadRequest(f"'{name}' must be a whole number from {least} to {most}.", path=name)
        return int(value)

    def plain(self, name: str, kind: Any, default: T) -> T:
        """Return a query parameter that is written as JSON.

        Raises:
            BadRequest: when it is not what it should be.
        """
        value = self.text(name)
        if value is None:
            return default
        try:
            return cast("T", msgspec.json.decode(value.encode(), type=kind))
        except msgspec.ValidationError as error:
            raise _invalid(str(error), f"'{name}'", name) from error
        except (msgspec.DecodeError, RecursionError) as error:
            raise BadRequest(f"'{name}' is not valid JSON.", path=name) from error

    def match(self) -> str | None:
        """Return the ETag a change was made from; None when any will do (``*``).

        Raises:
            MatchRequired: when the request does not say.
        """
        header = self.request.headers.get("If-Match", "").strip()
        if not header:
            raise MatchRequired(
                "A change needs the header If-Match with the ETag of what it was made from."
            )
        return None if header == "*" else header.removeprefix("W/").strip('"')

    def sized(self, variables: Mapping[str, Any]) -> None:
        """Refuse runtime variables that are data rather than settings.

        Raises:
            BadRequest: when they are too large.
        """
        if len(msgspec.json.encode(variables)) > _VARIABLES:
            raise BadRequest(
                f"The variables are larger than {_VARIABLES // 1024} KiB; store data in a file.",
                path="variables",
            )

    # What goes out

    def page(self, items: list[T], *, most: int = 1000) -> wire.Page[T]:
        """Return the page of a list that the query asks for."""
        return self.page_of(lambda start, limit: items[start : start + limit], most=most)

    def page_of(self, some: Callable[[int, int], list[T]], *, most: int = 1000) -> wire.Page[T]:
        """Return the page that the query asks for; `some` gives items by offset and limit."""
        start = self.integer("cursor", 0)
        limit = self.integer("limit", most, least=1, most=most)
        found = some(start, limit + 1)
        return wire.Page(found[:limit], str(start + limit) if len(found) > limit else None)

    def made(self, method: Method, ids: Mapping[str, str]) -> bytes:
        """Do what is asked and write the answer as JSON; in a thread, as it may be long."""
        result = method(self, **ids)
        return b"" if result is None else msgspec.json.encode(result)

    def send(self, data: bytes, status: int = 200) -> None:
        """Send an answer."""
        self.set_status(status)
        self.finish(data or None)

    def fail(self, error: MageError) -> None:
        """Answer with an error."""
        if error.status >= 500:
            self.log.error("%s %s: %s", self.request.method, self.request.path, error.message)
        if self._headers_written:
            # Too late for a status: a cut connection tells the caller that it is not whole.
            connection: Any = self.request.connection
            connection.stream.close()
            return
        self.clear_header("Content-Disposition")
        failure = wire.Failure(error.message, error.reason, plain(error.detail) or None)
        self.send(msgspec.json.encode(failure), error.status)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer with what was not foreseen: a sentence, never a stack trace."""
        error = (kwargs.get("exc_info") or (None, None))[1]
        message, reason = "Something went wrong in the server; its log says more.", "Unexpected"
        if isinstance(error, web.HTTPError):
            reason = error.reason or _reason(status_code)
            message = (error.log_message or "").replace("%%", "%") or f"{reason}."
        elif status_code < 500:
            message, reason = f"{_reason(status_code)}.", _reason(status_code)
        self.finish(msgspec.json.encode(wire.Failure(message, reason)))

    def finish(self, *args: Any, **kwargs: Any) -> Any:
        """Keep a content type that a method has set."""
        if "set_content_type" not in kwargs and self._own_type:
            kwargs["set_content_type"] = self._own_type
        return super().finish(*args, **kwargs)

    _own_type: str | None = None


class NothingHandler(MageHandler):
    """Any address below the interface that is none of its routes."""

    @operation("read", "mage_server")
    def get(self, rest: str) -> None:
        """Say that there is nothing."""
        raise NotFound("There is no such address in the interface of mage-jlab.")

    @operation("write", "mage_server")
    def post(self, rest: str) -> None:
        """Say that there is nothing."""
        raise NotFound("There is no such address in the interface of mage-jlab.")

    @operation("write", "mage_server")
    def put(self, rest: str) -> None:
        """Say that there is nothing."""
        raise NotFound("There is no such address in the interface of mage-jlab.")

    @operation("write", "mage_server")
    def patch(self, rest: str) -> None:
        """Say that there is nothing."""
        raise NotFound("There is no such address in the interface of mage-jlab.")

    @operation("write", "mage_server")
    def delete(self, rest: str) -> None:
        """Say that there is nothing."""
        raise NotFound("There is no such address in the interface of mage-jlab.")


def _reason(status: int) -> str:
    return web.HTTPError(status).reason or _PHRASES.get(status, "Error")


_PHRASES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"}


def _invalid(message: str, what: str, root: str = "") -> BadRequest:
    found = _AT.search(message)
    path = found.group(1) if found else ""
    if root and path:
        path = f"{root}{'' if path.startswith('[') else '.'}{path}"
    path = path or root
    says = _AT.sub("", message)
    where = f" at '{path}'" if path else ""
    return BadRequest(f"{what} is not valid{where}: {says}.", path=path or None)


def user_name(name: str | None) -> str | None:
    """Return a user's name; whoever has but the server's token has none, just a made-up number."""
    return NAMELESS if name is not None and _MADE_UP.fullmatch(name) else name


def plain(value: Any) -> Any:
    """Return data that JSON can say; what it cannot is said as text.

    YAML knows more than JSON: keys that are no text, dates, bytes, sets.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
