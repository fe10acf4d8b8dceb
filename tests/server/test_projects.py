"""Projects, pipelines and blocks over REST, on real files."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import nbformat

from tests.conftest import make_project, snapshot
from tests.server.conftest import N, P, until


async def test_health(ask: Any) -> None:
    async def running() -> Any:
        found = (await ask("mage", "api", "health")).json
        assert found["scheduler"] in ("starting", "running")
        return found if found["scheduler"] == "running" else None

    health = await until(running)
    assert health["version"]
    assert health["active_runs"] == 0
    assert health["database"]


async def test_projects_are_found_levels_deep(ask: Any, jp_root_dir: Path) -> None:
    make_project(jp_root_dir / "team-a" / "deep er")

    async def listed() -> list[str]:
        return [p["slug"] for p in (await ask("mage", "api", "projects")).json["items"]]

    async def both() -> Any:
        found = await listed()
        return found if len(found) == 2 else None

    assert set(await until(both)) == {"demo", "team--a-sdeep-x20er"}
    answer = await ask("mage", "api", "projects", "team--a-sdeep-x20er")
    assert answer.json["id"] == "team-a/deep er"
    assert answer.json["pipelines"] == 2


async def test_a_project_says_what_is_wrong_with_its_line(ask: Any) -> None:
    project = (await ask(*P)).json
    broken = [p for p in project["problems"] if p["pipeline"] == "broken"]
    assert broken and broken[0]["severity"] == "error"
    assert broken[0]["line"]
    problems = (await ask(*P, "problems", params={"limit": 1})).json
    assert len(problems["items"]) == 1


async def test_making_a_project(ask: Any, jp_root_dir: Path) -> None:
    made = await ask("mage", "api", "projects", method="POST", body={"path": "new/one"})
    assert made.status == 201, made.body
    assert made.json["id"] == "new/one"
    assert (jp_root_dir / "new/one/metadata.yaml").is_file()
    again = await ask("mage", "api", "projects", method="POST", body={"path": "new/one"})
    assert again.status == 409
    for path in ("../out", "/tmp/out", "a\0b", "C:\\x"):
        bad = await ask("mage", "api", "projects", method="POST", body={"path": path})
        assert bad.status == 400, path
    assert not (jp_root_dir.parent / "out").exists()


async def test_the_list_of_pipelines_shows_the_broken_one(ask: Any) -> None:
    items = (await ask(*P, "pipelines")).json["items"]
    by = {item["id"]: item for item in items}
    assert by["numbers"]["blocks"] == 3
    assert by["numbers"]["tags"] == ["demo"]
    assert by["numbers"]["path"] == "mage:demo/numbers.ipynb"
    assert by["numbers"]["problem"] is None
    assert by["broken"]["problem"]["severity"] == "error"
    assert by["broken"]["problem"]["line"]


async def test_paging(ask: Any) -> None:
    first = (await ask(*P, "pipelines", params={"limit": 1})).json
    assert len(first["items"]) == 1 and first["next"]
    rest = (await ask(*P, "pipelines", params={"limit": 1, "cursor": first["next"]})).json
    assert rest["next"] is None
    assert {first["items"][0]["id"], rest["items"][0]["id"]} == {"numbers", "broken"}
    for bad in ({"limit": "0"}, {"limit": "x"}, {"cursor": "-1"}, {"cursor": "1e3"}):
        assert (await ask(*P, "pipelines", params=bad)).status == 400


async def test_a_pipeline_in_full(ask: Any) -> None:
    answer = await ask(*N)
    assert answer.status == 200
    assert answer.headers["ETag"] == f'"{answer.json["etag"]}"'
    blocks = answer.json["blocks"]
    assert [b["id"] for b in blocks] == ["load_numbers", "double", "sub/count"]
    assert blocks[2]["slug"] == "sub-scount"
    assert blocks[1]["upstream"] == ["load_numbers"]
    assert blocks[1]["downstream"] == ["sub/count"]
    assert "@transformer" in blocks[1]["source"]
    broken = await ask(*P, "pipelines", "broken")
    assert broken.status == 422
    assert broken.json["detail"]["line"]


async def test_changes_demand_what_they_were_made_from(ask: Any, mage_project: Path) -> None:
    before = snapshot(mage_project)
    change = {"description": "Other words"}
    assert (await ask(*N, method="PATCH", body=change)).status == 428
    stale = await ask(*N, method="PATCH", body=change, headers={"If-Match": '"old"'})
    assert stale.status == 412
    assert stale.json["reason"] == "Changed"
    assert snapshot(mage_project) == before
    etag = (await ask(*N)).headers["ETag"]
    changed = await ask(*N, method="PATCH", body=change, headers={"If-Match": etag})
    assert changed.status == 200, changed.body
    assert changed.json["description"] == "Other words"
    assert changed.headers["ETag"] != etag
    after = snapshot(mage_project)
    touched = {name for name in after if after[name] != before.get(name)}
    assert touched == {"pipelines/numbers/metadata.yaml"}


async def test_the_field_that_is_wrong_is_named(ask: Any) -> None:
    bad = await ask(*N, method="PATCH", body={"tags": ["a", 1]}, headers={"If-Match": "*"})
    assert bad.status == 400
    assert bad.json["detail"]["path"] == "tags[1]"
    unknown = await ask(*N, method="PATCH", body={"nmae": "x"}, headers={"If-Match": "*"})
    assert unknown.status == 400 and "nmae" in unknown.json["message"]
    for body in ("{x", "[" * 5000, "\xff", '"text"'):
        answer = await ask(*P, "pipelines", method="POST", body=body.encode("latin-1"))
        assert answer.status == 400, body[:10]


async def test_making_copying_and_deleting_a_pipeline(ask: Any, mage_project: Path) -> None:
    made = await ask(*P, "pipelines", method="POST", body={"name": "My new one"})
    assert made.status == 201, made.body
    assert made.json["id"] == "my_new_one"
    again = await ask(*P, "pipelines", method="POST", body={"name": "My new one"})
    assert again.status == 409
    copied = await ask(*P, "pipelines", method="POST", body={"name": "twin", "copy_of": "numbers"})
    assert copied.status == 201, copied.body
    assert len(copied.json["blocks"]) == 3
    nothing = await ask(
        *P, "pipelines", method="POST", body={"name": "t2", "copy_of": "../numbers"}
    )
    assert nothing.status == 404
    assert (await ask(*P, "pipelines", "my_new_one", method="DELETE")).status == 428
    gone = await ask(
        *P, "pipelines", "my_new_one", method="DELETE", headers={"If-Match": made.headers["ETag"]}
    )
    assert gone.status == 204
    assert not (mage_project / "pipelines/my_new_one").exists()


async def test_blocks_are_added_connected_renamed_and_removed(ask: Any, mage_project: Path) -> None:
    etag = (await ask(*N)).headers["ETag"]
    body = {"name": "Extra step", "type": "transformer", "upstream": ["double"], "after": "double"}
    added = await ask(*N, "blocks", method="POST", body=body, headers={"If-Match": etag})
    assert added.status == 201, added.body
    assert added.json["id"] == "extra_step"
    assert added.json["upstream"] == ["double"]
    assert (mage_project / "transformers/extra_step.py").is_file()
    ids = [b["id"] for b in (await ask(*N, "blocks")).json["items"]]
    assert ids == ["load_numbers", "double", "extra_step", "sub/count"]
    stale = await ask(
        *N, "blocks", "extra_step", method="PATCH", body={"name": "x"}, headers={"If-Match": etag}
    )
    assert stale.status == 412
    renamed = await ask(
        *N,
        "blocks",
        "extra_step",
        method="PATCH",
        body={"name": "other step"},
        headers={"If-Match": added.headers["ETag"]},
    )
    assert renamed.status == 200, renamed.body
    assert renamed.json["id"] == "other_step"
    assert (mage_project / "transformers/other_step.py").is_file()
    circle = await ask(
        *N,
        "blocks",
        "load_numbers",
        method="PATCH",
        body={"upstream": ["sub/count"]},
        headers={"If-Match": renamed.headers["ETag"]},
    )
    assert circle.status == 409
    assert "→" in circle.json["message"]
    removed = await ask(*N, "blocks", "other_step", method="DELETE", headers={"If-Match": "*"})
    assert removed.status == 204
    assert (mage_project / "transformers/other_step.py").is_file()
    assert (await ask(*N, "blocks", "other_step")).status == 404
    one = await ask(*N, "blocks", "sub-scount")
    assert one.json["id"] == "sub/count"


async def test_templates_by_type(ask: Any) -> None:
    every = (await ask("mage", "api", "templates")).json["items"]
    assert every
    found = (await ask("mage", "api", "templates", params={"type": "data_loader"})).json["items"]
    assert found and {t["type"] for t in found} == {"data_loader"}
    assert all(t["source"] for t in found)


async def test_requirements_against_the_kernel(ask: Any, mage_project: Path) -> None:
    answer = (await ask(*P, "requirements")).json
    assert answer["kernel"] == "python3"
    states = {item["requirement"]: item["state"] for item in answer["items"]}
    assert states == {"pandas": "met", "no-such-package-of-ours==1.0": "missing"}
    python, command = answer["install_command"].split(" ", 1)
    assert Path(python).is_absolute(), "pip of the kernel's Python, not the terminal's"
    assert command == "-m pip install no-such-package-of-ours==1.0"
    (mage_project / "requirements.txt").write_text(
        "# remark\npandas [parquet] >= 1 # frames\n-r more/dev.txt\n-c limits.txt\n"
        "--index-url https://example.invalid/simple\n-e ./local\n./wheels/odd\n"
        "-e git+https://example.invalid/x.git@main#egg=no_such_egg\n"
        "https://example.invalid/no_such_wheel-1.0-py3-none-any.whl\n"
        "numpy>=1 ; python_version >= '3'\nwinthing==1 ; sys_platform == 'win32'\n"
        "pytest>=1 ; extra == 'test'\nodd ; python_version >= 'x'\n"
        "pip==0.1 --hash=sha256:00 \\\n  --hash=sha256:11\n!!!\n\x00\n${NAME}>1\n"
        "name @ https://example.invalid/name.zip\n-r ../outside.txt\n-r\n",
        encoding="utf-8",
    )
    (mage_project / "more").mkdir()
    (mage_project / "more/dev.txt").write_text("-r ../requirements.txt\n-r deep.txt\n")
    (mage_project / "more/deep.txt").write_bytes(b"\xef\xbb\xbfduckdb\r\n\xff\r\n")
    answer = await ask(*P, "requirements")
    assert answer.status == 200, answer.body
    states = {item["requirement"]: item["state"] for item in answer.json["items"]}
    assert states["pandas [parquet] >= 1"] == states["duckdb"] == "met"
    assert states["numpy>=1 ; python_version >= '3'"] == "met"
    assert states["winthing==1 ; sys_platform == 'win32'"] == "met", "not wanted here"
    assert states["pip==0.1"] in ("other_version", "missing")
    assert states["-e git+https://example.invalid/x.git@main#egg=no_such_egg"] == "missing"
    assert states["https://example.invalid/no_such_wheel-1.0-py3-none-any.whl"] == "missing"
    assert states["name @ https://example.invalid/name.zip"] == "missing"
    for odd in ("-e ./local", "./wheels/odd", "!!!", "${NAME}>1"):
        assert states[odd] == "unknown"
    assert not any("remark" in line or "index-url" in line for line in states)
    none = await ask(*P, "requirements", params={"kernel": "../../etc"})
    assert none.status == 404


async def test_export(ask: Any, mage_project: Path) -> None:
    book = await ask(*N, "export")
    assert "attachment" in book.headers["Content-Disposition"]
    read = nbformat.reads(book.body.decode(), as_version=4)
    nbformat.validate(read)
    assert len(read.cells) == 3
    packed = await ask(*N, "export", params={"format": "zip"})
    assert packed.headers["Content-Type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(packed.body)) as archive:
        names = set(archive.namelist())
        assert (
            archive.read("data_exporters/sub/count.py")
            == (mage_project / "data_exporters/sub/count.py").read_bytes()
        )
    assert {"pipelines/numbers/metadata.yaml", "transformers/double.py"} <= names
    assert (await ask(*N, "export", params={"format": "exe"})).status == 400


async def test_the_start_code_of_a_kernel(ask: Any) -> None:
    answer = await ask(*N, "kernel")
    assert answer.status == 200, answer.body
    compile(answer.json["code"], "start", "exec")
    assert answer.json["key"]


async def test_importing_names_its_file(ask: Any, jp_root_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.db").write_bytes(b"")
    assert (await ask(*P, "import", method="POST")).status == 404
    for path in ("../outside.db", str(tmp_path / "outside.db"), "demo/\0.db"):
        answer = await ask(*P, "import", method="POST", body={"path": path})
        assert answer.status == 400, path
    (jp_root_dir / "link.db").symlink_to(tmp_path / "outside.db")
    assert (await ask(*P, "import", method="POST", body={"path": "link.db"})).status == 400


async def test_an_address_that_is_none(ask: Any) -> None:
    for method in ("GET", "POST", "DELETE", "PATCH", "PUT"):
        answer = await ask("mage", "api", "nothing", "here", method=method)
        assert answer.status == 404
        assert json.loads(answer.body)["reason"] == "NotFound"
    wrong = await ask("mage", "api", "health", method="POST")
    assert wrong.status == 405 and wrong.json["message"]


async def test_a_project_at_the_root_itself(ask: Any, jp_root_dir: Path) -> None:
    make_project(jp_root_dir)

    async def there() -> Any:
        answer = await ask("mage", "api", "projects", "-root")
        return answer.json if answer.status == 200 else None

    project = await until(there)
    assert (project["id"], project["slug"]) == ("", "-root")
    book = await ask("mage", "contents", "-root", "numbers.ipynb")
    assert book.status == 200, book.body
    assert book.json["path"] == "-root/numbers.ipynb"
    assert (await ask("mage", "api", "projects", "-root", "pipelines", "numbers")).status == 200


async def test_two_changes_from_the_same_state_do_not_both_win(ask: Any) -> None:
    etag = (await ask(*N)).headers["ETag"]
    answers = await asyncio.gather(
        *(
            ask(*N, method="PATCH", body={"description": f"d{n}"}, headers={"If-Match": etag})
            for n in range(6)
        )
    )
    assert sorted(answer.status for answer in answers) == [200, 412, 412, 412, 412, 412]
