"""What all connectors share: their words, their files, how they say what they do."""

from __future__ import annotations

import contextlib
import enum
import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.drivers import package, pandas
from mage_jlab.io.naming import clean_column

QUERY_ROW_LIMIT = 10_000_000


class _Word(str, enum.Enum):
    def __str__(self) -> str:
        return str(self.value)


class ExportWritePolicy(_Word):
    """What happens to a table that is there already."""

    APPEND = "append"
    FAIL = "fail"
    REPLACE = "replace"


class FileFormat(_Word):
    """How a table lies in a file."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    HDF5 = "hdf5"
    XML = "xml"
    EXCEL = "excel"
    FEATHER = "feather"


_SOURCES = (
    "airtable algolia api bigquery chroma clickhouse druid duckdb file google_cloud_storage "
    "google_sheets kafka mongodb mysql oracledb pinot postgres qdrant redshift s3 snowflake spark "
    "sqlite trino weaviate"
)
DataSource = enum.Enum(  # type: ignore[misc]
    "DataSource",
    {**{name.upper(): name for name in _SOURCES.split()}, "MSSQL": "sqlserver"},
    type=str,
)


class Printer:
    """Says what is being done, and how long it took."""

    def __init__(self, verbose: bool) -> None:
        """Speak only when asked to."""
        self.verbose = verbose

    @contextlib.contextmanager
    def print_msg(self, text: str) -> Iterator[None]:
        """Print a sentence around what is done."""
        if not self.verbose:
            yield
            return
        began = time.monotonic()
        yield
        print(f"{text} … {time.monotonic() - began:.2f} s")  # noqa: T201 - the block's output


class BaseIO:
    """A connector."""

    def __init__(self, verbose: bool = False) -> None:
        """Make a connector that says what it does, or not."""
        self.verbose = verbose
        self.printer = Printer(verbose)

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_args: object) -> None:
        return None


def check_policy(value: Any) -> str:
    """Return what to do with a table that is there: append, fail or replace.

    Raises:
        BadRequest: when it is none of them.
    """
    word = str(getattr(value, "value", value) or "append").lower()
    if word not in ("append", "fail", "replace"):
        raise BadRequest(f"if_exists is 'append', 'replace' or 'fail', not {value!r}.")
    return word


def frame(data: Any) -> Any:
    """Return rows as a pandas frame: a frame, a dictionary (one row) or a list of them."""
    pd = pandas("Exporting data")
    if isinstance(data, dict):
        return pd.DataFrame([data])
    if isinstance(data, pd.DataFrame):
        return data
    for method in ("to_pandas", "toPandas"):
        if hasattr(data, method):
            return getattr(data, method)()
    return pd.DataFrame(data)


# ---- files -----------------------------------------------------------------

_READERS = {
    "csv": "read_csv", "json": "read_json", "parquet": "read_parquet", "excel": "read_excel",
    "xml": "read_xml", "hdf5": "read_hdf", "feather": "read_feather",
}  # fmt: skip
_SUFFIXES = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "json": "json", "jsonl": "json", "parquet": "parquet",
    "xlsx": "excel", "xls": "excel", "xml": "xml", "h5": "hdf5", "hdf5": "hdf5",
    "feather": "feather", "arrow": "feather",
}  # fmt: skip
_PACKED = {"gz": "gzip", "zip": "zip", "bz2": "bz2", "xz": "xz", "zst": "zstd"}


def format_of(path: Any, given: Any) -> str:
    """Return how a file is written, by what is said or by its name.

    Raises:
        BadRequest: when it cannot be told, or cannot be read.
    """
    name = str(getattr(given, "value", given) or "").lower()
    if name:
        if name in _READERS:
            return name
        raise BadRequest(f"Files of format '{name}' cannot be read; use {', '.join(_READERS)}.")
    parts = str(path).partition("?")[0].lower().rsplit("/", 1)[-1].split(".")
    suffix = parts[-2] if parts[-1] in _PACKED and len(parts) > 2 else parts[-1]
    if suffix not in _SUFFIXES:
        raise BadRequest(
            f"The format of '{path}' is not known by its name; pass format='csv' or another of "
            f"{', '.join(_READERS)}."
        )
    return _SUFFIXES[suffix]


def read(source: Any, path: Any, kind: str, **kwargs: Any) -> Any:
    """Read a table; ``path`` tells what the source is called."""
    pd = pandas("Reading files")
    if kind == "csv" and ".tsv" in str(path):
        kwargs.setdefault("sep", "\t")
    if kind == "json" and ".jsonl" in str(path):
        kwargs.setdefault("lines", True)
    packed = str(path).rpartition(".")[2]
    if kind in ("csv", "json") and hasattr(source, "read") and packed in _PACKED:
        kwargs.setdefault("compression", _PACKED[packed])
    with _wanting(kind):
        return getattr(pd, _READERS[kind])(source, **kwargs)


_WANTED = {
    "parquet": ("pyarrow fastparquet", "pyarrow"), "feather": ("pyarrow", "pyarrow"),
    "excel": ("openpyxl", "openpyxl"), "hdf5": ("tables", "tables"), "xml": ("lxml", "lxml"),
}  # fmt: skip


@contextlib.contextmanager
def _wanting(kind: str) -> Iterator[None]:
    """Name the package that pandas or polars miss for a format."""
    try:
        yield
    except ImportError:
        if kind in _WANTED:
            package(*_WANTED[kind], f"The file format '{kind}'")
        raise


def write(df: Any, target: Any, path: Any, kind: str, **kwargs: Any) -> None:
    """Write a table as pandas (or polars) does; the index is written too, as in Mage.

    Raises:
        BadRequest: when the value is no table.
    """
    module = type(df).__module__.partition(".")[0]
    if module == "polars":
        _write_polars(df, target, kind, kwargs)
        return
    if not hasattr(df, "to_csv"):
        raise BadRequest(f"A {type(df).__name__} cannot be written as a file; give a data frame.")
    if kind == "csv" and ".tsv" in str(path):
        kwargs.setdefault("sep", "\t")
    if kind == "json" and ".jsonl" in str(path):
        kwargs.setdefault("orient", "records")
        kwargs.setdefault("lines", True)
    packed = str(path).rpartition(".")[2]
    if kind in ("csv", "json") and hasattr(target, "write") and packed in _PACKED:
        kwargs.setdefault("compression", _PACKED[packed])
    if kind == "hdf5":
        kwargs.setdefault("key", Path(str(path)).stem)
    if kind == "parquet" and "coerce_timestamps" not in kwargs and _has_arrow(kwargs):
        kwargs.update(coerce_timestamps="ms", allow_truncated_timestamps=True)
    writer = {"excel": "to_excel", "hdf5": "to_hdf"}.get(kind, f"to_{kind}")
    with _wanting(kind):
        getattr(df, writer)(target, **kwargs)


def _has_arrow(kwargs: dict[str, Any]) -> bool:
    """Whether pandas writes Parquet by pyarrow; fastparquet knows no such options."""
    import importlib.util

    engine = kwargs.get("engine", "auto")
    return engine == "pyarrow" or (
        engine == "auto" and importlib.util.find_spec("pyarrow") is not None
    )


def _write_polars(df: Any, target: Any, kind: str, kwargs: dict[str, Any]) -> None:
    writers = {"csv": "write_csv", "json": "write_json", "excel": "write_excel"}
    writer = getattr(df, writers.get(kind, "write_parquet"))
    writer(str(target) if isinstance(target, Path) else target, **kwargs)


class BaseFile(BaseIO):
    """A place of files: reading and writing them through memory."""

    def _loaded(self, data: bytes, path: Any, given: Any, limit: int, kwargs: Any) -> Any:
        kind = format_of(path, given)
        if kind == "hdf5":
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                local = Path(folder) / "table.h5"
                local.write_bytes(data)
                return read(local, path, kind, **kwargs)
        found = read(io.BytesIO(data), path, kind, **kwargs)
        return found if limit >= QUERY_ROW_LIMIT else found.head(limit)

    def _written(self, df: Any, path: Any, given: Any, kwargs: Any) -> bytes:
        kind = format_of(path, given)
        if kind == "hdf5":
            import tempfile

            with tempfile.TemporaryDirectory() as folder:
                local = Path(folder) / "table.h5"
                write(df, local, path, kind, **kwargs)
                return local.read_bytes()
        buffer = io.BytesIO()
        write(df, buffer, path, kind, **kwargs)
        return buffer.getvalue()


class BaseSQLDatabase(BaseIO):
    """A database that is asked in SQL."""

    asking = " with query\n{}"
    """How what is printed says the query."""

    def _clean_query(self, query: str) -> str:
        return query.strip(" \n\t")

    def clean_column_name(
        self,
        column_name: str,
        allow_reserved_words: bool = False,
        auto_clean_name: bool = True,
        case_sensitive: bool = False,
    ) -> str:
        """Return the name that a column of a frame has in a table."""
        if not auto_clean_name:
            return column_name
        return clean_column(str(column_name), allow_reserved_words, case_sensitive)

    def _enforce_limit(self, query: str, limit: int = QUERY_ROW_LIMIT) -> str:
        inner = query.strip().rstrip(";")
        return f"WITH subquery AS (\n{inner}\n)\n\nSELECT *\nFROM subquery\nLIMIT {limit}"

    def sample(self, schema: str, table: str, size: int = QUERY_ROW_LIMIT, **kwargs: Any) -> Any:
        """Return some rows of a table."""
        return self.load(f"SELECT * FROM {schema}.{table} LIMIT {size}", **kwargs)

    def load(
        self,
        query_string: str,
        limit: int = QUERY_ROW_LIMIT,
        display_query: str | None = None,
        verbose: bool = True,
        **kwargs: Any,
    ) -> Any:
        """Return what a query gives, as a frame of at most so many rows."""
        said = self.asking.format(display_query or query_string) if verbose else ""
        query = self._enforce_limit(self._clean_query(query_string), limit)
        with self.printer.print_msg(f"Loading data{said}"):
            return self._frame(query, **kwargs)

    def _frame(self, query: str, **kwargs: Any) -> Any:
        """Return what a query gives, as a frame."""
        raise NotImplementedError


class BaseSQLClient(BaseSQLDatabase):
    """A database whose driver has a client, which connects when it is first asked."""

    def __init__(self, verbose: bool = True, **options: Any) -> None:
        """Keep credentials and what the client takes."""
        super().__init__(verbose)
        self._options = options
        self._client: Any = None

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()
            self._client = None


class BaseSQLConnection(BaseSQLDatabase):
    """A database with a connection that is opened and closed."""

    def __init__(self, verbose: bool = False, **settings: Any) -> None:
        """Keep the settings; nothing is connected yet."""
        super().__init__(verbose)
        self.settings = settings
        self._ctx: Any = None

    @property
    def conn(self) -> Any:
        """The driver's connection.

        Raises:
            ConnectionError: when none is open.
        """
        if self._ctx is None:
            raise ConnectionError(
                f"The {type(self).__name__} connection is not open; use it in a 'with' statement, "
                "or call open() first."
            )
        return self._ctx

    def open(self) -> None:
        """Connect."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection, if one is open."""
        if self._ctx is not None:
            self._ctx.close()
            self._ctx = None

    def commit(self) -> None:
        """Make changes last."""
        self.conn.commit()

    def rollback(self) -> None:
        """Take changes back."""
        self.conn.rollback()

    def __enter__(self) -> Any:
        self.open()
        return self

    def __exit__(self, *_args: object) -> None:
        self.close()
