"""How cost grows: with blocks, rows, kept runs and triggers."""

from __future__ import annotations

from benchmarks.growth.blocks import CURVE as BLOCKS
from benchmarks.growth.curve import Curve
from benchmarks.growth.history import CURVE as HISTORY
from benchmarks.growth.table import CURVE as TABLE
from benchmarks.growth.triggers import CURVE as TRIGGERS

CURVES: tuple[Curve, ...] = (BLOCKS, TABLE, HISTORY, TRIGGERS)
