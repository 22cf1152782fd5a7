"""Counting: what a figure is made of, and how figures of parts add up to the figure of the whole. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from uuid import UUID

import msgspec

from lms.kit.errors import N_

# Xếp loại: lowest score in points of 100 (DOMAIN 5.5; the scale of the province's form).
BANDS: tuple[tuple[str, int], ...] = (("good", 80), ("fair", 70), ("average", 50), ("weak", 0))
HISTOGRAM_BINS = 10

QUARTERLY = "quarterly-test:"  # how keys of activities begin that a quarter's report counts

# What each member of Figures counts: people, or times that somebody sat. Scores are sums, of which only means are shown.
PEOPLE, TIMES = N_("người"), N_("lượt")
UNITS: Mapping[str, str] = {
    **dict.fromkeys(("expected", "excluded", "took_part", "passed", "good", "fair", "average", "weak"), PEOPLE),
    "attempts": TIMES,
}


class PeopleList(StrEnum):
    """The lists that figures open to: every numerator and denominator is the size of one of them."""

    EXPECTED = "expected"
    EXCLUDED = "excluded"
    TOOK_PART = "took_part"
    MISSING = "missing"
    PASSED = "passed"
    FAILED = "failed"


class Figures(msgspec.Struct, frozen=True, gc=False):
    """Counts of people (người) in one activity; `attempts` alone counts times (lượt) those who took part sat, never used in a rate of
    people. Figures of disjoint groups add; rates are made from sums, never averaged."""

    expected: int = 0
    excluded: int = 0
    took_part: int = 0
    passed: int = 0
    score_hundredths: int = 0
    good: int = 0
    fair: int = 0
    average: int = 0
    weak: int = 0
    attempts: int = 0

    def __add__(self, other: Figures) -> Figures:
        # Written out: a province's report adds thousands of these.
        return Figures(
            self.expected + other.expected,
            self.excluded + other.excluded,
            self.took_part + other.took_part,
            self.passed + other.passed,
            self.score_hundredths + other.score_hundredths,
            self.good + other.good,
            self.fair + other.fair,
            self.average + other.average,
            self.weak + other.weak,
            self.attempts + other.attempts,
        )

    @property
    def staff(self) -> int:
        """Tổng số: expected and excluded together."""
        return self.expected + self.excluded

    @property
    def missing(self) -> int:
        return self.expected - self.took_part

    @property
    def failed(self) -> int:
        return self.took_part - self.passed

    @property
    def mean_score(self) -> Decimal | None:
        """Mean of the scores of those who took part, in points of 100 with one decimal; None where nobody did."""
        if self.took_part == 0:
            return None
        mean = Decimal(self.score_hundredths) / 100 / self.took_part
        return mean.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)

    def as_dict(self) -> dict[str, int]:
        return msgspec.structs.asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, int]) -> Figures:
        return cls(**values)


class Cell(msgspec.Struct, frozen=True, gc=False):
    """Figures of the people of one position group in one agency (its own staff, not those of its subordinates)."""

    agency_id: UUID
    group_code: str
    figures: Figures


def figures_of(score: Decimal, passed: bool) -> Figures:
    """What one person's standing outcome adds to the figures of where they are counted, participation included."""
    band = next((name for name, low in BANDS if score >= low), BANDS[-1][0])
    return Figures(took_part=1, passed=int(passed), score_hundredths=int((score * 100).to_integral_value()), **{band: 1})


def difference(after: Figures, before: Figures) -> Figures:
    """What must be added to `before` to come to `after`."""
    return Figures(**{name: getattr(after, name) - getattr(before, name) for name in Figures.__struct_fields__})
