"""What makes an item suspicious, and which one to look at first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from lms.kit.errors import N_
from quizzes.rules.statistics.measures import ItemFigures

ENOUGH = 100  # sittings; of fewer nothing is shown
HARD, EASY, WEAK, IDLE = 0.2, 0.9, 0.2, 0.05


class Flag(StrEnum):
    """In the order in which they matter."""

    NEGATIVE = "negative"
    HARD = "hard"
    WEAK = "weak"
    DRIFT = "drift"
    EASY = "easy"
    IDLE_OPTION = "idle_option"


FLAG_NAMES = {
    Flag.NEGATIVE: N_("Kiểm tra đáp án (r < 0)"),
    Flag.HARD: N_("Quá khó (p < 0,2)"),
    Flag.WEAK: N_("Phân loại kém (r < 0,2)"),
    Flag.DRIFT: N_("Độ khó thay đổi so với quý trước"),
    Flag.EASY: N_("Quá dễ (p > 0,9)"),
    Flag.IDLE_OPTION: N_("Có phương án ít người chọn (< 0,05)"),
}
_WEIGHTS = {Flag.NEGATIVE: 32, Flag.HARD: 16, Flag.WEAK: 8, Flag.DRIFT: 4, Flag.EASY: 2, Flag.IDLE_OPTION: 1}


def flags_of(figures: ItemFigures, wrong_options: Collection[str] = (), drifted: bool = False) -> list[Flag]:
    """Why to look at an item; nothing where too few people had it. `wrong_options`: the options that are not (in) the key, of kinds
    that have some."""
    if figures.n < ENOUGH:
        return []
    r = figures.discrimination
    found = {
        Flag.NEGATIVE: r is not None and r < 0,
        Flag.HARD: figures.facility < HARD,
        Flag.WEAK: r is not None and 0 <= r < WEAK,
        Flag.DRIFT: drifted,
        Flag.EASY: figures.facility > EASY,
        Flag.IDLE_OPTION: bool(idle_options(figures.options, figures.n, wrong_options)),
    }
    return [flag for flag, holds in found.items() if holds]


def idle_options(options: Mapping[str, Sequence[int]], n: int, wrong_options: Collection[str]) -> list[str]:
    """The wrong options hardly anybody took."""
    return [one for one in wrong_options if sum(options.get(one, ())) < IDLE * n]


def suspicion(flags: Collection[Flag]) -> int:
    """Larger: look at it sooner. A graver flag outweighs all lighter ones together."""
    return sum(_WEIGHTS[flag] for flag in flags)
