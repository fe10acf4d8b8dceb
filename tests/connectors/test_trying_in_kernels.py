"""Connections tried as the page tries them: in a kernel, by a profile that refers to secrets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mage_jlab.assembly import Engine
from mage_jlab.files.connections import Edit
from mage_jlab.model.project import Project


@pytest.fixture
def engine(tmp_path: Path, mage_state: Path) -> Iterator[Engine]:
    (tmp_path / "root").mkdir()
    made = Engine(tmp_path / "root", mage_state)
    made.start(scheduler=False)
    yield made
    made.stop()


@pytest.fixture
def project(engine: Engine) -> Project:
    return engine.workspace.create_project("p")


def kept(engine: Engine, project: Project, settings: dict[str, Any], secret: str) -> None:
    """Write a profile with one of its values as a secret."""
    plain = {key: value for key, value in settings.items() if key != secret}
    (project.root / "io_config.yaml").write_text(yaml.safe_dump({"default": plain}))
    engine.secrets(project).put("it", str(settings[secret]) or "none", replace=True)
    engine.workspace.change_connections(project, "default", [Edit((secret,), "secret", "it")])


def tried(engine: Engine, project: Project, connector: str) -> dict[str, Any]:
    found = engine.try_connection(project, "default", connector).result(90)
    assert found["seconds"] >= 0
    return found


def test_real_servers(
    engine: Engine,
    project: Project,
    mysql_profile: dict[str, Any],
    postgres_profile: dict[str, Any],
    s3_profile: dict[str, Any],
) -> None:
    kept(engine, project, mysql_profile, "MYSQL_PASSWORD")
    assert tried(engine, project, "mysql")["ok"]
    engine.secrets(project).put("it", "canary-wrong", replace=True)
    refused = tried(engine, project, "mysql")
    assert refused["reason"] == "password" and "canary" not in str(refused)

    kept(engine, project, postgres_profile, "POSTGRES_PASSWORD")
    assert tried(engine, project, "postgres")["ok"]

    kept(engine, project, s3_profile, "AWS_SECRET_ACCESS_KEY")
    assert tried(engine, project, "s3")["ok"]


def test_files_are_looked_for_from_where_blocks_work(engine: Engine, project: Project) -> None:
    import duckdb

    (project.root / "io_config.yaml").write_text("default:\n  DUCKDB_DATABASE: shop.duckdb\n")
    assert tried(engine, project, "duckdb")["reason"] == "database"
    duckdb.connect(str(engine.workspace.cwd(project) / "shop.duckdb")).close()
    assert tried(engine, project, "duckdb")["ok"]
