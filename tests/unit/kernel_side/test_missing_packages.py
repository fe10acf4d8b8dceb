"""A package that is missing, as pages hear of it."""

from __future__ import annotations

import sys

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
