"""Triggers over REST."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

API = ("mage", "api", "triggers")
NEW = {
    "project": "demo",
    "pipeline": "numbers",
    "name": "every night",
    "schedule": "30 2 * * *",
    "zone": "Europe/Berlin",
    "variables": {"who": "night"},
}


async def test_the_life_of_a_trigger(ask: Any) -> None:
    made = await ask(*API, method="POST", body=NEW)
    assert made.status == 201, made.body
    trigger = made.json
    assert trigger["project"] == "demo" and trigger["enabled"]
    assert datetime.fromisoformat(trigger["next_fire"].replace("Z", "+00:00")) > datetime.now(
        timezone.utc
    )
    assert trigger["words"] and trigger["last_run"] is None
    assert (await ask(*API, method="POST", body=NEW)).status == 409
    listed = (await ask(*API, params={"project": "demo", "pipeline": "numbers"})).json["items"]
    assert [item["id"] for item in listed] == [trigger["id"]]
    assert (await ask(*API, params={"pipeline": "broken"})).json["items"] == []
    summary = (await ask("mage", "api", "projects", "demo", "pipelines")).json["items"]
    assert next(i for i in summary if i["id"] == "numbers")["next_fire"] == trigger["next_fire"]

    one = (*API, trigger["id"])
    changed = await ask(*one, method="PATCH", body={"enabled": False, "schedule": "0 5 * * 1"})
    assert changed.status == 200, changed.body
    assert changed.json["next_fire"] is None and changed.json["schedule"] == "0 5 * * 1"
    assert (await ask(*one)).json == changed.json
    assert (await ask("mage", "api", "runs")).json["items"] == [], "editing never fires"
    assert (await ask(*one, method="DELETE")).status == 204
    assert (await ask(*one)).status == 404


async def test_settings_of_mage_that_do_nothing_are_named(ask: Any) -> None:
    wants = {"landing_time_enabled": True, "sla": 60, "pipeline_run_limit": 2}
    made = (await ask(*API, method="POST", body={**NEW, "settings": wants})).json
    assert made["ignored"] == ["landing_time_enabled"]
    plain = (await ask(*API, method="POST", body={**NEW, "name": "plain"})).json
    assert plain["ignored"] == []


async def test_a_run_says_that_it_is_late_and_who_asked(ask: Any) -> None:
    for name, seconds, late in (("strict", 0.001, True), ("patient", 3600, False)):
        body = {**NEW, "name": name, "settings": {"sla": seconds}}
        trigger = (await ask(*API, method="POST", body=body)).json
        run = (await ask(*API, trigger["id"], "run", method="POST")).json
        page = (await ask("mage", "api", "runs", params={"trigger": trigger["id"]})).json
        assert [item["late"] for item in page["items"]] == [late]
        assert (await ask("mage", "api", "runs", run["id"])).json["late"] is late
        assert run["user"] == "token", "a token says nothing about a person"
        await ask("mage", "api", "runs", run["id"], "cancel", method="POST")


async def test_a_deleted_pipeline_takes_its_triggers_along(ask: Any) -> None:
    assert (await ask(*API, method="POST", body=NEW)).status == 201
    one = ("mage", "api", "projects", "demo", "pipelines", "numbers")
    etag = (await ask(*one)).headers["ETag"]
    assert (await ask(*one, method="DELETE", headers={"If-Match": etag})).status == 204
    assert (await ask(*API)).json["items"] == []


async def test_what_makes_no_sense_is_refused(ask: Any) -> None:
    for bad in (
        {"schedule": "0 0 31 2 *"},
        {"schedule": "* * * * * *"},
        {"schedule": "often"},
        {"zone": "Mars/Olympus"},
        {"zone": "../../etc/passwd"},
        {"name": ""},
        {"missed": "perhaps"},
        {"kind": "odd"},
    ):
        answer = await ask(*API, method="POST", body={**NEW, **bad})
        assert answer.status == 400, (bad, answer.body)
        assert answer.json["message"]
    assert (await ask(*API, method="POST", body={**NEW, "pipeline": "x"})).status == 404
    assert (await ask(*API)).json["items"] == []


async def test_running_a_trigger_now(ask: Any) -> None:
    trigger = (await ask(*API, method="POST", body={**NEW, "enabled": False})).json
    run = await ask(*API, trigger["id"], "run", method="POST")
    assert run.status == 202, run.body
    assert run.json["trigger"] == trigger["id"]
    assert run.json["variables"]["who"] == "night"
    assert (await ask(*API, trigger["id"])).json["last_run"] == run.json["id"]


async def test_preview_of_a_schedule(ask: Any) -> None:
    body = {"schedule": "30 2 * * *", "zone": "Europe/Berlin", "count": 3}
    answer = await ask(*API, "preview", method="POST", body=body)
    assert answer.status == 200, answer.body
    assert len(answer.json["fires"]) == 3
    assert all("02:30" in f["wall"] or "03:" in f["wall"] for f in answer.json["fires"])
    assert answer.json["words"]
    for bad in ({"schedule": "x"}, {"schedule": "0 0 31 2 *"}, {"zone": "Nowhere"}, {"count": 0}):
        assert (await ask(*API, "preview", method="POST", body={**body, **bad})).status == 400
