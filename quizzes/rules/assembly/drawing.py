"""Drawing parallel forms: least used items first, then exchanges that even out difficulty and keys.

The problem is that of automated test assembly (van der Linden, “Linear Models for Optimal Test Design”, 2005), solved without a
solver by a greedy choice and exchanges within a cell, in the manner of Swanson and Stocking's weighted deviations (“A model and
heuristic for solving very large item selection problems”, 1993): what must hold is never weighed, what should hold is.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random
from uuid import UUID

from lms.kit.errors import N_, DomainError
from quizzes.rules.assembly.blueprint import Cell, draw, merged, refuse_shortfalls, shortfalls
from quizzes.rules.assembly.keys import key_excess
from quizzes.rules.assembly.limits import AssemblyLimits
from quizzes.rules.assembly.pool import Candidate, Enemies

TRIES = 12  # ways to fill a form whose items exclude each other, before giving up
EXCHANGES = 40  # at most, for one form
TELL_EVERY = 10
STEPS = 50  # in which a pool is narrowed towards a wanted difficulty
SPARE = 2  # items a narrowed pool keeps beyond those of one form
ROOM = 1.5  # times the uses it must have room for


class EnemiesInTheWayError(DomainError):
    """So many items of a cell exclude each other that a form cannot be filled."""


@dataclass(slots=True)
class _Group:
    """A part of a form that is filled from one pool: a cell, or the anchors of a cell. `cap`: how often one item may be used. The rest of a
    cell may draw on its anchors as well where it is short of items."""

    cell: Cell
    count: int
    pool: list[Candidate]
    cap: int
    anchored: bool


def draw_forms(
    candidates: Sequence[Candidate],
    cells: Sequence[Cell],
    limits: AssemblyLimits,
    enemies: Enemies | None = None,
    *,
    progress: Callable[[int, int], None] | None = None,
    topics: Mapping[str, str] | None = None,
) -> list[list[UUID]]:
    """`limits.forms` papers of item versions in the order of the blueprint. Each has exactly the blueprint, no item twice, no two that
    exclude each other; the other limits are kept as far as the candidates allow (see `form_check` for what is not).

    Raises BankTooSmallError naming the cells, EnemiesInTheWayError naming the cell.
    """
    plan = merged(cells)
    by_cell: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
    for candidate in sorted(candidates, key=lambda one: one.version):
        by_cell[candidate.topic, candidate.level].append(candidate)
    refuse_shortfalls(shortfalls({cell: len(found) for cell, found in by_cell.items()}, plan), topics)
    drawing = _Drawing(_groups(by_cell, plan, limits), limits, enemies or {}, topics or {})
    papers = []
    for number in range(1, limits.forms + 1):
        papers.append(drawing.form(number))
        if progress and number % TELL_EVERY == 0:
            progress(number, limits.forms)
    return papers


def _groups(by_cell: dict[tuple[str, str], list[Candidate]], plan: Sequence[Cell], limits: AssemblyLimits) -> list[_Group]:
    """The cells with what may be used for each: rested items come in only where the others are too few, and how often an item may be used
    is raised only where there is no other way."""
    cap = limits.uses(limits.forms)
    usable = {}
    for cell in plan:
        fresh: list[Candidate] = []
        rested: list[Candidate] = []
        for one in by_cell[cell.topic, cell.level]:
            (rested if limits.rests(one.recent) and not one.anchor else fresh).append(one)
        rested.sort(key=lambda one: (one.recent, one.version))
        needed = max(cell.count, ceil(limits.forms * cell.count / cap))
        usable[cell] = fresh + rested[: max(0, needed - len(fresh))]
    quotas = _anchor_quotas(plan, usable, limits, cap)
    groups = []
    for cell in plan:
        anchors = [one for one in usable[cell] if one.anchor]
        others = [one for one in usable[cell] if not one.anchor] if quotas[cell] else usable[cell]
        rest = cell.count - quotas[cell]
        if len(others) * cap < limits.forms * rest or len(others) < rest:
            others = usable[cell]
        for count, pool, anchored in ((quotas[cell], anchors, True), (rest, others, False)):
            if count:
                groups.append(_Group(cell, count, pool, max(cap, ceil(limits.forms * count / len(pool))), anchored))
    return groups


def _usual(groups: Sequence[_Group]) -> float:
    """The mean facility of forms in which every item is used as often as the others."""
    size = sum(group.count for group in groups)
    return sum(group.count * sum(one.facility for one in group.pool) / len(group.pool) for group in groups) / size if size else 0.0


def _aim(groups: Sequence[_Group], limits: AssemblyLimits) -> float:
    """Leave out the items farthest on the wrong side of the wanted difficulty until the pools are right on average, as far as there remain
    enough to keep the exposure limit. Returns what forms can be on average: all come equally close to it."""
    wanted = limits.difficulty_target or 0.0
    too_easy = _usual(groups) > wanted
    pools = [sorted(group.pool, key=lambda one: (one.facility if too_easy else -one.facility, one.version)) for group in groups]
    least = [min(len(group.pool), max(group.cell.count + SPARE, ceil(ROOM * limits.forms * group.count / group.cap))) for group in groups]
    for step in range(STEPS + 1):
        for group, pool, enough in zip(groups, pools, least, strict=True):
            group.pool = pool[: max(enough, len(pool) * (STEPS - step) // STEPS)]
        reached = _usual(groups)
        if (reached <= wanted) == too_easy:
            return wanted
    return reached


def _anchor_quotas(plan: Sequence[Cell], usable: dict[Cell, list[Candidate]], limits: AssemblyLimits, cap: int) -> dict[Cell, int]:
    """How many anchors each cell of every form has: a small image of the whole paper, as far as there are anchors that may be used
    as often."""
    size = sum(cell.count for cell in plan)
    quotas = dict.fromkeys(plan, 0)
    available = {cell: sum(one.anchor for one in usable[cell]) for cell in plan}
    for _ in range(min(limits.anchors, size)):
        open_cells = [
            cell
            for cell in plan
            if quotas[cell] < min(cell.count, available[cell]) and available[cell] * cap >= limits.forms * (quotas[cell] + 1)
        ]
        if not open_cells:
            break
        best = max(
            open_cells, key=lambda cell: (cell.count * limits.anchors / size - quotas[cell], available[cell], cell.topic, cell.level)
        )
        quotas[best] += 1
    return quotas


class _Drawing:
    """The forms drawn so far, and the one being drawn."""

    def __init__(self, groups: Sequence[_Group], limits: AssemblyLimits, enemies: Enemies, topics: Mapping[str, str]) -> None:
        self.groups, self.limits, self.enemies, self.topics = groups, limits, enemies, topics
        self.size = sum(group.count for group in groups)
        self.most_shared = limits.shared_items(self.size)
        self.used: Counter[UUID] = Counter()
        self.forms_of: dict[UUID, list[int]] = defaultdict(list)
        self.target = _usual(groups)
        if limits.difficulty_target is not None:
            self.target = _aim(groups, limits)
        # Anchors go first, for the rest of their cell may be short of items and take them; then whoever is hardest to find.
        self.order = self._anchors_first(
            sorted(range(len(groups)), key=lambda place: (len(groups[place].pool) / groups[place].count, place))
        )

    def _anchors_first(self, order: Sequence[int]) -> list[int]:
        return sorted(order, key=lambda place: not self.groups[place].anchored)

    def form(self, number: int) -> list[UUID]:
        form = self._filled(number)
        form.even_out()
        paper = [one.version for group in form.chosen for one in group]
        for version in paper:
            self.used[version] += 1
            self.forms_of[version].append(number)
        return paper

    def _filled(self, number: int) -> _Form:
        blocked = self.groups[0].cell
        for attempt in range(TRIES):
            random = Random(int.from_bytes(draw(self.limits.seed, number, attempt)[:8], "big"))  # noqa: S311 - chance that can be had again
            form = _Form(self, random)
            stuck = form.fill(self.order if attempt == 0 else self._anchors_first(random.sample(self.order, len(self.order))))
            if stuck is None:
                return form
            blocked = stuck
        raise EnemiesInTheWayError(
            N_("Không lập được đề: ở ô %(topic)s – %(level)s có quá nhiều câu loại trừ nhau. Bổ sung câu hỏi hoặc bỏ bớt cặp loại trừ."),
            code="enemies_in_the_way",
            topic=self.topics.get(blocked.topic, blocked.topic),
            level=blocked.level,
        )


class _Form:
    """A form being drawn: what each group has, and how many items it shares with each earlier form."""

    def __init__(self, drawing: _Drawing, random: Random) -> None:
        self.drawing = drawing
        self.random = random
        self.chosen: list[list[Candidate]] = [[] for _ in drawing.groups]
        self.items: set[UUID] = set()
        self.versions: set[UUID] = set()
        self.shared: Counter[int] = Counter()
        self.full: set[int] = set()  # earlier forms that share as many as may be

    def fill(self, order: Sequence[int]) -> Cell | None:
        """Choose for every group; the cell that cannot be filled where items exclude each other, else None."""
        for place in order:
            group = self.drawing.groups[place]
            noise = {one.version: self.random.random() for one in group.pool}
            ranked = sorted(group.pool, key=lambda one: (self.drawing.used[one.version], noise[one.version]))
            for _ in range(group.count):
                found = self._pick(ranked, group)
                if found is None:
                    return group.cell
                self._add(place, found)
        return None

    def _pick(self, ranked: Sequence[Candidate], group: _Group) -> Candidate | None:
        """The least used item that fits; failing that one that is used or shared least beyond its limit."""
        possible = [one for one in ranked if self._fits(one)]
        within = [one for one in possible if self.drawing.used[one.version] < group.cap]
        for one in within:
            if not self._shares_too_much(one):
                return one
        left = within or possible
        return min(left, key=self._worst_sharing) if left else None

    def _fits(self, one: Candidate, instead: Candidate | None = None) -> bool:
        """Not in the form yet, and nothing in it excludes it. `instead`: what would leave."""
        if one.version in self.versions or (one.item in self.items and (instead is None or instead.item != one.item)):
            return False
        foes = self.drawing.enemies.get(one.item)
        if not foes or foes.isdisjoint(self.items):
            return True
        return instead is not None and foes & self.items == {instead.item}

    def _shares_too_much(self, one: Candidate) -> bool:
        return bool(self.full) and not self.full.isdisjoint(self.drawing.forms_of[one.version])

    def _worst_sharing(self, one: Candidate) -> int:
        return max((self.shared[form] for form in self.drawing.forms_of[one.version]), default=0)

    def _add(self, place: int, one: Candidate) -> None:
        self.chosen[place].append(one)
        self._count(one, 1)

    def _count(self, one: Candidate, step: int) -> None:
        (self.items.add if step > 0 else self.items.discard)(one.item)
        (self.versions.add if step > 0 else self.versions.discard)(one.version)
        for form in self.drawing.forms_of[one.version]:
            self.shared[form] += step
            (self.full.add if self.shared[form] >= self.drawing.most_shared else self.full.discard)(form)

    def even_out(self) -> None:
        """Exchange items within their groups while that brings difficulty and keys closer to what they should be."""
        total = sum(one.facility for group in self.chosen for one in group)
        keys = Counter(one.key for group in self.chosen for one in group if one.key is not None)
        levels = [max(self.drawing.used[one.version] for one in group) for group in self.chosen]
        cost = self._cost(total, keys)
        for _ in range(EXCHANGES):
            if cost <= 0:
                return
            best: tuple[float, int, int, Candidate] | None = None
            for place, group in enumerate(self.drawing.groups):
                choice = [one for one in group.pool if self.drawing.used[one.version] <= min(levels[place] + 1, group.cap - 1)]
                for index, old in enumerate(self.chosen[place]):
                    for new in choice:
                        if new.version in self.versions:
                            continue
                        reached = self._cost(total + new.facility - old.facility, keys, old.key, new.key)
                        if reached < (best[0] if best else cost) - 1e-12 and self._may_replace(old, new):
                            best = (reached, place, index, new)
            if best is None:
                return
            cost, place, index, new = best
            old = self.chosen[place][index]
            self._count(old, -1)
            self._count(new, 1)
            self.chosen[place][index] = new
            total += new.facility - old.facility
            _move(keys, old.key, new.key)

    def _cost(self, total: float, keys: Counter[str], old: str | None = None, new: str | None = None) -> float:
        """How far from even: beyond half the tolerance in items' worth of difficulty, and keys above their limit."""
        limits, size = self.drawing.limits, self.drawing.size
        cost = max(0.0, abs(total - self.drawing.target * size) - limits.difficulty_tolerance * size / 2)
        if old == new:
            return cost + key_excess(keys, limits) if keys else cost
        _move(keys, old, new)
        cost += key_excess(keys, limits)
        _move(keys, new, old)
        return cost

    def _may_replace(self, old: Candidate, new: Candidate) -> bool:
        if not self._fits(new, instead=old):
            return False
        leaving = self.drawing.forms_of[old.version]
        return all(form in leaving or self.shared[form] < self.drawing.most_shared for form in self.drawing.forms_of[new.version])


def _move(keys: Counter[str], old: str | None, new: str | None) -> None:
    if old is not None:
        keys[old] -= 1
    if new is not None:
        keys[new] += 1
