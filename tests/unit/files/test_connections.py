"""``io_config.yaml`` as a form: what is shown, what is hidden, what an edit touches."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
import yaml

from mage_jlab.errors import AlreadyExists, BadRequest, Changed, MageError, NotFound
from mage_jlab.files import connections, io_config
from mage_jlab.files.connections import Edit

FILE = """\
version: 0.1.1
# The warehouse of the team
default:
  POSTGRES_HOST: db.example.com   # primary
  POSTGRES_PORT: 5432
  POSTGRES_USER: "{{ env_var('PGUSER') }}"
  POSTGRES_PASSWORD: canary-plain
  POSTGRES_SCHEMA: "{{ env_var('SCHEMA', 'canary-default') }}"
  MONGODB_CONNECTION_STRING: mongodb://u:canary-uri@h/x
  MINIO_API: http://u:canary-url@minio:9000
  MYSQL_PASSWORD: '{{ mage_secret_var("shop") }}'
  GOOGLE_SERVICE_ACC_KEY:
    type: service_account
    private_key: canary-key
  CUSTOM_TOKEN: canary-token
  CUSTOM_LIMIT: 3

dev:
  PostgreSQL:
    host: localhost
    password: canary-old
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "io_config.yaml").write_text(FILE)
    return tmp_path


def changed(root: Path, profile: str, *edits: Edit, create: bool = False) -> list[str]:
    """Apply edits; return the lines that were taken out and put in."""
    before = (root / "io_config.yaml").read_text()
    text = connections.changed(root, profile, edits, create=create, etag=None)
    (root / "io_config.yaml").write_text(text)
    lines = difflib.unified_diff(before.splitlines(), text.splitlines(), lineterm="", n=0)
    found = [line for line in lines if not line.startswith(("---", "+++"))]
    assert sum(line.startswith("@@") for line in found) <= 1, found
    return [line for line in found if not line.startswith("@@")]


def test_what_is_secret_is_never_shown(root: Path) -> None:
    found = connections.read(root)
    assert "canary" not in repr(found)
    assert [profile.name for profile in found.profiles] == ["default", "dev"]
    shown = {value.path: (value.kind, value.text) for value in found.profiles[0].values}
    assert shown["POSTGRES_HOST",] == ("text", "db.example.com")
    assert shown["POSTGRES_PORT",] == ("text", "5432")
    assert shown["POSTGRES_USER",] == ("env", "PGUSER")
    assert shown["POSTGRES_PASSWORD",] == ("hidden", None)
    assert shown["POSTGRES_SCHEMA",] == ("hidden", None)
    assert shown["MYSQL_PASSWORD",] == ("secret", "shop")
    assert shown["GOOGLE_SERVICE_ACC_KEY",] == ("hidden", None)
    assert shown["CUSTOM_TOKEN",] == ("hidden", None)
    assert shown["CUSTOM_LIMIT",] == ("text", "3")
    old = {value.path: (value.kind, value.connector) for value in found.profiles[1].values}
    assert old == {
        ("PostgreSQL", "host"): ("text", "postgres"),
        ("PostgreSQL", "password"): ("hidden", "postgres"),
    }
    assert set(connections.references(found)) == {("env", "PGUSER"), ("secret", "shop")}


def test_an_edit_touches_one_place(root: Path) -> None:
    assert changed(root, "default", Edit(("POSTGRES_HOST",), "text", "other")) == [
        "-  POSTGRES_HOST: db.example.com   # primary",
        "+  POSTGRES_HOST: other   # primary",
    ]
    assert changed(root, "default", Edit(("POSTGRES_PORT",), "text", "6000"))[1] == (
        "+  POSTGRES_PORT: 6000"
    )
    assert changed(root, "default", Edit(("POSTGRES_PASSWORD",), "secret", "pg")) == [
        "-  POSTGRES_PASSWORD: canary-plain",
        "+  POSTGRES_PASSWORD: \"{{ mage_secret_var('pg') }}\"",
    ]
    assert changed(root, "default", Edit(("POSTGRES_PASSWORD",), "env", "PGPASS"))[1] == (
        "+  POSTGRES_PASSWORD: \"{{ env_var('PGPASS') }}\""
    )
    assert changed(root, "dev", Edit(("PostgreSQL", "host"), "text", "yes")) == [
        "-    host: localhost",
        "+    host: 'yes'",
    ]
    assert changed(root, "default", Edit(("CUSTOM_LIMIT",), "remove")) == ["-  CUSTOM_LIMIT: 3"]
    added = changed(root, "dev", Edit(("SQLITE_DATABASE",), "text", "x.db"))
    assert added == ["+  SQLITE_DATABASE: x.db"]
    assert changed(root, "default", Edit(("POSTGRES_HOST",), "text", "other")) == []


def test_a_new_profile_and_what_it_reads_as(root: Path) -> None:
    edits = [Edit(("POSTGRES_PASSWORD",), "secret", "it's"), Edit(("X",), "text", "a")]
    with pytest.raises(BadRequest, match="no quotes"):
        changed(root, "night shift", *edits, create=True)
    edits[0] = Edit(("POSTGRES_PASSWORD",), "secret", "a b/c")
    assert changed(root, "night shift", *edits, create=True) == [
        "+night shift:",
        "+  POSTGRES_PASSWORD: \"{{ mage_secret_var('a b/c') }}\"",
        "+  X: a",
    ]
    kept = {"a b/c": 'p"a\\s: #s', "shop": "s"}
    profile = io_config.profile(root, "night shift", secret=kept.get)
    assert profile == {"POSTGRES_PASSWORD": 'p"a\\s: #s', "X": "a"}
    with pytest.raises(AlreadyExists):
        changed(root, "default", create=True)
    for name in ("", " x", "version", "a\nb", "a'b"):
        with pytest.raises(BadRequest):
            changed(root, name, create=True)


def test_a_file_is_made_when_there_is_none(tmp_path: Path) -> None:
    found = connections.read(tmp_path)
    assert not found.exists and found.profiles == ()
    edit = Edit(("DUCKDB_DATABASE",), "text", "x.duckdb")
    text = connections.changed(tmp_path, "default", [edit], create=True, etag=found.etag)
    assert yaml.safe_load(text) == {
        "version": "0.1.1",
        "default": {"DUCKDB_DATABASE": "x.duckdb"},
    }


@pytest.mark.parametrize(
    "edit",
    [
        Edit(("POSTGRES_PASSWORD",), "text", "in clear"),
        Edit(("ANY_SECRET",), "text", "in clear"),
        Edit(("POSTGRES_HOST",), "text", "postgres://u:p@h/d"),
        Edit(("POSTGRES_HOST",), "text", "two\nlines"),
        Edit(("POSTGRES_HOST",), "other", "x"),
        Edit((), "text", "x"),
        Edit(("a\nb",), "text", "x"),
        Edit(("No section", "host"), "text", "x"),
        Edit(("POSTGRES_HOST",), "secret", ""),
    ],
)
def test_what_is_refused_changes_nothing(root: Path, edit: Edit) -> None:
    with pytest.raises(MageError) as caught:
        connections.changed(root, "default", [edit], create=False, etag=None)
    assert caught.value.status in (400, 404)
    assert (root / "io_config.yaml").read_text() == FILE


def test_an_edit_of_an_older_text_is_refused(root: Path) -> None:
    etag = connections.read(root).etag
    (root / "io_config.yaml").write_text(FILE + "more: {}\n")
    with pytest.raises(Changed):
        connections.changed(root, "default", [], create=False, etag=etag)
    with pytest.raises(NotFound):
        connections.changed(root, "nope", [], create=False, etag=None)


def test_templates_without_quotes_are_left_to_the_editor(root: Path) -> None:
    (root / "io_config.yaml").write_text("default:\n  A: {{ env_var('X') }}\n")
    found = connections.read(root)
    assert found.exists and found.problem and "in quotes" in found.problem


def test_a_profile_of_comments_alone_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "io_config.yaml").write_text("version: 0.1.1\ndefault:\n  # A: 1\nother: 5\n")
    assert io_config.profile(tmp_path, "default") == {}
    with pytest.raises(NotFound, match="is no list of settings"):
        io_config.profile(tmp_path, "other")
    with pytest.raises(NotFound, match="there are: default, other"):
        io_config.profile(tmp_path, "third")
