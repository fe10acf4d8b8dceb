"""Notebooks that tests import as pipelines."""

from __future__ import annotations

import textwrap
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook


def notebook(*cells: Any, language: str = "python") -> bytes:
    """Text is a code cell, ``# Heading`` text in a list Markdown, a pair a cell with tags."""
    made = []
    for cell in cells:
        if isinstance(cell, list):
            made.append(new_markdown_cell(textwrap.dedent(cell[0]).strip()))
        elif isinstance(cell, tuple):
            source, *tags = cell
            made.append(new_code_cell(_text(source), metadata={"tags": tags}))
        else:
            made.append(new_code_cell(_text(cell)))
    metadata = {"kernelspec": {"name": "python3", "display_name": "P", "language": language}}
    return nbformat.writes(new_notebook(cells=made, metadata=metadata)).encode()


def _text(source: str) -> str:
    return textwrap.dedent(source).strip("\n")


PENGUINS = (
    ["# Penguins\n\nHow heavy they are."],
    """
    %matplotlib inline
    import io
    import numpy as np
    import pandas as pd
    from collections import Counter

    LIMIT = 3_500
    """,
    ["## Load the birds\n\nTyped in, so that it needs no file."],
    '''
    text = """species,mass
    Adelie,3750
    Adelie,3800
    Gentoo,5000
      Chinstrap,3400
    Gentoo,
    """
    birds = pd.read_csv(io.StringIO(text))
    birds.head(2)
    ''',
    """
    names = list(birds['species'].str.strip().unique())
    counts = Counter(birds['species'].str.strip())
    """,
    ["## Clean"],
    """
    def tidy(frame):
        # The limit is the one from above
        out = frame.dropna().copy()
        out['heavy'] = out['mass'] > LIMIT
        return out

    def share(frame):
        return tidy(frame)['heavy'].mean()
    """,
    """
    clean = tidy(birds)
    clean['species'] = clean['species'].str.strip()
    factor = 2
    factor += 1
    clean
    """,
    ["## Mark the heavy ones"],
    """
    clean['mass'] *= factor
    scaled = lambda x: x / factor
    """,
    ["## Summarise"],
    """
    for name in names:
        part = clean[clean['species'] == name]
        counts[name] += len(part)
    by_species = (
        clean
        .groupby('species')['mass']
        .mean()
        .sort_index()
    )
    heaviest = by_species.idxmax()
    """,
    """
    summary = {
        'heaviest': heaviest,
        'counts': dict(counts),
        'share': float(share(birds)),
        'scaled': [scaled(x) for x in by_species],
        'names': names,
        'text': text.count('\\n'),
    }
    summary
    """,
    ["# Notes\n\nNothing to run."],
)
