"""The work that rows let everybody do: the code of the blocks."""

from __future__ import annotations

from pathlib import Path

Blocks = dict[str, tuple[str, str, list[str]]]

FRAME = """
    import numpy as np
    import pandas as pd
    r = np.random.default_rng(0)
    words = np.array([f'word_{{i:05d}}' for i in range(1000)], dtype=object)
    cities = np.array([f'city {{i}}' for i in range(50)], dtype=object)
    base = np.datetime64('2024-01-01')
    df = pd.DataFrame({{
        'i1': np.arange({n}), 'i2': r.integers(0, 1000, {n}),
        'f1': r.random({n}), 'f2': r.normal(size={n}),
        's1': words[r.integers(0, 1000, {n})], 's2': cities[r.integers(0, 50, {n})],
        'd1': base + r.integers(0, 86400 * 365, {n}).astype('timedelta64[s]'),
        'd2': base + r.integers(0, 365, {n}).astype('timedelta64[D]').astype('timedelta64[s]'),
    }})
"""
"""8 columns: two of integers, of decimals, of text and of times."""

USE = """
    found = (len(df), int(df['i1'].sum()), float(df['f1'].sum()), str(df['d1'].max()))
"""


def small_csv(folder: Path) -> Path:
    """Write 10,000 rows to read; the same ones each time."""
    file = folder / "small.csv"
    if not file.exists():
        rows = (f"{i},{i % 17},{i * 7919 % 1000 / 7:.4f},{i * 31 % 997}" for i in range(10_000))
        file.write_text("id,grp,x,y\n" + "\n".join(rows) + "\n")
    return file


def etl(folder: Path) -> Blocks:
    """Three blocks: read a CSV file, transform it, write one."""
    source, target = small_csv(folder), folder / "result.csv"
    return {
        "etl_load": ("data_loader", f"""
            def load(*args, **kwargs):
                import pandas as pd
                return pd.read_csv({str(source)!r})
            """, []),
        "etl_transform": ("transformer", """
            def transform(df, *args, **kwargs):
                df = df[df['y'] > 100].copy()
                df['z'] = df['x'] * df['y']
                return df.groupby('grp', as_index=False)['z'].mean()
            """, ["etl_load"]),
        "etl_export": ("data_exporter", f"""
            def export(df, *args, **kwargs):
                df.to_csv({str(target)!r}, index=False)
            """, ["etl_transform"]),
    }  # fmt: skip


def plain_etl(folder: Path) -> list[str]:
    """Return the same work as three pieces of a script."""
    source, target = small_csv(folder), folder / "result.csv"
    return [
        f"import pandas as pd\ndf = pd.read_csv({str(source)!r})",
        "df = df[df['y'] > 100].copy()\ndf['z'] = df['x'] * df['y']\n"
        "df = df.groupby('grp', as_index=False)['z'].mean()",
        f"df.to_csv({str(target)!r}, index=False)",
    ]


def stamp(file: Path) -> Blocks:
    """One block that writes the moment of its first line."""
    return {
        "stamp": ("custom", f"""
            def f(*args, **kwargs):
                import time
                now = time.time()
                with open({str(file)!r}, 'a') as said:
                    said.write(f'{{now}}\\n')
                return 1
            """, [])
    }  # fmt: skip


def stamps(file: Path) -> list[float]:
    """Return the moments written so far."""
    return [float(line) for line in file.read_text().split()] if file.exists() else []


def chain(count: int) -> Blocks:
    """Blocks one after the other that do nothing."""
    return {
        f"c{count}_{i}": (
            "custom",
            "def f(*args, **kwargs):\n    return 1\n",
            [f"c{count}_{i - 1}"] if i else [],
        )
        for i in range(count)
    }


def handoff(folder: Path, rows: int, kind: str = "pandas", *, beside: bool = False) -> Blocks:
    """A loader and a block that uses its frame; each writes when it ended or began.

    With `beside`, two blocks use it at once, so that one is in another kernel.
    """
    last = {
        "pandas": "",
        "polars": "import polars as pl\ndf = pl.from_pandas(df)",
        "arrow": "import pyarrow as pa\ndf = pa.Table.from_pandas(df, preserve_index=False)",
    }
    body = FRAME.format(n=rows) + "".join(f"    {line}\n" for line in last[kind].split("\n"))
    ended, blocks = folder / "load_ended", {}
    load = (
        f"def load(*args, **kwargs):\n    import time\n{body}"
        f"    open({str(ended)!r}, 'w').write(str(time.time()))\n    return df\n"
    )
    blocks["h_load"] = ("data_loader", load, [])
    use = {"pandas": USE, "polars": USE, "arrow": "    found = df.num_rows\n"}[kind]
    for name in ("h_use", "h_use_too") if beside else ("h_use",):
        began = folder / f"{name}_began"
        code = (
            f"def use(df, *args, **kwargs):\n    import os, time\n"
            f"    open({str(began)!r}, 'w').write(f'{{time.time()}} {{os.getpid()}}')\n"
            f"{use}    {'time.sleep(1)' if beside else ''}\n    return str(found)\n"
        )
        blocks[name] = ("transformer", code, ["h_load"])
    return blocks
