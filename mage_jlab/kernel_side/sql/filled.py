"""The templates of a SQL block without a data provider: tables by name, variables as values."""

from __future__ import annotations

import datetime
import decimal
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mage_jlab.errors import StepFailed
from mage_jlab.kernel_side.sql import render, text

_BARE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
_FRAME = re.compile(r"df_(\d+)")
_VALUES = (str, int, float, bool, datetime.date, datetime.time, decimal.Decimal, type(None), list)


@dataclass(frozen=True)
class Filled:
    """The text that is run, and the values that are bound to its parameters."""

    text: str
    values: dict[str, Any]

    def shown(self) -> str:
        """Return it for a person, with the values as remarks."""
        used = [name for name in self.values if re.search(rf"\${name}\b", self.text)]
        notes = [f"-- ${name} = {self.values[name]!r}" for name in used]
        return "\n".join([*notes, self.text.strip()])


def fill(
    block: str, source: str, variables: Mapping[str, Any], inputs: int, *,
    environment: Mapping[str, str], channel: Any,
) -> Filled:  # fmt: skip
    """Put names of tables for ``{{ df_n }}``, parameters for variables, text for the rest.

    ``{{ name }}`` inside a literal, and every other template, is text, as in Mage.

    Raises:
        StepFailed: when a template is wrong or says a name that is not there; it knows the line.
    """
    values: dict[str, Any] = {}
    literals = text.literals(source)

    def place(match: re.Match[str]) -> str:
        name, line = match.group(1), source.count("\n", 0, match.start()) + 1
        frame = _FRAME.fullmatch(name)
        if frame and not 1 <= int(frame.group(1)) <= inputs:
            number = f"{inputs} upstream block{'' if inputs == 1 else 's'}"
            raise StepFailed(f"Block '{block}' uses {{{{ {name} }}}} but has {number}.", line=line)
        if frame:
            return name
        if name not in variables:
            return match.group(0)  # perhaps a name of the template's own
        value = variables[name]
        if any(start < match.start() < end for start, end in literals):
            return str(value).replace("'", "''")
        if not isinstance(value, _VALUES):
            return match.group(0)
        values[name] = value
        return f"${name}"

    made = _BARE.sub(place, source)
    known = render.known(variables, environment, channel)
    return Filled(render.fill_in(block, made, known), values)
