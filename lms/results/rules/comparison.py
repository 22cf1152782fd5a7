"""Why a rate moved between two quarters: performance, composition and structure, as exact fractions that sum to the change.

The split follows Kitagawa, "Components of a Difference Between Two Rates" (Journal of the American Statistical Association 50, 1955):
those counted both times are weighed with the mean of their two weights; what their own rate did is performance; what the change of
weights and those who left or joined did is composition. Before that, structure is what restating the earlier quarter on today's
organisation does to its rate. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

import msgspec


class PassRate(StrEnum):
    """What those who passed are divided by: a setting of the province, kept with the report."""

    OF_THOSE_WHO_TOOK_PART = "took_part"
    OF_THOSE_EXPECTED = "expected"


class Tally(msgspec.Struct, frozen=True, gc=False):
    """What a comparison needs of some people in one quarter, counted in people; scores in hundredths of points."""

    expected: int = 0
    took_part: int = 0
    passed: int = 0
    score_hundredths: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.expected + other.expected,
            self.took_part + other.took_part,
            self.passed + other.passed,
            self.score_hundredths + other.score_hundredths,
        )

    def __sub__(self, other: Tally) -> Tally:
        return Tally(
            self.expected - other.expected,
            self.took_part - other.took_part,
            self.passed - other.passed,
            self.score_hundredths - other.score_hundredths,
        )

    def as_dict(self) -> dict[str, int]:
        return msgspec.structs.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, int]) -> Tally:
        return cls(**values)


class Flow(msgspec.Struct, frozen=True, gc=False):
    """The people whom the earlier quarter counts in one agency and the later one in another (None: not on its list).

    `before` and `after` are what they come to in each quarter; `both_before` and `both_after` those of them alone who were expected both
    times. Each agency is the one whose own staff they are, not one above it."""

    agency_before: UUID | None
    agency_after: UUID | None
    before: Tally = Tally()
    after: Tally = Tally()
    both_before: Tally = Tally()
    both_after: Tally = Tally()


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a change of a rate, as shares (1/20 is five points). They sum to the change exactly."""

    performance: Fraction
    composition: Fraction
    structure: Fraction

    @property
    def total(self) -> Fraction:
        return self.performance + self.composition + self.structure

    def hundredths(self) -> dict[str, int]:
        """In hundredths of a percentage point, rounded so that they still sum to the rounded change: those with the largest remainder
        are rounded up, of equal ones performance first."""
        parts = {"performance": self.performance, "composition": self.composition, "structure": self.structure}
        exact = {name: part * 10_000 for name, part in parts.items()}
        whole = {name: part.numerator // part.denominator for name, part in exact.items()}
        missing = _rounded(self.total * 10_000) - sum(whole.values())
        by_remainder = sorted(exact, key=lambda name: -(exact[name] - whole[name]))
        for name in by_remainder[:missing]:
            whole[name] += 1
        return whole


@dataclass(frozen=True, slots=True)
class Change:
    """One agency between two quarters: what the earlier report said of it, that restated on today's organisation, what the later one
    says; and those who were expected in it both times."""

    reported: Tally
    restated: Tally
    after: Tally
    same_before: Tally
    same_after: Tally


def rate_of(part: int, whole: int) -> Fraction | None:
    """None where there is nothing to divide by."""
    return Fraction(part, whole) if whole else None


def pass_split(change: Change, rate: PassRate = PassRate.OF_THOSE_WHO_TOOK_PART) -> Split | None:
    """The change of the pass rate; None where one of the three rates does not exist."""
    return split_of(change, "passed", rate.value)


def participation_split(change: Change) -> Split | None:
    """The change of the participation rate; None where one of the three rates does not exist."""
    return split_of(change, "took_part", "expected")


def split_of(change: Change, part: str, whole: str) -> Split | None:
    """The change of `part` ÷ `whole`, members of Tally."""

    def rate(tally: Tally) -> Fraction | None:
        return rate_of(getattr(tally, part), getattr(tally, whole))

    reported, restated, after = rate(change.reported), rate(change.restated), rate(change.after)
    if reported is None or restated is None or after is None:
        return None
    same_before, same_after = rate(change.same_before), rate(change.same_after)
    performance = Fraction(0)
    if same_before is not None and same_after is not None:
        weight_before = Fraction(getattr(change.same_before, whole), getattr(change.restated, whole))
        weight_after = Fraction(getattr(change.same_after, whole), getattr(change.after, whole))
        performance = (weight_before + weight_after) / 2 * (same_after - same_before)
    return Split(performance, after - restated - performance, restated - reported)


def _rounded(value: Fraction) -> int:
    """Half up, away from nothing in particular: one rule for all."""
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)
