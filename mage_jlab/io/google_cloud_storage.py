"""Google Cloud Storage, by google-cloud-storage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io import google
from mage_jlab.io.base import QUERY_ROW_LIMIT, BaseFile
from mage_jlab.io.drivers import package, pandas

_WHAT = "GoogleCloudStorage"


class GoogleCloudStorage(BaseFile):
    """Files in buckets."""

    def __init__(self, verbose: bool = True, **options: Any) -> None:
        """Keep credentials and what the client takes."""
        super().__init__(verbose)
        self._options = options
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> GoogleCloudStorage:
        """Make one by a profile of io_config.yaml."""
        found = google.settings(config)
        found.pop("location", None)
        return cls(**{**found, **kwargs})

    @property
    def client(self) -> Any:
        """Google's client, made when first asked for."""
        if self._client is None:
            module = package("google.cloud.storage", "google-cloud-storage", _WHAT)
            options = dict(self._options)
            key = google.credentials(options, _WHAT)
            self._client = module.Client(credentials=key, **options)
        return self._client

    def _blob(self, bucket_name: str, object_key: str) -> Any:
        return self.client.bucket(bucket_name).blob(object_key)

    def load(
        self,
        bucket_name: str,
        object_key: str,
        format: Any = None,
        limit: int = QUERY_ROW_LIMIT,
        **kwargs: Any,
    ) -> Any:
        """Read an object as a frame; one that is not there gives an empty frame, as in Mage."""
        with self.printer.print_msg(f"Loading '{object_key}' of bucket '{bucket_name}'"):
            blob = self._blob(bucket_name, object_key)
            if not blob.exists():
                return pandas("Loading files").DataFrame()
            return self._loaded(blob.download_as_bytes(), object_key, format, limit, kwargs)

    def export(
        self, data: Any, bucket_name: str, object_key: str, format: Any = None, **kwargs: Any
    ) -> None:
        """Write a frame, or a file of this machine, as an object.

        Raises:
            BadRequest: when there is no such file.
        """
        with self.printer.print_msg(f"Exporting to '{object_key}' of bucket '{bucket_name}'"):
            blob = self._blob(bucket_name, object_key)
            if isinstance(data, (str, Path)):
                if not Path(data).is_file():
                    raise BadRequest(f"There is no file '{data}' to export to a bucket.")
                blob.upload_from_filename(str(data))
                return
            blob.upload_from_string(
                self._written(data, object_key, format, kwargs),
                content_type="application/octet-stream",
            )

    def exists(self, bucket_name: str, prefix: str) -> bool:
        """Whether there is an object of that name."""
        return bool(self._blob(bucket_name, prefix).exists())
