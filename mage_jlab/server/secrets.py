"""Secrets by name: list, keep, delete. No route gives a value back."""

from __future__ import annotations

from mage_jlab.errors import NotFound
from mage_jlab.ids import find, slug
from mage_jlab.secrets.store import Secret
from mage_jlab.server import lookup, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation

SECRETS = "mage_secrets"


class SecretsHandler(MageHandler):
    """The secrets of a project and of its pipelines."""

    @operation("read", SECRETS, answer=wire.Page[wire.Secret], query=PAGING, errors=(404, 503))
    def get(self, project: str) -> wire.Page[wire.Secret]:
        """List the names of a project's secrets; values are never given back."""
        of = lookup.project(self.engine, project)
        page = self.page(self.engine.secrets(of).names())
        return wire.Page([_shown(item) for item in page.items], page.next)

    @operation(
        "write",
        SECRETS,
        answer=wire.Secret,
        body=wire.SecretCreate,
        status=201,
        errors=(404, 409, 503),
    )
    def post(self, project: str) -> wire.Secret:
        """Keep a secret, encrypted."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.SecretCreate)
        pipeline = wanted.pipeline and lookup.named_pipeline(self.engine, of, wanted.pipeline)
        store = self.engine.secrets(of)
        store.put(wanted.name, wanted.value, pipeline=pipeline, replace=wanted.replace)
        kept = {(item.pipeline, item.name): item for item in store.names()}
        return _shown(kept[pipeline or None, wanted.name])


class SecretHandler(MageHandler):
    """One secret."""

    @operation(
        "write",
        SECRETS,
        status=204,
        query=(Query("pipeline", str, "id of the pipeline that it belongs to"),),
        errors=(404, 503),
    )
    def delete(self, project: str, secret: str) -> None:
        """Forget a secret of the project, or of one pipeline."""
        of = lookup.project(self.engine, project)
        pipeline = self.text("pipeline")
        store = self.engine.secrets(of)
        known = [item.name for item in store.names() if item.pipeline == pipeline]
        name = find(secret, known)
        if name is None:
            raise NotFound("There is no such secret.")
        store.delete(name, pipeline=pipeline)


def _shown(secret: Secret) -> wire.Secret:
    return wire.Secret(secret.name, slug(secret.name), secret.pipeline, secret.changed)
