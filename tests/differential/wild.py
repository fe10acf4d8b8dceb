"""What public projects do that the other pipelines do not: each block is a habit seen there."""

from __future__ import annotations

import datetime
from typing import Any

MEASURED = """
import functools

def measured(function):
    def inner(*args, **kwargs):
        result = function(*args, **kwargs)
        print('measured')
        return result
    return inner

"""
DATES = """def f(*args, **kwargs):
    date = kwargs['execution_date']
    frame = pd.DataFrame({'day': pd.to_datetime(['2020-01-01', '2199-01-01'])})
    older = frame[frame['day'] < date]
    since = datetime.datetime.utcnow() - date
    return {
        'zone': str(date.tzinfo), 'path': len(date.strftime('%Y/%m/%d')), 'older': len(older),
        'recent': abs(since.total_seconds()) < 3600,
        'yesterday': (date - datetime.timedelta(days=1)).date() < date.date(),
        'partition': kwargs['execution_partition'].count('/'),
    }"""
CONFIG = """def f(*args, **kwargs):
    loader = ConfigFileLoader(config={'POSTGRES_DBNAME': 'a', 'POSTGRES_PORT': '5433'})
    with open(path.join(get_repo_path(), 'io_config.yaml')) as file:
        raw = yaml.safe_load(file)
    return {'name': loader['POSTGRES_DBNAME'], 'port': loader.config['POSTGRES_PORT'],
            'raw': raw['dev']['MY_OWN_KEY'], 'default': loader.get('NO_SUCH')}"""
NOTE = """@callback('success')
def ok(*parent, **kwargs):
    from pathlib import Path
    Path(kwargs['repo_path'], 'noted_wild_' + kwargs['parent_block_uuid'].replace(':', '_')
         ).write_text(str(len(parent) > 0))

@callback('failure')
def no(*parent, **kwargs):
    from pathlib import Path
    Path(kwargs['repo_path'], 'noted_wild_failed').write_text('failed')"""

RUN_NOTE = """@callback('success')
def ok(parent, **kwargs):
    from pathlib import Path
    run = kwargs['pipeline_run']
    told = [run.pipeline_uuid, run.status.value, run.pipeline_schedule_id == run.pipeline_schedule.id,
            run.id == kwargs['pipeline_run_id'], run.execution_partition == kwargs['execution_partition'],
            type(run.created_at).__name__, type(run.started_at).__name__, str(run.completed_at)]
    Path(kwargs['repo_path'], 'noted_wild_run').write_text(' '.join(map(str, told)))"""

HEARD = """@callback('success')
def ok(parent_block_data, **kwargs):
    from pathlib import Path
    Path(kwargs['repo_path'], 'noted_wild_heard_' + kwargs['parent_block_uuid']
         ).write_text(str([parent_block_data, kwargs['configuration'].get('mine'),
                           '__error' in kwargs, kwargs['retry']]))

@callback('failure')
def no(parent_block_data, **kwargs):
    from pathlib import Path
    Path(kwargs['repo_path'], 'noted_wild_heard_' + kwargs['parent_block_uuid']
         ).write_text(str([parent_block_data, type(kwargs['__error']).__name__,
                           str(kwargs['__error'])]))

@callback('failure')
def no_input(**kwargs):
    from pathlib import Path
    Path(kwargs['repo_path'], 'noted_wild_no_input_' + kwargs['parent_block_uuid']
         ).write_text(str(kwargs.get('__input')))
"""


def pipelines(block: Any, load: Any, pandas: str) -> dict[str, Any]:
    """The pipelines, by name, with the rest of their documents."""
    numpy = "import numpy as np\nimport pandas as pd\n"
    values = {
        "moment": "datetime.datetime(2024, 1, 2, 3, 4, 5)", "day": "datetime.date(2024, 1, 2)",
        "decimal": "__import__('decimal').Decimal('1.50')", "path": "__import__('pathlib').Path('a/b')",
        "scalar": "np.int64(7)", "stamp": "pd.Timestamp('2024-01-02')",
        "mapping_of_frames": "{'a': pd.DataFrame({'x': [1]})}", "empty_frame": "pd.DataFrame({'a': []})",
        "no_columns": "pd.DataFrame()", "number_columns": "pd.DataFrame([[1, 2], [3, 4]])",
        "index": "pd.DataFrame({'v': [1, 2]}, index=pd.Index(['p', 'q'], name='key'))",
        "levels": "pd.DataFrame({'v': [1, 2]}, index=pd.MultiIndex.from_tuples([('a', 1), ('b', 2)], names=['k', 'n']))",
        "category": "pd.DataFrame({'c': pd.Categorical(['x', 'y'])})",
        "days": "pd.DataFrame({'d': [datetime.date(2024, 1, 2)]})",
        "ints_with_gap": "pd.DataFrame({'i': pd.array([1, None], dtype='Int64')})",
        "dtypes": "pd.DataFrame({'a': np.array([1], dtype='int8'), 'b': np.array([1], dtype='float32'), 'c': [True]})",
        "deep": "[[[1], [2]], [[3]]]", "long_text": "'x' * 1000",
        "generator_list": "list(x for x in range(3))", "function_result": "dict(zip('ab', [1, 2])).items().__len__()",
    }  # fmt: skip
    received = """def f(value, *args, **kwargs):
    kind = type(value).__name__
    told = {'kind': kind}
    if kind == 'DataFrame':
        told.update(shape=list(value.shape), columns=[str(c) for c in value.columns],
                    index=[str(i) for i in value.index], names=[str(n) for n in value.index.names],
                    types=[str(t) for t in value.dtypes], cells=[[str(c) for c in row] for row in value.values.tolist()])
    elif kind == 'list':
        told.update(kinds=[type(item).__name__ for item in value], text=str(value)[:300])
    else:
        told.update(text=str(value)[:300])
    return told"""
    made: dict[str, Any] = {}
    for name, expression in values.items():
        made[f"w_{name}"] = load(expression, "import datetime\n" + numpy)
        made[f"w_got_{name}"] = block("transformer", received, f"w_{name}")
    habits = {
        "w_dates": block("custom", DATES, head="import datetime\nimport pandas as pd\n"),
        "w_config": block(
            "custom", CONFIG,
            head="import yaml\nfrom os import path\nfrom mage_ai.io.config import ConfigFileLoader\n"
            "from mage_ai.settings.repo import get_repo_path\n",
        ),
        "w_stacked": block(
            "data_loader", "@measured\n@data_loader\ndef f(*args, **kwargs):\n    return 'stacked'", head=MEASURED
        ),
        "w_under": block(
            "data_loader", "@data_loader\n@measured\ndef f(*args, **kwargs):\n    return 'under'", head=MEASURED
        ),
        "w_folder/inner": load("'in a folder'", configuration={"file_source": {"path": "data_loaders/w_folder/inner.py"}}),
        "w_below_folder": block("transformer", "def f(a, *args, **kwargs):\n    return a.upper()", "w_folder/inner"),
        "w_guarded": load("1"),
        "w_needs_input": block("conditional", "def c(ids, *args, **kwargs):\n    return True", "w_guarded"),
        "w_truthy": load("2"),
        "w_list": block("conditional", "def c(*args, **kwargs):\n    return [1, 2]", "w_truthy"),
        "w_class": block(
            "custom",
            "def f(*args, **kwargs):\n    return Thing(2).double()",
            head="class Thing:\n    def __init__(self, n):\n        self.n = n\n    def double(self):\n        return self.n * 2\n\n",
        ),
        "w_main": block("custom", "def f(*args, **kwargs):\n    return __name__ != '__main__'"),
        "w_global": block(
            "custom", "def f(*args, **kwargs):\n    global COUNT\n    COUNT += 1\n    return COUNT", head="COUNT = 0\n"
        ),
        "w_printed": block("custom", "def f(*args, **kwargs):\n    print('a', end='')\n    kwargs['logger'].info('b', rows=1)\n    return 1"),
        "w_logger": block("custom", "def f(*args, **kwargs):\n    logger = kwargs.get('logger')\n    logger.warning('w')\n    return 1"),
        "w_two_tests": block(
            "custom", "def f(*a, **k):\n    return [1, 2]\n\n@test\ndef t(a, b, *args, **kwargs):\n    assert kwargs['env']\n\n@test\ndef u(output, *args):\n    assert output == 1",
        ),
        "w_note": block("callback", NOTE, "w_guarded", "w_class"),
        "w_renamed": load("'its own'", configuration={"file_source": {"path": "data_loaders/w_truthy.py"}}),
        "w_placed": load("'not this'", configuration={"file_path": "data_loaders/w_truthy.py"}),
        "w_leaves": load("here()", "import os\ndef here():\n    os.makedirs('w_below', exist_ok=True)\n"
                         "    os.chdir('w_below')\n    open('w_there', 'w').close()\n    return os.path.exists('w_there')\n\n"),
        "w_finds": block("transformer", "def f(*args, **kwargs):\n    return [args, os.path.exists('w_there')]", "w_leaves", head="import os\n"),
        "w_twice": block("transformer", "def f(*args, **kwargs):\n    return list(args)", "w_truthy_too", "w_truthy_too"),
        "w_truthy_too": load("3"),
        "w_variables": block("custom", "def f(*args, **kwargs):\n    return [kwargs['w_day'].strftime('%d'), kwargs['w_moment'].hour,"
                             " kwargs['w_deep']['days'][0].year, type(kwargs['w_day']).__name__]"),
        "w_settled": load("kwargs['context'].setdefault('rows', 3)", configuration={"mine": 1}),
        "w_asked": block("conditional", "def c(**kwargs):\n    return kwargs['configuration']['mine'] == 1", "w_settled"),
        "w_unlucky": load("1 / kwargs['context'].setdefault('zero', 0)"),
        "w_hears": block("callback", HEARD, "w_settled", "w_unlucky", "w_keyless", "w_own_error", "w_second_try"),
        "w_keyless": load("{}['k']"),
        "w_own_error": load("fail()", "class Mine(Exception):\n    pass\ndef fail():\n    raise Mine('a: b')\n\n"),
        "w_second_try": load("kwargs['retry']['attempts'] + 1 // (kwargs['retry']['attempts'] - 1)",
                             retry_config={"retries": 2, "delay": 0}),
        "w_run_note": block("callback", RUN_NOTE, "w_renamed"),
    }  # fmt: skip
    rows = "pd.DataFrame({'id': [int(args[0])], 'nome': ['n']}).iloc[0]"
    dynamic = {
        "w_ids": load("[[1, 2]]", configuration={"dynamic": True}),
        "w_child": block(
            "data_loader", f"def f(id, *args, **kwargs):\n    args = [id]\n    return {rows}", "w_ids", head=pandas
        ),
        "w_grandchild": block(
            "data_exporter",
            "def f(row, *args, **kwargs):\n    return {'kind': type(row).__name__, 'id': int(row['id'])}",
            "w_child", configuration={"reduce_output": True},
        ),
        "w_end": block("custom", "def f(all, *args, **kwargs):\n    return {'got': all}", "w_grandchild"),
        "w_ids_guard": block("conditional", "def c(*args, **kwargs):\n    return True", "w_ids"),
        "w_child_note": block("callback", NOTE, "w_child"),
    }  # fmt: skip
    variables = {"w_day": datetime.date(2024, 1, 2), "w_moment": datetime.datetime(2024, 1, 2, 3, 4),
                 "w_deep": {"days": [datetime.date(2024, 1, 3)]}}  # fmt: skip
    return {
        "wild": (habits, {"variables": variables}),
        "wild_values": (made, {}),
        "wild_dynamic": (dynamic, {}),
    }
