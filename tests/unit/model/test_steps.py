"""Steps of a run: which of them are children."""

from __future__ import annotations

from mage_jlab.model.run import group_of


def test_a_child_is_named_after_its_block() -> None:
    known = {"child", "child:a", "child:a:3", "odd:id", "odd:id:0"}
    assert group_of("child", known) is None
    assert group_of("child:a", known) == "child"
    assert group_of("child:a:3", known) == "child"
    # The id of a block may contain a colon itself.
    assert group_of("odd:id", known) is None
    assert group_of("odd:id:0", known) == "odd:id"
