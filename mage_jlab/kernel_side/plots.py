"""Plots of runs: shown, and kept until their block ends, as in a process without a screen.

Jupyter closes a plot when it is shown. What a block saves afterwards is empty then, while in
Mage's runs `plt.show()` does nothing.
"""

from __future__ import annotations

import contextlib
import importlib
from typing import Any

_SHOWN = "_mage_jlab_shown"


def keep(shell: Any) -> None:
    """Let plots live on when they are shown; nothing of matplotlib is imported for it."""
    with contextlib.suppress(ImportError, AttributeError):
        config = importlib.import_module("matplotlib_inline.config")
        config.InlineBackend.instance(parent=shell).close_figures = False
        displays = shell.display_formatter.ipython_display_formatter
        displays.for_type_by_name("matplotlib.figure", "Figure", _Once(displays))


class _Once:
    """Shows a plot, and again only when something was drawn into it: `plt.show()` shows all."""

    def __init__(self, displays: Any) -> None:
        self._displays = displays

    def __call__(self, figure: Any) -> None:
        if figure.__dict__.get(_SHOWN) and not figure.stale:
            return
        display = importlib.import_module("IPython.display").display
        self._displays.enabled = False  # it would come here again
        try:
            display(figure)
        finally:
            self._displays.enabled = True
        figure.__dict__[_SHOWN] = True
        figure.stale = False
