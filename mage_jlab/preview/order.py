"""Sorts and filters: what was asked, checked, as SQL; and the rows that answer it."""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from mage_jlab.errors import InvalidQuery
from mage_jlab.preview.source import Connection, Source

OPS = ("contains", "eq", "ne", "lt", "le", "gt", "ge", "null", "notnull")
_SIGNS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MOST = 32
_QUICK = 2000
"""Up to so many first rows are found without sorting the whole table."""
_CACHE_BYTES = 256 * 1024 * 1024


class Question:
    """A sort and filters on a table, checked against its columns."""

    def __init__(self, source: Source, sort: Sequence[Any], filters: Sequence[Any]) -> None:
        """Check what was asked.

        Raises:
            InvalidQuery: when it does not fit the table.
        """
        if len(sort) > _MOST or len(filters) > _MOST:
            raise InvalidQuery(f"At most {_MOST} sorts and filters can be asked for at once.")
        self._source = source
        self.numbers: set[int] = set()
        self._order: list[str] = []
        self._where: list[str] = []
        self._values: list[Any] = []
        for item in sort:
            self._add_sort(item)
        for item in filters:
            self._add_filter(item)
        self.plain = not self._order and not self._where
        self.key = (source.stamp, tuple(self._order), tuple(self._where), tuple(self._values))

    def _add_sort(self, item: Any) -> None:
        if isinstance(item, str) or not isinstance(item, Sequence) or len(item) != 2:
            raise InvalidQuery("A sort is a pair of a column and 'asc' or 'desc'.")
        number = self._source.index(item[0])
        if item[1] not in ("asc", "desc"):
            raise InvalidQuery(f"A sort goes 'asc' or 'desc', not '{str(item[1])[:20]}'.")
        self.numbers.add(number)
        self._order.append(f"{self._sorted(number)} {item[1].upper()} NULLS LAST")

    def _sorted(self, number: int) -> str:
        kind = self._source.table.schema.field(number).type
        if getattr(kind, "ordered", False):
            return f"o{number}"
        if self._source.kind(number) == "other":
            return f"CAST(c{number} AS VARCHAR)"
        return self._without_nan(number)

    def _without_nan(self, number: int) -> str:
        name = str(self._source.table.schema.field(number).type)
        if self._source.nan_is_null or name not in ("double", "float", "halffloat"):
            return f"c{number}"
        return f"(CASE WHEN isnan(c{number}) THEN NULL ELSE c{number} END)"

    def _add_filter(self, item: Any) -> None:
        if not isinstance(item, Mapping):
            raise InvalidQuery("A filter is an object with column, op and value.")
        number = self._source.index(item.get("column"))
        op = item.get("op")
        if op not in OPS:
            raise InvalidQuery(f"A filter's op is one of {', '.join(OPS)}; not '{str(op)[:20]}'.")
        self.numbers.add(number)
        name = self._without_nan(number)
        if op in ("null", "notnull"):
            self._where.append(f"{name} IS {'NOT ' if op == 'notnull' else ''}NULL")
            return
        value = item.get("value")
        if not isinstance(value, (str, int, float, bool)):
            raise InvalidQuery("A filter's value is text, a number, true or false.")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if op == "contains":
            self._where.append(f"contains(lower(CAST(c{number} AS VARCHAR)), lower(?))")
            self._values.append(text)
            return
        self._compare(number, name, str(op), text)

    def _compare(self, number: int, name: str, op: str, text: str) -> None:
        kind, sign = self._source.kind(number), _SIGNS[op]
        if kind == "number":
            cast, value = _number(text, self._source.names[number])
        elif kind == "boolean":
            cast, value = "BOOLEAN", _truth(text)
        elif kind == "time":
            self._compare_time(number, name, op, text)
            return
        else:
            name, cast, value = f"CAST(c{number} AS VARCHAR)", "VARCHAR", text
        if op == "ne":
            self._where.append(f"{name} IS DISTINCT FROM CAST(? AS {cast})")
        else:
            self._where.append(f"{name} {sign} CAST(? AS {cast})")
        self._values.append(value)

    def _compare_time(self, number: int, name: str, op: str, text: str) -> None:
        type_ = str(self._source.table.schema.field(number).type)
        if type_.startswith("duration"):
            self._where.append(f"{name} {_SIGNS[op]} CAST(? AS INTERVAL)")
            self._values.append(text)
            return
        if type_.startswith("time") and not type_.startswith("timestamp"):
            self._where.append(f"{name} {_SIGNS[op]} CAST(? AS TIME)")
            self._values.append(text)
            return
        begin, end = _span(text)
        moment = f"CAST({name} AS TIMESTAMP)"
        within = f"({moment} >= CAST(? AS TIMESTAMP) AND {moment} < CAST(? AS TIMESTAMP))"
        if op == "eq":
            self._where.append(within)
            self._values += [begin, end]
        elif op == "ne":
            self._where.append(f"({within}) IS NOT TRUE")
            self._values += [begin, end]
        else:
            after = op in ("gt", "le")
            sign = {"gt": ">=", "le": "<", "ge": ">=", "lt": "<"}[op]
            self._where.append(f"{moment} {sign} CAST(? AS TIMESTAMP)")
            self._values.append(end if after else begin)

    def sql(self, limit: int | None = None) -> str:
        """Return the query for the numbers of the rows."""
        where = f" WHERE {' AND '.join(self._where)}" if self._where else ""
        order = f" ORDER BY {', '.join([*self._order, 'r'])}" if self._order else ""
        last = f" LIMIT {int(limit)}" if limit is not None else ""
        return f"SELECT r FROM t{where}{order}{last}"  # noqa: S608 - only our own names in it

    def count(self, connection: Connection) -> int:
        """Return how many rows pass the filters."""
        if not self._where:
            return int(self._source.table.num_rows)
        where = " AND ".join(self._where)
        sql = f"SELECT count(*) FROM t WHERE {where}"  # noqa: S608 - only our own names in it
        return int(connection.rows(sql, self._values)[0][0])

    def rows(self, offset: int, limit: int) -> tuple[Any, int]:
        """Return the numbers of the rows of a window, and how many rows there are in all."""
        found = _cache.get(self.key)
        if found is None and self._order and offset + limit <= _QUICK:
            with self._source.connect(self.numbers) as connection:
                first = connection.numbers(self.sql(offset + limit), self._values)
                return first[offset:], self.count(connection)
        if found is None:
            found = self.all_rows()
        return found[offset : offset + limit], len(found)

    def all_rows(self) -> Any:
        """Return the numbers of all rows in the order asked for; remembered for a while."""
        found = _cache.get(self.key)
        if found is None:
            with _cache.lock(self.key):
                found = _cache.get(self.key)
                if found is None:
                    with self._source.connect(self.numbers) as connection:
                        found = connection.numbers(self.sql(), self._values)
                    if not self._order:
                        found.sort()
                    _cache.put(self.key, found)
        return found


def _number(text: str, column: str) -> tuple[str, Any]:
    try:
        number = Decimal(text.strip().replace("_", ""))
    except InvalidOperation:
        raise InvalidQuery(f"'{text[:40]}' is no number; '{column}' holds numbers.") from None
    if not number.is_finite():
        return "DOUBLE", float(number)
    whole = number == number.to_integral_value()
    if whole and abs(number) < 2**127:
        return "HUGEINT", str(int(number))
    return "DOUBLE", float(number)


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.strip().lower() not in known:
        raise InvalidQuery(f"'{text[:40]}' is neither true nor false.")
    return known[text.strip().lower()]


def _span(text: str) -> tuple[str, str]:
    """Return the span of time that a text names: a year, a month, a day or an instant."""
    wanted = text.strip().replace("T", " ").rstrip("Z")
    try:
        if len(wanted) == 4:
            year = datetime.datetime(int(wanted), 1, 1)
            return _iso(year), _iso(year.replace(year=year.year + 1))
        if len(wanted) == 7:
            month = datetime.datetime.fromisoformat(f"{wanted}-01")
            return _iso(month), _iso((month + datetime.timedelta(days=32)).replace(day=1))
        moment = datetime.datetime.fromisoformat(wanted)
    except (ValueError, OverflowError):
        raise InvalidQuery(
            f"'{text[:40]}' is no time; write it like 2026-11-22 or 2026-11-22 10:30."
        ) from None
    if moment.tzinfo is not None:
        moment = moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    step = {10: datetime.timedelta(days=1), 16: datetime.timedelta(minutes=1)}.get(len(wanted))
    if step is None:
        micro = "." in wanted
        step = datetime.timedelta(microseconds=1) if micro else datetime.timedelta(seconds=1)
    return _iso(moment), _iso(moment + step)


def _iso(moment: datetime.datetime) -> str:
    return moment.isoformat(sep=" ")


class _Cache:
    """The newest answers, bounded in bytes."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._found: OrderedDict[Any, Any] = OrderedDict()
        self._locks: dict[Any, threading.Lock] = {}
        self._bytes = 0

    def get(self, key: Any) -> Any:
        with self._guard:
            if key in self._found:
                self._found.move_to_end(key)
            return self._found.get(key)

    def put(self, key: Any, value: Any) -> None:
        with self._guard:
            if key not in self._found:
                self._bytes += value.nbytes
            self._found[key] = value
            while self._bytes > _CACHE_BYTES and len(self._found) > 1:
                _, old = self._found.popitem(last=False)
                self._bytes -= old.nbytes
            self._locks.pop(key, None)

    def lock(self, key: Any) -> threading.Lock:
        with self._guard:
            return self._locks.setdefault(key, threading.Lock())


_cache = _Cache()
