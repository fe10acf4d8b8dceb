"""What is added to errors that are usual in projects of others."""

from __future__ import annotations

from typing import Any

import pytest
from kernels import Kernel


def said(kernel: Kernel, body: str, before: str = "") -> dict[str, Any]:
    answer = kernel.cell(
        f"{before}\n@custom\ndef work(*args, **kwargs):\n    {body}", "other", "custom"
    )
    assert answer.finished["state"] == "failed"
    assert answer.reply["evalue"] == answer.finished["error"]["message"]
    return dict(answer.finished["error"])


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("return kwargs['bucket']", "'bucket' (the pipeline has no variable of this name)"),
        ("return os.environ[\"KEY_OF_NOBODY\"]", "'KEY_OF_NOBODY' (the environment has no variable of this name)"),
        ("return {}['bucket'], kwargs", "'bucket'"),
    ],
)  # fmt: skip
def test_a_name_that_was_looked_up(kernel: Kernel, body: str, words: str) -> None:
    error = said(kernel, body, "import os")
    assert error["name"] == "KeyError" and error["message"] == words and error["line"] == 4


def test_the_folder_of_mages_image(kernel: Kernel) -> None:
    error = said(kernel, "return open('/home/src/shop/data/orders.csv')")
    assert error["name"] == "FileNotFoundError" and error["line"] == 4
    assert error["message"].endswith(
        f"'/home/src/shop/data/orders.csv' (/home/src is a folder of Mage's Docker image; "
        f"the project lies in {kernel.project.parent})"
    )
    assert "(" not in said(kernel, "return open('/nowhere/orders.csv')")["message"]


def test_a_module_of_a_known_package_is_offered(kernel: Kernel) -> None:
    before = "import sys\nsys.modules['sodapy'] = None\nfrom sodapy import Socrata"
    error = said(kernel, "return 1", before)
    assert error["name"] == "ModuleNotFoundError" and error["line"] == 3
    assert error["missing_package"]["package"] == "sodapy"
    assert "missing_package" not in said(kernel, "return 1", "import a_module_of_nobody")
