"""Amazon S3 and what speaks its protocol (MinIO and others), by boto3."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mage_jlab.errors import BadRequest
from mage_jlab.io.base import QUERY_ROW_LIMIT, BaseFile
from mage_jlab.io.config import given
from mage_jlab.io.drivers import package


class S3(BaseFile):
    """Files in buckets."""

    def __init__(self, verbose: bool = False, **options: Any) -> None:
        """Keep what boto3's client takes; without keys it finds them as boto3 does."""
        super().__init__(verbose)
        self._options = options
        self._client: Any = None

    @classmethod
    def with_config(cls, config: Any, **kwargs: Any) -> S3:
        """Make one by a profile of io_config.yaml."""
        found = given(
            config, "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
            "AWS_REGION", "AWS_ENDPOINT",
        )  # fmt: skip
        options = {
            "aws_access_key_id": found["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": found["AWS_SECRET_ACCESS_KEY"],
            "aws_session_token": found["AWS_SESSION_TOKEN"],
            "region_name": found["AWS_REGION"],
            "endpoint_url": found["AWS_ENDPOINT"],
        }
        return cls(**{**options, **kwargs})

    @property
    def client(self) -> Any:
        """boto3's client, made when first asked for."""
        if self._client is None:
            self._client = package("boto3", "boto3", "S3").client("s3", **self._options)
        return self._client

    def load(
        self,
        bucket_name: str,
        object_key: str,
        format: Any = None,
        limit: int = QUERY_ROW_LIMIT,
        **kwargs: Any,
    ) -> Any:
        """Read an object as a frame."""
        with self.printer.print_msg(f"Loading '{object_key}' of bucket '{bucket_name}'"):
            said = self.client.get_object(Bucket=bucket_name, Key=object_key)
            return self._loaded(said["Body"].read(), object_key, format, limit, kwargs)

    def export(
        self, data: Any, bucket_name: str, object_key: str, format: Any = None, **kwargs: Any
    ) -> None:
        """Write a frame, or a file of this machine, as an object.

        Raises:
            BadRequest: when it is neither.
        """
        with self.printer.print_msg(f"Exporting to '{object_key}' of bucket '{bucket_name}'"):
            if isinstance(data, (str, Path)):
                if not Path(data).is_file():
                    raise BadRequest(f"There is no file '{data}' to export to S3.")
                self.client.upload_file(str(data), bucket_name, object_key)
                return
            body = self._written(data, object_key, format, kwargs)
            self.client.put_object(Body=body, Bucket=bucket_name, Key=object_key)

    def exists(self, bucket_name: str, prefix: str) -> bool:
        """Whether there is an object whose key begins so."""
        said = self.client.list_objects_v2(Bucket=bucket_name, Prefix=prefix, MaxKeys=1)
        return bool(said.get("Contents"))
