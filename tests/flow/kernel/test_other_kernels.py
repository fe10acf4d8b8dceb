"""Blocks for any other Jupyter kernel: here those of Bash and xeus, the real ones."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from kernels import Answer, Kernel, running
from test_convention import fails, ok

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def bashful(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    """A kernel in whose environment a kernelspec for bash is installed."""
    folder = tmp_path_factory.mktemp("bash")
    spec = folder / "share/kernels/bash"
    spec.mkdir(parents=True)
    argv = [sys.executable, "-m", "bash_kernel", "-f", "{connection_file}"]
    said = {"argv": argv, "display_name": "Bash", "language": "bash"}
    (spec / "kernel.json").write_text(json.dumps(said))
    env = {**os.environ, "JUPYTER_PATH": str(folder / "share")}
    with running(folder, env=env) as started:
        started.start(variables={"who": "you"})
        yield started


COLON = """
import zmq
from ipykernel.kernelapp import IPKernelApp

class Colon(IPKernelApp):
    def _try_bind_socket(self, made, port):
        made.bind(f"{self.transport}://{self.ip}:{port}")
        return port

Colon.launch_instance()
"""
"""A kernel that names its sockets as those of JavaScript and Julia do."""


def test_kernels_that_listen_elsewhere_are_found(tmp_path: Path) -> None:
    xeus = Path(__file__).parents[3] / ".environments/xeus/bin/python"
    assert xeus.exists(), "bash scripts/environments.sh xeus makes the environment of this test"
    (tmp_path / "colon.py").write_text(COLON)
    commands = {
        "colon": [sys.executable, str(tmp_path / "colon.py")],
        "xeus": [str(xeus), "-m", "xpython_launcher"],  # knows TCP only
        "broken": [sys.executable, "-c", "raise SystemExit('no license')"],
    }
    for name, argv in commands.items():
        spec = tmp_path / "share/kernels" / name
        spec.mkdir(parents=True)
        said = {"argv": [*argv, "-f", "{connection_file}"], "display_name": name, "language": name}
        (spec / "kernel.json").write_text(json.dumps(said))
    with running(tmp_path, env={**os.environ, "JUPYTER_PATH": str(tmp_path / "share")}) as kernel:
        kernel.start()
        ok(kernel.cell("@data_loader\ndef f():\n    return {'k': [1]}", "plain"))
        text = """import os
folder = os.environ["MAGE_FOLDER"]
print(open(folder + "/df_1.json").read())
open(folder + "/output.json", "w").write("[7, 8]")"""
        for name in ("colon", "xeus"):
            answer = kernel.cell(text, name, "custom", ["plain"], language=name)
            ok(answer)
            assert '{"k": [1]}' in answer.stdout
            code = "@custom\ndef f(v): print(v)"
            assert kernel.cell(code, "below", "custom", [name]).stdout == "[7, 8]\n"
        wrong = kernel.cell("raise ValueError('no')", "bad", "custom", language="xeus")
        assert "failed in the kernel 'xeus': " in fails(wrong, "CodeFailed")
        wrong = kernel.cell("1", "bad", "custom", language="broken")
        assert "exit status 1: no license" in fails(wrong, "KernelError")


def bash(kernel: Kernel, text: str, block: str, *upstream: str, type_: str = "custom") -> Answer:
    return kernel.cell(text, block, type_, upstream, language="bash")


def test_a_scratchpad_is_a_cell_of_that_kernel(bashful: Kernel) -> None:
    answer = bash(bashful, "X=5\necho hello", "pad", type_="scratchpad")
    assert ok(answer)["outputs"] == [] and answer.stdout == "hello\n"
    assert bash(bashful, "echo $X", "pad", type_="scratchpad").stdout == "5\n"


def test_files_carry_data(bashful: Kernel) -> None:
    frame = "import pandas as pd\n@data_loader\ndef f():\n    return pd.DataFrame({'a': [1, 2], 'b': ['x', None]})"
    ok(bashful.cell(frame, "frame"))
    ok(bashful.cell("@data_loader\ndef f():\n    return {'k': [1]}", "plain"))
    text = """cd $MAGE_FOLDER
cat df_1.csv df_2.json
python3 -c "import json; print(json.load(open('block.json'))['variables']['who'])"
(echo n,w; echo 7,z) > output.csv"""
    answer = bash(bashful, text, "files", "frame", "plain")
    ok(answer)
    assert answer.stdout.splitlines() == ['"a","b"', '1,"x"', "2,", '{"k": [1]}', "you"]
    assert answer.previews[0]["page"]["rows"] == [[7, "z"]]
    below = bashful.cell(
        "@custom\ndef f(frame): print(frame['n'].sum())", "below", "custom", ["files"]
    )
    assert below.stdout == "7\n"
    ok(bash(bashful, "echo '{\"a\": 1}' > $MAGE_FOLDER/output.json", "json"))
    assert (
        bashful.cell("@custom\ndef f(v): print(v)", "below", "custom", ["json"]).stdout
        == "{'a': 1}\n"
    )
    assert ok(bash(bashful, "true", "nothing"))["outputs"] == []


def test_what_goes_wrong(bashful: Kernel) -> None:
    answer = bash(bashful, "ls /nowhere", "bad")
    assert "failed in the kernel 'bash'" in fails(answer, "CodeFailed")
    answer = bash(bashful, "true", "bad", type_="sensor")
    assert "use a custom block" in fails(answer, "CodeFailed")
    answer = bashful.cell("x", "bad", "custom", language="klingon")
    assert "no Jupyter kernel for klingon" in fails(answer, "MissingPackage")


def test_an_interrupt_reaches_it(bashful: Kernel) -> None:
    pid = int(bashful.evaluate("__import__('os').getpid()"))
    mage = {"uuid": "long", "type": "custom", "language": "bash"}
    asked = bashful.send("echo go; sleep 1000", metadata={"mage": mage})
    seen = bashful.client.get_iopub_msg(timeout=60)
    while not (seen["msg_type"] == "stream" and "go" in seen["content"]["text"]):
        seen = bashful.client.get_iopub_msg(timeout=60)
    os.kill(pid, signal.SIGINT)
    assert bashful.collect(asked).finished["error"]["name"] == "KeyboardInterrupt"
    assert bash(bashful, "echo again", "pad", type_="scratchpad").stdout == "again\n"
