"""What a text of SQL says of itself: its statements, the tables it makes, ``{{ df_1 }}`` in it."""

from __future__ import annotations

import re

_STRING = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]\w*|)\$.*?\$\1\$", re.S
)
"""Literals and comments; what stands between dollars is a literal of PostgreSQL."""
_PART = r"(?:\"(?:[^\"]|\"\")*\"|`[^`]*`|\[[^\]]*\]|[^\s(;,.\"`\[]+)"
_NAME = rf"({_PART}(?:\.{_PART})*)"
_CREATE = re.compile(
    r"\bcreate\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+)?table\s+(?:if\s+not\s+exists\s+)?"
    rf"{_NAME}",
    re.I,
)
_INSERT = re.compile(
    r"\binsert(?:\s+ignore)?(?:\s+overwrite)?(?:\s+into)?(?:\s+table)?\s+(?!values\b)" + _NAME, re.I
)
_UPDATE = re.compile(rf"\bupdate\s+{_NAME}\s+(?:(?:as\s+)?\w+\s+)?set\b", re.I)
_MERGE = re.compile(rf"\bmerge\s+into\s+{_NAME}", re.I)
_DROP = re.compile(rf"\bdrop\s+table\s+(?:if\s+exists\s+)?{_NAME}", re.I)

_NO_ALIAS = (
    "cross|except|fetch|for|full|group|having|inner|intersect|join|lateral|left|limit|natural|"
    "offset|on|order|outer|right|tablesample|union|using|where|window"
)


def place(number: int) -> re.Pattern[str]:
    """Return what stands for an upstream block: ``{{ df_1 }}``."""
    return re.compile(rf"\{{\{{\s*df_{number}\s*\}}\}}")


def without_comments(text: str) -> str:
    """Return a text without its comments, and without bodies of functions between dollars."""
    return _STRING.sub(lambda m: " " if m[0].startswith(("--", "/*", "$")) else m[0], text)


def literals(text: str) -> list[tuple[int, int]]:
    """Return where the literals of a text begin and end."""
    found = _STRING.finditer(text)
    return [(m.start(), m.end()) for m in found if not m[0].startswith(("--", "/*"))]


def source_line(source: str, compiled: str, line: int | None) -> int | None:
    """Return the line of a block's text that became a line of what its templates gave."""
    if line is None:
        return None
    ours, theirs = source.split("\n"), compiled.split("\n")
    if len(ours) == len(theirs):
        return line if line <= len(ours) else None
    wanted = theirs[line - 1].strip() if line <= len(theirs) else ""
    hits = [number for number, text in enumerate(ours, 1) if wanted and text.strip() == wanted]
    return hits[0] if len(hits) == 1 else None


def statements(text: str) -> list[str]:
    """Return the statements of a text; a semicolon in a string or comment ends none."""
    found, start = [], 0
    ends = [(m.start(), m.end()) for m in _STRING.finditer(text)]
    for match in re.finditer(";", text):
        at = match.start()
        if any(low <= at < high for low, high in ends):
            continue
        found.append(text[start:at])
        start = at + 1
    found.append(text[start:])
    return [item.strip() for item in found if without_comments(item).strip()]


def makes_rows(text: str) -> bool:
    """Whether a text makes a table or inserts into one."""
    bare = without_comments(text)
    return bool(_CREATE.search(bare) or _INSERT.search(bare) or _MERGE.search(bare))


def changes(text: str) -> bool:
    """Whether a text changes anything, so that none of it is fetched while it runs."""
    bare = without_comments(text)
    return makes_rows(text) or bool(_UPDATE.search(bare) or _DROP.search(bare))


def target(text: str) -> str | None:
    """Return the table that a text makes, else the last it merges into, fills or updates."""
    bare = without_comments(text)
    made = _CREATE.search(bare)
    if made:
        return made.group(1)
    found = _MERGE.findall(bare) or _INSERT.findall(bare) or _UPDATE.findall(bare)
    return str(found[-1]) if found else None


def put_query(text: str, number: int, query: str, table: str) -> str:
    """Put a query for ``{{ df_n }}``, under the alias written there or the table's name."""
    inner = f"(\n{query.strip().rstrip(';')}\n)"
    mark = place(number).pattern
    # A word behind it is its alias, unless it is a word of SQL.
    word = rf"(?!(?:{_NO_ALIAS})\b)[a-z_]"
    aliased = re.compile(rf"{mark}(?=\s+(?:as\s|[\"'`]|{word}))", re.I)
    text = aliased.sub(lambda _m: inner, text)
    return place(number).sub(lambda _m: f"{inner} AS {table}", text)


def replaced(text: str, number: int, name: str) -> str:
    """Put a table's name for ``{{ df_n }}``."""
    return place(number).sub(lambda _match: name, text)
