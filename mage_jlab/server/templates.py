"""Templates of a project, and the forms (interactions) of its pipelines."""

from __future__ import annotations

from mage_jlab.files.custom_templates import PipelineTemplate
from mage_jlab.files.interactions import Form
from mage_jlab.server import lookup, wire
from mage_jlab.server.base import PAGING, MageHandler, operation

TEMPLATES = "mage_pipelines"


class ProjectTemplatesHandler(MageHandler):
    """The project's own templates for pipelines; those for blocks are among ``/templates``."""

    @operation(
        "read", TEMPLATES, answer=wire.Page[wire.PipelineTemplate], query=PAGING, errors=(404,)
    )
    def get(self, project: str) -> wire.Page[wire.PipelineTemplate]:
        """List the project's templates for new pipelines."""
        of = lookup.project(self.engine, project)
        page = self.page(self.engine.workspace.pipeline_templates(of))
        return wire.Page([_template(item) for item in page.items], page.next)

    @operation(
        "write",
        TEMPLATES,
        answer=wire.PipelineTemplate,
        body=wire.TemplateCreate,
        status=201,
        errors=(404, 409, 422),
    )
    def post(self, project: str) -> wire.PipelineTemplate:
        """Save a pipeline, or one block of it, as a template of the project."""
        of = lookup.project(self.engine, project)
        wanted = self.read(wire.TemplateCreate)
        identity = lookup.named_pipeline(self.engine, of, wanted.pipeline)
        made = self.engine.workspace.save_template(
            of, identity, wanted.block, wanted.name, wanted.description
        )
        self.app.tell("project", of)
        if isinstance(made, PipelineTemplate):
            return _template(made)
        return wire.PipelineTemplate(made.id, made.name, made.description, [], 1)


class InteractionsHandler(MageHandler):
    """The forms for the variables of a pipeline."""

    @operation("read", TEMPLATES, answer=wire.Page[wire.Form], errors=(404, 422))
    def get(self, project: str, pipeline: str) -> wire.Page[wire.Form]:
        """List the forms (interactions) that a pipeline has for its variables."""
        of, loaded = lookup.pipeline(self.engine, project, pipeline)
        found = self.engine.workspace.interactions(of, loaded.id)
        return wire.Page([_form(item) for item in found])


def _template(item: PipelineTemplate) -> wire.PipelineTemplate:
    blocks = item.document.get("blocks")
    count = len(blocks) if isinstance(blocks, list) else 0
    return wire.PipelineTemplate(item.id, item.name, item.description, list(item.tags), count)


def _form(form: Form) -> wire.Form:
    rows = [
        [
            wire.FormField(
                variable=field.variable,
                label=field.label,
                description=field.description,
                input=field.input,
                types=list(field.types),
                required=field.required,
                options=[wire.FormOption(label, value) for label, value in field.options],
                multiline=field.multiline,
                number=field.number,
                language=field.language,
                default=field.default,
                width=field.width,
            )
            for field in row
        ]
        for row in form.rows
    ]
    return wire.Form(form.id, form.block, rows, form.problem)
