"""What blocks ask of Mage's own classes: settings of the project, other pipelines."""

from __future__ import annotations

from pathlib import Path

from flow.engine.projects import running, write_pipeline

from mage_jlab.products import execution

LOOK = """
from mage_ai.data_preparation.models.pipeline import Pipeline
from mage_ai.data_preparation.repo_manager import RepoConfig, get_repo_path
from mage_ai.streaming.sources.base_python import BasePythonSource

class Source(BasePythonSource):
    def batch_read(self, handler):
        handler([1])

@custom
def look(*args, **kwargs):
    pipeline = Pipeline.get('numbers', repo_path=get_repo_path())
    block = pipeline.get_block('three')
    got = []
    Source().batch_read(got.extend)
    return {
        'name': pipeline.name, 'type': pipeline.type, 'variables': pipeline.variables,
        'blocks': list(pipeline.blocks_by_uuid), 'above': pipeline.get_block('double').upstream_block_uuids,
        'kind': block.type, 'value': block.get_outputs(execution_partition=kwargs['partition']),
        'absent': Pipeline.get('absent', check_if_exists=True), 'all': Pipeline.get_all_pipelines(),
        'master': RepoConfig(repo_path=get_repo_path()).spark_config['spark_master'],
        'unset': RepoConfig().ecs_config, 'got': got,
    }
"""


def test_blocks_look_at_pipelines_and_settings(tmp_path: Path) -> None:
    three = "@data_loader\ndef f(*args, **kwargs):\n    return 3\n"
    double = "@transformer\ndef f(n, *args, **kwargs):\n    return 2 * n\n"
    numbers = {
        "three": {"type": "data_loader", "body": three, "upstream": []},
        "double": {"type": "transformer", "body": double, "upstream": ["three"]},
    }
    write_pipeline(tmp_path / "shop", "numbers", numbers, variables={"a": 1})
    write_pipeline(
        tmp_path / "shop", "looks", {"look": {"type": "custom", "body": LOOK, "upstream": []}}
    )
    (tmp_path / "shop" / "metadata.yaml").write_text("spark_config:\n  spark_master: local\n")
    with running(tmp_path, tmp_path / "state") as engine:
        first = engine.wait(engine.submit("shop", "numbers").id, 60)
        assert first.state == "completed", first.error
        run = engine.submit("shop", "looks", variables={"partition": first.id})
        ended = engine.wait(run.id, 60)
        assert ended.state == "completed", ended.error
        store = engine.products(engine.workspace.project("shop"))
        (found,) = execution.read_values(store.root, "looks", ended.id, "look")
    assert found == {
        "name": "numbers", "type": "python", "variables": {"a": 1}, "blocks": ["three", "double"],
        "above": ["three"], "kind": "data_loader", "value": [3], "absent": None,
        "all": ["looks", "numbers"], "master": "local", "unset": None, "got": [1],
    }  # fmt: skip
