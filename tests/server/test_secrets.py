"""Secrets over REST: names come back, values never."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import snapshot, write
from tests.server.conftest import P, run_to_end
from tests.server.test_notebook_run import execute, kernel_of

CANARY = 'canary/Pa"ss\\w:örd #1'
S = (*P, "secrets")


async def keep(ask: Any, **body: Any) -> Any:
    return await ask(*S, method="POST", body={"name": "db", "value": CANARY, **body})


async def test_keep_list_and_delete(ask: Any) -> None:
    made = await keep(ask)
    assert made.status == 201, made.body
    assert made.json["name"] == "db" and made.json["pipeline"] is None
    assert (await keep(ask)).status == 409
    assert (await keep(ask, replace=True)).status == 201
    assert (await keep(ask, pipeline="numbers", name="a/b ü")).status == 201
    listed = await ask(*S)
    assert [(s["name"], s["pipeline"]) for s in listed.json["items"]] == [
        ("db", None),
        ("a/b ü", "numbers"),
    ]
    assert b"canary" not in listed.body and b"canary" not in made.body
    slug = listed.json["items"][1]["slug"]
    assert (await ask(*S, slug, method="DELETE")).status == 404
    gone = await ask(*S, slug, method="DELETE", params={"pipeline": "numbers"})
    assert gone.status == 204
    assert len((await ask(*S)).json["items"]) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": ""}, 400),
        ({"name": "a\nb"}, 400),
        ({"name": "x" * 201}, 400),
        ({"value": ""}, 400),
        ({"value": "x" * 70_000}, 400),
        ({"value": 7}, 400),
        ({"pipeline": "../numbers"}, 404),
        ({"more": 1}, 400),
    ],
)
async def test_bad_input_is_refused_without_repeating_it(
    ask: Any, body: dict[str, Any], status: int
) -> None:
    answer = await keep(ask, **body)
    assert answer.status == status, answer.body
    assert b"canary" not in answer.body
    assert (await ask(*S)).json["items"] == []


async def test_an_open_key_file_is_said_and_nothing_else_breaks(ask: Any, mage_state: Path) -> None:
    await keep(ask)
    (mage_state / "secrets" / "key").chmod(0o644)
    answer = await keep(ask, name="other")
    assert answer.status == 503 and answer.json["reason"] == "SecretsClosed"
    assert "chmod 600" in answer.json["message"]
    assert (await run_to_end(ask))["state"] == "completed"


async def test_a_canary_is_nowhere_in_clear(
    ask: Any,
    mage_project: Path,
    mage_state: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Code that shows a secret in every way it can: stars in outputs, logs, errors, exports."""
    await keep(ask)
    await keep(ask, name="plain", value="plain-canary-77", pipeline="numbers")
    config = "default:\n  POSTGRES_PASSWORD: \"{{ mage_secret_var('db') }}\"\n"
    loader = """
        import logging, sys
        from mage_ai.data_preparation.shared.secrets import get_secret_value
        from mage_ai.io.config import ConfigFileLoader

        @data_loader
        def load(*args, **kwargs):
            password = ConfigFileLoader()['POSTGRES_PASSWORD']
            assert len(password) == LENGTH, len(password)
            token = get_secret_value('plain')
            print('printed', password, token)
            print(repr(password), file=sys.stderr)
            kwargs['logger'].warning('logged %s', token)
            display({'text/plain': password, 'text/html': '<b>' + token + '</b>'}, raw=True)
            raise ValueError('refused: ' + password + ' ' + token)
    """.replace("LENGTH", str(len(CANARY)))
    write(mage_project, {"io_config.yaml": config, "data_loaders/load_numbers.py": loader})
    run = await run_to_end(ask)
    assert run["state"] == "failed"
    step = next(s for s in run["steps"] if s["block"] == "load_numbers")
    assert "refused: ******** ********" in json.dumps(run), run
    log = await ask("mage", "api", "runs", run["id"], "steps", step["slug"], "log")
    assert log.status == 200 and b"printed ******** ********" in log.body, log.body
    notebook = await ask("mage", "api", "runs", run["id"], "notebook")
    assert notebook.status == 200 and b"********" in notebook.body
    answers = [json.dumps(run).encode(), log.body, notebook.body]
    answers += [(await ask("mage", "api", "runs")).body, (await ask(*S)).body]
    seen = {**{f"answer {n}": a for n, a in enumerate(answers)}, **snapshot(mage_state)}
    out, err = capfd.readouterr()
    seen |= {"log": caplog.text.encode(), "stdout": out.encode(), "stderr": err.encode()}
    forms = [CANARY, "plain-canary-77", json.dumps(CANARY)[1:-1], repr(CANARY)[1:-1]]
    for name, data in seen.items():
        for form in forms:
            assert form.encode() not in data, (name, form)


async def test_a_notebook_shows_stars_in_blocks_and_in_other_cells(
    ask: Any, jp_serverapp: Any
) -> None:
    await keep(ask, value="canary-of-the-notebook")
    await keep(ask, value="canary-of-the-pipeline", pipeline="numbers")
    ask_for = "from mage_ai.data_preparation.shared.secrets import get_secret_value\n"
    block = ask_for + (
        "@data_loader\ndef load(*args, **kwargs):\n    print('block', get_secret_value('db'))\n"
        "    return len(get_secret_value('db'))\n"
    )
    metadata = {"mage": {"uuid": "load_numbers", "type": "data_loader", "language": "python"}}
    async with kernel_of(ask, jp_serverapp) as client:
        for code, facts in ((block, metadata), (ask_for + "get_secret_value('db')", None)):
            reply, published = await execute(client, code, facts)
            assert reply["status"] == "ok", reply
            text = json.dumps(published, default=str)
            assert "canary" not in text and "********" in text
