"""The projects both sides run: one file per block, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flow.engine.projects import write_pipeline

GUARD = """\
if '{name}' not in globals():
    from mage_ai.data_preparation.decorators import {name}
if 'test' not in globals():
    from mage_ai.data_preparation.decorators import test

"""
DECORATOR = {"conditional": "condition", "callback": "callback"}


def block(kind: str, body: str, *upstream: str, head: str = "", **entry: Any) -> dict[str, Any]:
    """A block with a guarded import; `body` is what stands below the decorator."""
    name = DECORATOR.get(kind, kind)
    text = (
        GUARD.format(name=name)
        + head
        + (body if body.lstrip().startswith("@") else f"@{name}\n{body}")
    )
    return {"type": kind, "body": text + "\n", "upstream": list(upstream), **entry}


def load(expression: str, head: str = "", **entry: Any) -> dict[str, Any]:
    return block(
        "data_loader", f"def f(*args, **kwargs):\n    return {expression}", head=head, **entry
    )


def echo(*upstream: str, **entry: Any) -> dict[str, Any]:
    """What arrives: a description of the positional arguments as one dictionary."""
    body = """def f(*args, **kwargs):
    return {'count': len(args), 'types': [type(a).__name__ for a in args], 'values': list(args)}"""
    return block("transformer", body, *upstream, **entry)


PANDAS = "import pandas as pd\nimport numpy as np\n"
FRAME = "pd.DataFrame({'n': [3, 1, 2], 'word': ['c', 'a', None], 'x': [0.5, None, 2.0]})"
VALUES = {
    "none": load("None"),
    "number": load("5"),
    "text": load("'hello'"),
    "mapping": load("{'a': 1, 'b': [1, 2], 'c': {'d': None}}"),
    "listed": load("[1, 2, 3]"),
    "single": load("[7]"),
    "empty": load("[]"),
    "empty_mapping": load("{}"),
    "tupled": load("('a', 'b')"),
    "records": load("[{'id': 1}, {'id': 2}]"),
    "nested": load("[[1, 2], [3, 4]]"),
    "dozen": load("list(range(12))"),
    "frame": load(FRAME, PANDAS),
    "frames": load(f"[{FRAME}, {FRAME}.head(1)]", PANDAS),
    "frame_and_number": load(f"({FRAME}, 3)", PANDAS),
    "falsy": load("0"),
    "false": load("False"),
    "series": load("pd.Series([1, 2, 3], name='s')", PANDAS),
    "moments": load(
        "pd.DataFrame({'t': pd.to_datetime(['2024-01-02', None]), 'b': [True, False],"
        " 'l': [[1, 2], []], 'd': [{'a': 1}, {'a': 2}]})",
        PANDAS,
    ),
}


def convention() -> dict[str, dict[str, Any]]:
    """Every kind of value, and what a block below it gets."""
    blocks = dict(VALUES)
    for name in VALUES:
        if name not in ("frame", "frames", "frame_and_number", "series", "moments"):
            blocks[f"after_{name}"] = echo(name)
    blocks["order"] = echo("tupled", "number", "text")
    blocks["shapes"] = block(
        "transformer",
        "def f(one, many, mixed, *args, **kwargs):\n"
        "    return {'one': list(one.shape), 'many': [list(m.shape) for m in many],"
        " 'mixed': type(mixed).__name__, 'n': len(mixed)}",
        "frame", "frames", "frame_and_number",
    )  # fmt: skip
    return blocks


KWARGS = """def f(*args, **kwargs):
    names = ['env', 'pipeline_uuid', 'block_uuid', 'country', 'min_total', 'nested']
    return {
        'known': {name: kwargs.get(name) for name in names},
        'types': {name: type(kwargs[name]).__name__ for name in
                  ['execution_date', 'context', 'event', 'configuration'] if name in kwargs},
        'attempts': kwargs.get('retry'), 'lengths': [len(kwargs['ds']), len(kwargs['hr'])],
        'configuration': sorted(kwargs['configuration']),
        'has': [name for name in ['logger', 'execution_partition', 'pipeline_run_id', 'trigger_name',
                                  'repo_path'] if name in kwargs],
    }"""


def keywords() -> dict[str, dict[str, Any]]:
    """Variables and the names of Mage in **kwargs."""
    return {
        "all": block("custom", KWARGS, configuration={"own": 1}),
        "without": block("custom", "def f():\n    return 'no kwargs'"),
        "named": block("custom", "def f(country='x', **kwargs):\n    return country"),
        "only": block("custom", "def f(*, country='x', **kwargs):\n    return country"),
    }


FLAKY = """def f(*args, **kwargs):
    from pathlib import Path
    path = Path(__file__ if False else kwargs['repo_path']) / 'attempts_{name}'
    count = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(count))
    {rest}"""


def failing() -> dict[str, dict[str, Any]]:
    """Tests, retries, and what becomes of the blocks below a failed one."""
    tested = "def f(*args, **kwargs):\n    return [1, 2]\n\n@test\ndef {a}"
    return {
        "passes": block("data_loader", tested.format(a="t(a, b, *args):\n    assert (a, b) == (1, 2)")),
        "below": echo("passes"),
        "fails": block("data_loader", tested.format(a="t(a, *args):\n    assert a == 2, 'not 2'")),
        "below_failed": echo("fails"),
        "deeper": echo("below_failed"),
        "second_try": block(
            "custom",
            FLAKY.format(name="second", rest="assert count > 1, 'first'\n    return count"),
            retry_config={"retries": 2, "delay": 1, "exponential_backoff": False},
        ),
        "gives_up": block(
            "custom",
            FLAKY.format(name="gives_up", rest="raise ValueError(count)"),
            retry_config={"retries": 5, "delay": 1, "max_delay": 2, "exponential_backoff": False},
        ),
        "test_in_retry": block(
            "custom",
            FLAKY.format(name="tested", rest="return count")
            + "\n\n@test\ndef t(n, *args):\n    assert n > 1",
            retry_config={"retries": 1, "delay": 1},
        ),
        "too_few": block("transformer", "def f(a, b, *args, **kwargs):\n    return 1", "passes"),
        "too_many": block("transformer", "def f(a):\n    return 1", "passes", "below"),
        "with_default": block("transformer", "def f(a, b=5, *args):\n    return b", "passes"),
        "wrong_type": block("custom", "@data_loader\ndef f():\n    return 1", head="def data_loader(f): return f\n"),
        "two_functions": block("custom", "def f(*a):\n    return 1\n\n@custom\ndef g(*a):\n    return 2"),
        "prepared": block(
            "custom",
            "@preprocesser\ndef p(*a, **k):\n    STATE.append('p')\n\n@custom\ndef f(*a, **k):\n    return list(STATE) + ['f']",
            head="STATE = []\n",
        ),
    }  # fmt: skip


NOTE = """def {name}({parameters}):
    from pathlib import Path
    {what}
    Path(kwargs['repo_path'], 'noted_{file}').write_text(str({value}))"""


def attached() -> dict[str, dict[str, Any]]:
    """Conditionals and callbacks."""
    note = NOTE.format
    return {
        "start": load("[1, 2]"),
        "kept": echo("start"),
        "dropped": echo("start"),
        "below_dropped": echo("dropped"),
        "broken": echo("start"),
        "joins": echo("kept", "below_dropped"),
        "says_yes": block("conditional", "def c(*args, **kwargs):\n    return args[0] == [1, 2]", "kept"),
        "says_no": block("conditional", "def c(*args, **kwargs):\n    return False", "dropped"),
        "raises": block("conditional", "def c(*args, **kwargs):\n    raise ValueError('no')", "broken"),
        "bad": block("custom", "def f(*args, **kwargs):\n    raise ValueError('bad')"),
        "on_start": block(
            "callback",
            "@callback('success')\n"
            + note(name="ok", parameters="parent, **kwargs", what="", file="start", value="[parent, kwargs['parent_block_uuid']]")
            + "\n\n@callback('failure')\n"
            + note(name="no", parameters="parent, **kwargs", what="", file="start_failed", value="'no'"),
            "start",
        ),
        "on_bad": block(
            "callback",
            "@callback('failure')\n"
            + note(name="no", parameters="*args, **kwargs", what="", file="bad", value="type(kwargs.get('__error')).__name__"),
            "bad",
        ),
        "keyworded": block(
            "callback",
            "@callback('success')\n" + note(name="ok", parameters="**kwargs", what="", file="kept", value="sorted(kwargs.get('__input') or {})"),
            "kept",
        ),
    }  # fmt: skip


NAMES = """
from os import path
from mage_ai.settings.repo import get_repo_path
from mage_ai.io.config import ConfigFileLoader, ConfigKey
from mage_ai.io.file import FileIO
from mage_ai.data_preparation.variable_manager import get_variable, get_global_variable
from mage_ai.data_preparation.variable_manager import set_global_variable
import pandas as pd
from shop.utils.sums import add
from shop.utils import sums
"""


def names() -> dict[str, dict[str, Any]]:
    """What blocks import from Mage and from the project."""
    body = """def f(*args, **kwargs):
    config = ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'dev')
    other = path.join(get_repo_path(), 'x.csv')
    FileIO().export(pd.DataFrame({'a': [1, 2], 'b': ['x', None]}), other)
    back = FileIO().load(other)
    return {
        'repo': get_repo_path() == kwargs['repo_path'],
        'host': config['POSTGRES_HOST'], 'key': config[ConfigKey.POSTGRES_PORT],
        'unset': config['POSTGRES_USER'], 'missing': config.get('NO_SUCH'), 'own': config['MY_OWN_KEY'],
        'csv': back.to_dict('list').keys().__len__(), 'columns': list(back.columns),
        'sum': add(1, 2) + sums.add(2, 2),
        'variable': get_global_variable('names', 'country'),
        'stored': type(get_variable('values', 'nothing', 'output_0')).__name__,
    }"""
    setting = """def f(*args, **kwargs):
    set_global_variable('names', 'made', {'a': [1]})
    return get_global_variable('names', 'made')"""
    return {
        "uses": block("custom", body, head=NAMES),
        "sets": block("custom", setting, head=NAMES),
    }


IO_CONFIG = """\
dev:
  POSTGRES_HOST: "{{ env_var('NO_SUCH_HOST_VARIABLE') }}"
  POSTGRES_PORT: 5432
  POSTGRES_USER: null
  MY_OWN_KEY: mine
"""


def write(folder: Path, kernel_name: str | None = None) -> list[str]:
    """Write the project; return the pipelines that are to be run."""
    from differential import beside, sql, together, wild
    from differential.actions import pipelines as actions
    from differential.fans import pipelines as fans

    root = folder / "shop"
    everything = {
        "convention": (convention(), {}),
        "keywords": (keywords(), {"variables": {"country": "ES", "min_total": 10, "nested": {"a": [1, None]}}}),
        "failing": (failing(), {}),
        "attached": (attached(), {}),
        "names": (names(), {"variables": {"country": "PT"}}),
        "values": ({"answer": load("42")}, {}),
        **{name: (blocks, {}) for name, blocks in actions().items()},
        **{name: (blocks, {}) for name, blocks in fans().items()},
        **sql.pipelines(block),
        **wild.pipelines(block, load, PANDAS),
        **together.pipelines(block, load, echo, PANDAS),
        **beside.pipelines(block, load, echo),
    }  # fmt: skip
    if kernel_name:  # the one that has Great Expectations
        everything["extended"][1]["executor_config"] = {"kernel_name": kernel_name}
    unasked = together.others(block, load, PANDAS)
    for name, (blocks, document) in {**everything, **unasked}.items():
        # Block files are shared between pipelines by their name: each pipeline has its own.
        write_pipeline(root, name, blocks, **document)
    (root / "metadata.yaml").write_text(
        "project_type: standalone\nproject_uuid: abc\nhelp_improve_mage: false\n"
    )
    (root / "io_config.yaml").write_text(sql.IO_CONFIG + IO_CONFIG + together.SECRETS_CONFIG)
    (root / "global_data_products.yaml").write_text(together.PRODUCTS)
    for path, text in beside.FILES.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (root / "utils").mkdir(exist_ok=True)
    for package in (root, root / "utils"):
        (package / "__init__.py").touch()
    (root / "utils" / "sums.py").write_text("def add(a, b):\n    return a + b\n")
    return list(everything)
