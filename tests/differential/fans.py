"""Dynamic blocks: fan-out, names, what arrives, what is gathered."""

from __future__ import annotations

from typing import Any

ITEMS = "[[10, 20, 30], [{'block_uuid': 'a', 'color': 'red'}, {'block_uuid': 'b'}, {'other': 1}]]"
DYNAMIC = {"dynamic": True}
REDUCE = {"reduce_output": True}
SEEN = (
    "{'args': list(args), 'uuid': kwargs.get('block_uuid'), "
    "'index': kwargs.get('dynamic_block_index'), 'color': kwargs.get('color')}"
)


def _block(expression: str, *upstream: str, **configuration: Any) -> dict[str, Any]:
    from differential.projects import PANDAS, block

    body = f"def f(*args, **kwargs):\n    return {expression}"
    kind = "transformer" if upstream else "data_loader"
    return block(kind, body, *upstream, head=PANDAS, configuration=configuration)


def _named(prefix: str, blocks: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Block files are shared between pipelines by their name: each pipeline has its own."""
    return {
        f"{prefix}_{name}": {**item, "upstream": [f"{prefix}_{up}" for up in item["upstream"]]}
        for name, item in blocks.items()
    }


def _lists() -> dict[str, dict[str, Any]]:
    """What children may leave, and how Mage puts it together."""
    kinds = {
        "nothing": "None if args[0] == 20 else args[0]",
        "list": "[[args[0], 0]]",
        "three": "[args[0], 1, 2]",
        "pair": "[args[0], {'w': 1}]",
        "mapping": "{'v': args[0]}",
        "one": "[{'v': args[0]}]",
    }
    blocks = {"src": _block(ITEMS, **DYNAMIC)}
    for name, expression in kinds.items():
        blocks[name] = _block(expression, "src", **REDUCE)
        blocks[f"all_{name}"] = _block("{'got': args[0]}", name)
    return blocks


def pipelines() -> dict[str, dict[str, dict[str, Any]]]:
    """The pipelines, by name."""
    from differential.projects import block

    found = {
        "fan": {
            "src": _block(ITEMS, **DYNAMIC),
            "plain": _block("'plain'"),
            "child": _block(SEEN, "src", "plain"),
            "below": _block(SEEN, "child", "plain", **REDUCE),
            "all": _block("{'got': args[0], 'plain': args[1]}", "below", "plain"),
            "after": _block("{'got': args[0]}", "all"),
        },
        "fan_rows": {
            "src": _block("[pd.DataFrame({'n': [1, 2], 't': ['x', 'y']})]", **DYNAMIC),
            "child": _block("[[int(args[0]['n']), args[0]['t']]]", "src", **REDUCE),
            "all": _block("{'got': args[0]}", "child"),
        },
        "fan_frames": {
            "src": _block("[[1, 2, 3]]", **DYNAMIC),
            "child": _block("pd.DataFrame({'v': [args[0]] * 2})", "src", **REDUCE),
            "all": _block("pd.concat(args[0])", "child"),
        },
        "fan_cross": {
            "one": _block("[[1, 2]]", **DYNAMIC),
            "two": _block("[['x', 'y', 'z']]", **DYNAMIC),
            "child": _block("str(args[0]) + args[1]", "one", "two", **REDUCE),
            "all": _block("{'got': args[0]}", "child"),
        },
        "fan_join": {
            "src": _block("[[1, 2]]", **DYNAMIC),
            "left": _block("args[0] + 1", "src", **REDUCE),
            "right": _block("args[0] + 100", "src"),
            "both": _block("{'b': [args[0], args[1]]}", "left", "right", **REDUCE),
            "all": _block("{'got': args[0]}", "both"),
        },
        "fan_lists": _lists(),
        "fan_condition": {
            "src": _block(ITEMS, **DYNAMIC),
            "child": _block("args[0]", "src", **REDUCE),
            "all": _block("{'got': args[0]}", "child"),
            "guard": block(
                "conditional", "def f(*args, **kwargs):\n    return args[0] != 20", "child"
            ),
        },
        "fan_bare": {
            "src": _block("[1, 2, 3]", **DYNAMIC),
            "child": _block("args[0]", "src", **REDUCE),
            "all": _block("{'got': args[0]}", "child"),
        },
        "fan_failing": {
            "src": _block(ITEMS, **DYNAMIC),
            "child": _block("1 / (args[0] - 20)", "src", **REDUCE),
            "all": _block("{'got': args[0]}", "child"),
            "other": _block("1"),
        },
        "fan_nested": {
            "src": _block("[[1, 2]]", **DYNAMIC),
            "mid": _block("[[args[0] * 10, args[0] * 10 + 1]]", "src", **DYNAMIC),
            "leaf": _block("args[0]", "mid", **REDUCE),
            "all": _block("{'got': args[0]}", "leaf"),
        },
    }
    return {name: _named(name, blocks) for name, blocks in found.items()}
