"""Airtable, by pyairtable."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.base import BaseIO
from mage_jlab.io.config import needed
from mage_jlab.io.drivers import package, pandas


class Airtable(BaseIO):
    """Tables of Airtable, to read."""

    def __init__(self, token: str, verbose: bool = True, **options: Any) -> None:
        """Keep the token; it connects when first asked."""
        super().__init__(verbose)
        self._token, self._options = token, options
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> Airtable:
        """Make one by a profile of io_config.yaml."""
        found = needed(config, "Airtable", "AIRTABLE_ACCESS_TOKEN")
        return cls(found["AIRTABLE_ACCESS_TOKEN"], **kwargs)

    @property
    def client(self) -> Any:
        """The driver's client, made when first asked for."""
        if self._client is None:
            module = package("pyairtable", "pyairtable", "Airtable")
            self._client = module.Api(self._token, **self._options)
        return self._client

    def load(self, base_id: str, table_name: str, **kwargs: Any) -> Any:
        """Return the records of a table: their id, time of creation and fields."""
        with self.printer.print_msg(f"Loading table '{table_name}' of base '{base_id}'"):
            records = self.client.table(base_id, table_name).all(**kwargs)
        rows = [
            {"id": record["id"], "createdTime": record["createdTime"], **record["fields"]}
            for record in records
        ]
        return pandas("Airtable").DataFrame(rows)

    def export(self, *_args: Any, **_kwargs: Any) -> None:
        """Refuse: Mage has no export to Airtable either.

        Raises:
            BadRequest: always.
        """
        raise BadRequest("Exporting to Airtable is not there; use pyairtable's batch_create.")
