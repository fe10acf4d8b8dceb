"""The store of secrets: who may read it, what lies on disk, whose secret is found."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from mage_jlab.errors import AlreadyExists, BadRequest, InvalidName, NotFound, SecretsClosed
from mage_jlab.secrets.keyring import Keyring
from mage_jlab.secrets.store import LARGEST, SecretStore
from tests.conftest import snapshot

CANARY = "canary-5e1b-Ünïq"


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def store(tmp_path: Path, keyring: Keyring) -> SecretStore:
    return SecretStore(tmp_path / "project", keyring)


def test_a_secret_is_found_by_pipeline_then_project_then_environment(
    store: SecretStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "of the environment")
    assert store.get("TOKEN", "etl") == "of the environment"
    store.put("TOKEN", "of the project")
    assert store.get("TOKEN", "etl") == "of the project"
    store.put("TOKEN", "of the pipeline", pipeline="etl")
    assert store.get("TOKEN", "etl") == "of the pipeline"
    assert store.get("TOKEN", "other") == "of the project"
    assert store.get("TOKEN") == "of the project"
    assert store.get("nothing", "etl") is None
    assert [(item.name, item.pipeline) for item in store.names()] == [
        ("TOKEN", None),
        ("TOKEN", "etl"),
    ]
    store.delete("TOKEN", pipeline="etl")
    assert store.get("TOKEN", "etl") == "of the project"
    with pytest.raises(NotFound, match="'TOKEN' of pipeline 'etl'"):
        store.delete("TOKEN", pipeline="etl")


def test_nothing_on_disk_is_in_clear_or_open_to_others(store: SecretStore, tmp_path: Path) -> None:
    store.put("password", CANARY)
    for name, data in snapshot(tmp_path).items():
        assert CANARY.encode() not in data, name
    for path in [tmp_path / "keys", *tmp_path.rglob("*")]:
        assert not stat.S_IMODE(path.stat().st_mode) & 0o077, path
    assert CANARY not in repr(store.names())


@pytest.mark.skipif(os.name != "posix", reason="the rights of POSIX files")
def test_a_key_that_others_may_read_keeps_the_secrets_closed(
    store: SecretStore, keyring: Keyring
) -> None:
    store.put("password", CANARY)
    for path, mode in ((keyring.file, 0o640), (keyring.folder, 0o755)):
        before = stat.S_IMODE(path.stat().st_mode)
        path.chmod(mode)
        for use in (
            keyring.check,
            lambda: store.get("password"),
            lambda: store.put("other", "x"),
        ):
            with pytest.raises(SecretsClosed, match="others may read") as caught:
                use()
            assert CANARY not in str(caught.value)
        path.chmod(before)
    assert store.get("password") == CANARY


def test_a_lost_key_and_a_damaged_store_are_said(store: SecretStore, keyring: Keyring) -> None:
    store.put("password", CANARY)
    kept = keyring.file.read_bytes()
    keyring.file.write_bytes(Fernet.generate_key())
    with pytest.raises(SecretsClosed, match="no longer holds"):
        store.get("password")
    keyring.file.write_text("no key")
    with pytest.raises(SecretsClosed, match="holds no keys"):
        store.get("password")
    # A new key in front: the old secrets stay readable.
    keyring.file.write_bytes(Fernet.generate_key() + b"\n" + kept)
    assert store.get("password") == CANARY
    file = next((keyring.folder.parent / "project").glob("*.json"))
    file.write_text("{")
    with pytest.raises(SecretsClosed, match="damaged"):
        store.names()


def test_names_and_values_are_bounded(store: SecretStore) -> None:
    for name in ("", "  ", " x", "a\nb", "a\0b", "x" * 201):
        with pytest.raises(InvalidName):
            store.put(name, "x")
    for value in ("", "x" * (LARGEST + 1), "\ud800"):
        with pytest.raises(BadRequest):
            store.put("x", value)
    store.put("with / slash and ünïcode", "x")
    with pytest.raises(AlreadyExists):
        store.put("with / slash and ünïcode", "y")
    assert len(store.names()) == 1


def test_secrets_follow_their_pipeline(store: SecretStore) -> None:
    store.put("a", "1", pipeline="old")
    store.follow("old", "new")
    assert (store.get("a", "new"), store.get("a", "old")) == ("1", None)
    store.follow("new", None)
    assert store.names() == []


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def keep(number: int) -> None:
        own = SecretStore(tmp_path / "project", Keyring(tmp_path / "keys"))
        own.put(f"s{number}", f"v{number}")

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store = SecretStore(tmp_path / "project", Keyring(tmp_path / "keys"))
    assert {store.get(f"s{number}") for number in range(12)} == {f"v{n}" for n in range(12)}
