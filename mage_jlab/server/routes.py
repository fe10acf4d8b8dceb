"""The URL table. Everything that can be asked of us over HTTP stands here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from jupyter_server.base.handlers import path_regex

from mage_jlab.server import (
    blocks,
    connections,
    data_products,
    drive,
    export,
    from_notebook,
    pipelines,
    products,
    projects,
    run_notebook,
    runs,
    secrets,
    templates,
    triggers,
)
from mage_jlab.server.base import MageHandler, NothingHandler, Operation, operation

API = "mage/api"


class OpenApiHandler(MageHandler):
    """The description of the interface."""

    @operation("read", "mage_server", answer=dict[str, Any])
    def get(self) -> dict[str, Any]:
        """Describe the interface as an OpenAPI document."""
        from mage_jlab.server.openapi import document

        return document()


@dataclass(frozen=True)
class Route:
    """A path below ``mage/api`` with names in braces, and what answers there."""

    path: str
    handler: type[MageHandler]

    @property
    def pattern(self) -> str:
        """The path as Tornado wants it."""
        return rf"/{API}" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path)

    @property
    def operations(self) -> dict[str, Operation]:
        """The methods that are declared, by HTTP name."""
        found = {}
        for name in ("get", "post", "patch", "delete"):
            facts = getattr(getattr(self.handler, name), "operation", None)
            if facts is not None:
                found[name] = facts
        return found


_PIPELINE = "/projects/{project}/pipelines/{pipeline}"
_PRODUCT = "/products/{project}/{pipeline}/{block}"

ROUTES = (
    Route("/health", projects.HealthHandler),
    Route("/openapi.json", OpenApiHandler),
    Route("/projects", projects.ProjectsHandler),
    Route("/projects/{project}", projects.ProjectHandler),
    Route("/projects/{project}/requirements", projects.RequirementsHandler),
    Route("/projects/{project}/import", projects.ImportHandler),
    Route("/projects/{project}/problems", projects.ProblemsHandler),
    Route("/projects/{project}/notebook-draft", from_notebook.DraftHandler),
    Route("/projects/{project}/notebook-import", from_notebook.ImportHandler),
    Route("/projects/{project}/connections", connections.ConnectionsHandler),
    Route("/projects/{project}/connections/test", connections.ConnectionTestHandler),
    Route("/projects/{project}/dbt-models", projects.DbtModelsHandler),
    Route("/projects/{project}/secrets", secrets.SecretsHandler),
    Route("/projects/{project}/secrets/{secret}", secrets.SecretHandler),
    Route("/projects/{project}/templates", templates.ProjectTemplatesHandler),
    Route("/projects/{project}/data-products", data_products.DataProductsHandler),
    Route("/projects/{project}/data-products/{product}", data_products.DataProductHandler),
    Route("/projects/{project}/pipelines", pipelines.PipelinesHandler),
    Route(_PIPELINE, pipelines.PipelineHandler),
    Route(f"{_PIPELINE}/kernel", pipelines.KernelHandler),
    Route(f"{_PIPELINE}/interactions", templates.InteractionsHandler),
    Route(f"{_PIPELINE}/outputs", pipelines.OutputsHandler),
    Route(f"{_PIPELINE}/export", export.ExportHandler),
    Route(f"{_PIPELINE}/blocks", blocks.BlocksHandler),
    Route(f"{_PIPELINE}/blocks/{{block}}", blocks.BlockHandler),
    Route("/templates", blocks.TemplatesHandler),
    Route("/triggers", triggers.TriggersHandler),
    Route("/triggers/preview", triggers.PreviewHandler),
    Route("/triggers/{trigger}", triggers.TriggerHandler),
    Route("/triggers/{trigger}/run", triggers.TriggerRunHandler),
    Route("/runs", runs.RunsHandler),
    Route("/runs/{run}", runs.RunHandler),
    Route("/runs/{run}/cancel", runs.CancelHandler),
    Route("/runs/{run}/retry", runs.RetryHandler),
    Route("/runs/{run}/notebook", run_notebook.RunNotebookHandler),
    Route("/runs/{run}/steps/{step}/log", runs.LogHandler),
    Route(_PRODUCT, products.ProductHandler),
    Route(f"{_PRODUCT}/{{output}}/rows", products.RowsHandler),
    Route(f"{_PRODUCT}/{{output}}/statistics", products.StatisticsHandler),
    Route(f"{_PRODUCT}/{{output}}/download", products.DownloadHandler),
    Route(f"{_PRODUCT}/{{output}}/content", products.ContentHandler),
)


def handlers() -> list[tuple[str, type[Any]]]:
    """Return every pattern with its handler, the drive's included."""
    root = f"/{drive.ROOT}{path_regex}"
    return [
        *((route.pattern, route.handler) for route in ROUTES),
        (rf"/{API}(?P<rest>(?:/.*)?)", NothingHandler),
        (rf"{root}/checkpoints", drive.CheckpointsHandler),
        (rf"{root}/checkpoints/(?P<checkpoint_id>[\w-]+)", drive.CheckpointHandler),
        (root, drive.DriveHandler),
    ]
