"""Mage's own secrets, in the layout of its database and key folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from mage_jlab.errors import BrokenFile, NotFound
from mage_jlab.secrets import of_mage

_TABLE = (
    "CREATE TABLE secret (id INTEGER PRIMARY KEY, created_at TIMESTAMP, updated_at TIMESTAMP, "
    "name VARCHAR(255), value TEXT, repo_name VARCHAR(255), key_uuid VARCHAR(255))"
)


def key(folder: Path, uuid: str) -> Fernet:
    folder.mkdir(parents=True)
    made = Fernet.generate_key()
    (folder / "key").write_bytes(made)
    (folder / "uuid").write_text(uuid)
    return Fernet(made)


def mage_data(folder: Path) -> tuple[Path, Path]:
    """A data folder of Mage with one secret in each scope, an old one, one of another project."""
    keys = folder / "secrets"
    everything = key(keys, "u-global")
    of_project = key(keys / "projects" / "p-1", "u-project")
    of_pipeline = key(keys / "projects" / "p-1" / "pipelines" / "etl", "u-pipeline")
    rows = [
        ("token", everything, "global value", "/home/src/demo", "u-global"),
        ("project token", of_project, "project value", "/home/src/demo", "u-project"),
        ("token", of_pipeline, "pipeline value", "/home/src/demo", "u-pipeline"),
        ("old", everything, "old value", "/home/src/demo", None),
        ("old", everything, "of another project", "/home/src/other", None),
        ("lost", Fernet(Fernet.generate_key()), "gone", "/home/src/demo", "u-global"),
    ]
    file = folder / "mage-ai.db"
    with sqlite3.connect(file) as connection:
        connection.execute(_TABLE)
        connection.executemany(
            "INSERT INTO secret (name, value, repo_name, key_uuid) VALUES (?, ?, ?, ?)",
            [(n, c.encrypt(v.encode()).decode(), repo, uuid) for n, c, v, repo, uuid in rows],
        )
    connection.close()
    return file, keys


def test_every_scope_and_old_rows_are_read(tmp_path: Path) -> None:
    found = of_mage.read(*mage_data(tmp_path), "demo")
    assert {(item.name, item.pipeline): item.value for item in found} == {
        ("token", None): "global value",
        ("project token", None): "project value",
        ("token", "etl"): "pipeline value",
        ("old", None): "old value",
        ("lost", None): None,
    }
    assert "value" not in repr(found)


def test_what_is_no_mage_data_is_said(tmp_path: Path) -> None:
    file, keys = mage_data(tmp_path)
    with pytest.raises(NotFound, match="no key of Mage"):
        of_mage.read(file, tmp_path / "elsewhere", "demo")
    with pytest.raises(NotFound, match="no Mage database"):
        of_mage.read(tmp_path / "no.db", keys, "demo")
    (tmp_path / "no.db").write_text("text")
    with pytest.raises(BrokenFile):
        of_mage.read(tmp_path / "no.db", keys, "demo")
