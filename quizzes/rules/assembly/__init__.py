"""Parallel forms of one paper: how many items of what, within which limits, drawn ahead of time, the same again from the same seed."""

from quizzes.rules.assembly.blueprint import LEVEL_SHARES, BankTooSmallError, Cell, draw, merged, shortfalls, spread
from quizzes.rules.assembly.drawing import draw_forms
from quizzes.rules.assembly.limits import AssemblyLimits
from quizzes.rules.assembly.pool import LEVEL_FACILITY, Candidate, Enemies, enemies_of, key_class

__all__ = [
    "LEVEL_FACILITY",
    "LEVEL_SHARES",
    "AssemblyLimits",
    "BankTooSmallError",
    "Candidate",
    "Cell",
    "Enemies",
    "draw",
    "draw_forms",
    "enemies_of",
    "key_class",
    "merged",
    "shortfalls",
    "spread",
]
