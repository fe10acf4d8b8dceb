"""A package that is missing, as pages hear of it."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mage_jlab.errors import MissingPackage, StepFailed
from mage_jlab.io.drivers import package
from mage_jlab.kernel_side import masking, tracebacks


def test_a_step_says_what_is_to_be_installed_where() -> None:
    with pytest.raises(MissingPackage) as caught:
        package("no_such_driver also_not", "no-such-driver[x]", "Postgres")
    said = tracebacks.describe(caught.value, "<block>")
    assert said["missing_package"] == {
        "package": "no-such-driver[x]",
        "environment": sys.prefix,
        "python": sys.executable,
        "wanted_by": "Postgres",
    }
    bare = tracebacks.describe(MissingPackage("It needs x.", package="x>=1"), "<block>")
    assert bare["missing_package"]["package"] == "x>=1"
    assert "missing_package" not in tracebacks.describe(MissingPackage("Java is missing."), "")
    assert "missing_package" not in tracebacks.describe(StepFailed("no"), "")


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("import no_such_helper", None),
        ("from no_such_helper import xgboost", None),
        ("from json import no_such_name", None),
        ("import yaml.no_such_part", None),
        ("from google.cloud import no_such_part", None),
        ("from google.cloud import firestore", "google-cloud-firestore"),
        ("import {absent}", "{absent}"),
        ("from google.cloud import bigquery_storage", "google-cloud-bigquery-storage"),
        ("import snowflake.connector as sf", "snowflake-connector-python"),
        ("    from cv2 import imread", "opencv-python-headless"),
        ("__import__('cv2')", "opencv-python-headless"),
    ],
)
def test_a_well_known_package_that_a_block_imports_is_offered_and_no_other(
    line: str, wanted: str | None, tmp_path: Path
) -> None:
    # One of the list that this environment does not have.
    absent = next(name for name in ("wikipedia", "tweepy", "praw") if not find_spec(name))
    file = tmp_path / "block.py"
    file.write_text(f"def f():\n    {line.format(absent=absent).strip()}\n")
    names: dict[str, Any] = {}
    exec(compile(file.read_text(), str(file), "exec"), names)
    with pytest.raises(ImportError) as caught:
        names["f"]()
    said = tracebacks.describe(caught.value, str(file))
    assert said["line"] == 2 and "sentence" not in said
    offered = said.get("missing_package")
    assert (offered and offered["package"]) == (wanted and wanted.format(absent=absent))
    assert offered is None or offered["python"] == sys.executable


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (
            "Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
            "openpyxl",
        ),
        ("Install s3fs to access S3", "s3fs"),
        ("Please install the gcsfs to access Google Storage", "gcsfs"),
        ("Install Java to start Spark", None),
        ("Missing optional dependency 'no_such_thing'.", None),
    ],
)
def test_what_a_library_wants_for_itself_is_offered(words: str, wanted: str | None) -> None:
    said = tracebacks.describe(ImportError(words), "<block>")
    assert said.get("missing_package", {}).get("package") == wanted


def test_secrets_are_hidden_in_every_form_they_are_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(masking, "_hidden", set())
    monkeypatch.setattr(masking, "_pattern", None)
    assert not masking.active() and masking.text("p@ss") == "p@ss"
    for value in ("", "abc", None, 7):
        masking.hide(value)
    assert not masking.active()
    masking.hide("p@ss/w\\ord")
    masking.hide("p@ss")
    shown = masking.anything(
        {
            "a": ["p@ss/w\\ord", {"b": "x p%40ss%2Fw%5Cord y"}],
            "kept": "p@ss",
            "n": 1,
            "t": ("p@ss",),
        },
        frozenset({"kept"}),
    )
    stars = masking.STARS
    assert shown == {"a": [stars, {"b": f"x {stars} y"}], "kept": "p@ss", "n": 1, "t": [stars]}
