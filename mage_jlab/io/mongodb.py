"""MongoDB, by pymongo."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.base import BaseIO, frame
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package, pandas


class MongoDB(BaseIO):
    """A MongoDB database; it connects when first asked."""

    def __init__(
        self,
        connection_string: str | None = None,
        host: str | None = None,
        port: Any = 27017,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
        collection: str | None = None,
        verbose: bool = True,
        **options: Any,
    ) -> None:
        """Keep the settings; other ones go to the driver."""
        super().__init__(verbose)
        self._options = options
        if connection_string:
            self._options["host"] = connection_string
        else:
            self._options.update(host=host, port=int(port or 27017))
            if user:
                self._options.update(username=user, password=password)
        self._name = database
        self.collection = collection
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> MongoDB:
        """Make one by a profile of io_config.yaml."""
        names = ("CONNECTION_STRING", "HOST", "PORT", "USER", "PASSWORD", "COLLECTION")
        found = {
            **needed(config, "MongoDB", "MONGODB_DATABASE"),
            **given(config, *(f"MONGODB_{name}" for name in names)),
        }
        settings = {key.partition("_")[2].lower(): value for key, value in found.items()}
        return cls(**{**settings, **kwargs})

    @property
    def client(self) -> Any:
        """The driver's client, made when first asked for."""
        if self._client is None:
            self._client = package("pymongo", "pymongo", "MongoDB").MongoClient(**self._options)
        return self._client

    @property
    def database(self) -> Any:
        """The database that the settings name."""
        return self.client[self._name]

    def _collection(self, name: str | None) -> Any:
        wanted = name or self.collection
        if not wanted:
            raise BadRequest(
                "Please name the collection: collection=… or MONGODB_COLLECTION in io_config.yaml."
            )
        return self.database[wanted]

    def load(self, collection: str | None = None, query: Any = None, **kwargs: Any) -> Any:
        """Return the documents that a query finds, as a frame."""
        found = self._collection(collection).find(query or {}, **kwargs)
        return pandas("MongoDB").DataFrame(list(found))

    def export(self, data: Any, collection: str | None = None, **_kwargs: Any) -> Any:
        """Insert the rows of a frame, or a list of dictionaries, as documents."""
        target = self._collection(collection)
        if data is None or not len(data):
            return None
        rows = data if isinstance(data, list) else frame(data).to_dict("records")
        return target.insert_many(rows)
