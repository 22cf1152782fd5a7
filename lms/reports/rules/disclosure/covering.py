"""Choosing in one table which agencies of a tree may be seen, so that no small number is a difference of what is seen.

What is seen of nested sets tells exactly their gaps: of each agency that is seen, the people in no agency below it that is seen. So every
gap must be empty or large, count by count. Where a gap is small, agencies below are hidden until it no longer is, those first that mend it
and are small themselves; where nothing mends it, the agency itself is hidden and its gap becomes part of that above. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from lms.reports.rules.comparison import children_first
from lms.results.rules.restating import Tree

Counts = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A tree of agencies in the order children first, with the counts of each one's own staff."""

    tree: Tree
    order: tuple[UUID, ...]
    own: Mapping[UUID, Counts]

    @classmethod
    def of(cls, tree: Tree, own: Mapping[UUID, Counts]) -> Table:
        return cls(tree, tuple(children_first(tree)), own)


def is_safe(counts: Counts, threshold: int) -> bool:
    """Every count is nothing or at least the threshold."""
    return all(count == 0 or abs(count) >= threshold for count in counts)


def plus(one: Counts, other: Counts) -> Counts:
    return tuple(map(int.__add__, one, other))


def covered(table: Table, candidates: Collection[UUID], threshold: int) -> set[UUID]:
    """Those of the candidates that may be seen; below one that is hidden others may still be seen."""
    seen: set[UUID] = set()
    gaps = dict(table.own)
    below: dict[UUID, list[UUID]] = {agency: [] for agency in table.tree}  # the nearest that are seen
    for agency in table.order:
        mended, taken = gaps[agency], list[UUID]()
        if agency in candidates:
            mended, taken = _mended(gaps[agency], below[agency], gaps, threshold)
        visible = agency in candidates and is_safe(mended, threshold)
        if visible:
            gaps[agency] = mended
            seen.add(agency)
            seen.difference_update(taken)
            below[agency] = [one for one in below[agency] if one not in taken] + [two for one in taken for two in below[one]]
        parent = table.tree[agency]
        if parent is not None and parent in table.tree:
            below[parent] += [agency] if visible else below[agency]
            if not visible:
                gaps[parent] = plus(gaps[parent], gaps[agency])
    return seen


def covered_with_all_below(table: Table, threshold: int) -> set[UUID]:
    """The agencies that may be seen where below one that is hidden nothing is seen."""
    totals, gaps = dict(table.own), dict(table.own)
    children: dict[UUID, list[UUID]] = {agency: [] for agency in table.tree}
    hidden: set[UUID] = set()
    for agency in table.order:
        mended, taken = _mended(gaps[agency], [one for one in children[agency] if one not in hidden], totals, threshold)
        hidden.update(taken)
        if not is_safe(mended, threshold):
            hidden.add(agency)
        parent = table.tree[agency]
        if parent is not None and parent in table.tree:
            children[parent].append(agency)
            totals[parent] = plus(totals[parent], totals[agency])
            if agency in hidden:
                gaps[parent] = plus(gaps[parent], totals[agency])
    return below_hidden(table, hidden)


def below_hidden(table: Table, hidden: Collection[UUID]) -> set[UUID]:
    """All agencies of the table but the hidden ones and what is below them."""
    seen: set[UUID] = set()
    for agency in reversed(table.order):  # parents first
        parent = table.tree[agency]
        if agency not in hidden and (parent is None or parent not in table.tree or parent in seen):
            seen.add(agency)
    return seen


def nearest_seen(table: Table, seen: Collection[UUID]) -> dict[UUID, UUID | None]:
    """Of each agency itself or the nearest above it that is seen: in whose gap its own staff are."""
    found: dict[UUID, UUID | None] = {}
    for agency in reversed(table.order):
        parent = table.tree[agency]
        found[agency] = agency if agency in seen else found.get(parent) if parent is not None else None
    return found


def _mended(gap: Counts, choices: list[UUID], weights: Mapping[UUID, Counts], threshold: int) -> tuple[Counts, list[UUID]]:
    """The gap with as much of the choices as makes it safe; one that stays unsafe has taken all that could help."""
    taken: list[UUID] = []
    left = [one for one in choices if any(weights[one])]
    while not is_safe(gap, threshold):
        small = [place for place, count in enumerate(gap) if 0 < abs(count) < threshold]
        helpful = [one for one in left if any(weights[one][place] for place in small)]
        if not helpful:
            break
        best = min(helpful, key=lambda one: (not is_safe(plus(gap, weights[one]), threshold), sum(map(abs, weights[one])), one))
        gap = plus(gap, weights[best])
        taken.append(best)
        left.remove(best)
    return gap, taken
