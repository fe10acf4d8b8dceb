"""Which addresses a connection test may reach: none of the machine's own surroundings."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any
from urllib.parse import urlsplit

from mage_jlab.errors import BadRequest

_METADATA = frozenset({
    "169.254.169.254", "169.254.170.2", "fd00:ec2::254",  # AWS, and most others
    "100.100.100.200",  # Alibaba
    "168.63.129.16",  # Azure
    "192.0.0.192",  # Oracle
})  # fmt: skip
_NAMES = ("metadata.google.internal", "metadata", "instance-data")


def allowed(host: str, port: Any) -> list[str]:
    """Return the addresses of a host.

    Raises:
        BadRequest: when it has one that is link-local or a cloud's metadata service.
        OSError: when nothing is known of the host.
    """
    found = socket.getaddrinfo(host, port or None, type=socket.SOCK_STREAM)
    addresses = [str(item[4][0]) for item in found]
    for address in addresses:
        plain = ipaddress.ip_address(address.partition("%")[0])
        plain = getattr(plain, "ipv4_mapped", None) or plain
        if plain.is_link_local or plain.is_multicast or plain.is_unspecified:
            raise BadRequest(_refusal(host))
        if str(plain) in _METADATA or host.lower().rstrip(".") in _NAMES:
            raise BadRequest(_refusal(host))
    return addresses


def of_url(url: str) -> tuple[str, int | None] | None:
    """Return host and port of an address, or None when it names none."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname:
        return None
    return parts.hostname, port or {"http": 80, "https": 443}.get(parts.scheme)


def _refusal(host: str) -> str:
    return (
        f"'{host}' is a link-local address or a cloud's metadata service; connection tests do not "
        "go there unless the server allows it (MageApp.test_any_address)."
    )
