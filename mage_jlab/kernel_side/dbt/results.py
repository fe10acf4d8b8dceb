"""What dbt says of a command: shown, and raised when it went wrong."""

from __future__ import annotations

import re
import sys
from typing import Any

from mage_jlab.errors import MissingPackage, StepFailed, TestsFailed
from mage_jlab.kernel_side.step import Step
from mage_jlab.kernel_side.wire import DBT

BAD = frozenset({"error", "fail", "runtime error", "partial success"})
TESTS = frozenset({"test", "unit_test"})
_SHOWN = 500
_ADAPTER = re.compile(r"Could not find adapter type (\w+)")


def show(step: Step, shell: Any, found: list[dict[str, Any]], task: str) -> None:
    """Show the compiled SQL and the result of every model and test; note the tests."""
    own = [item for item in found if item["sql"] and item["kind"] not in TESTS]
    if len(own) == 1:
        sql = own[0]["sql"].strip()
        data = {"text/plain": sql, "text/markdown": f"```sql\n{sql}\n```"}
        shell.display_pub.publish(data=data, metadata={"mage": {"compiled_sql": True}})
    for item in found:
        if item["kind"] in TESTS:
            passed = item["status"] not in BAD
            message = None if item["status"] == "pass" else item["message"]
            step.tests.append({"name": item["name"], "passed": passed, "message": message})
    if found and task not in ("show", "compile"):
        told = [{key: item[key] for key in item if key != "sql"} for item in found[:_SHOWN]]
        data = {
            DBT: {"command": task, "results": told, "total": len(found)},
            "text/plain": _words(found),
        }
        shell.display_pub.publish(data=data, metadata={})


def _words(found: list[dict[str, Any]]) -> str:
    rows = [
        (
            item["status"],
            item["kind"],
            item["name"],
            f"{item['seconds']:.2f}s",
            item["message"] or "",
        )
        for item in found[:_SHOWN]
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    return "\n".join(
        "  ".join([*(row[i].ljust(widths[i]) for i in range(4)), row[4].split("\n")[0]]).rstrip()
        for row in rows
    )


def refuse(step: Step, told: dict[str, Any]) -> None:
    """Raise what went wrong, in dbt's own words.

    Raises:
        MissingPackage: when there is no adapter for the database.
        TestsFailed: when only tests failed.
        StepFailed: when anything else did.
        KeyboardInterrupt: when dbt was interrupted.
    """
    error = told["error"]
    if error is None:
        return
    if error["kind"] == "interrupt":
        raise KeyboardInterrupt
    bad = [item for item in told["results"] if item["status"] in BAD]
    if not bad:
        message = _sentence(error["message"] or "it failed without saying why.")
        lacking = _ADAPTER.search(message)
        if lacking:
            package = f"dbt-{lacking[1]}"
            raise MissingPackage(
                f"Block '{step.block}' needs dbt's adapter for {lacking[1]}, which the environment "
                f"of this kernel ({sys.prefix}) does not have; install it there ({sys.executable} "
                f"-m pip install {package}).",
                package=package,
            )
        raise StepFailed(f"dbt refused block '{step.block}': {message}", block=step.block)
    others = [item for item in bad if item["kind"] not in TESTS]
    first = (others or bad)[0]
    words = _sentence(first["message"] or "")
    if f" {first['name']} (" not in words:
        words = f"{first['kind']} {first['name']} ({first['file']}): {words}"
    if not others:
        ran = sum(item["kind"] in TESTS for item in told["results"])
        raise TestsFailed(
            f"{len(bad)} of {ran} dbt tests of block '{step.block}' failed: {words}",
            block=step.block,
        )
    more = f" (and {len(others) - 1} more)" if len(others) > 1 else ""
    raise StepFailed(f"{words}{more}", block=step.block)


def _sentence(text: str) -> str:
    """Return dbt's words in one line, its title first: what, where, and the line."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip(" ^")]
    if len(lines) > 1 and "rror" in lines[0]:
        return f"{lines[0]}: {' '.join(lines[1:])}"
    return " ".join(lines)
