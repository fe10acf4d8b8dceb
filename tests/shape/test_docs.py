"""Documentation is tested: what exists is described."""

import json
import re
from pathlib import Path

from mage_jlab.model.block import BLOCK_TYPES

ROOT = Path(__file__).parents[2]
DOCS = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")}
PAGES = sorted((ROOT / "docs" / "block-types").glob("*.md"))


def test_every_setting_is_documented() -> None:
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text(encoding="utf-8"))
    text = "\n".join(DOCS.values())
    missing = [name for name in schema.get("properties", {}) if f"`{name}`" not in text]
    assert missing == []


def test_every_setting_says_what_it_does() -> None:
    schema = json.loads((ROOT / "schema" / "plugin.json").read_text(encoding="utf-8"))
    for name, item in schema.get("properties", {}).items():
        assert item.get("title"), name
        assert item.get("description"), name


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        text = path.read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text):
            if not (path.parent / target).exists():
                broken.append(f"{path.name} -> {target}")
    assert broken == []


def test_every_document_is_in_the_index() -> None:
    index = DOCS["index.md"]
    assert [name for name in DOCS if name != "index.md" and f"({name})" not in index] == []
    assert [page.name for page in PAGES if f"(block-types/{page.name})" not in index] == []


def test_every_type_of_block_has_a_page_with_a_picture() -> None:
    names = {page.stem for page in PAGES}
    assert {kind.replace("_", "-") for kind in BLOCK_TYPES} - names == set()
    bare = [page.name for page in PAGES if "](../images/blocks/" not in page.read_text("utf-8")]
    assert bare == []


def test_version_is_one() -> None:
    import mage_jlab

    package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
    project = re.search(
        r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.M
    )
    assert project and package == project[1] == mage_jlab.__version__
