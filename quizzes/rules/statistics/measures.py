"""The figures themselves, from sums: nothing here needs the answers in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt

BINS = 10  # of the distribution of scores: 0 to below 10, …, 90 to 100


@dataclass(slots=True)
class Sums:
    """Of paired numbers x and y: how many, and the sums everything else comes from."""

    n: int = 0
    x: float = 0.0
    y: float = 0.0
    xx: float = 0.0
    yy: float = 0.0
    xy: float = 0.0

    def add(self, x: float, y: float) -> None:
        self.n += 1
        self.x += x
        self.y += y
        self.xx += x * x
        self.yy += y * y
        self.xy += x * y

    @property
    def squares(self) -> tuple[float, float, float]:
        """Sums of squares and products about the means: of x, of y, of both."""
        if not self.n:
            return 0.0, 0.0, 0.0
        return self.xx - self.x**2 / self.n, self.yy - self.y**2 / self.n, self.xy - self.x * self.y / self.n


def correlation(parts: Sequence[Sums]) -> float | None:
    """Pearson's r of x and y within the parts: deviations are taken from each part's own means, then added up, so that differences
    between parts (forms that are harder) say nothing. Of one part it is the ordinary r. None where x or y does not vary."""
    xx = yy = xy = 0.0
    for part in parts:
        a, b, c = part.squares
        xx, yy, xy = xx + a, yy + b, xy + c
    if xx <= 1e-9 or yy <= 1e-9:
        return None
    return max(-1.0, min(1.0, xy / sqrt(xx * yy)))


def alpha_of(item_variances: Sequence[float], total_variance: float) -> float | None:
    """Cronbach's alpha, k/(k−1)·(1 − Σ s²ᵢ / s²ₜ); where all points are 0 or 1 it is KR-20. None for one item or equal totals."""
    k = len(item_variances)
    if k < 2 or total_variance <= 1e-12:
        return None
    return k / (k - 1) * (1 - sum(item_variances) / total_variance)


def median_of(counts: Mapping[int, int]) -> int | None:
    """The (lower) median of whole numbers that came up so often each."""
    total = sum(counts.values())
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if 2 * seen >= total:
            return value
    return None


@dataclass(frozen=True, slots=True)
class ItemFigures:
    """What is known of an item version in one test.

    `n`: sittings counted. `facility` (p): mean share of the point. `discrimination` (r): correlation of its points with the points of the
    rest of the paper (corrected item–total; for points of 0 and 1 the point-biserial), within forms. `omitted`: not answered.
    `median_seconds`: middle of the times between the saving of the answer before it and its own last saving. `options`: answer → how many
    gave it in the bottom, middle and top third by total score.
    """

    n: int
    facility: float
    discrimination: float | None
    omitted: int
    median_seconds: int | None
    options: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class FormFigures:
    """What is known of a form, or of all forms of a test together. Scores are 0–100.

    `sd`: standard deviation with n − 1. `alpha`: Cronbach's alpha, of all forms together from variances within the forms; `kr20`: all
    points were 0 or 1, alpha is KR-20. `sem`: standard error of measurement, sd·√(1 − alpha).
    """

    n: int
    mean: float
    sd: float
    alpha: float | None
    kr20: bool
    sem: float | None
    lowest: float
    highest: float
    distribution: Sequence[int]


@dataclass(slots=True)
class FormTally:
    """What adds up while the sittings of one form go by."""

    slots: Sequence[int]
    items: list[Sums] = field(init=False)  # x: points of the item, y: points of the rest
    n: int = 0
    total: float = 0.0
    total_squared: float = 0.0
    lowest: float = 100.0
    highest: float = 0.0
    distribution: list[int] = field(default_factory=lambda: [0] * BINS)

    def __post_init__(self) -> None:
        self.items = [Sums() for _ in self.slots]

    def add(self, points: Sequence[float]) -> None:
        total = sum(points)
        self.n += 1
        self.total += total
        self.total_squared += total * total
        for sums, one in zip(self.items, points, strict=True):
            sums.add(one, total - one)
        score = 100 * total / len(points)
        self.lowest, self.highest = min(self.lowest, score), max(self.highest, score)
        self.distribution[min(BINS - 1, int((score + 1e-9) * BINS / 100))] += 1

    @property
    def total_squares(self) -> float:
        return self.total_squared - self.total**2 / self.n if self.n else 0.0


def figures_of_forms(forms: Sequence[FormTally]) -> FormFigures | None:
    """The figures of one form, or of several together: mean and deviation of everybody, alpha within the forms."""
    sat = [form for form in forms if form.n]
    n = sum(form.n for form in sat)
    if not n:
        return None
    # Points per question make forms of different length comparable; a test's forms are of one length as a rule.
    scale = [100 / len(form.slots) for form in sat]
    total = sum(form.total * by for form, by in zip(sat, scale, strict=True))
    squared = sum(form.total_squared * by**2 for form, by in zip(sat, scale, strict=True))
    mean = total / n
    sd = sqrt(max(0.0, squared - total**2 / n) / (n - 1)) if n > 1 else 0.0
    alpha = _alpha_within(sat)
    within = sqrt(sum(form.total_squares * by**2 for form, by in zip(sat, scale, strict=True)) / max(1, n - len(sat)))
    return FormFigures(
        n=n,
        mean=mean,
        sd=sd,
        alpha=alpha,
        kr20=all(abs(item.xx - item.x) < 1e-6 for form in sat for item in form.items),
        sem=within * sqrt(max(0.0, 1 - alpha)) if alpha is not None else None,
        lowest=min(form.lowest for form in sat),
        highest=max(form.highest for form in sat),
        distribution=[sum(form.distribution[index] for form in sat) for index in range(BINS)],
    )


def _alpha_within(forms: Sequence[FormTally]) -> float | None:
    """Alpha from sums of squares within forms; slots are taken in order, which of a single form is the ordinary alpha."""
    lengths = {len(form.slots) for form in forms}
    degrees = sum(form.n - 1 for form in forms)
    if len(lengths) != 1 or degrees < 1:
        return None
    variances = [sum(form.items[place].squares[0] for form in forms) / degrees for place in range(lengths.pop())]
    return alpha_of(variances, sum(form.total_squares for form in forms) / degrees)
