"""What is shipped into kernels: small, old enough for Python 3.9, standard library only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mage_jlab
from mage_jlab.executors import bundle
from mage_jlab.ids import slug
from mage_jlab.kernel_side.wire import code_hash

ROOT = Path(mage_jlab.__file__).parent
SHIPPED = [
    path
    for name in ("errors.py", "ids.py", "model", "plan", "products", "io", "kernel_side")
    for path in ([ROOT / name] if name.endswith(".py") else sorted((ROOT / name).rglob("*.py")))
    if path.relative_to(ROOT).as_posix() not in bundle._LEFT_OUT
]
ALLOWED = {*sys.stdlib_module_names, "mage_jlab"}
ALLOWED |= {"IPython", "jupyter_client", "zmq"}  # what ipykernel brings along


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_shipped_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            assert name.partition(".")[0] in ALLOWED, f"{path}: {name}"
            assert not name.startswith(("mage_jlab.files", "mage_jlab.db", "mage_jlab.server"))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "zip":
            assert not node.keywords, f"{path}:{node.lineno}: Python 3.9 has no zip(strict=)"


def test_text_is_small_and_harmless_to_execute_twice() -> None:
    code = bundle.start_code({"key": "k", "project": "a'\"\\\n\u2028"})
    ast.parse(code, feature_version=(3, 9))
    assert len(code) < 320_000  # most of it is never compiled: connectors, actions
    assert max(len(line) for line in code.splitlines()) < 2_000
    assert len(bundle.key()) == 16


def test_shipped_code_imports_nothing_heavy() -> None:
    """In a bare interpreter, with every other package out of reach."""
    program = """
import sys
sys.path[:] = [p for p in sys.path if 'site-packages' not in p]
sys.modules['IPython'] = type(sys)('IPython')
text = open(sys.argv[1]).read().replace('.activate(json.loads(context))', '.__name__')
exec(compile(text, 'x', 'exec'), {})
import _mage_jlab_kernel.products.formats.registry
heavy = {'pandas', 'numpy', 'pyarrow', 'polars', 'tornado', 'yaml', 'mage_jlab', 'psutil'}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
print('fine')
"""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(bundle.start_code({"key": "k"}))
        file.flush()
        done = subprocess.run(
            [sys.executable, "-I", "-c", program, file.name], capture_output=True, text=True
        )
    assert done.stdout == "fine\n", done.stderr


def test_code_hash_ignores_line_ends_and_last_newlines() -> None:
    assert code_hash("a\r\nb\r\n\n") == code_hash("a\nb") == code_hash("a\rb")
    assert code_hash("a") != code_hash("a ")
    assert slug("a/b-c") == "a-sb--c"
