"""Global data products: list, register, change, forget."""

from __future__ import annotations

from typing import Any

from mage_jlab.errors import NotFound
from mage_jlab.ids import find, slug
from mage_jlab.model.data_product import DataProduct
from mage_jlab.model.project import Project
from mage_jlab.plan import freshness
from mage_jlab.server import lookup, wire
from mage_jlab.server.base import PAGING, MageHandler, operation
from mage_jlab.server.pipelines import given

PRODUCTS = "mage_pipelines"


class DataProductsHandler(MageHandler):
    """The global data products of a project."""

    @operation(
        "read", PRODUCTS, answer=wire.Page[wire.DataProduct], query=PAGING, errors=(404, 422)
    )
    def get(self, project: str) -> wire.Page[wire.DataProduct]:
        """List the global data products of a project and how fresh they are."""
        of = lookup.project(self.engine, project)
        page = self.page(self.engine.workspace.data_products(of))
        return wire.Page([_view(self, of, item) for item in page.items], page.next)

    @operation(
        "write",
        PRODUCTS,
        answer=wire.DataProduct,
        body=wire.DataProductCreate,
        status=201,
        errors=(404, 409, 422),
    )
    def post(self, project: str) -> wire.DataProduct:
        """Register the outputs of a pipeline as a global data product."""
        of = lookup.project(self.engine, project)
        wanted = given(self.read(wire.DataProductCreate))
        name = wanted.pop("name")
        made = self.engine.workspace.add_data_product(of, name, _said(wanted))
        self.app.tell("project", of)
        return _view(self, of, made)


class DataProductHandler(MageHandler):
    """One global data product."""

    @operation("read", PRODUCTS, answer=wire.DataProduct, errors=(404, 422))
    def get(self, project: str, product: str) -> wire.DataProduct:
        """Read a global data product and how fresh it is."""
        of, found = self._found(project, product)
        return _view(self, of, found)

    @operation(
        "write",
        PRODUCTS,
        answer=wire.DataProduct,
        body=wire.DataProductChange,
        errors=(404, 422),
    )
    def patch(self, project: str, product: str) -> wire.DataProduct:
        """Change a global data product; keys of its file that are not known stay."""
        of, found = self._found(project, product)
        said = _said(given(self.read(wire.DataProductChange)))
        changed = self.engine.workspace.change_data_product(of, found.id, said)
        self.app.tell("project", of)
        return _view(self, of, changed)

    @operation("write", PRODUCTS, status=204, errors=(404, 422))
    def delete(self, project: str, product: str) -> None:
        """Take a global data product out of its file; its pipeline and runs stay."""
        of, found = self._found(project, product)
        self.engine.workspace.remove_data_product(of, found.id)
        self.app.tell("project", of)

    def _found(self, project: str, product: str) -> tuple[Project, DataProduct]:
        of = lookup.project(self.engine, project)
        known = {item.id: item for item in self.engine.workspace.data_products(of)}
        wanted = find(product, list(known))
        if wanted is None:
            raise NotFound(f"Project '{of.name}' has no such global data product.")
        return of, known[wanted]


def _said(wanted: dict[str, Any]) -> dict[str, Any]:
    if "settings" in wanted:
        wanted["settings"] = {
            block: {"partitions": count} for block, count in wanted["settings"].items()
        }
    return wanted


def _view(self: MageHandler, of: Project, item: DataProduct) -> wire.DataProduct:
    standing, newest = self.engine.data_products.standing(of, item)
    state = "fresh"
    if item.object_type != "pipeline" or item.pipeline not in self.engine.workspace.pipelines(of):
        state = "broken"
    elif newest is None:
        state = "never"
    elif standing.outdated:
        state = "outdated"
    active = self.engine.runs.active(of.id, item.pipeline) if item.pipeline else []
    return wire.DataProduct(
        project=slug(of.id),
        id=item.id,
        slug=slug(item.id),
        pipeline=item.pipeline,
        outdated_after=dict(item.outdated_after),
        outdated_starting_at=dict(item.outdated_starting_at),
        settings=dict(item.settings),
        words=freshness.rule(item),
        state=state,
        last_run=None if newest is None else newest.id,
        last_made=standing.last,
        due=standing.due,
        making=next((run.id for run in active if run.blocks is None), None),
    )
