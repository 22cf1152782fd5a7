"""Adding up the sittings of a test one after the other: what is kept grows with the items, never with the people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from quizzes.rules.statistics.measures import FormFigures, FormTally, ItemFigures, Sums, correlation, figures_of_forms, median_of

BOTTOM, MIDDLE, TOP = 0, 1, 2
LONGEST = 3600  # seconds; longer pauses count as so much
MOST_ANSWERS = 40  # different ones kept of an item that is answered in words
NOT_ANSWERED = ""
OTHER = "*"


@dataclass(frozen=True, slots=True)
class Thirds:
    """Between which scores the thirds of the people lie: the bottom up to `low`, the top from `high`."""

    low: float
    high: float

    def of(self, score: float) -> int:
        if score <= self.low:
            return BOTTOM
        return TOP if score >= self.high else MIDDLE


NOBODY_OUTSIDE = Thirds(-1.0, 101.0)


def thirds_of(scores: Mapping[float, int]) -> Thirds:
    """From how often each score came up. Equal scores stay together: the bottom and top third are the smallest groups of whole scores that
    hold at least a third; where they would meet, everybody is in the middle."""
    total = sum(scores.values())
    low, high = _reach(sorted(scores), scores, total), _reach(sorted(scores, reverse=True), scores, total)
    if low < high:
        return Thirds(low, high)
    return NOBODY_OUTSIDE


def _reach(ordered: Iterable[float], scores: Mapping[float, int], total: int) -> float:
    seen = 0
    for score in ordered:
        seen += scores[score]
        if 3 * seen >= total:
            return float(score)
    return 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """What stands in a slot of a sitting: the answer, its points (0–1), when it was saved last."""

    answer: Sequence[str]
    points: float
    saved_at: datetime | None


class _Item:
    """What adds up of one item version over all forms it is in."""

    __slots__ = ("n", "omitted", "options", "points", "seconds")

    def __init__(self) -> None:
        self.n = 0
        self.points = 0.0
        self.omitted = 0
        self.options: dict[str, list[int]] = {}
        self.seconds: Counter[int] = Counter()

    def count(self, answer: str, third: int) -> None:
        if answer not in self.options:
            if len(self.options) >= MOST_ANSWERS:
                answer = OTHER
            self.options.setdefault(answer, [0, 0, 0])
        self.options[answer][third] += 1


class RoundTally:
    """The statistics of a test while its sittings go by. `papers`: form → slot → item version, slots in order."""

    def __init__(self, papers: Mapping[UUID, Mapping[int, UUID]], thirds: Thirds) -> None:
        self.papers = papers
        self.thirds = thirds
        self.forms = {form: FormTally(list(paper)) for form, paper in papers.items()}
        self._items: dict[UUID, _Item] = defaultdict(_Item)

    def add(self, form_id: UUID, started_at: datetime, answers: Mapping[int, Answered]) -> None:
        """One sitting; a slot that is missing was not answered."""
        paper, form = self.papers[form_id], self.forms[form_id]
        points = [answers[slot].points if slot in answers else 0.0 for slot in form.slots]
        form.add(points)
        third = self.thirds.of(100 * sum(points) / len(points))
        for slot, earned in zip(form.slots, points, strict=True):
            item = self._items[paper[slot]]
            item.n += 1
            item.points += earned
            given = answers[slot].answer if slot in answers else ()
            if not given:
                item.omitted += 1
                item.count(NOT_ANSWERED, third)
            for text in given:
                item.count(text, third)
        last = started_at
        saved = sorted((one.saved_at, slot) for slot, one in answers.items() if one.saved_at is not None and slot in paper)
        at_once = Counter(saved_at for saved_at, _ in saved)
        for saved_at, slot in saved:
            seconds = int((saved_at - last).total_seconds())
            if seconds > 0 and at_once[saved_at] == 1:  # ones sent together, from paper or after a break, say nothing of each
                self._items[paper[slot]].seconds[min(seconds, LONGEST)] += 1
            last = saved_at

    def items(self) -> dict[UUID, ItemFigures]:
        """Of every item version that was in a counted sitting."""
        parts: dict[UUID, list[Sums]] = defaultdict(list)
        for form_id, form in self.forms.items():
            for slot, sums in zip(form.slots, form.items, strict=True):
                parts[self.papers[form_id][slot]].append(sums)
        return {
            version: ItemFigures(
                n=item.n,
                facility=item.points / item.n,
                discrimination=correlation(parts[version]),
                omitted=item.omitted,
                median_seconds=median_of(item.seconds),
                options=item.options,
            )
            for version, item in self._items.items()
        }

    def form(self, form_id: UUID) -> FormFigures | None:
        return figures_of_forms([self.forms[form_id]])

    def together(self) -> FormFigures | None:
        return figures_of_forms(list(self.forms.values()))
