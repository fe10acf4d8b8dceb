"""Health, projects, their problems and what they need."""

from __future__ import annotations

from mage_jlab import __version__
from mage_jlab.files import dbt_models
from mage_jlab.server import lookup, requirements, views, wire
from mage_jlab.server.base import PAGING, MageHandler, Query, operation

PROJECTS = "mage_projects"
SERVER = "mage_server"


class HealthHandler(MageHandler):
    """Whether the parts live."""

    @operation("read", SERVER, answer=wire.Health)
    def get(self) -> wire.Health:
        """Say whether the scheduler and the database live."""
        facts = self.engine.health()
        kept = self.engine.housekeeping.retention
        return wire.Health(
            version=__version__,
            scheduler=str(facts.get("scheduler", "stopped")),
            scheduler_message=facts.get("scheduler_message"),
            database=str(facts.get("database", "unknown")),
            active_runs=int(facts.get("active_runs", 0)),
            products_bytes=facts.get("products_bytes"),
            products_keep=kept.versions,
            products_limit=kept.version_bytes,
            runs_keep=kept.runs,
            runs_limit=kept.run_bytes,
        )


class ProjectsHandler(MageHandler):
    """The projects below the server's root."""

    @operation("read", PROJECTS, answer=wire.Page[wire.Project], query=PAGING)
    def get(self) -> wire.Page[wire.Project]:
        """List the projects below the server's root."""
        page = self.page(self.engine.workspace.projects())
        return wire.Page([views.project(self.engine, item) for item in page.items], page.next)

    @operation(
        "write", PROJECTS, answer=wire.Project, body=wire.ProjectCreate, status=201, errors=(409,)
    )
    def post(self) -> wire.Project:
        """Make a project folder, with the example pipeline if asked."""
        wanted = self.read(wire.ProjectCreate)
        made = self.engine.workspace.create_project(wanted.path, example=wanted.example)
        self.engine.sync_file_triggers(made)
        self.app.tell("project", made, state="created")
        return views.project(self.engine, made)


class ProjectHandler(MageHandler):
    """One project."""

    @operation("read", PROJECTS, answer=wire.Project, errors=(404,))
    def get(self, project: str) -> wire.Project:
        """Read a project, with what is wrong in it."""
        of = lookup.project(self.engine, project)
        return views.project(self.engine, of, self.engine.workspace.check(of))


class ProblemsHandler(MageHandler):
    """What is wrong in a project."""

    @operation("read", PROJECTS, answer=wire.Page[wire.Problem], query=PAGING, errors=(404,))
    def get(self, project: str) -> wire.Page[wire.Problem]:
        """List everything that is wrong or odd in a project."""
        of = lookup.project(self.engine, project)
        page = self.page(self.engine.workspace.check(of))
        return wire.Page([views.problem(item) for item in page.items], page.next)


class DbtModelsHandler(MageHandler):
    """The models of a project's dbt projects."""

    @operation("read", PROJECTS, answer=wire.Page[wire.DbtModel], query=PAGING, errors=(404,))
    def get(self, project: str) -> wire.Page[wire.DbtModel]:
        """List the dbt models and what each of them reads."""
        of = lookup.project(self.engine, project)
        page = self.page(dbt_models.models(of.root))
        items = [
            wire.DbtModel(
                project=item.project,
                path=item.path,
                name=item.name,
                kind=item.kind,
                upstream=list(item.upstream),
                sources=list(item.sources),
            )
            for item in page.items
        ]
        return wire.Page(items, page.next)


class RequirementsHandler(MageHandler):
    """A project's requirements against a kernel."""

    @operation(
        "execute",
        PROJECTS,
        answer=wire.Requirements,
        query=(
            Query("kernel", str, "name of the kernel; the project's when left out"),
            Query("package", str, "only this package, in the version that the project requires"),
        ),
        errors=(404,),
    )
    def get(self, project: str) -> wire.Requirements:
        """Compare the project's requirements with a kernel's environment."""
        of = lookup.project(self.engine, project)
        chosen = of.settings.get("kernel_name")
        kernel = self.text("kernel") or (chosen if isinstance(chosen, str) else "python3")
        package = self.text("package")
        lines = self.engine.workspace.requirements(of)
        if package:
            lines = [requirements.as_required(package, lines)]
        return requirements.compare(lines, kernel, self.app.local_specs)


class ImportHandler(MageHandler):
    """Taking over what Mage kept in its database."""

    @operation(
        "write",
        PROJECTS,
        answer=wire.ImportResult,
        body=wire.ImportRequest,
        errors=(404, 422),
    )
    def post(self, project: str) -> wire.ImportResult:
        """Import triggers, variables and history from a Mage database file."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.ImportRequest)
        root = self.engine.workspace.root
        file = requirements.database_file(root, of.root, wanted.path)
        taken = self.engine.import_history(of, file)
        return wire.ImportResult(
            triggers=taken.triggers,
            runs=taken.runs,
            variables=taken.variables,
            notes=list(taken.notes),
        )
