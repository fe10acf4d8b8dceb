"""A cell of a downloaded CSV file reads like the cell of the grid, whatever its type."""

from __future__ import annotations

import csv
import datetime
import io
import math
import sys
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mage_jlab.preview import csv_text
from mage_jlab.products import cells

# The reader of Python 3.10 takes no NUL; what we write is the same everywhere.
UNREAD = "\x00" if sys.version_info < (3, 11) else ""
WORDS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=UNREAD), max_size=8
) | st.sampled_from(["=1+1", 'a,"b"', "x\r\ny", "-", "", "'", "\t", "@a", " a "])
MOMENTS = st.datetimes(datetime.datetime(1700, 1, 1), datetime.datetime(2200, 1, 1))
KINDS = {
    "int64": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "uint8": (pa.uint8(), st.integers(0, 255)),
    "double": (pa.float64(), st.floats(allow_nan=True)),
    "bool": (pa.bool_(), st.booleans()),
    "text": (pa.string(), WORDS),
    "category": (pa.dictionary(pa.int8(), pa.string()), WORDS),
    "us": (pa.timestamp("us"), MOMENTS),
    "s": (pa.timestamp("s"), MOMENTS.map(lambda t: t.replace(microsecond=0))),
    "utc": (
        pa.timestamp("us", "UTC"),
        MOMENTS.map(lambda t: t.replace(tzinfo=datetime.timezone.utc)),
    ),
    "date": (pa.date32(), st.dates()),
    "list": (pa.list_(pa.int64()), st.lists(st.integers(0, 9), max_size=3)),
    "bytes": (pa.binary(), st.binary(max_size=3)),
}


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


def shown(value: Any) -> str:
    plain = cells.plain(value)
    if plain is None:
        return ""
    return str(plain).lower() if isinstance(plain, bool) else str(plain)


def same(written: str, value: Any) -> bool:
    if isinstance(value, float) and math.isfinite(value):
        return "." in written or "e" in written if float(written) == value else False
    return written == shown(value)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_type_reads_like_the_grid(kind: str, data: st.DataObject) -> None:
    type_, values = KINDS[kind]
    given_ = data.draw(st.lists(st.none() | values, max_size=6))
    column = pa.array(given_, type_)
    alone = read(csv_text.lines(pa.table({"a": column}), safe=False))
    assert len(alone) == len(given_)
    beside = read(csv_text.lines(pa.table({"n": range(len(given_)), "a": column}), safe=False))
    assert [row[-1:] for row in beside] == alone
    for (written,), value in zip(alone, given_, strict=True):
        assert same(written, value), (written, value)


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.none() | WORDS, max_size=6))
def test_no_text_reads_as_a_formula(words: list[str | None]) -> None:
    table = pa.table({"a": pa.array(words, pa.string()), "n": pa.array([-1] * len(words))})
    rows = read(csv_text.lines(table, safe=True))
    for (written, number), word in zip(rows, words, strict=True):
        assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert written.removeprefix("'") == (word or "").removeprefix("'")
        assert number == "-1"


def test_whole_and_large_numbers_keep_their_look() -> None:
    numbers = pa.array([1.0, 0.1, 12345678901.5, 1e300, None])
    assert read(csv_text.lines(pa.table({"x": numbers}), safe=False)) == [
        ["1.0"], ["0.1"], ["12345678901.5"], ["1e+300"], [""],
    ]  # fmt: skip
    assert csv_text.header(["a", "=b"], safe=True) == b"a,'=b\n"
