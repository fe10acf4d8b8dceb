"""Projects in Mage's format with every oddity that real ones have, written to disk."""

from __future__ import annotations

from pathlib import Path

LOADER = """\
if 'data_loader' not in globals():
    from mage_ai.data_preparation.decorators import data_loader


@data_loader
def load(*args, **kwargs):
    return [1, 2, 3]
"""

OLD_FORMAT = """\
blocks:
- all_upstream_blocks_executed: true
  downstream_blocks:
  - second
  - gone
  name: first
  status: executed
  type: data_loader
  upstream_blocks: []
  uuid: first
- downstream_blocks: null
  name: second
  type: transformer
  upstream_blocks:
  - first
  uuid: second
name: old format
type: python
uuid: old_format
variables_dir: C:\\Users\\someone\\mage_data
widgets: []
"""

SOURCES = """\
blocks:
- configuration:
    file_source:
      path: data_loaders/from_root.py
  language: python
  name: from root
  type: data_loader
  upstream_blocks: []
  uuid: somewhere_else
- configuration:
    file_source:
      path: shop/data_loaders/from_parent.py
  language: python
  name: from parent
  type: data_loader
  upstream_blocks: []
  uuid: from_parent
- configuration:
    file_source:
      path: other_clone/data_loaders/without_first.py
  language: python
  name: without first
  type: data_loader
  upstream_blocks: []
  uuid: without_first
- configuration:
    file_source:
      path: neighbour/data_loaders/theirs.py
  language: python
  name: theirs
  type: data_loader
  upstream_blocks: []
  uuid: theirs
- configuration:
    file_source:
      path: nowhere/at/all.py
  language: python
  name: default
  type: data_loader
  upstream_blocks: []
  uuid: default_place
- configuration:
    file_source:
      path: ../outside.py
  language: python
  name: hostile
  type: data_loader
  upstream_blocks: []
  uuid: hostile
- configuration: {}
  language: python
  name: nested
  type: transformer
  upstream_blocks: [somewhere_else, from_parent]
  uuid: deep/er/nested
- configuration:
    file_path: demo/models/orders.sql
    dbt_project_name: demo
  language: sql
  name: demo/models/orders
  type: dbt
  upstream_blocks: []
  uuid: dbt/demo/models/orders
- configuration: {}
  language: yaml
  name: run dbt
  type: dbt
  upstream_blocks: []
  uuid: run_dbt
name: sources
type: python
uuid: sources
"""

EVERYTHING = """\
# Kept: comments, flow lists, keys nobody knows.
blocks:
  - {uuid: loader, name: Loader, type: data_loader, upstream_blocks: [], mystery: 7}
  - uuid: 2024
    name: number as uuid
    type: transformer
    language: python
    upstream_blocks: [loader]   # in order
    timeout: 60
    retry_config: {retries: 2}
    executor_type: k8s
    executor_config: {kernel_name: other, resource_limits: {cpu: 1}}
    color: teal
  - uuid: magic
    name: from the future
    type: ai
    language: python
    upstream_blocks: [2024]
    configuration: {since: 2024-05-01, at: 2024-05-01 10:00:00}
  - uuid: notes
    name: Notes
    type: markdown
    language: markdown
    upstream_blocks: []
  - uuid: pad
    name: Pad
    type: scratchpad
    upstream_blocks: []
  - uuid: again
    name: Again
    type: transformer
    language: python
    replicated_block: "2024"
    upstream_blocks: [loader]
  - uuid: inline
    name: inline
    type: global_data_product
    content: "kept here"
    configuration: {global_data_product: {uuid: gdp}}
    upstream_blocks: []
  - just a text
  - name:
    type: custom
callbacks:
  - {uuid: tell, name: Tell, type: callback, upstream_blocks: [loader]}
conditionals:
  - {uuid: maybe, name: Maybe, type: conditional, upstream_blocks: ["2024"]}
widgets:
  - uuid: bars
    name: Bars
    type: chart
    configuration: {chart_type: bar chart, group_by: [country]}
    upstream_blocks: [loader]
extensions:
  great_expectations:
    blocks:
      - {uuid: expect, name: Expect, type: extension, upstream_blocks: [loader]}
created_at: '2024-05-01 10:00:00.000000+00:00'
execution_framework: standard
name: everything
tags: [a, 1, null]
type: python
unknown: {deep: [1, {er: yes}]}
uuid: another_uuid
variables: {country: ES, day: 2024-05-01, none: null}
"""

BROKEN = """\
blocks:
- uuid: a
  type: custom
 name: wrong column
type: python
"""

CONFLICT = """\
blocks: []
<<<<<<< HEAD
name: ours
=======
name: theirs
>>>>>>> branch
type: python
"""

PIPELINES = {
    "old_format": OLD_FORMAT,
    "sources": SOURCES,
    "everything": EVERYTHING,
    "broken": BROKEN,
    "conflict": CONFLICT,
    "empty": "",
    "a_list": "- 1\n- 2\n",
    "only_name": "name: x\n",
    "streaming": "blocks: []\nname: s\ntype: streaming\n",
    "not_lists": "blocks: {a: 1}\ncallbacks: text\nname: n\ntags: text\ntype: []\nvariables: 3\n",
}

READABLE = ("old_format", "sources", "everything", "only_name", "streaming", "not_lists")

FILES = {
    "metadata.yaml": (
        "project_type: standalone\nproject_uuid: '{{ env_var(\"MAGE_TEST_UNSET\") }}'\n"
        "variables_dir: /home/src/mage_data/shop\nname:  '  padded  '\n"
    ),
    "io_config.yaml": (
        "version: 0.1.1\ndefault:\n  POSTGRES_HOST: \"{{ env_var('MAGE_TEST_HOST') }}\"\n"
        "  POSTGRES_PASSWORD: \"{{ env_var('MAGE_TEST_UNSET') }}\"\n"
        "  SECRET: \"{{ mage_secret_var('pg') }}\"\ndev: {A: 1}\n"
    ),
    "requirements.txt": "# what we need\npandas>=2  # frames\n\n-r other.txt\nrequests\n",
    "data_loaders/from_root.py": LOADER,
    "data_loaders/from_parent.py": LOADER,
    "data_loaders/without_first.py": LOADER,
    "data_loaders/default_place.py": LOADER,
    "data_loaders/first.py": LOADER,
    "data_loaders/loader.py": LOADER,
    "transformers/2024.py": "x = 1",
    "transformers/deep/er/nested.py": "x = 1\n\n\n",
    "markdowns/notes.md": "# Notes\n\nText\n",
    "scratchpads/pad.py": "%time 1 + 1\n",
    "callbacks/tell.py": "x = 1\n",
    "conditionals/maybe.py": "x = 1\n",
    "charts/bars.py": "x = []\ny = []\n",
    "extensions/expect.py": "x = 1\n",
    "dbt/demo/models/orders.sql": "select 1\n",
    "dbts/run_dbt.yaml": "--select x\n",
    "utils/tools.py": "def tool():\n    return 1\n",
}


def write_shop(parent: Path, *, crlf: bool = False, final_newline: bool = True) -> Path:
    """Write the project `shop` and its neighbour below a folder; return the project's folder."""
    root = parent / "shop"
    neighbour = parent / "neighbour"
    everything = {f"pipelines/{name}/metadata.yaml": text for name, text in PIPELINES.items()}
    everything.update(FILES)
    for relative, text in everything.items():
        if not final_newline:
            text = text.rstrip("\n")
        if crlf:
            text = text.replace("\n", "\r\n")
        file = root / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())
    for relative, text in (
        ("metadata.yaml", "project_type: standalone\n"),
        (
            "pipelines/theirs/metadata.yaml",
            "blocks: []\nname: theirs\ntype: python\nuuid: theirs\n",
        ),
        ("data_loaders/theirs.py", LOADER),
    ):
        file = neighbour / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (parent / "outside.py").write_text("secret = 1\n")
    return root


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its bytes."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
