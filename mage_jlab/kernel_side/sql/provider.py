"""A SQL block in a database: upstream rows are brought there, the text is filled in and run."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import MageError, StepFailed
from mage_jlab.io.base import QUERY_ROW_LIMIT, check_policy
from mage_jlab.kernel_side import inputs, mage_table, outputs
from mage_jlab.kernel_side.sql import places, render, text
from mage_jlab.kernel_side.sql.databases import BY_PROVIDER, Database
from mage_jlab.kernel_side.sql.places import Upstream
from mage_jlab.kernel_side.step import Step

_FETCHED = frozenset({"custom", "data_exporter", "data_loader", "dbt", "transformer"})
_FIRST_ROWS = 1000


def run(step: Step, shell: Any) -> None:
    """Run the block and store what it gives.

    Raises:
        StepFailed: when its provider is not known, or the database refuses.
    """
    provider = str(step.configuration["data_provider"])
    kind = BY_PROVIDER.get(provider)
    if kind is None:
        raise StepFailed(
            f"Block '{step.block}' is SQL for {provider}, for which there is no connector; there "
            f"are: {', '.join(BY_PROVIDER)}.",
            block=step.block,
        )
    config = _profile(step, step.configuration)
    database = kind(config, step.configuration)
    work = _Work(step, shell, database, config)
    try:
        with database.loader:
            frame = work.run()
    except MageError:
        raise
    except Exception as error:
        raise StepFailed(
            f"The SQL of block '{step.block}' failed in {provider}: {type(error).__name__}: "
            f"{str(error).strip()}",
            block=step.block,
        ) from error
    outputs.store(step, [] if frame is None else [frame], shell)


def _profile(step: Step, configuration: Any) -> Any:
    name = render.fill(step, str(configuration.get("data_provider_profile") or "default"))
    return mage_table.profile(step.context, name)


class _Work:
    """One execution of a SQL block in a database."""

    def __init__(self, step: Step, shell: Any, database: Database, config: Any) -> None:
        self.step = step
        self.shell = shell
        self.database = database
        self.config = config
        self.blocks = places.known(step)
        self.values: dict[str, Any] | None = None

    def run(self) -> Any:
        """Return the rows that the block gives, or None."""
        configuration = self.step.configuration
        self._bring_upstream()
        query = render.fill(
            self.step, self._with_tables(self.step.block, self.step.code), self.values
        )
        self._show(query)
        if configuration.get("use_raw_sql"):
            return self._raw(query)
        table = places.table(self.step, self.step.block, configuration)
        policy = check_policy(configuration.get("export_write_policy") or "append")
        self.database.build(query.strip().rstrip(";"), table, policy)
        unread = configuration.get("disable_query_preprocessing")
        if unread or self.step.type not in _FETCHED:
            return None
        return self._limited(table)

    def _limited(self, table: str) -> Any:
        limit = self._limit()
        frame = self.database.read(table, limit + 1)  # one more tells whether it cuts
        if self.database.limited and frame is not None and len(frame) > limit:
            frame = frame.head(limit)
            key = "limit" if self.step.context.interactive else "limit_in_pipeline_run"
            print(f"Limited to {limit:,} rows by the block's setting '{key}'; the table has all.")
        return frame

    def _limit(self) -> int:
        interactive = self.step.context.interactive
        key = "limit" if interactive else "limit_in_pipeline_run"
        return min(int(self.step.configuration.get(key) or QUERY_ROW_LIMIT), QUERY_ROW_LIMIT)

    def _show(self, query: str) -> None:
        if self.step.context.interactive and query.strip() == self.step.code.strip():
            return  # it stands in the cell above
        data = {"text/plain": query, "text/markdown": f"```sql\n{query.strip()}\n```"}
        self.shell.display_pub.publish(data=data, metadata={"mage": {"compiled_sql": True}})

    # ---- raw --------------------------------------------------------------

    def _raw(self, query: str) -> Any:
        loader = self.database.loader
        if self.step.configuration.get("disable_query_preprocessing"):
            loader.execute_query_raw(query)
            return None
        queries = text.statements(query)
        changing = text.changes(query)
        fetch = [not changing] * len(queries)
        made = text.target(query) if changing else None
        if made and self.step.type in _FETCHED:
            queries.append(self.database.first_rows(made, _FIRST_ROWS))
            fetch.append(True)
        if not queries:
            raise StepFailed(f"Block '{self.step.block}' has no SQL to run.", block=self.step.block)
        results = loader.execute_queries(queries, commit=True, fetch_query_at_indexes=fetch)
        if self.step.type not in _FETCHED:
            return None
        return next((found for found in reversed(results) if found is not None), None)

    # ---- upstream ---------------------------------------------------------

    def _above(self, block: str) -> Upstream:
        return self.blocks.get(block) or Upstream(block)

    def _same_place(self, above: Upstream) -> bool:
        """Whether the rows of an upstream block lie in this database already."""
        own, theirs = self.step.configuration, above.configuration
        if not above.sql or own.get("data_provider") != theirs.get("data_provider"):
            return False
        if (own.get("data_provider_profile") or "") == (theirs.get("data_provider_profile") or ""):
            return True
        other = _profile(self.step, theirs)
        return all(self.config.get(key) == other.get(key) for key in self.database.keys)

    def _bring_upstream(self) -> None:
        """Write the rows of upstream blocks that the text names and that lie elsewhere."""
        for number, block in enumerate(self.step.upstream, 1):
            above = self._above(block)
            named = text.place(number).search(self.step.code)
            if not named or above.type == "sensor" or self._same_place(above):
                continue
            if above.sql and self.step.configuration.get("use_raw_sql"):
                raise StepFailed(
                    f"Block '{self.step.block}' is raw SQL and cannot read '{block}', which is SQL "
                    f"for {above.configuration.get('data_provider')}; turn raw SQL off.",
                    block=self.step.block,
                )
            data = self._value(block)
            schema, table = places.of_upstream(self.step, above)
            if data is None or not len(data):
                print(f"No data in upstream block '{block}'.")
                continue
            self.database.upload(data, schema, table)

    def _value(self, block: str) -> Any:
        if self.values is None:
            loaded = inputs.load(self.step)
            self.values = dict(zip(self.step.upstream, loaded))
        value = self.values[block]
        frames = isinstance(value, list) and value and type(value[0]).__name__ == "DataFrame"
        return value[0] if frames else value

    def _with_tables(self, block: str, code: str) -> str:
        """Put tables (or the queries of raw blocks) for ``{{ df_n }}``."""
        own = block == self.step.block
        upstream = self.step.upstream if own else self._above(block).upstream
        for number, name in enumerate(upstream, 1):
            if not text.place(number).search(code):
                continue
            above = self._above(name)
            schema, table = places.of_upstream(self.step, above)
            raw = above.configuration.get("use_raw_sql") and self._same_place(above)
            if raw and above.source and not text.makes_rows(above.source):
                inner = self._with_tables(name, above.source)
                code = text.put_query(code, number, inner, table)
                continue
            wanted = self.database.reference(schema, table)
            code = text.replaced(code, number, wanted)
        return code
