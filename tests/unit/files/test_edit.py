"""Editing YAML in place: the wanted document, one hunk, and every other byte as it was."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mage_jlab.errors import BrokenFile, EditRefused
from mage_jlab.files import edit, structure, yaml_dump, yaml_load

PIPELINE = """\
# The orders of the shop.
blocks:
- all_upstream_blocks_executed: true
  color: null
  configuration:
    file_source:
      path: data_loaders/read_orders.py
  downstream_blocks: [clean_orders]   # mirrored
  language: python
  name: Read orders
  retry_config: {retries: 2, delay: 10}
  type: data_loader
  upstream_blocks: []
  uuid: read_orders
# about clean
- configuration: {data_provider: postgres, limit: 1000}
  downstream_blocks: []
  language: sql
  name: 'clean orders'
  type: transformer
  upstream_blocks:
  - read_orders
  uuid: clean_orders
callbacks: []
created_at: '2024-05-01 10:00:00.000000+00:00'
description: |
  nightly
  orders

name: orders
notification_config:
    alert_on:
        - trigger_failure
start: 2024-05-01
tags: [nightly]
type: python
unknown_key: {kept: yes}
uuid: orders
variables: {country: ES, min_total: 10}
widgets:
"""

Document = dict[str, Any]
Edit = Callable[[Document], Any]


def read(text: str) -> Document:
    return yaml_load.load_mapping(text, "metadata.yaml")


def edited(text: str, change: Edit) -> str:
    wanted = structure.copied(read(text))
    change(wanted)
    result = edit.rewrite(text, wanted, "metadata.yaml")
    assert yaml_load.same(read(result), wanted)
    return result


def hunks(before: str, after: str) -> int:
    """Count the separate places that differ."""
    matcher = difflib.SequenceMatcher(None, before.split("\n"), after.split("\n"), autojunk=False)
    return sum(1 for code in matcher.get_opcodes() if code[0] != "equal")


def as_given(text: str) -> str:
    return text


def as_crlf(text: str) -> str:
    return text.replace("\n", "\r\n")


def without_end(text: str) -> str:
    return text.removesuffix("\n")


def with_bom(text: str) -> str:
    return yaml_load.BOM + text


FORMS = [as_given, as_crlf, without_end, with_bom]

ONE_PLACE: dict[str, Edit] = {
    "name": lambda d: d.update(name="new name"),
    "name like a number": lambda d: d.update(name="123"),
    "name like a boolean": lambda d: d.update(name="yes"),
    "name with colon": lambda d: d.update(name="a: b # c"),
    "description": lambda d: d.update(description="one line"),
    "description to null": lambda d: d.update(description=None),
    "description longer": lambda d: d.update(description="nightly\nand weekly\n"),
    "null to value": lambda d: d.update(widgets=[{"uuid": "chart"}]),
    "new key": lambda d: d.update(retry_config={"retries": 3}),
    "new first key": lambda d: d.update(aaa=1),
    "new last key": lambda d: d.update(zzz=[1, 2]),
    "key removed": lambda d: d.pop("created_at"),
    "tag added": lambda d: d["tags"].append("daily"),
    "tags emptied": lambda d: d.update(tags=[]),
    "callback added": lambda d: d["callbacks"].append({"uuid": "tell", "name": "tell"}),
    "variable changed": lambda d: d["variables"].update(country="FR"),
    "variable added": lambda d: d["variables"].update(city="Paris"),
    "variables emptied": lambda d: d.update(variables={}),
    "nested list": lambda d: d["notification_config"]["alert_on"].append("x"),
    "date to date": lambda d: d.update(start="2024-05-02"),
    "block added": lambda d: d["blocks"].append({"uuid": "new", "upstream_blocks": ["a"]}),
    "block added first": lambda d: d["blocks"].insert(0, {"uuid": "new"}),
    "block removed": lambda d: d["blocks"].pop(0),
    "last block removed": lambda d: d["blocks"].pop(),
    "block key changed": lambda d: d["blocks"][0].update(type="custom"),
    "block null to value": lambda d: d["blocks"][0].update(color="blue"),
    "block key added": lambda d: d["blocks"][0].update(timeout=600),
    "block first key added": lambda d: d["blocks"][0].update(aaa="x"),
    "block first key removed": lambda d: d["blocks"][0].pop("all_upstream_blocks_executed"),
    "flow mapping in block": lambda d: d["blocks"][0]["retry_config"].update(retries=5),
    "flow mapping grown": lambda d: d["blocks"][1]["configuration"].update(raw=True),
    "upstream added": lambda d: d["blocks"][1]["upstream_blocks"].append("b"),
    "upstream replaced": lambda d: d["blocks"][1].update(upstream_blocks=["b"]),
    "upstream emptied": lambda d: d["blocks"][1].update(upstream_blocks=[]),
    "upstream filled": lambda d: d["blocks"][0].update(upstream_blocks=["x", "y"]),
    "configuration path": lambda d: d["blocks"][0]["configuration"]["file_source"].update(
        path="data_loaders/other.py"
    ),
    "configuration emptied": lambda d: d["blocks"][0].update(configuration={}),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ONE_PLACE)
def test_an_edit_touches_one_place(name: str, form: Callable[[str], str]) -> None:
    text = form(PIPELINE)
    result = edited(text, ONE_PLACE[name])
    assert hunks(text, result) == 1
    assert result.endswith("\n") == text.endswith("\n")
    assert ("\r\n" in text) == ("\r\n" in result)
    if form is as_crlf:
        assert "\n" not in result.replace("\r\n", "")
    assert result.startswith(yaml_load.BOM) == (form is with_bom)


@pytest.mark.parametrize("form", FORMS)
def test_no_edit_changes_no_byte(form: Callable[[str], str]) -> None:
    text = form(PIPELINE)
    assert edit.rewrite(text, read(text), "metadata.yaml") is text


def test_comments_and_quotes_stay() -> None:
    result = edited(PIPELINE, lambda d: d["blocks"].reverse())
    for line in ("# The orders of the shop.", "  downstream_blocks: [clean_orders]   # mirrored"):
        assert line in result.split("\n")
    assert "  name: 'clean orders'" in result


def test_a_moved_block_keeps_its_text_and_takes_its_edits() -> None:
    def change(document: Document) -> None:
        document["blocks"].reverse()
        document["blocks"][1]["name"] = "Read"

    result = edited(PIPELINE, change)
    assert "  downstream_blocks: [clean_orders]   # mirrored" in result
    assert "  name: Read\n" in result


def test_lists_indented_below_their_key_stay_so() -> None:
    text = "blocks:\n  - uuid: a\n    upstream_blocks: []\n  - uuid: b\n    tags:\n      - x\nname: n\n"
    result = edited(text, lambda d: d["blocks"].append({"uuid": "c", "upstream_blocks": ["a"]}))
    assert "  - uuid: c\n    upstream_blocks:\n      - a\nname: n\n" in result
    result = edited(text, lambda d: d["blocks"][0].update(upstream_blocks=["b"]))
    assert "    upstream_blocks:\n      - b\n  - uuid: b" in result


def test_values_are_written_as_yaml_1_1() -> None:
    strings = ["yes", "on", "0o7", "010", "1e3", "12:30:45", "2024-01-01", "~", "null", "", " a "]
    result = edited("name: x\n", lambda d: d.update(values=strings))
    assert yaml.safe_load(result)["values"] == strings


def test_a_merged_key_is_overridden_and_an_alias_replaced() -> None:
    text = "base: &base {a: 1, b: 2}\nused:\n  <<: *base\n  c: 3\nalso: *base\nlast: 1\n"
    result = edited(text, lambda d: d["used"].update(a=5))
    assert "<<: *base" in result
    result = edited(text, lambda d: d.update(also={"a": 9}))
    assert "base: &base {a: 1, b: 2}\n" in result


def test_of_a_key_that_is_there_twice_the_last_one_is_edited() -> None:
    text = "name: old\nblocks:\n- uuid: a\n  type: custom\nname: new\nblocks:\n- uuid: a\n  type: custom\n"
    result = edited(text, lambda d: d["blocks"][0].update(type="sensor"))
    assert result == text[: -len("custom\n")] + "sensor\n"
    assert edited(text, lambda d: d.update(tags=["x"])).startswith(text.partition("name: new")[0])
    with pytest.raises(EditRefused):  # the first one would count again
        edited(text, lambda d: d.pop("name"))


def test_an_edit_through_an_anchor_is_refused() -> None:
    text = "base: &base\n  a: 1\nother: *base\n"
    with pytest.raises(EditRefused):
        edited(text, lambda d: d["base"].update(a=2))


def test_a_file_written_as_json_is_edited_in_place() -> None:
    text = '{"uuid": "p", "blocks": [{"uuid": "a", "type": "custom"}], "tags": []}\n'
    result = edited(text, lambda d: d["blocks"][0].update(type="transformer"))
    assert result == text.replace('"custom"', "transformer")


def test_an_empty_file_takes_a_document() -> None:
    assert read(edit.rewrite("", {"a": 1}, "f")) == {"a": 1}
    assert read(edit.rewrite("# only a comment\n", {"a": 1}, "f")) == {"a": 1}


def test_a_broken_file_is_not_edited() -> None:
    with pytest.raises(BrokenFile):
        edit.rewrite("a: [1\n", {"a": 1}, "f")


# -- any document, any style, any edit -----------------------------------------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    st.sampled_from(["yes", "no", "a: b", "# c", "multi\nline\n", "tail \n", "- x", "'", '"', "é"]),
    st.dates(),
)
keys = st.text("abcdefgxyz_", min_size=1, max_size=4)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(keys, inner, max_size=3)),
    max_leaves=8,
)
blocks = st.lists(
    st.fixed_dictionaries(
        {"uuid": st.sampled_from("abcdefgh")},
        optional={"name": scalars, "configuration": values, "upstream_blocks": st.lists(keys)},
    ),
    max_size=5,
    unique_by=lambda block: block["uuid"],
)
documents = st.fixed_dictionaries(
    {"uuid": keys}, optional={"blocks": blocks, "tags": st.lists(keys, max_size=3), "more": values}
)


@st.composite
def texts(draw: st.DrawFn) -> str:
    document = draw(documents)
    dumper = draw(st.sampled_from([yaml_dump._Dumper, yaml_dump._IndentedDumper]))
    text = yaml.dump(
        document,
        Dumper=dumper,
        default_flow_style=draw(st.sampled_from([False, False, None, True])),
        allow_unicode=draw(st.booleans()),
        sort_keys=draw(st.booleans()),
        default_style=draw(st.sampled_from([None, None, None, '"', "|"])),
        width=draw(st.sampled_from([20, 80, 1000])),
    )
    lines = text.split("\n")
    if draw(st.booleans()):
        lines.insert(0, "# a comment")
    text = "\n".join(lines)
    if draw(st.booleans()):
        text = text.rstrip("\n")
    if draw(st.booleans()):
        text = text.replace("\n", "\r\n")
    return text


@settings(max_examples=500, suppress_health_check=list(HealthCheck), deadline=None)
@given(texts(), documents)
def test_any_document_becomes_any_other_or_is_refused(text: str, wanted: Document) -> None:
    try:
        before = read(text)
    except BrokenFile:
        return
    assert edit.rewrite(text, before, "f") is text
    try:
        result = edit.rewrite(text, wanted, "f")
    except EditRefused:
        return
    assert yaml_load.same(read(result), wanted)


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_ordinary_edits_are_never_refused(data: st.DataObject) -> None:
    wanted = structure.copied(read(PIPELINE))
    for _ in range(data.draw(st.integers(1, 3))):
        change = data.draw(st.sampled_from(sorted(ONE_PLACE)))
        try:
            ONE_PLACE[change](wanted)
        except (KeyError, IndexError, AttributeError, TypeError):
            return
    text = data.draw(st.sampled_from(FORMS))(PIPELINE)
    result = edit.rewrite(text, wanted, "f")
    assert yaml_load.same(read(result), wanted)
