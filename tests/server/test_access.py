"""Who may ask: every route of the extension, enumerated."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from jupyter_server.serverapp import JupyterServerAuthWarning
from tornado.httpclient import HTTPClientError

from mage_jlab.server.routes import ROUTES, handlers
from tests.conftest import snapshot

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def addresses() -> list[tuple[str, str]]:
    """Every method of every handler of the extension, with an address it answers to."""
    found = []
    for pattern, handler in handlers():
        path = re.sub(r"\(\?P<path>.*?\)\)\??\)", "/demo/numbers.ipynb", pattern)
        path = path.replace(r"(?P<path>(?:(?:/[^/]+)+|/?))", "/demo/numbers.ipynb")
        path = path.replace(r"(?P<rest>(?:/.*)?)", "/nothing")
        path = re.sub(r"\(\?P<\w+>[^)]*\)", "x", path)
        for method in METHODS:
            own = getattr(handler, method.lower())
            if getattr(own, "__name__", "") != "_unimplemented_method":
                found.append((method, path))
    return found


@pytest.mark.parametrize(("method", "path"), addresses())
async def test_nothing_answers_without_a_token(
    method: str, path: str, jp_serverapp: Any, http_server_client: Any, jp_base_url: str
) -> None:
    body = "{}" if method in ("POST", "PUT", "PATCH") else None
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(
            jp_base_url.rstrip("/") + path, method=method, body=body, follow_redirects=False
        )
    assert caught.value.code in (401, 403), f"{method} {path}"
    assert b"Traceback" not in (caught.value.response.body or b"")


def test_every_route_names_its_own_action_and_resource() -> None:
    for route in ROUTES:
        assert route.operations, route.path
        for method, facts in route.operations.items():
            assert facts.resource.startswith("mage_"), (route.path, method)
            assert facts.action in ("read", "write", "execute")
            assert method != "get" or facts.action in ("read", "execute")
            # Declared by the class itself: a method shared by subclasses would remember
            # the resource of whichever is asked first.
            assert method in vars(route.handler), (route.path, method)


def test_jupyter_finds_no_open_endpoint(jp_configurable_serverapp: Any, mage_state: Path) -> None:
    config = {
        "ServerApp": {
            "jpserver_extensions": {"mage_jlab": True},
            "allow_unauthenticated_access": False,
        }
    }
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", JupyterServerAuthWarning)
        app = jp_configurable_serverapp(config=config)
    assert "mage_jlab" in app.extension_manager.extension_points
    assert app.extension_manager.extension_points["mage_jlab"].app.handlers
    assert [str(item.message) for item in told if "mage" in str(item.message)] == []


class Watching(Authorizer):
    """Allows reading only, and remembers what was asked for."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return action == "read"


class TestAuthorizer:
    @pytest.fixture
    def jp_server_config(self, mage_state: Path) -> dict[str, Any]:
        Watching.asked.clear()
        return {
            "ServerApp": {
                "jpserver_extensions": {"mage_jlab": True},
                "authorizer_class": Watching,
            }
        }

    async def test_each_resource_is_asked_for_by_its_own_name(self, ask: Any) -> None:
        assert (await ask("mage", "api", "projects")).status == 200
        assert (await ask("mage", "api", "runs")).status == 200
        assert (await ask("mage", "api", "triggers")).status == 200
        read = {resource for action, resource in Watching.asked if action == "read"}
        assert {"mage_projects", "mage_runs", "mage_triggers"} <= read

    async def test_a_reader_cannot_write_or_run(self, ask: Any, mage_project: Path) -> None:
        before = snapshot(mage_project)
        new = {"project": "demo", "pipeline": "numbers"}
        assert (await ask("mage", "api", "runs", method="POST", body=new)).status == 403
        made = await ask(
            "mage", "api", "projects", "demo", "pipelines", method="POST", body={"name": "x"}
        )
        assert made.status == 403
        gone = await ask("mage", "contents", "demo", "numbers.ipynb", method="DELETE")
        assert gone.status == 403
        assert (await ask("mage", "contents", "demo", "numbers.ipynb")).status == 200
        assert snapshot(mage_project) == before


async def test_a_cross_site_post_is_refused(
    started: Any, http_server_client: Any, jp_base_url: str, jp_serverapp: Any
) -> None:
    """A browser's cookie alone, as a foreign page would send it, is not enough."""
    from jupyter_server.auth.identity import User

    provider = jp_serverapp.identity_provider
    # What a login leaves in the browser: a signed cookie, no XSRF header.
    provider.get_user_cookie = lambda handler: User(username="somebody")
    address = f"{jp_base_url}mage/api/"
    assert (await http_server_client.fetch(f"{address}projects")).code == 200
    for method in ("POST", "DELETE", "PATCH"):
        with pytest.raises(HTTPClientError) as caught:
            await http_server_client.fetch(
                f"{address}runs",
                method=method,
                body=None if method == "DELETE" else '{"project":"demo","pipeline":"numbers"}',
                headers={"Content-Type": "text/plain"},
            )
        assert caught.value.code == 403
        assert b"_xsrf" in caught.value.response.body
    with pytest.raises(HTTPClientError) as caught:
        await http_server_client.fetch(
            f"{address}projects", headers={"Origin": "https://evil.example"}
        )
    assert caught.value.code in (403, 404)
