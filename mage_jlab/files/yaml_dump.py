"""Writing values as YAML 1.1, in the block style that Mage writes."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Mage's style: block lists at the column of their key, no aliases."""

    indented = False

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless and not self.indented)

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _IndentedDumper(_Dumper):
    """The same with lists indented below their key, for files written that way."""

    indented = True


class _FlowDumper(_Dumper):
    """For values inside a line: nothing may break it."""


def _template(value: str) -> bool:
    """Whether single quotes, doubled within single quotes, would break a template.

    A file is filled in before it is read as YAML, so Jinja sees the doubling.
    """
    return value.startswith("{") and "'" in value and not set(value) & set('"\\\n')


def _literal(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else '"' if _template(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _escaped(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = '"' if "\n" in value or _template(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _literal)
_IndentedDumper.add_representer(str, _literal)
_FlowDumper.add_representer(str, _escaped)


def dump(value: Any, *, indented: bool = False, sort: bool = False) -> str:
    """Return a value as block-style YAML 1.1; keys in their own order unless `sort`."""
    dumper = _IndentedDumper if indented else _Dumper
    return str(
        yaml.dump(
            value, Dumper=dumper, default_flow_style=False, allow_unicode=True, sort_keys=sort
        )
    )


def flow(value: Any) -> str:
    """Return a value as it stands within one line."""
    text = yaml.dump(
        value,
        Dumper=_FlowDumper,
        default_flow_style=True,
        allow_unicode=True,
        sort_keys=False,
        width=1_000_000,
    )
    return str(text).removesuffix("\n").removesuffix("\n...").rstrip("\n")
