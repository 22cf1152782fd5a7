"""Looking a round's forms through before it opens: what must not be, what the limits were not kept in, and the figures behind it.

Drawing and checking are apart on purpose: the check sees the forms as they are stored, whoever made them, and the bank as it is now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import combinations
from math import sqrt
from typing import Any
from uuid import UUID

from lms.kit.errors import N_
from quizzes.rules.assembly import AssemblyLimits, Candidate, Cell, Enemies, merged
from quizzes.rules.assembly.keys import count_keys, key_excess
from quizzes.rules.bank import ItemState
from quizzes.rules.rounds import Purpose

NAMED = 10  # items or forms named in a message; more are counted


class Severity(StrEnum):
    BLOCKING = "blocking"  # the round does not open with it
    WARNING = "warning"  # a limit that was not kept


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the forms, as a translatable sentence with its values; `forms` and `items` are what it is about."""

    code: str
    severity: Severity
    message: str
    values: Mapping[str, Any] = field(default_factory=dict)
    forms: tuple[int, ...] = ()
    items: tuple[str, ...] = ()

    @property
    def blocking(self) -> bool:
        return self.severity is Severity.BLOCKING

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


@dataclass(frozen=True, slots=True)
class Placed:
    """An item version at a slot of a form, as the bank has it now. `valid_to` is the first day it no longer holds."""

    slot: int
    candidate: Candidate
    state: str
    purpose: str
    valid_from: date
    valid_to: date


Papers = Mapping[int, Sequence[Placed]]
"""Form number → its questions."""


@dataclass(frozen=True, slots=True)
class Paperwork:
    """What forms are checked against: blueprint, limits, who excludes whom, the days they are used, the test's purpose."""

    cells: Sequence[Cell]
    limits: AssemblyLimits
    enemies: Enemies
    first_day: date
    last_day: date
    purpose: str = Purpose.QUARTERLY


def item_purposes(purpose: str) -> tuple[str, ...]:
    """Which items may stand in a test of this purpose: practice uses up no items of tests that count, and the other way round."""
    return ("practice", "both") if purpose == Purpose.PRACTICE else ("exam", "both")


@dataclass(frozen=True, slots=True)
class Figures:
    """What a set of forms is like. `uses`: item code → in how many forms; `sharing`: items two forms have in common → how many pairs of
    forms; `closest`: the pairs that share most; `difficulty`: form → mean expected facility; `keys`: form → class of key → items;
    `anchors`: form → anchor items; `measured`: questions whose facility was measured, of `questions`."""

    forms: int
    questions: int
    measured: int
    uses: dict[str, int]
    sharing: dict[int, int]
    closest: list[tuple[int, int, int]]
    difficulty: dict[int, float]
    keys: dict[int, Counter[str]]
    anchors: dict[int, int]

    @property
    def most_used(self) -> int:
        return max(self.uses.values(), default=0)

    @property
    def mean_difficulty(self) -> float:
        return sum(self.difficulty.values()) / len(self.difficulty) if self.difficulty else 0.0

    @property
    def spread_of_difficulty(self) -> float:
        """Standard deviation between the forms."""
        mean = self.mean_difficulty
        return sqrt(sum((one - mean) ** 2 for one in self.difficulty.values()) / len(self.difficulty)) if self.difficulty else 0.0

    def used_in(self) -> dict[int, int]:
        """Number of forms → how many items are in so many."""
        return dict(sorted(Counter(self.uses.values()).items()))


def figures_of(papers: Papers, closest: int = 5) -> Figures:
    bits: dict[UUID, int] = {}
    masks = {
        number: sum(1 << bits.setdefault(version, len(bits)) for version in {one.candidate.version for one in paper})
        for number, paper in papers.items()
    }
    sharing: Counter[int] = Counter()
    pairs: list[tuple[int, int, int]] = []
    for (one, mine), (other, theirs) in combinations(masks.items(), 2):
        shared = (mine & theirs).bit_count()
        sharing[shared] += 1
        if shared and (len(pairs) < closest or shared > pairs[-1][2]):
            pairs = sorted([*pairs, (one, other, shared)], key=lambda pair: (-pair[2], pair[0], pair[1]))[:closest]
    return Figures(
        forms=len(papers),
        questions=sum(len(paper) for paper in papers.values()),
        measured=sum(one.candidate.measured for paper in papers.values() for one in paper),
        uses=dict(Counter(one.candidate.code for paper in papers.values() for one in paper).most_common()),
        sharing=dict(sorted(sharing.items())),
        closest=pairs,
        difficulty={
            number: sum(one.candidate.facility for one in paper) / len(paper) if paper else 0.0 for number, paper in papers.items()
        },
        keys={number: count_keys([one.candidate.key for one in paper]) for number, paper in papers.items()},
        anchors={number: sum(one.candidate.anchor for one in paper) for number, paper in papers.items()},
    )


def check_forms(papers: Papers, against: Paperwork, figures: Figures | None = None) -> list[Finding]:
    """Everything there is to say against a set of forms, what blocks first."""
    if not papers:
        return [Finding("no_forms", Severity.BLOCKING, N_("Kỳ kiểm tra chưa có đề."))]
    figures = figures or figures_of(papers)
    return [*_forbidden(papers, against), *_breaches(papers, against, figures)]


def _forbidden(papers: Papers, against: Paperwork) -> Iterator[Finding]:
    purposes = item_purposes(against.purpose)
    yield from _blueprint(papers, against.cells)
    tests: tuple[tuple[str, str, Callable[[Placed], bool]], ...] = (
        ("not_approved", N_("Câu không còn được duyệt: %(items)s."), lambda one: one.state != ItemState.APPROVED),
        (
            "not_valid",
            N_("Câu không có hiệu lực trong suốt thời gian kiểm tra (kể cả kiểm tra bổ sung): %(items)s."),
            lambda one: one.valid_from > against.first_day or one.valid_to <= against.last_day,
        ),
        ("wrong_purpose", N_("Câu không dành cho loại kiểm tra này: %(items)s."), lambda one: one.purpose not in purposes),
    )
    for code, message, is_wrong in tests:
        forms: set[int] = set()
        items: dict[str, None] = {}
        for number, paper in papers.items():
            if wrong := [one.candidate.code for one in paper if is_wrong(one)]:
                forms.add(number)
                items.update(dict.fromkeys(wrong))
        if items:
            yield _about(code, Severity.BLOCKING, message, forms=forms, items=items)
    yield from _twice(papers)
    yield from _enemies(papers, against.enemies)


def _blueprint(papers: Papers, cells: Sequence[Cell]) -> Iterator[Finding]:
    wanted = Counter({(cell.topic, cell.level): cell.count for cell in merged(cells)})
    wrong = [n for n, paper in papers.items() if Counter((one.candidate.topic, one.candidate.level) for one in paper) != wanted]
    if wrong:
        yield _about("blueprint", Severity.BLOCKING, N_("Đề không đúng ma trận: đề số %(forms)s."), forms=wrong)


def _twice(papers: Papers) -> Iterator[Finding]:
    found: dict[int, list[str]] = {}
    for number, paper in papers.items():
        items = Counter(one.candidate.item for one in paper)
        if len(items) < len(paper):
            found[number] = [one.candidate.code for one in paper if items[one.candidate.item] > 1]
    if found:
        codes = dict.fromkeys(code for some in found.values() for code in some)
        yield _about("twice", Severity.BLOCKING, N_("Câu xuất hiện hai lần trong một đề: %(items)s."), forms=found, items=codes)


def _enemies(papers: Papers, enemies: Enemies) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for number, paper in papers.items():
        here = {one.candidate.item: one.candidate.code for one in paper}
        for item, code in here.items():
            for foe in enemies.get(item, frozenset()) & here.keys():
                if code < here[foe]:
                    found[code, here[foe]].append(number)
    if found:
        pairs = dict.fromkeys(f"{one} và {other}" for one, other in sorted(found))
        forms = {number for numbers in found.values() for number in numbers}
        yield _about("enemies", Severity.BLOCKING, N_("Câu loại trừ nhau đứng trong cùng một đề: %(items)s."), forms=forms, items=pairs)


def _breaches(papers: Papers, against: Paperwork, figures: Figures) -> Iterator[Finding]:
    """Limits that were not kept, each with what it came to."""
    limits = against.limits
    size = max(len(paper) for paper in papers.values())
    worst = max(figures.sharing, default=0)
    if worst > (most := limits.shared_items(size)):
        pairs = sum(count for shared, count in figures.sharing.items() if shared > most)
        yield Finding(
            "overlap",
            Severity.WARNING,
            N_("%(pairs)s cặp đề giống nhau quá giới hạn %(most)s câu; nhiều nhất %(worst)s câu chung."),
            {"pairs": pairs, "most": most, "worst": worst},
            forms=tuple(sorted({number for one, other, shared in figures.closest if shared > most for number in (one, other)})),
        )
    most = limits.uses(figures.forms)
    if over := {code: uses for code, uses in figures.uses.items() if uses > most}:
        yield _about(
            "exposure",
            Severity.WARNING,
            N_("%(count)s câu có trong quá %(most)s đề (giới hạn %(limit)s%%); nhiều nhất %(worst)s đề: %(items)s."),
            items=over,
            most=most,
            limit=limits.exposure_limit,
            worst=figures.most_used,
        )
    tired = {
        one.candidate.code: None
        for paper in papers.values()
        for one in paper
        if limits.rests(one.candidate.recent) and not one.candidate.anchor
    }
    if tired:
        yield _about(
            "recent",
            Severity.WARNING,
            N_("%(count)s câu đã dùng ở quá %(limit)s trong %(quarters)s quý gần đây: %(items)s."),
            items=tired,
            limit=limits.recent_limit,
            quarters=limits.recent_quarters,
        )
    if few := [number for number, count in figures.anchors.items() if count < limits.anchors]:
        least = min(figures.anchors.values())
        message = N_("Đề có ít hơn %(wanted)s câu neo (ít nhất %(least)s): đề số %(forms)s.")
        yield _about("anchors", Severity.WARNING, message, forms=few, wanted=limits.anchors, least=least)
    yield from _uneven(papers, limits, figures)
    if figures.forms != limits.forms:
        message = N_("Có %(have)s đề, đã định %(wanted)s đề.")
        yield Finding("form_count", Severity.WARNING, message, {"have": figures.forms, "wanted": limits.forms})


def _uneven(papers: Papers, limits: AssemblyLimits, figures: Figures) -> Iterator[Finding]:
    target = figures.mean_difficulty if limits.difficulty_target is None else limits.difficulty_target
    off = [number for number, mean in figures.difficulty.items() if abs(mean - target) > limits.difficulty_tolerance + 1e-9]
    if off:
        yield _about(
            "difficulty",
            Severity.WARNING,
            N_("Độ khó dự kiến lệch quá %(tolerance)s so với %(target)s (thấp nhất %(low)s, cao nhất %(high)s): đề số %(forms)s."),
            forms=off,
            tolerance=_decimal(limits.difficulty_tolerance),
            target=_decimal(target),
            low=_decimal(min(figures.difficulty.values())),
            high=_decimal(max(figures.difficulty.values())),
        )
    if skewed := [number for number, keys in figures.keys.items() if key_excess(keys, limits)]:
        message = N_("Đáp án dồn vào một vị trí (A, B, C… hoặc đúng – sai): đề số %(forms)s.")
        yield _about("keys", Severity.WARNING, message, forms=skewed)


def _about(
    code: str, severity: Severity, message: str, *, forms: Collection[int] = (), items: Collection[str] = (), **values: Any
) -> Finding:
    named = {"forms": _named([str(form) for form in sorted(forms)]), "items": _named(list(items)), "count": len(items)}
    return Finding(code, severity, message, {**named, **values}, tuple(sorted(forms)), tuple(items))


def _named(names: Sequence[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" … ({len(names)})" if len(names) > NAMED else "")


def _decimal(value: float) -> str:
    return f"{value:.2f}".replace(".", ",")
