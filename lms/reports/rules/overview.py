"""What a leader reads of a frozen result in a minute: each measure beside the quarter before, why the pass rate moved, which agencies
need attention, and what is known too little about to be shown. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.reports.rules.body import Child, Competence, Mastery
from lms.reports.rules.ranking import RankSettings, Standing, score_with_interval
from lms.results.rules import Figures, PassRate, Tally

SMALLEST_ATTENDED = 5  # agencies with fewer expected people are not named among those at risk: their rates are mostly chance
NAMED = 5  # agencies in each list of those at risk


class Lens(StrEnum):
    """Through which the earlier quarter is seen."""

    AS_REPORTED = "as_reported"
    RESTATED = "restated"
    SAME_PEOPLE = "same_people"


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with the sizes of the two lists behind it."""

    part: int
    whole: int

    @property
    def points(self) -> Decimal | None:
        """In per cent with one decimal, rounded half up; None where there is nothing to divide by."""
        return None if self.whole == 0 else _rounded(Fraction(100 * self.part, self.whole))


@dataclass(frozen=True, slots=True)
class Measure:
    """A rate (`participation`, `passing`) in both quarters. `change` in percentage points is the difference of what is shown."""

    name: str
    before: Rate | None
    after: Rate

    @property
    def change(self) -> Decimal | None:
        if self.before is None or self.before.points is None or self.after.points is None:
            return None
        return self.after.points - self.before.points


@dataclass(frozen=True, slots=True)
class Part:
    """An agency right below the one that is looked at."""

    id: UUID
    code: str
    name: str
    block: str
    figures: Figures
    standing: Standing | None
    comparison: Mapping[str, Any] | None
    competences: tuple[Competence, ...] = ()


@dataclass(frozen=True, slots=True)
class Compared:
    """A part with one of its measures."""

    part: Part
    measure: Measure


@dataclass(frozen=True, slots=True)
class AtRisk:
    """Agencies a leader should ask about: lowest participation (all below that of the whole), and the biggest falls of the pass rate."""

    lowest: Sequence[Compared]
    falls: Sequence[Compared]


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a change, drawn as a bar from `start` over `width`, both in per cent of the drawing; `points` of a percentage point."""

    name: str
    points: Decimal
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Waterfall:
    """From the earlier rate to today's over the parts of the change. `low` and `high` are the ends of the scale in per cent; `before_at`
    and `after_at` where the two rates are on the drawing."""

    before: Decimal
    after: Decimal
    total: Decimal
    steps: Sequence[Step]
    low: int
    high: int
    before_at: float
    after_at: float


@dataclass(frozen=True, slots=True)
class GapRow:
    """A competence or an agency with the share of right answers in each column; None where too few people answered."""

    key: str
    name: str
    cells: tuple[Decimal | None, ...]
    whole: Decimal | None


@dataclass(frozen=True, slots=True)
class GapTable:
    """`hidden` cells had answers, but of fewer people than it takes."""

    columns: tuple[str, ...]
    rows: tuple[GapRow, ...]
    hidden: int


def pass_rate_of(settings: Mapping[str, Any]) -> PassRate:
    """What the report divides those who passed by."""
    return PassRate(settings.get("pass_denominator", PassRate.OF_THOSE_WHO_TOOK_PART.value))


def smallest_shown(settings: Mapping[str, Any]) -> int:
    """Of how many people at least a cell of a table of gaps must speak: the report's own threshold for small numbers."""
    return int(settings.get("disclosure", {}).get("threshold", SMALLEST_ATTENDED))


def lens_of(comparison: Mapping[str, Any] | None, lens: Lens) -> tuple[Tally | None, Tally | None]:
    """The earlier and the later figures through a lens; None where there are none."""
    if comparison is None:
        return None, None
    seen = comparison["lenses"][lens]
    return tuple(None if seen[when] is None else Tally.from_dict(seen[when]) for when in ("before", "after"))  # type: ignore[return-value]


def measures(figures: Figures | Tally, comparison: Mapping[str, Any] | None, lens: Lens, rate: PassRate) -> tuple[Measure, Measure]:
    """Participation and pass rate of today beside those of the quarter before."""
    before, after = lens_of(comparison, lens)
    today = after if lens is Lens.SAME_PEOPLE and after is not None else figures
    participation, passing = (
        Measure(name, None if before is None else _rate(before, name, rate), _rate(today, name, rate))
        for name in ("participation", "passing")
    )
    return participation, passing


def at_risk(parts: Iterable[Part], whole: Figures, lens: Lens, rate: PassRate) -> AtRisk:
    """Of agencies with enough people, `NAMED` of each kind, the worst first."""
    large = [part for part in parts if part.figures.expected >= SMALLEST_ATTENDED]
    common = Fraction(whole.took_part, whole.expected) if whole.expected else Fraction(0)
    lowest = sorted((part for part in large if _attended(part) < common), key=lambda part: (_attended(part), part.code))
    moved = [Compared(part, measures(part.figures, part.comparison, lens, rate)[1]) for part in large]
    falls = sorted(((one.measure.change or 0, one.part.code, one) for one in moved), key=lambda one: one[:2])
    return AtRisk(
        [Compared(part, measures(part.figures, part.comparison, Lens.AS_REPORTED, rate)[0]) for part in lowest[:NAMED]],
        [one for change, _, one in falls[:NAMED] if change < 0],
    )


def waterfall(comparison: Mapping[str, Any] | None, rate: PassRate) -> Waterfall | None:
    """The change of the pass rate taken apart, in hundredths of a point that sum to the rounded change; None where there is no split."""
    split = comparison["split"]["passing"] if comparison else None
    if split is None:
        return None
    before, after = lens_of(comparison, Lens.AS_REPORTED)
    if before is None:  # an agency that was nobody's: the restated figures stand for the reported ones
        before, after = lens_of(comparison, Lens.RESTATED)
    if before is None or after is None:
        return None
    end = _hundredths(_rate(after, "passing", rate))
    parts: dict[str, int] = {name: split["hundredths"][name] for name in ("structure", "composition", "performance")}
    start = end - sum(parts.values())
    levels = [start]
    for part in parts.values():
        levels.append(levels[-1] + part)
    low = max(0, min(levels) // 500 * 5 - 5)
    high = min(100, -(-max(levels) // 500) * 5 + 5)

    def place(level: int) -> float:
        return round((level / 100 - low) / (high - low) * 100, 2)

    steps = []
    for level, (name, part) in zip(levels, parts.items(), strict=False):
        ends = sorted((place(level), place(level + part)))
        steps.append(Step(name, Decimal(part) / 100, ends[0], round(ends[1] - ends[0], 2)))
    return Waterfall(
        Decimal(start) / 100, Decimal(end) / 100, Decimal(sum(parts.values())) / 100, steps, low, high, place(start), place(end)
    )


def competence_gaps(competences: Sequence[Competence], groups: Sequence[str], smallest: int) -> GapTable:
    """Competence × position group, the weakest competence first; `groups` in their order, those nobody of which answered left out."""
    there = tuple(group for group in groups if any(group in one.groups for one in competences))
    rows, hidden = [], 0
    for one in competences:
        cells = [_mastered(one.groups.get(group), smallest) for group in there]
        hidden += sum(cell is None and group in one.groups for group, cell in zip(there, cells, strict=True))
        rows.append(GapRow(one.code, one.name, tuple(cells), _mastered(_together(one.groups.values()), smallest)))
    return GapTable(there, tuple(sorted(rows, key=_weakest_first)), hidden)


def gap_map(parts: Sequence[Part], whole: Sequence[Competence], smallest: int, group: str | None = None) -> tuple[GapTable, GapRow]:
    """Agency × competence, the weakest competence of the whole first; of one position group or of all together. Beside it the whole."""
    line = [(_mastered(_of_group(one, group), smallest), one) for one in whole]
    order = [one for _, one in sorted(line, key=lambda pair: (pair[0] is None, pair[0] or 0, pair[1].code))]
    rows, hidden = [], 0
    for part in parts:
        own = {one.code: _of_group(one, group) for one in part.competences}
        cells = tuple(_mastered(own.get(one.code), smallest) for one in order)
        hidden += sum(cell is None and own.get(one.code) is not None for one, cell in zip(order, cells, strict=True))
        together = _together(mastery for mastery in own.values() if mastery is not None)
        rows.append(GapRow(part.code, part.name, cells, _mastered(together, smallest)))
    totals = GapRow("", "", tuple(_mastered(_of_group(one, group), smallest) for one in order), None)
    return GapTable(tuple(one.name for one in order), tuple(rows), hidden), totals


def of_block(children: Iterable[Child], block: str) -> tuple[int, Figures]:
    """How many of these agencies belong to a block, and what they come to together."""
    found = [child.figures for child in children if child.block == block and child.figures.expected]
    return len(found), sum(found, Figures())


def interval_of(figures: Figures, settings: Mapping[str, Any]) -> tuple[Decimal, Decimal, Decimal]:
    """Score with the bounds of its interval, in points."""
    found = score_with_interval(figures, RankSettings.from_json(settings["rank"]))
    score, low, high = (_rounded(Fraction(value, 100)) for value in found)
    return score, low, high


def pass_edge(histograms: Iterable[tuple[Sequence[int], int]]) -> int | None:
    """From which whole tenth of the scale on scores passed, as (histogram, passed) of one or more agencies tell together; None where they
    leave more than one possible, or the mark lies within a tenth."""
    possible = set(range(11))
    for histogram, passed in histograms:
        possible &= {edge for edge in range(11) if sum(histogram[edge:]) == passed}
    return possible.pop() * 10 if len(possible) == 1 else None


def _attended(part: Part) -> Fraction:
    return Fraction(part.figures.took_part, part.figures.expected)


def _rate(of: Figures | Tally, name: str, rate: PassRate) -> Rate:
    if name == "participation":
        return Rate(of.took_part, of.expected)
    return Rate(of.passed, getattr(of, rate.value))


def _of_group(one: Competence, group: str | None) -> Mastery | None:
    return _together(one.groups.values()) if group is None else one.groups.get(group)


def _together(masteries: Iterable[Mastery]) -> Mastery | None:
    return sum(masteries, Mastery(0, 0, 0))


def _mastered(mastery: Mastery | None, smallest: int) -> Decimal | None:
    if mastery is None or mastery.people < smallest or mastery.answered == 0:
        return None
    return _rounded(Fraction(100 * mastery.right, mastery.answered))


def _weakest_first(row: GapRow) -> tuple[bool, Decimal, str]:
    return row.whole is None, row.whole or Decimal(0), row.key


def _hundredths(rate: Rate) -> int:
    return 0 if rate.whole == 0 else (rate.part * 20_000 + rate.whole) // (2 * rate.whole)


def _rounded(value: Fraction) -> Decimal:
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
