"""Targets: who counts, how far one is, how many people short and where, and where it is likely to end. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from math import sqrt
from typing import Any
from uuid import UUID

from lms.kit.errors import N_

MOST_STEPS = 26
FEWEST_STEPS = 6
# Upper 5 per cent points of Student's t by degrees of freedom: two-sided intervals of 90 per cent.
_T = {5: 2.015, 6: 1.943, 7: 1.895, 8: 1.860, 9: 1.833, 10: 1.812, 12: 1.782, 15: 1.753, 20: 1.725, 25: 1.708}


class Indicator(StrEnum):
    """What share of the staff is asked for; always distinct people ÷ people on staff on the day."""

    TRAINED = "trained"
    TOOK_PART = "took_part"
    PASSED = "passed"
    IT_QUALIFIED = "it_qualified"


INDICATOR_NAMES: Mapping[str, str] = {
    Indicator.TRAINED: N_("Đã được bồi dưỡng (hoàn thành ít nhất một khóa học)"),
    Indicator.TOOK_PART: N_("Đã tham gia ít nhất một kỳ kiểm tra"),
    Indicator.PASSED: N_("Đã đạt ít nhất một kỳ kiểm tra"),
    Indicator.IT_QUALIFIED: N_("Có trình độ tin học"),
}


@dataclass(frozen=True, slots=True)
class Population:
    """Whom a target is about; an empty part does not restrict. `agencies`: identifiers, with all below them."""

    groups: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    it_duties: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Population:
        return cls(**{name: tuple(sorted(str(value) for value in values.get(name, ()))) for name in cls.__slots__})

    def as_values(self) -> dict[str, Any]:
        return {name: list(values) for name in self.__slots__ if (values := getattr(self, name))}


@dataclass(frozen=True, slots=True)
class Aim:
    """What is asked: at least `wanted` hundredths of a per cent, or more than that."""

    wanted: int
    is_above: bool = False

    def needed(self, whole: int) -> int:
        """The smallest number of people that fulfils it; where more than all would be needed, all."""
        product = whole * self.wanted
        return min(whole, product // 10_000 + 1 if self.is_above else -(-product // 10_000))

    def short(self, count: Count) -> int:
        return max(0, self.needed(count.whole) - count.part)


@dataclass(frozen=True, slots=True)
class Count:
    """People who fulfil, of people on staff."""

    part: int = 0
    whole: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.part + other.part, self.whole + other.whole)


@dataclass(frozen=True, slots=True)
class Span:
    """The days a target counts."""

    first: date
    last: date

    def counted_on(self, today: date) -> date:
        return min(max(today, self.first), self.last)


def span_on(today: date, *, counted_from: date, deadline: date, is_yearly: bool) -> Span:
    """The span a reader of a day is shown: of a yearly target that year's, and from its end on its last year's."""
    if not is_yearly:
        return Span(counted_from, deadline)
    year = min(max(today, counted_from), deadline).year
    return Span(max(date(year, 1, 1), counted_from), min(date(year, 12, 31), deadline))


def rolled_up(own: Mapping[UUID, Count], parents: Mapping[UUID, UUID | None]) -> dict[UUID, Count]:
    """What each agency has with all below it. Every count goes to each agency above it once."""
    sums: dict[UUID, Count] = {}
    for agency, count in own.items():
        above: UUID | None = agency
        while above is not None:
            sums[above] = sums.get(above, Count()) + count
            above = parents.get(above)
    return sums


def most_short(aim: Aim, counts: Mapping[UUID, Count]) -> list[UUID]:
    """Agencies by how many people they are short, the most first, then by size."""
    return sorted(counts, key=lambda agency: (-aim.short(counts[agency]), -counts[agency].whole, str(agency)))


def total(counts: Iterable[Count]) -> Count:
    return sum(counts, Count())


def steps(first: date, until: date) -> list[date]:
    """Days that divide a span that ran so far into equal steps of a week or more, at most 26: the ends of the steps."""
    days = (until - first).days
    length = max(7, -(-days // MOST_STEPS))
    return [first + timedelta(days=length * number) for number in range(1, days // length + 1)]


@dataclass(frozen=True, slots=True)
class Forecast:
    """People who will fulfil at the deadline: expected, and the ends of the 90 per cent interval."""

    low: int
    middle: int
    high: int


def forecast(reached: Sequence[int], now: Count, *, remaining_steps: float) -> Forecast | None:
    """Where a count is likely to end, from how many had fulfilled at the end of each equal step; None where too little is known.

    Steps are taken as independent draws of one distribution (a random walk with drift). Over `h` steps to come the mean gain is `h·m`
    with variance `s²·h·(1 + h/n)`: that of the gains, and that of the mean, which is itself made of `n` steps. Nobody loses what they
    have, and nobody is counted who is not on staff, so the ends lie between today's count and all.
    """
    gains = [after - before for before, after in zip([0, *reached], reached, strict=False)]
    n = len(gains)
    if n < FEWEST_STEPS or sum(1 for gain in gains if gain) < 2:
        return None
    if remaining_steps <= 0:
        return Forecast(now.part, now.part, now.part)
    mean = sum(gains) / n
    spread = sqrt(sum((gain - mean) ** 2 for gain in gains) / (n - 1) * remaining_steps * (1 + remaining_steps / n))
    width = _T[max(freedom for freedom in _T if freedom <= n - 1)] * spread
    middle = now.part + remaining_steps * mean

    def bounded(value: float) -> int:
        return round(min(max(value, now.part), now.whole))

    return Forecast(bounded(middle - width), bounded(middle), bounded(middle + width))
