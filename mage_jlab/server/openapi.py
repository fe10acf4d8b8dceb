"""The OpenAPI document, made from the route table and the wire types."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin

import msgspec

from mage_jlab import __version__
from mage_jlab.server import wire
from mage_jlab.server.base import JSON, Operation
from mage_jlab.server.routes import ROUTES, Route

_ERRORS: Mapping[int, str] = {
    400: "The request is not valid; `detail.path` names the field.",
    403: "Without a token, or without the right to do this.",
    404: "There is no such thing.",
    409: "It does not fit the present state.",
    412: "It changed since it was read.",
    422: "A file or a pipeline cannot be used as it is.",
    428: "The header If-Match is missing.",
    503: "The server cannot do this now; the message says why.",
}
_BINARY = {"type": "string", "contentMediaType": "application/octet-stream"}


def document() -> dict[str, Any]:
    """Return the document of the whole interface."""
    structs = [
        item
        for item in vars(wire).values()
        if inspect.isclass(item)
        and issubclass(item, msgspec.Struct)
        and item.__module__.startswith(wire.__name__)
        and item not in (wire.Page, wire.Request)
    ]
    _, components = msgspec.json.schema_components(
        structs, ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "mage-jlab",
            "version": __version__,
            "description": "Projects, pipelines, triggers, runs and data products. "
            "Send Jupyter's token: `Authorization: token …`.",
        },
        "servers": [{"url": "mage/api", "description": "below the base URL of the server"}],
        "security": [{"token": []}],
        "paths": {route.path: _path(route) for route in ROUTES},
        "components": {
            "schemas": components,
            "securitySchemes": {
                "token": {"type": "apiKey", "in": "header", "name": "Authorization"}
            },
        },
    }


def _path(route: Route) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", route.path)
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in names
    ]
    path: dict[str, Any] = {"parameters": parameters} if parameters else {}
    for method, facts in route.operations.items():
        path[method] = _operation(route, method, facts)
    return path


def _operation(route: Route, method: str, facts: Operation) -> dict[str, Any]:
    words = re.sub(r"\W+", "_", route.path).strip("_")
    described: dict[str, Any] = {
        "operationId": f"{method}_{words}",
        "summary": facts.summary,
        "x-authorization": {"action": facts.action, "resource": facts.resource},
        "responses": {str(facts.status): _answer(facts)},
    }
    parameters = [
        {
            "name": item.name,
            "in": "query",
            "required": item.required,
            "description": item.text,
            "schema": _schema(item.schema),
        }
        for item in facts.query
    ]
    if facts.matches:
        parameters.append(
            {
                "name": "If-Match",
                "in": "header",
                "required": True,
                "description": "ETag of what the change was made from",
                "schema": {"type": "string"},
            }
        )
    if parameters:
        described["parameters"] = parameters
    if facts.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {JSON: {"schema": _schema(facts.body)}},
        }
    failure = {JSON: {"schema": _schema(wire.Failure)}}
    for status in sorted({400, 403, *facts.errors}):
        described["responses"][str(status)] = {
            "description": _ERRORS[status],
            "content": failure,
        }
    return described


def _answer(facts: Operation) -> dict[str, Any]:
    if facts.status == 204:
        return {"description": "Done."}
    if facts.answer is None:
        content = {media: {"schema": _BINARY} for media in facts.media}
    else:
        content = {JSON: {"schema": _schema(facts.answer)}}
    return {"description": facts.summary, "content": content}


def _schema(kind: Any) -> dict[str, Any]:
    if get_origin(kind) is wire.Page:
        return {
            "type": "object",
            "required": ["items", "next"],
            "properties": {
                "items": {"type": "array", "items": _schema(get_args(kind)[0])},
                "next": {"type": ["string", "null"]},
            },
        }
    if inspect.isclass(kind) and issubclass(kind, msgspec.Struct):
        return {"$ref": f"#/components/schemas/{kind.__name__}"}
    if kind is int:
        return {"type": "integer"}
    if kind is str:
        return {"type": "string"}
    return {"type": "object"}
