"""Whatever a pipeline's file holds: it opens or is broken, and saving it changes no byte."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from odd_projects import contents

from mage_jlab.errors import BrokenFile
from mage_jlab.files.workspace import Workspace

anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-5, 5),
        st.floats(width=16),
        st.text("ab/ .\u00e9", max_size=5),
        st.dates(),
        st.datetimes(),
        st.binary(max_size=3),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text("ab", max_size=2), st.integers(0, 3)), inner, max_size=3),
    ),
    max_leaves=6,
)
ids = st.sampled_from(["a", "b", "c", "d/e", "F", 7, "\u00f1", "x y", "..", "../x"])


def sometimes(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(good, good, good, anything)


entry = st.fixed_dictionaries(
    {},
    optional={
        "uuid": sometimes(ids),
        "name": sometimes(st.text("ab ", max_size=4)),
        "type": sometimes(st.sampled_from(["data_loader", "markdown", "dbt", "ai", "scratchpad"])),
        "language": sometimes(st.sampled_from(["python", "sql", "yaml", "../x"])),
        "upstream_blocks": sometimes(st.lists(ids, max_size=3)),
        "downstream_blocks": sometimes(st.lists(ids, max_size=3)),
        "configuration": sometimes(
            st.fixed_dictionaries({}, optional={"file_source": anything, "x": anything})
        ),
        "timeout": anything,
        "retry_config": anything,
        "executor_config": anything,
        "color": anything,
        "content": anything,
        "replicated_block": sometimes(ids),
    },
)
entries = sometimes(st.lists(sometimes(entry), max_size=4))
documents = st.fixed_dictionaries(
    {},
    optional={
        "blocks": entries,
        "callbacks": entries,
        "conditionals": entries,
        "widgets": entries,
        "extensions": sometimes(
            st.dictionaries(st.text("ge", max_size=2), st.fixed_dictionaries({"blocks": entries}))
        ),
        "name": anything,
        "uuid": anything,
        "type": anything,
        "tags": anything,
        "variables": anything,
        "variables_dir": anything,
        "description": anything,
        "executor_config": anything,
        "retry_config": anything,
        "concurrency_config": anything,
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(documents, st.booleans(), st.booleans())
@example({"conditionals": [{"uuid": "a"}], "widgets": [{"uuid": "a"}, {"uuid": "b"}]}, False, False)
def test_any_document_opens_and_saves(
    tmp_path_factory: pytest.TempPathFactory, document: Any, crlf: bool, cut: bool
) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    if cut:
        text = text.rstrip("\n")
    if crlf:
        text = text.replace("\n", "\r\n")
    base = tmp_path_factory.mktemp("any")
    root: Path = base / "root"
    folder = root / "pipelines/x"
    folder.mkdir(parents=True)
    (root / "metadata.yaml").write_text("a: 1\n")
    (folder / "metadata.yaml").write_bytes(text.encode())
    before = contents(root)
    workspace = Workspace(root, base / "state")
    project = workspace.project("")
    assert isinstance(workspace.check(project), list)
    try:
        nb = workspace.open_notebook(project, "x")
    except BrokenFile:
        return
    nbformat.validate(nb)
    workspace.save_notebook(project, "x", nb)
    assert contents(root) == before
    pipeline = workspace.load(project, "x")
    workspace.change_pipeline(
        project, "x", {"tags": list(pipeline.tags), "variables": dict(pipeline.variables)}
    )
    assert contents(root) == before
