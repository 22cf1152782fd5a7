"""Where an agency stands among its rivals: the formula of the province, how sure it is, and a rank only where that is sure enough.

The score is a weighted sum of three shares: participation, pass rate, mean score. Each has a 95 % interval after Wilson (1927); of the
mean score, which lies between 0 and 1, Wilson's interval is on the safe side, for no spread is wider than that of yes and no. The bounds
are weighed like the shares: as if the three always erred together, which is again on the safe side. Whole numbers throughout. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from math import isqrt
from typing import Any
from uuid import UUID

import msgspec

from lms.kit.errors import N_, DomainError
from lms.results.rules import Figures, PassRate

SCALE = 10**9  # parts of one in which shares are reckoned
Z_SQUARED = 3_841_458_821  # of the 95 % interval, in parts of SCALE: 1,95996…²


class StandingBand(StrEnum):
    """Where a rank would be mostly chance: surely above the whole of the rivals, surely below, or neither."""

    ABOVE = "above"
    MIDDLE = "middle"
    BELOW = "below"


@dataclass(frozen=True, slots=True)
class SizeClass:
    """Agencies of so many expected people and more, up to the next class."""

    name: str
    from_people: int


@dataclass(frozen=True, slots=True)
class RankSettings:
    """What the province decides; kept with every report.

    `weights`: of participation, pass rate and mean score, in per cent, 100 together (DOMAIN 7.3). `pass_rate`: what the pass rate of the
    formula is divided by. `smallest`: agencies with fewer expected people have no standing. `widest`: how wide the interval of a score may
    be, in hundredths of points, for a rank; above it there is a band."""

    weights: tuple[int, int, int] = (40, 40, 20)
    pass_rate: PassRate = PassRate.OF_THOSE_EXPECTED
    smallest: int = 5
    widest: int = 1500
    size_classes: tuple[SizeClass, ...] = (SizeClass("small", 0), SizeClass("medium", 30), SizeClass("large", 100))

    def __post_init__(self) -> None:
        if sum(self.weights) != 100 or min(self.weights) < 0:
            raise DomainError(N_("Ba trọng số phải không âm và cộng lại đúng 100."), code="weights", field="weights")
        starts = [one.from_people for one in self.size_classes]
        if not starts or starts[0] != 0 or starts != sorted(set(starts)):
            raise DomainError(N_("Nhóm quy mô phải bắt đầu từ 0 và tăng dần."), code="size_classes", field="size_classes")

    def as_json(self) -> dict[str, Any]:
        """As plain values of whole numbers and strings, for the manifest."""
        return {
            **asdict(self),
            "weights": list(self.weights),
            "pass_rate": self.pass_rate.value,
            "size_classes": list(map(asdict, self.size_classes)),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RankSettings:
        return cls(
            tuple(values["weights"]),
            PassRate(values["pass_rate"]),
            values["smallest"],
            values["widest"],
            tuple(SizeClass(**one) for one in values["size_classes"]),
        )


class Rival(msgspec.Struct, frozen=True, gc=False):
    """An agency with all below it. `depth`: 0 at the top of the tree; a department does not compete with its own divisions."""

    id: UUID
    block: str
    level: str
    depth: int
    figures: Figures


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Score and the bounds of its interval in hundredths of points of 100; a rank among the `of` that have one, or a band among the `of`
    that were compared."""

    score_hundredths: int
    low: int
    high: int
    rank: int | None
    band: str | None
    of: int


def size_class(expected: int, settings: RankSettings) -> str:
    return [one.name for one in settings.size_classes if one.from_people <= expected][-1]


def standings(rivals: Iterable[Rival], settings: RankSettings) -> dict[UUID, Standing]:
    """Everyone's standing among those of the same block, level, depth and size class; nobody above the agency and none too small."""
    groups: dict[tuple[str, str, int, str], list[Rival]] = defaultdict(list)
    for rival in rivals:
        if rival.depth > 0 and rival.figures.expected >= max(1, settings.smallest):
            groups[rival.block, rival.level, rival.depth, size_class(rival.figures.expected, settings)].append(rival)
    found: dict[UUID, Standing] = {}
    for group in groups.values():
        found.update(_standings_of(group, settings))
    return found


def depths(parents: Mapping[UUID, UUID | None]) -> dict[UUID, int]:
    """How far below the top each agency is; a parent outside the mapping does not count."""
    found: dict[UUID, int] = {}
    for agency in parents:
        path = []
        one: UUID | None = agency
        while one is not None and one in parents and one not in found:
            path.append(one)
            one = parents[one]
        above = found[one] if one is not None and one in found else -1
        for step, below in enumerate(reversed(path), 1):
            found[below] = above + step
    return found


def score_with_interval(figures: Figures, settings: RankSettings) -> tuple[int, int, int]:
    """Score, lower and upper bound in hundredths of points of 100."""
    whole = figures.expected if settings.pass_rate is PassRate.OF_THOSE_EXPECTED else figures.took_part
    # The mean score as so many whole points reached of those that could be: hundredths of points of 100 people.
    parts: Sequence[tuple[int, int, int]] = (
        (figures.took_part, figures.expected, figures.expected),
        (figures.passed, whole, whole),
        (figures.score_hundredths, figures.took_part * 10_000, figures.took_part),
    )
    sums = [0, 0, 0]
    for weight, (reached, possible, people) in zip(settings.weights, parts, strict=True):
        for place, value in enumerate(wilson(reached, possible, people)):
            sums[place] += weight * value
    score, low, high = ((total * 100 + SCALE // 2) // SCALE for total in sums)
    return score, low, high


def wilson(reached: int, possible: int, people: int) -> tuple[int, int, int]:
    """A share and the bounds of its 95 % interval in parts of SCALE; of nobody the share is 0 and all is possible."""
    if possible == 0:
        return 0, 0, SCALE
    share = SCALE * reached // possible
    # (p + z²/2n ± z·√(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n), every term times n
    spread = isqrt(Z_SQUARED * (share * (SCALE - share) * people // SCALE + Z_SQUARED // 4))
    middle, below = share * people + Z_SQUARED // 2, people * SCALE + Z_SQUARED
    low, high = ((middle + sign * spread) * SCALE // below for sign in (-1, 1))
    return share, max(0, min(low, share)), min(SCALE, max(high, share))


def _standings_of(group: Sequence[Rival], settings: RankSettings) -> dict[UUID, Standing]:
    scores = {rival.id: score_with_interval(rival.figures, settings) for rival in group}
    together, _, _ = score_with_interval(sum((rival.figures for rival in group), Figures()), settings)
    sure = {agency: score for agency, (score, low, high) in scores.items() if high - low <= settings.widest}
    rank = _ranks(sure)
    return {
        agency: Standing(score, low, high, rank(score), None, len(sure))
        if agency in sure
        else Standing(score, low, high, None, _band(low, high, together).value, len(group))
        for agency, (score, low, high) in scores.items()
    }


def _ranks(scores: Mapping[UUID, int]) -> Callable[[int], int]:
    """Equal scores share a rank, and the next one is as many further."""
    places: dict[int, int] = {}
    for place, score in enumerate(sorted(scores.values(), reverse=True), 1):
        places.setdefault(score, place)
    return places.__getitem__


def _band(low: int, high: int, together: int) -> StandingBand:
    if low > together:
        return StandingBand.ABOVE
    return StandingBand.BELOW if high < together else StandingBand.MIDDLE
