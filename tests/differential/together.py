"""Pipelines that look at each other: sensors, calls, data products, secrets."""

from __future__ import annotations

from typing import Any

SECRET = ("shop_key", "a-secret-of-the-shop")
SECRETS_CONFIG = """\
secrets:
  POSTGRES_HOST: localhost
  POSTGRES_PASSWORD: "{{ mage_secret_var('shop_key') }}"
  MIXED: "user:{{ mage_secret_var('shop_key') }}@host"
  ABSENT: "{{ mage_secret_var('no_such_secret') }}"
"""
CHECK = "from mage_ai.orchestration.run_status_checker import check_status\n"
CALL = """
from mage_ai.orchestration.triggers.api import trigger_pipeline
from mage_ai.data_preparation.models.block.remote.models import RemoteBlock
from mage_ai.data_preparation.variable_manager import get_variable
OPTIONS = {'check_status': True, 'poll_interval': 1, 'verbose': False}

"""
COUNTED = """def f(*args, **kwargs):
    from pathlib import Path
    path = Path(kwargs['repo_path']) / 'attempts_{name}'
    count = int(path.read_text()) + 1 if path.exists() else 1
    path.write_text(str(count))
    {rest}"""
GOT = """def f(product, *args, **kwargs):
    told = {}
    for name, values in product.items():
        told[name] = [v.to_dict('list') if hasattr(v, 'to_dict') else v for v in values]
    return {'kind': type(product).__name__, 'got': told}"""
PRODUCTS = """\
fresh_numbers:
  object_type: pipeline
  object_uuid: made_fresh
  outdated_after: {seconds: 86400}
  settings:
    mf_frame: {partitions: 1}
    mf_pair: {}
stale_numbers:
  object_type: pipeline
  object_uuid: made_stale
  outdated_after: {seconds: 1}
  settings:
    ms_count: {partitions: 2}
made_once:
  object_type: pipeline
  object_uuid: made_plain
  settings:
    mp_count: {partitions: 0}
"""


def _function(expression: str) -> str:
    return f"def f(*args, **kwargs):\n    return {expression}"


def _sensor(block: Any, arguments: str, *upstream: str) -> dict[str, Any]:
    body = f"def f(*args, **kwargs):\n    return check_status({arguments})"
    return block("sensor", body, *upstream, head=CHECK)


def _watching(block: Any, load: Any, echo: Any) -> dict[str, Any]:
    date = "kwargs['execution_date']"
    return {
        "s_pipeline": _sensor(block, f"'watched', {date}"),
        "s_block": _sensor(block, f"'watched', {date}, block_uuid='wd_one', hours=1"),
        "s_hours": _sensor(block, f"'watched', {date}, kwargs['repo_path'], hours=24"),
        "s_failed": _sensor(block, f"'watched_bad', {date}"),
        "s_failed_block": _sensor(block, f"'watched_bad', {date}, block_uuid='wb_bad'"),
        "s_good_block": _sensor(block, f"'watched_bad', {date}, block_uuid='wb_one'"),
        "s_no_pipeline": _sensor(block, f"'no_such_pipeline', {date}"),
        "s_no_block": _sensor(block, f"'watched', {date}, block_uuid='no_such_block'"),
        "s_raises": block("sensor", "def f(*args, **kwargs):\n    raise ValueError('no')"),
        "s_bare": block("sensor", "def f():\n    return True"),
        "s_truthy": block("sensor", "def f(**kwargs):\n    return [kwargs['env']]"),
        "s_start": load("[1, 2]"),
        "s_given": block("sensor", "def f(*args, **kwargs):\n    return args == ([1, 2],)", "s_start"),
        "s_below": echo("s_pipeline"),
        "s_below_both": echo("s_given", "s_start"),
        "s_below_failed": echo("s_failed"),
    }  # fmt: skip


def _calls(block: Any) -> dict[str, Any]:
    given = "variables={'country': 'ES', 'n': 3, 'nested': {'a': [1, None]}}"
    bodies = {
        "t_waits": f"""    run = trigger_pipeline('called', {given}, **OPTIONS)
    values = get_variable('called', 'c_vars', 'output_0', partition=run.execution_partition)
    return {{'status': str(getattr(run.status, 'value', run.status)), 'values': values,
            'n': run.variables['n'], 'pipeline': run.pipeline_uuid, 'kind': type(run).__name__}}""",
        "t_none": """    run = trigger_pipeline('called', **OPTIONS)
    return get_variable('called', 'c_vars', 'output_0', partition=run.execution_partition)""",
        "t_bad": """    run = trigger_pipeline('called_bad', schedule_name='by hand', **OPTIONS)
    return {'status': str(getattr(run.status, 'value', run.status))}""",
        "t_raises": """    trigger_pipeline('called_bad', error_on_failure=True, **OPTIONS)
    return 'not reached'""",
        "t_timeout": """    trigger_pipeline('called_slow', check_status=True, poll_interval=1, poll_timeout=1)
    return 'not reached'""",
        "t_unknown": """    trigger_pipeline('no_such_pipeline', **OPTIONS)
    return 'not reached'""",
        "t_starts": """    run = trigger_pipeline('called', variables={'n': 1}, verbose=False)
    return {'status': str(getattr(run.status, 'value', run.status))}""",
        "t_remote": """    found = trigger_pipeline('called', return_remote_blocks=True, **OPTIONS)
    blocks = {b.block_uuid: b for b in found[0]['remote_blocks']}
    return {'shape': [len(found), sorted(found[0])], 'names': sorted(blocks),
            'kinds': sorted({type(b).__name__ for b in blocks.values()}),
            'pair': blocks['c_pair'].get_outputs(), 'pipeline': blocks['c_pair'].pipeline_uuid,
            'frame': [f.to_dict('list') for f in blocks['c_frame'].get_outputs()]}""",
        "t_hands_on": """    first = trigger_pipeline('called', **OPTIONS)
    remote = RemoteBlock.load(block_uuid='c_pair', pipeline_uuid='called',
                              execution_partition=first.execution_partition)
    named = dict(block_uuid='c_vars', pipeline_uuid='called',
                 execution_partition=first.execution_partition)
    second = trigger_pipeline('called', variables={'n': 8}, remote_blocks=[remote, named], **OPTIONS)
    part = second.execution_partition
    return get_variable('called', 'c_remote', 'output_0', partition=part)""",
    }  # fmt: skip
    return {
        name: block("custom", f"def f(*args, **kwargs):\n{body}", head=CALL)
        for name, body in bodies.items()
    }


def _called(block: Any, load: Any, pandas: str) -> dict[str, Any]:
    remote = """def f(*args, **kwargs):
    return {'got': kwargs.get('remote_blocks')}"""
    return {
        "c_vars": load("{k: kwargs.get(k) for k in ['country', 'n', 'nested', 'own', 'env']}"),
        "c_pair": load("('a', 'b')"),
        "c_frame": load("pd.DataFrame({'n': [1, 2]})", pandas),
        "c_remote": block("custom", remote),
    }


def _secrets(block: Any) -> dict[str, Any]:
    head = """
from os import path
from mage_ai.data_preparation.shared.secrets import get_secret_value
from mage_ai.io.config import ConfigFileLoader, ConfigKey
from mage_ai.settings.repo import get_repo_path
"""
    value = "get_secret_value('shop_key')"
    config = "ConfigFileLoader(path.join(get_repo_path(), 'io_config.yaml'), 'secrets')"
    told = "[len(v), v[:2], v[-4:]]"
    return {
        "k_value": block("custom", f"def f(*a, **k):\n    v = {value}\n    return {{'is': {told}}}", head=head),
        "k_absent": block("custom", "def f(*a, **k):\n    return {'is': get_secret_value('no_such_secret')}", head=head),
        "k_config": block("custom", f"""def f(*a, **k):
    config = {config}
    v = config[ConfigKey.POSTGRES_PASSWORD]
    w = config['MIXED']
    return {{'is': {told}, 'mixed': [len(w), w[:5], w[-5:]], 'absent': config['ABSENT']}}""", head=head),
    }  # fmt: skip


def _product(name: str, *upstream: str, **said: Any) -> dict[str, Any]:
    configuration = {"global_data_product": {"uuid": name, **said}}
    return {
        "type": "global_data_product", "body": "", "upstream": list(upstream),
        "configuration": configuration, "language": None,
    }  # fmt: skip


def _products(block: Any) -> dict[str, Any]:
    def got(*upstream: str) -> dict[str, Any]:
        return block("transformer", GOT, *upstream)

    return {
        "uses_fresh": {
            "f_first": _product("fresh_numbers"),
            "f_got": got("f_first"),
            "f_again": _product("fresh_numbers", "f_got"),
            "f_got_again": got("f_again"),
            "f_own": _product("fresh_numbers", "f_got", settings={"mf_pair": {"partitions": 3}}),
            "f_got_own": got("f_own"),
        },
        "uses_stale": {
            "o_first": _product("stale_numbers"),
            "o_got": block(
                "transformer",
                "def f(*args, **kwargs):\n    import time\n    time.sleep(1.2)",
                "o_first",
            ),
            "o_got_first": got("o_first"),
            "o_again": _product("stale_numbers", "o_got"),
            "o_got_again": got("o_again"),
        },
        "uses_once": {
            "p_first": _product("made_once"),
            "p_got": got("p_first"),
            "p_again": _product("made_once", "p_got"),
            "p_got_again": got("p_again"),
        },
        "uses_unknown": {"u_first": _product("no_such_product")},
    }


def pipelines(block: Any, load: Any, echo: Any, pandas: str) -> dict[str, Any]:
    """The pipelines that are run, by name, with the rest of their documents."""
    bad = block("custom", "def f(*args, **kwargs):\n    raise ValueError('bad')")
    found = {
        "watched": {"wd_one": load("1"), "wd_two": load("2")},
        "watched_bad": {"wb_one": load("1"), "wb_bad": bad},
        "watching": _watching(block, load, echo),
        "calling": _calls(block),
        "secret": _secrets(block),
        **_products(block),
    }
    return {name: (blocks, {}) for name, blocks in found.items()}


def others(block: Any, load: Any, pandas: str) -> dict[str, Any]:
    """The pipelines that only others start."""
    bad = block("custom", "def f(*args, **kwargs):\n    raise ValueError('bad')")
    slow = block("custom", "def f(*args, **kwargs):\n    import time\n    time.sleep(6)")
    counted = COUNTED.format
    return {
        "called": (_called(block, load, pandas), {"variables": {"own": "o", "n": 0}}),
        "called_bad": ({"cb_bad": bad}, {}),
        "called_slow": ({"cs_slow": slow}, {}),
        "made_fresh": ({
            "mf_frame": block("data_loader", counted(name="fresh", rest="return pd.DataFrame({'n': [count]})"), head=pandas),
            "mf_pair": load("['a', {'b': 1}]"),
        }, {}),
        "made_stale": ({"ms_count": block("data_loader", counted(name="stale", rest="return {'n': count}"))}, {}),
        "made_plain": ({"mp_count": block("data_loader", counted(name="once", rest="return {'n': count}"))}, {}),
    }  # fmt: skip
