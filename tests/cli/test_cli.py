"""The command as a person or a program uses it."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flow.engine.projects import block, custom, kernels_below, until, write_pipeline

from tests.notebooks import PENGUINS, notebook


def call(
    *words: str, cwd: Path | None = None, said: str | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mage_jlab.cli.main", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=170, input=said)


def answer(*words: str, status: int = 0, cwd: Path | None = None) -> Any:
    """Call with --json: exactly one document on stdout and nothing else."""
    done = call(*words, "--json", cwd=cwd)
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout)


@pytest.fixture
def here(tmp_path: Path, mage_state: Path) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def test_the_whole_way(here: Path) -> None:
    done = call("init", "demo", "--example", cwd=here)
    assert done.returncode == 0 and "mage-jlab run demo penguins" in done.stdout
    again = call("init", "demo", cwd=here)
    assert again.returncode == 2 and "already" in again.stderr
    checked = answer("check", "demo", cwd=here)
    assert checked["errors"] == 0
    assert ["load_penguins", "clean_penguins"] in checked["pipelines"][0]["edges"]
    done = call("run", "demo", "penguins", cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ load_penguins  344 rows × 8 columns" in done.stdout
    assert "Completed in" in done.stdout
    run = answer("runs", "ls", "demo", cwd=here)["items"][0]
    assert (run["state"], run["kind"], run["steps_done"]) == (
        "completed",
        "cli",
        run["steps_total"],
    )
    assert f"mage-jlab runs logs {run['id']}" in done.stdout
    shown = answer("runs", "show", run["id"])
    assert shown["steps"][0]["outputs"][0]["rows"] == 344
    logs = answer("runs", "logs", run["id"], "clean_penguins")
    assert [item["block"] for item in logs["steps"]] == ["clean_penguins"]
    assert any("tests passed" in r["text"] for r in logs["steps"][0]["records"])
    product = answer(
        "product", "show", "demo", "penguins", "clean_penguins", "--limit", "2", cwd=here
    )
    assert product["outputs"][0]["rows"] == 342 and len(product["outputs"][0]["data"]) == 2
    words = ("product", "show", "demo", "penguins", "clean_penguins", "--limit", "1")
    done = call(*words, "--format", "csv", cwd=here)
    assert done.stdout.splitlines()[0].startswith("species,island,")
    assert len(done.stdout.splitlines()) == 2


def test_children_of_a_dynamic_block_are_shown_by_their_names(here: Path) -> None:
    fan = "return [[{'i': 1}, {'i': 2}], [{'block_uuid': 'user_1'}, {'block_uuid': 'user_2'}]]"
    blocks = {
        "fan": custom(fan, configuration={"dynamic": True}),
        "each": custom("import pandas as pd\nreturn pd.DataFrame([args[0]])", "fan"),
        "after": custom("return int(args[0]['i'].sum()) * 10", "each"),
    }
    write_pipeline(here / "p", "fans", blocks)
    assert call("run", "p", "fans", cwd=here).returncode == 0
    done = call("product", "show", "p", "fans", "each:user_2", cwd=here)
    assert (done.returncode, done.stderr) == (0, "") and "2" in done.stdout, done.stderr
    run = answer("runs", "ls", "p", cwd=here)["items"][0]["id"]
    shown = answer("product", "show", "p", "fans", "after:1", "--run", run, cwd=here)
    assert (shown["block"], shown["outputs"][0]["data"]) == ("after:1", 20)
    for name in ("each", "each:nobody"):
        done = call("product", "show", "p", "fans", name, cwd=here)
        assert done.returncode == 2 and "each:user_1, each:user_2" in done.stderr
    done = call("product", "show", "p", "fans", "other:1", cwd=here)
    assert done.returncode == 2 and "it has: fan, each, after" in done.stderr


def test_truth_values_are_shown_as_they_are(here: Path) -> None:
    texts = {"yes": "return True", "no": "return False", "both": "return (True, False)"}
    write_pipeline(here / "p", "one", {name: custom(text) for name, text in texts.items()})
    assert call("run", "p", "one", cwd=here).returncode == 0
    shown = {n: call("product", "show", "p", "one", n, cwd=here).stdout.split("\n") for n in texts}
    assert (shown["yes"][1], shown["no"][1]) == ("True", "False")
    assert (shown["both"][1], shown["both"][3]) == ("True", "False")


def test_a_run_makes_the_data_product_it_needs(here: Path) -> None:
    write_pipeline(here / "p", "source", {"n": custom("return 7")})
    (here / "p" / "global_data_products.yaml").write_text(
        "seven:\n  object_type: pipeline\n  object_uuid: source\n"
        "  outdated_after: {weeks: 1}\n  settings: {n: {partitions: 1}}\n"
    )
    said = {"global_data_product": {"uuid": "seven"}}
    use = {
        "seven": block("global_data_product", "", configuration=said),
        "use": custom("return args[0]['n'][0] * 6", "seven"),
    }
    write_pipeline(here / "p", "use", use)
    assert answer("check", "p", cwd=here)["errors"] == 0
    for _ in range(2):
        done = call("run", "p", "use", cwd=here)
        assert done.returncode == 0, done.stdout + done.stderr
    product = answer("product", "show", "p", "use", "use", cwd=here)
    assert product["outputs"][0]["data"] == 42
    assert len(answer("runs", "ls", "p", "--pipeline", "source", cwd=here)["items"]) == 1


def test_wrong_use_is_2(here: Path) -> None:
    write_pipeline(here / "p", "one", {"a": custom("return 1")})
    for words, reason in {
        ("run", "p"): "WrongUse",
        ("run", "nowhere", "one"): "ProjectNotFound",
        ("run", "p", "nope"): "PipelineNotFound",
        ("run", "p", "one", "--block", "x"): "BlockNotFound",
        ("run", "p", "one", "--var", "x"): "BadRequest",
        ("run", "p", "one", "--date", "tomorrow"): "BadRequest",
        ("product", "show", "p", "one", "a"): "ProductNotFound",
        ("runs", "show", "x"): "RunNotFound",
        ("trigger", "rm", "x"): "TriggerNotFound",
        ("trigger", "add", "p", "one", "t", "--schedule", "0 0 31 2 *"): "InvalidTrigger",
        ("dance",): "WrongUse",
    }.items():
        said = answer(*words, status=2, cwd=here)
        assert said["reason"] == reason and said["message"], words
    done = call("run", "p", "nope", cwd=here)
    assert done.returncode == 2 and done.stdout == "" and "it has: one" in done.stderr


def test_a_failed_run_is_1_and_shows_why(here: Path) -> None:
    body = "print('about to fail')\nreturn 1 / 0"
    write_pipeline(here / "p", "bad", {"a": custom(body), "b": custom("return 1", "a")})
    done = call("run", "p", "bad", cwd=here)
    assert done.returncode == 1
    assert "✗ a" in done.stdout and "ZeroDivisionError" in done.stdout
    assert "about to fail" in done.stdout and "upstream_failed" in done.stdout
    said = answer("run", "p", "bad", status=1, cwd=here)
    assert said["state"] == "failed" and said["steps"][1]["state"] == "upstream_failed"


def test_variables_and_blocks(here: Path) -> None:
    body = "print(repr(kwargs.get('n')), kwargs.get('word'), kwargs['execution_date'].date())"
    write_pipeline(here / "p", "v", {"a": custom(body), "b": custom("return 2")})
    run = answer(
        "run", "p", "v", "--block", "a", "--var", "n=3", "--var", "word=x y", "--date", "2024-02-03",
        cwd=here,
    )  # fmt: skip
    assert [step["block"] for step in run["steps"]] == ["a"]
    assert run["variables"] == {"n": 3, "word": "x y"}
    log = answer("runs", "logs", run["id"])["steps"][0]["records"]
    assert log[0]["text"] == "3 x y 2024-02-03"


def test_problems_are_listed_not_thrown(here: Path) -> None:
    write_pipeline(here / "p", "one", {"a": custom("return 1")})
    broken = here / "p" / "pipelines" / "broken"
    broken.mkdir()
    (broken / "metadata.yaml").write_text("name: broken\nblocks:\n- uuid: [\n")
    said = answer("check", "p", status=1, cwd=here)
    problem = next(item for item in said["problems"] if item["severity"] == "error")
    assert problem["pipeline"] == "broken" and problem["line"]
    done = call("check", "p", cwd=here)
    assert done.returncode == 1 and "Traceback" not in done.stdout + done.stderr


def test_a_folder_of_projects_is_checked_whole(here: Path) -> None:
    write_pipeline(here / "cloned" / "books", "one", {"a": custom("return 1")})
    write_pipeline(here / "cloned" / "deep" / "toys", "two", {"a": custom("return 1")})
    (
        here / "cloned" / "deep" / "toys" / "metadata.yaml"
    ).unlink()  # not committed; Mage has defaults
    said = answer("check", "cloned", cwd=here)
    assert [(item["name"], item["pipelines"][0]["id"]) for item in said["projects"]] == [
        ("books", "one"), ("toys", "two"),
    ]  # fmt: skip
    assert said["errors"] == 0
    assert "2 projects, 2 pipelines, 0 errors." in call("check", cwd=here / "cloned").stdout
    refused = answer("run", "cloned", "one", status=2, cwd=here)
    assert "cloned/books, " in refused["message"] and "cloned/deep/toys" in refused["message"]
    assert answer("run", "cloned/deep/toys", "two", cwd=here)["state"] == "completed"


def test_triggers(here: Path) -> None:
    write_pipeline(here / "p", "one", {"a": custom("return 1")})
    made = answer(
        "trigger", "add", "p", "one", "nightly", "--schedule", "30 2 * * *",
        "--zone", "Europe/Berlin", "--save-in-code", cwd=here,
    )  # fmt: skip
    assert made["words"] == "At 02:30 every day (Europe/Berlin)" and made["next_fire"]
    assert "nightly" in (here / "p" / "pipelines" / "one" / "triggers.yaml").read_text()
    listed = answer("trigger", "ls", "p", cwd=here)["items"]
    assert [item["id"] for item in listed] == [made["id"]]
    assert answer("trigger", "disable", made["id"])["next_fire"] is None
    assert answer("trigger", "enable", made["id"])["enabled"] is True
    assert answer("trigger", "rm", made["id"]) == {"removed": made["id"]}
    text = (here / "p" / "pipelines" / "one" / "triggers.yaml").read_text()
    assert "nightly" not in text
    assert answer("trigger", "ls")["items"] == []


def test_triggers_of_a_file_are_off(here: Path) -> None:
    write_pipeline(here / "p", "one", {"a": custom("return 1")})
    (here / "p" / "pipelines" / "one" / "triggers.yaml").write_text(
        "triggers:\n- name: hourly\n  pipeline_uuid: one\n  schedule_type: time\n"
        "  schedule_interval: '@hourly'\n  status: active\n"
    )
    found = answer("trigger", "ls", "p", cwd=here)["items"]
    assert [(t["name"], t["enabled"], t["source"]) for t in found] == [("hourly", False, "file")]


def test_ctrl_c_cancels(here: Path, mage_state: Path, tmp_path: Path) -> None:
    began = tmp_path / "began"
    body = f"open({str(began)!r}, 'w')\nimport time\ntime.sleep(600)"
    write_pipeline(here / "p", "long", {"a": custom(body)})
    command = [sys.executable, "-m", "mage_jlab.cli.main", "run", "p", "long", "--json"]
    process = subprocess.Popen(command, cwd=here, stdout=subprocess.PIPE, text=True)
    try:
        until(began.exists)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert json.loads(out)["state"] == "cancelled"
        assert kernels_below(mage_state) == []
    finally:
        process.kill()
        process.wait()


def test_secrets_are_kept_used_and_taken_over(here: Path) -> None:
    text = """
    from mage_ai.data_preparation.shared.secrets import get_secret_value

    @custom
    def work(*args, **kwargs):
        print('token', get_secret_value('token'))
        assert (get_secret_value('token'), get_secret_value('old')) == ('canary-1', 'canary-2')
    """
    write_pipeline(here / "p", "one", {"a": block("custom", text)})
    done = call("run", "p", "one", cwd=here)
    assert done.returncode == 1 and "There is no secret 'token'" in done.stdout + done.stderr
    done = call("secrets", "set", "p", "token", "--pipeline", "one", cwd=here, said="canary-1\n")
    assert done.returncode == 0 and "canary" not in done.stdout, done.stderr
    mage_data(here / "mage_data")
    words = ("secrets", "import", "p", "--database", "mage_data/mage-ai.db")
    taken = answer(*words, cwd=here)
    assert taken["imported"] == ["old"] and "no key" in taken["notes"][0]
    assert answer(*words, cwd=here)["imported"] == []
    listed = answer("secrets", "ls", "p", cwd=here)["items"]
    assert [(s["name"], s["pipeline"]) for s in listed] == [("old", None), ("token", "one")]
    done = call("run", "p", "one", cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    run = answer("runs", "ls", "p", cwd=here)["items"][0]
    logs = call("runs", "logs", run["id"]).stdout
    assert "token ********" in logs and "canary" not in logs
    assert call("secrets", "rm", "p", "token", "--pipeline", "one", cwd=here).returncode == 0
    gone = answer("secrets", "rm", "p", "token", cwd=here, status=2)
    assert gone["reason"] == "NotFound"


def test_connections_are_listed_and_tried(here: Path) -> None:
    write_pipeline(here / "p", "one", {"a": custom("return 1")})
    (here / "p" / "io_config.yaml").write_text(
        "default:\n  SQLITE_DATABASE: shop.db\n  POSTGRES_PASSWORD: canary\n"
    )
    listed = call("connections", "ls", "p", cwd=here)
    assert "SQLITE_DATABASE" in listed.stdout and "canary" not in listed.stdout
    assert "canary" not in json.dumps(answer("connections", "ls", "p", cwd=here))
    absent = answer("connections", "test", "p", "sqlite", cwd=here, status=1)
    assert absent["reason"] == "database"
    sqlite3.connect(here / "shop.db").close()
    done = call("connections", "test", "p", "sqlite", cwd=here)
    assert done.returncode == 0 and "✓ Connected" in done.stdout, done.stderr
    unknown = answer("connections", "test", "p", "nope", cwd=here, status=2)
    assert unknown["reason"] == "BadRequest" and "postgres, mysql, sqlite" in unknown["message"]


def test_a_notebook_becomes_a_pipeline(here: Path) -> None:
    assert call("init", "demo", cwd=here).returncode == 0
    (here / "penguins.ipynb").write_bytes(notebook(*PENGUINS))
    words = ("import-notebook", "demo", "penguins.ipynb")
    shown = call(*words, "--dry-run", "--code", cwd=here)
    assert shown.returncode == 0 and "def summarise(" in shown.stdout, shown.stderr
    assert not (here / "demo" / "pipelines" / "penguins").exists()
    assert answer(*words, cwd=here, status=2)["reason"] == "BadRequest"
    assert answer(*words, "--yes", cwd=here)["pipeline"] == "penguins"
    done = call("run", "demo", "penguins", cwd=here)
    assert done.returncode == 0, done.stdout + done.stderr
    (here / "bad.ipynb").write_text("{}")
    bad = answer("import-notebook", "demo", "bad.ipynb", "--yes", cwd=here, status=2)
    assert bad["reason"] == "BrokenFile"


def mage_data(folder: Path) -> None:
    """Mage's database and key of a project `p`: one secret it can open, one it cannot."""
    (folder / "secrets").mkdir(parents=True)
    key = Fernet.generate_key()
    (folder / "secrets" / "key").write_bytes(key)
    (folder / "secrets" / "uuid").write_text("u1")
    rows = [
        ("old", Fernet(key).encrypt(b"canary-2").decode(), "u1"),
        ("lost", Fernet(Fernet.generate_key()).encrypt(b"x").decode(), "u1"),
    ]
    connection = sqlite3.connect(folder / "mage-ai.db")
    connection.execute(
        "CREATE TABLE secret (id INTEGER PRIMARY KEY, name TEXT, value TEXT, key_uuid TEXT)"
    )
    connection.executemany("INSERT INTO secret (name, value, key_uuid) VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
