"""What blocks import: the project under all its names, Mage's own names, the host channel."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kernels import Kernel
from test_convention import fails, ok

from mage_jlab.files import templates


def run(kernel: Kernel, body: str, block: str = "b", **mage: Any) -> str:
    indented = "\n    ".join(body.splitlines())
    answer = kernel.cell(
        f"@custom\ndef f(*args, **kwargs):\n    {indented}", block, "custom", **mage
    )
    ok(answer)
    return answer.stdout.strip()


@pytest.fixture
def project(fresh: Kernel) -> Kernel:
    utils = fresh.project / "utils"
    utils.mkdir()
    (fresh.project / "__init__.py").touch()
    (utils / "__init__.py").touch()
    (utils / "sums.py").write_text("WHERE = 'live'\ndef add(a, b):\n    return a + b\n")
    (utils / "more.py").write_text("from default_repo.utils.sums import add\nTOTAL = add(2, 2)\n")
    return fresh


@pytest.mark.parametrize(
    "line",
    [
        "from shop.utils.sums import add",
        "from utils.sums import add",
        "from known.utils.sums import add",
        "from default_repo.utils.sums import add",
        "import default_repo.utils.sums as s; add = s.add",
        "from default_repo import utils; from default_repo.utils.sums import add",
    ],
)
def test_the_project_under_every_name(project: Kernel, line: str) -> None:
    project.start(aliases=["known"])
    answer = project.cell(f"{line}\n@custom\ndef f():\n    print(add(1, 2))", "b", "custom")
    ok(answer)
    assert answer.stdout == "3\n"


@pytest.mark.parametrize(
    "line",
    [
        "from default_repo.books.utils.sums import add",
        "import default_repo.books.utils.sums as s; add = s.add",
        "from default_repo.books.utils import sums; add = sums.add",
        "from default_repo.books import utils; from default_repo.books.utils.sums import add",
        "from default_repo.utils.sums import add; from default_repo.books.utils.sums import add",
        "from utils.chained import add",
    ],
)
def test_names_of_several_folders_lead_to_the_project(project: Kernel, line: str) -> None:
    chained = project.project / "utils" / "chained.py"
    chained.write_text("from far_away.books.utils.sums import add\n")
    assert run(project, f"{line}\nprint(add(1, 2))") == "3"


@pytest.mark.parametrize("name", ["{above}", "default_repo.{above}"])
def test_what_several_projects_share_lies_above_them(fresh: Kernel, name: str) -> None:
    above = fresh.project.parent
    (above / "utils" / "deep").mkdir(parents=True)
    (above / "utils" / "deep" / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    (fresh.project / "utils").mkdir()
    (fresh.project / "utils" / "own.py").write_text("FACTOR = 10\n")
    code = (
        f"from {name.format(above=above.name)}.utils.deep.sums import add\n"
        "from default_shop.utils.own import FACTOR\nprint(FACTOR * add(1, 2))"
    )
    fresh.start()
    assert run(fresh, code) == "30"
    (above / "utils" / "deep" / "sums.py").write_text(
        "def add(a, b):\n    return a - b  # edited\n"
    )
    assert run(fresh, code) == "-10"


def test_one_block_file_imports_another(project: Kernel) -> None:
    (project.project / "transformers").mkdir(exist_ok=True)
    (project.project / "transformers" / "prepare.py").write_text(
        "if 'transformer' not in globals():\n"
        "    from mage_ai.data_preparation.decorators import transformer\n"
        "@transformer\ndef prepare(rows, *args, **kwargs):\n    return rows * 2\n"
    )
    code = (
        "import importlib\nfrom default_repo.transformers import prepare\n"
        "importlib.reload(prepare)\nprint(prepare.prepare(4))"
    )
    assert run(project, code) == "8"


def test_a_learned_name_holds_in_modules_too(project: Kernel) -> None:
    code = "import default_repo.utils.more as m\n@custom\ndef f():\n    print(m.TOTAL)"
    assert project.cell(code, "b", "custom").stdout == "4\n"


def test_edited_modules_are_seen_by_the_next_run(project: Kernel) -> None:
    project.start()
    code = "from utils.sums import add\nimport default_repo.utils.more as m\n@custom\ndef f():\n    print(add(1, 2), m.TOTAL)"
    assert project.cell(code, "b", "custom").stdout == "3 4\n"
    path = project.project / "utils" / "sums.py"
    path.write_text("def add(a, b):\n    return 100 * (a + b)  # edited\n")
    assert project.cell(code, "b", "custom").stdout == "300 400\n"
    assert project.cell(code, "other", "custom").stdout == "300 400\n"


def test_unknown_modules_stay_unknown(project: Kernel) -> None:
    answer = project.cell("import no_such_thing.utils.sums_x", "b", "custom")
    assert "no_such_thing" in fails(answer, "ModuleNotFoundError")


def test_modules_come_from_the_snapshot_of_a_run(project: Kernel, tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot"
    (snapshot / "utils").mkdir(parents=True)
    (snapshot / "__init__.py").touch()
    (snapshot / "utils" / "__init__.py").touch()
    (snapshot / "utils" / "sums.py").write_text("WHERE = 'snapshot'\n")
    for line in ("from shop.utils.sums import WHERE", "from utils.sums import WHERE"):
        code = f"{line}\n@custom\ndef f(**kwargs):\n    print(WHERE, kwargs['repo_path'])"
        project.start(sources=str(snapshot), run={"id": "r"}, scope="r")
        assert project.cell(code, "b", "custom").stdout == f"snapshot {project.project}\n"
        project.start()
        assert project.cell(code, "b", "custom").stdout == f"live {project.project}\n"


def test_working_folder_and_environment(project: Kernel) -> None:
    body = "import os\nprint(os.getcwd(), os.environ['MAGE_RUNTIME__REPO_PATH'])"
    assert run(project, body) == f"{project.project.parent} {project.project}"
    project.start(cwd=str(project.project))
    assert run(project, body).startswith(f"{project.project} ")


def test_names_of_mage(project: Kernel) -> None:
    assert run(
        project,
        "from mage_ai.settings.repo import get_repo_path\n"
        "from mage_ai.data_preparation.repo_manager import get_repo_path as old\n"
        "from mage_ai.data_preparation.variable_manager import get_variable, get_global_variable\n"
        "from mage_ai.io.config import ConfigFileLoader, ConfigKey\n"
        "import mage_ai.io.file\n"
        "print(get_repo_path() == old(), ConfigKey.POSTGRES_HOST.value)",
    ) == "True POSTGRES_HOST"  # fmt: skip


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("from mage_ai.io.weaviate import Weaviate", "use the package weaviate-client"),
        ("from mage_ai.io.file import Nope", "No module named 'mage_ai.io.file.Nope'"),
        ("from mage_ai.data_cleaner.analysis import x", "for others use pandas"),
        ("from mage_ai.data_preparation.models.widget import Widget", "use get_variable"),
        ("from mage_ai.io.config import Nope", "No module named 'mage_ai.io.config.Nope'"),
        ("import mage_ai.what", "install mage-ai in this kernel's environment"),
        (
            "from mage_ai.data_preparation.streaming.base import BaseStreamingPipeline",
            "derive sources from mage_ai.streaming.sources.base_python.BasePythonSource",
        ),
    ],
)
def test_names_that_are_missing_say_what_to_use(project: Kernel, line: str, words: str) -> None:
    answer = project.cell(line, "b", "custom")
    assert answer.finished["state"] == "failed"
    assert words in answer.finished["error"]["message"], answer.finished
    assert "line 1" in answer.traceback and answer.finished["error"]["line"] == 1


def test_ours_win_over_an_installed_mage_whose_rest_is_used(
    project: Kernel, tmp_path: Path
) -> None:
    real = tmp_path / "site" / "mage_ai"
    (real / "io").mkdir(parents=True)
    (real / "__init__.py").write_text("raise RuntimeError('the real one')")
    (real / "io" / "__init__.py").touch()
    (real / "io" / "weaviate.py").write_text("class Weaviate: real = True\n")
    (real / "io" / "config.py").write_text("raise RuntimeError('the real one')")
    project.execute(f"import sys; sys.path.append({str(tmp_path / 'site')!r})")
    project.execute(
        "for n in [m for m in sys.modules if m.startswith('mage_ai')]: del sys.modules[n]"
    )
    body = "from mage_ai.io.weaviate import Weaviate\nfrom mage_ai.io.config import ConfigFileLoader\nprint(Weaviate.real)"
    assert run(project, body) == "True"


def test_files(project: Kernel) -> None:
    body = """import pandas as pd
from mage_ai.io.file import FileIO
for name in ('a.csv', 'a.json', 'a.parquet', 'a.csv.gz', 'a.tsv'):
    FileIO().export(pd.DataFrame({'n': [1, 2]}), name)
    assert name[-3:] not in ('csv', 'tsv', '.gz') or 'Unnamed: 0' in FileIO().load(name)
    assert list(FileIO().load(name).n) == [1, 2], name
print(FileIO().exists('a.csv'), FileIO().load('a.csv', limit=1).shape)"""
    assert run(project, body) == "True (1, 2)"
    answer = project.cell(
        "from mage_ai.io.file import FileIO\nFileIO().load('a.what')", "b", "custom"
    )
    assert "format of 'a.what' is not known" in fails(answer, "BadRequest")
    assert "line 2" in answer.traceback and "io/base" not in answer.traceback


def test_settings_without_the_engine(project: Kernel) -> None:
    (project.project / "io_config.yaml").write_text(
        "version: 0.1.1\ndefault:\n  POSTGRES_HOST: \"{{ env_var('H', 'db') }}\"\n  POSTGRES_PORT: 5432\n"
    )
    body = """from mage_ai.io.config import ConfigFileLoader, ConfigKey
from mage_ai.settings.repo import get_repo_path
import os
c = ConfigFileLoader(os.path.join(get_repo_path(), 'io_config.yaml'), 'default')
print(c[ConfigKey.POSTGRES_HOST], c['POSTGRES_PORT'], c.get('NOPE'), 'NOPE' in c)"""
    assert run(project, body) == "db 5432 None False"
    answer = project.cell(
        "from mage_ai.io.config import ConfigFileLoader\nConfigFileLoader(None, 'prod')",
        "b",
        "custom",
    )
    assert "has no profile 'prod'" in fails(answer, "NotFound")
    other = project.project / "made.yaml"  # as PyYAML writes a template
    other.write_text("default:\n  POSTGRES_HOST: '{{ env_var(''H'') }}'\n")
    body = f"from mage_ai.io.config import ConfigFileLoader\nConfigFileLoader({str(other)!r})"
    answer = project.cell(body, "b", "custom")
    assert "made.yaml cannot be filled in: line 2: expected" in fails(answer, "BadRequest")


def test_outputs_of_other_blocks_by_name(project: Kernel) -> None:
    ok(project.cell("@data_loader\ndef f():\n    return 'a', 'b'", "load"))
    body = """from mage_ai.data_preparation.variable_manager import get_variable
print(get_variable('etl', 'load', 'output_1'), get_variable('etl', 'load'), get_variable('etl', 'no'))"""
    assert run(project, body) == "b ['a', 'b'] {}"


class Engine:
    """The other end of the host channel, as the engine speaks it."""

    def __init__(self, path: Path) -> None:
        self.asked: list[dict[str, Any]] = []
        self.answers: dict[str, Any] = {}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.bind(str(path))
        self.socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection, connection.makefile("rwb") as file:
                request = json.loads(file.readline())
                self.asked.append(request)
                answer = self.answers.get(
                    request["call"], {"error": {"reason": "NotFound", "message": "No."}}
                )
                file.write(json.dumps({"id": request["id"], **answer}).encode() + b"\n")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = Engine(tmp_path / "host")
    yield made
    made.socket.close()


def test_names_that_are_asked_for_in_other_ways(project: Kernel) -> None:
    ok(project.cell("@custom\ndef f():\n    return 'left', 2", "two", "custom"))
    body = """import mage_ai
from mage_ai import io
from mage_ai.io import config, file
from mage_ai.data_preparation.models.constants import CallbackStatus
from mage_ai.data_preparation.variable_manager import VariableManager
manager = VariableManager(repo_path=kwargs['repo_path'])
print(io.config.ConfigFileLoader is config.ConfigFileLoader, mage_ai.io.file is file)
print(CallbackStatus.FAILURE == 'failure', manager.get_variables_by_block('etl', 'two'))
print(manager.get_variable('etl', 'two', 'output_1'))"""
    assert run(project, body) == "True True\nTrue ['output_0', 'output_1']\n2"


def test_what_needs_the_engine_is_asked_over_the_channel(
    project: Kernel, engine: Engine, tmp_path: Path
) -> None:
    project.start(channel={"address": str(tmp_path / "host"), "token": "secret"})
    engine.answers = {
        "secret": {"result": "s3cr3t"},
        "get_variables": {"result": {"country": "ES"}},
        "set_variable": {"result": None},
        "io_config": {"result": {"config": {"POSTGRES_HOST": "db"}, "secrets": []}},
        "trigger_pipeline": {"result": {"id": "run-5", "state": "completed"}},
    }
    body = """from mage_ai.data_preparation.shared.secrets import get_secret_value
from mage_ai.data_preparation.variable_manager import get_global_variable, set_global_variable
from mage_ai.io.config import ConfigFileLoader
from mage_ai.orchestration.triggers.api import trigger_pipeline
set_global_variable('etl', 'n', 5)
print(get_secret_value('x'), get_global_variable('other', 'country'), ConfigFileLoader()['POSTGRES_HOST'])
run = trigger_pipeline('child', variables={'a': 1}, check_status=True, error_on_failure=True, poll_interval=1)
print(run.id, run.state)"""
    assert (
        run(project, body)
        == "******** ES db\nPipeline 'child': run run-5 completed.\nrun-5 completed"
    )
    assert {r["token"] for r in engine.asked} == {"secret"}
    calls = {r["call"]: r["args"] for r in engine.asked}
    assert calls["set_variable"] == {"pipeline": "etl", "key": "n", "value": 5}
    assert (
        calls["trigger_pipeline"]["pipeline"] == "child"
        and calls["trigger_pipeline"]["check_status"]
    )
    check = """import datetime
from mage_ai.orchestration.run_status_checker import check_status
print(check_status('other', datetime.datetime(2026, 1, 1), hours=5))"""
    for state, words in ((None, "False"), ({"completed": True}, "True")):
        engine.answers["run_state"] = {"result": state}
        assert run(project, check) == words
    assert engine.asked[-1]["args"]["execution_date"] == "2026-01-01T00:00:00"
    engine.answers.clear()
    code = "from mage_ai.data_preparation.shared.secrets import get_secret_value\nget_secret_value('x')"
    answer = project.cell(code, "b", "custom")
    assert fails(answer, "HostError") == "No." and answer.finished["error"]["line"] == 2


def test_without_the_engine_it_says_so(project: Kernel, tmp_path: Path) -> None:
    code = "from mage_ai.data_preparation.shared.secrets import get_secret_value\nget_secret_value('x')"
    assert "not connected" in fails(project.cell(code, "b", "custom"), "HostError")
    project.start(channel={"address": str(tmp_path / "gone"), "token": "t"})
    assert "does not answer" in fails(project.cell(code, "b", "custom"), "HostError")


TEMPLATES = Path(templates.__file__).parent / "templates" / "blocks"


def test_templates_of_databases_load_and_export(fresh: Kernel) -> None:
    path = fresh.project / "a.duckdb"
    settings = f"version: 0.1.1\ndefault:\n  DUCKDB_DATABASE: {path}\n"
    (fresh.project / "io_config.yaml").write_text(settings)
    loader = (TEMPLATES / "data_loader_duckdb.py").read_text()
    answer = fresh.cell(loader, "loaded")
    assert answer.finished["state"] == "completed", answer.finished["error"]
    exporter = (TEMPLATES / "data_exporter_duckdb.py").read_text()
    answer = fresh.cell(exporter, "written", "data_exporter", ["loaded"])
    assert answer.finished["state"] == "completed", answer.finished["error"]


@pytest.mark.parametrize("name", ["mysql", "snowflake", "bigquery"])
def test_templates_of_databases_say_which_setting_is_missing(fresh: Kernel, name: str) -> None:
    (fresh.project / "io_config.yaml").write_text("version: 0.1.1\ndefault:\n")
    for kind, upstream in [("data_loader", []), ("data_exporter", ["loaded"])]:
        fresh.cell("@data_loader\ndef f():\n    return 1\n", "loaded")
        text = (TEMPLATES / f"{kind}_{name}.py").read_text()
        error = fresh.cell(text, "tried", kind, upstream).finished["error"]
        assert error["name"] in ("BadRequest", "MissingPackage"), error
