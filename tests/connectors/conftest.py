"""What connectors are tried against beside databases: servers of the protocols of S3 and GCS."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mage_jlab.io.config import ConfigFileLoader
from tests.databases import free_port


@pytest.fixture(scope="session")
def s3_profile() -> Iterator[dict[str, object]]:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT": f"http://{host}:{port}",
    }
    server.stop()


@pytest.fixture(scope="session")
def google_storage() -> Iterator[str]:
    """The address of a server that speaks the protocol of Google Cloud Storage."""
    from gcp_storage_emulator.server import create_server

    port = free_port()
    server = create_server("127.0.0.1", port, in_memory=True)
    server.start()
    yield f"http://127.0.0.1:{port}"
    server.stop()


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> ConfigFileLoader:
    """The profile that the test names by its fixture."""
    return ConfigFileLoader(config=request.getfixturevalue(request.param))
