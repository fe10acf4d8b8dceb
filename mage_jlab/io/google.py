"""How Google's services are signed in to: a key as a map, a file, or the machine's own."""

from __future__ import annotations

from typing import Any

from mage_jlab.io.config import given
from mage_jlab.io.drivers import package


def settings(config: Any) -> dict[str, Any]:
    """Return what a profile says of credentials and place."""
    found = given(
        config, "GOOGLE_SERVICE_ACC_KEY", "GOOGLE_SERVICE_ACC_KEY_FILEPATH", "GOOGLE_LOCATION"
    )
    chosen: dict[str, Any] = {}
    if found["GOOGLE_SERVICE_ACC_KEY"]:
        chosen["credentials_mapping"] = found["GOOGLE_SERVICE_ACC_KEY"]
    elif found["GOOGLE_SERVICE_ACC_KEY_FILEPATH"]:
        chosen["path_to_credentials"] = found["GOOGLE_SERVICE_ACC_KEY_FILEPATH"]
    if found["GOOGLE_LOCATION"]:
        chosen["location"] = found["GOOGLE_LOCATION"]
    return chosen


def credentials(options: dict[str, Any], what: str, scopes: list[str] | None = None) -> Any:
    """Take the credentials out of some options; None means the machine's own."""
    given_ = options.pop("credentials", None)
    mapping = options.pop("credentials_mapping", None)
    path = options.pop("path_to_credentials", None)
    if given_ is not None or not (mapping or path):
        return given_
    module = package("google.oauth2.service_account", "google-auth", what)
    more = {"scopes": scopes} if scopes else {}
    if mapping:
        return module.Credentials.from_service_account_info(dict(mapping), **more)
    return module.Credentials.from_service_account_file(str(path), **more)
