"""Azure Blob Storage, by azure-storage-blob."""

from __future__ import annotations

from typing import Any

from mage_jlab.io.base import QUERY_ROW_LIMIT, BaseFile
from mage_jlab.io.config import given, needed
from mage_jlab.io.drivers import package, pandas

_WHAT = "AzureBlobStorage"
_KEYS = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


class AzureBlobStorage(BaseFile):
    """Files in containers."""

    def __init__(self, verbose: bool = True, **options: Any) -> None:
        """Keep the account's name, and a client's id and secret (or ``credential``)."""
        super().__init__(verbose)
        self._options = options
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> AzureBlobStorage:
        """Make one by a profile of io_config.yaml."""
        account = needed(config, _WHAT, "AZURE_STORAGE_ACCOUNT_NAME")
        found = {"storage_account_name": account["AZURE_STORAGE_ACCOUNT_NAME"]}
        return cls(**{**found, **given(config, *_KEYS), **kwargs})

    @property
    def service_client(self) -> Any:
        """Azure's client, made when first asked for."""
        if self._client is None:
            blob = package("azure.storage.blob", "azure-storage-blob", _WHAT)
            options = self._options
            url = options.get("account_url") or (
                f"https://{options['storage_account_name']}.blob.core.windows.net"
            )
            self._client = blob.BlobServiceClient(url, credential=self._credential())
        return self._client

    def _credential(self) -> Any:
        options = self._options
        if options.get("credential") is not None:
            return options["credential"]
        identity = package("azure.identity", "azure-identity", _WHAT)
        if all(options.get(key) for key in _KEYS):
            return identity.ClientSecretCredential(*(options[key] for key in _KEYS))
        return identity.DefaultAzureCredential()

    def _blob(self, container: str, path: str) -> Any:
        return self.service_client.get_blob_client(container, path)

    def load(
        self,
        container_name: str,
        blob_path: str,
        format: Any = None,
        limit: int = QUERY_ROW_LIMIT,
        **kwargs: Any,
    ) -> Any:
        """Read a blob as a frame; one that is not there gives an empty frame, as in Mage."""
        with self.printer.print_msg(f"Loading '{blob_path}' of container '{container_name}'"):
            blob = self._blob(container_name, blob_path)
            if not blob.exists():
                return pandas("Loading files").DataFrame()
            data = blob.download_blob().readall()
            return self._loaded(data, blob_path, format, limit, kwargs)

    def export(
        self, df: Any, container_name: str, blob_path: str, format: Any = None, **kwargs: Any
    ) -> None:
        """Write a frame as a blob; ``upload_kwargs`` go to Azure's upload."""
        more = kwargs.pop("upload_kwargs", None) or {}
        with self.printer.print_msg(f"Exporting to '{blob_path}' of container '{container_name}'"):
            data = self._written(df, blob_path, format, kwargs)
            self._blob(container_name, blob_path).upload_blob(data, **more)

    def exists(self, container_name: str, prefix: str) -> bool:
        """Whether there is a blob of that name."""
        return bool(self._blob(container_name, prefix).exists())
