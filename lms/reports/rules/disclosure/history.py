"""Holding a report to be published against those that are public, on the lineage of the agencies.

What the attacker is taken to know: head-counts of an agency's own staff are the same in all quarters (people stay where they are, but for
the changes of organisation); results of one quarter tell nothing of another's, but those of two revisions of one quarter are the same.
So the sets of people that all reports together tell apart are the common refinement of their gaps: none of them may be small that was not
told apart before. Agencies that came from nobody are outside this: no earlier report speaks of their people. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from lms.agencies.rules.lineage import Passage
from lms.reports.rules.disclosure.covering import Counts, Table, below_hidden, is_safe, nearest_seen, plus
from lms.results.rules.restating import Restatement, Tree

Gaps = tuple[UUID | None, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """A public table of another report: its tree with the counts of own staff, what is seen in it, and the way to today's tree."""

    table: Table
    seen: frozenset[UUID]
    passages: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class Atom:
    """People no table tells apart by more than this: counted in `agency` today, and in the gap of which agency in each earlier table
    (None: in none that is seen, or not there). `counts` is how many they are, `before` how many the latest earlier table has."""

    agency: UUID
    gaps: Gaps
    counts: Counts
    before: Counts


def atoms_of(table: Table, earlier: Sequence[Earlier]) -> list[Atom]:
    """Splits and mergers may leave several in an agency. Earlier tables from the latest back."""
    paths: list[tuple[UUID, Gaps]] = [(agency, ()) for agency in table.tree]
    for place, one in enumerate(earlier):
        paths = _one_step_back(paths, place, one, earlier, table.tree)
    nearest = [nearest_seen(one.table, one.seen) for one in earlier]
    in_agency: dict[UUID, list[Gaps]] = defaultdict(list)
    for agency, path in paths:
        in_agency[agency].append(path)
    heirs_of: list[dict[UUID, int]] = []
    for place in range(len(earlier)):
        counted: dict[UUID, set[UUID]] = defaultdict(set)
        for agency, path in paths:
            if (before := path[place]) is not None:
                counted[before].add(agency)
        heirs_of.append({before: len(agencies) for before, agencies in counted.items()})
    atoms = []
    for agency, own in in_agency.items():
        for path in own:
            counts = table.own[agency] if len(own) == 1 else _counts_then(path, earlier, heirs_of, table.own[agency])
            gaps = tuple(nearest[place][before] if before is not None else None for place, before in enumerate(path))
            last = path[0] if path else None
            atoms.append(Atom(agency, gaps, counts, table.own[agency] if last is None else earlier[0].table.own[last]))
    return atoms


def held_together(
    table: Table, seen: set[UUID], earlier: Sequence[Earlier], threshold: int, *, with_all_below: bool = False, same_facts: bool = False
) -> set[UUID]:
    """What is left to see where nothing small may be told apart with the help of earlier tables.

    `same_facts`: they are revisions of this one; then nothing that was small in the last of them may be told either, be it that this one
    shows what the other hid. What an earlier revision told apart by itself stays so."""
    if not earlier:
        return seen
    atoms = [atom for atom in atoms_of(table, earlier) if (same_facts or any(atom.gaps)) and any((*atom.counts, *atom.before))]
    while atoms:
        nearest = nearest_seen(table, seen)
        classes: dict[Gaps, dict[UUID | None, Counts]] = defaultdict(dict)
        for atom in atoms:
            parts, place = classes[atom.gaps], nearest[atom.agency]
            counts = atom.counts + atom.before if same_facts else atom.counts
            parts[place] = plus(parts[place], counts) if place in parts else counts
        hide: set[UUID] = set()
        for gaps, parts in classes.items():
            hide |= _to_hide(table, seen, parts, threshold) if any(gaps) else _shown_anew(parts, threshold)
        if not hide:
            break
        seen = seen - hide
        if with_all_below:
            seen &= below_hidden(table, set(table.tree) - seen)
    return seen


def open_when_restated(earlier: Earlier, after: Tree) -> set[UUID]:
    """The agencies of today whose restated figures would tell gaps of the earlier table apart."""
    restating = Restatement(earlier.table.tree, after, earlier.passages)
    nearest = nearest_seen(earlier.table, earlier.seen)
    gaps: dict[UUID | None, list[UUID | None]] = defaultdict(list)
    for agency in earlier.table.tree:
        if any(earlier.table.own[agency]):
            heirs = list(restating.heirs(agency))
            gaps[nearest[agency]] += heirs or [restating.place(agency, None)]
    opened: set[UUID] = set()
    for gap, places in gaps.items():
        paths = [_path(after, place) for place in set(places)]
        shared = set(paths[0]).intersection(*paths[1:]) if gap is not None else set()
        for path in paths:
            opened.update(one for one in path if one not in shared)
    return opened


def _to_hide(table: Table, seen: Collection[UUID], parts: Mapping[UUID | None, Counts], threshold: int) -> set[UUID]:
    """What is to be hidden of one gap of the earlier tables, of which today's tell these parts apart."""
    hide: set[UUID] = set()
    for place, counts in parts.items():
        others = [one for one in parts if one != place]
        if others and not is_safe(counts, threshold):
            partner = min(others, key=lambda one: (one is None, sum(map(abs, parts[one])), str(one)))
            hide |= _between(table.tree, place, partner, seen)
    return hide


def _shown_anew(parts: Mapping[UUID | None, Counts], threshold: int) -> set[UUID]:
    """What is to be hidden of that of which the earlier table showed nothing."""
    return {place for place, counts in parts.items() if place is not None and not is_safe(counts, threshold)}


def _one_step_back(
    paths: Iterable[tuple[UUID, Gaps]], place: int, one: Earlier, earlier: Sequence[Earlier], today: Tree
) -> list[tuple[UUID, Gaps]]:
    """Each path with the agency before it in one more table; several where several came together."""
    later_tree, known = (today, set[UUID]()) if place == 0 else (earlier[place - 1].table.tree, _events(earlier[place - 1].passages))
    step = Restatement(one.table.tree, later_tree, [passage for passage in one.passages if passage.event not in known])
    came_from: dict[UUID, list[UUID]] = defaultdict(list)
    for before in one.table.tree:
        for heir in step.heirs(before):
            came_from[heir].append(before)
    longer: list[tuple[UUID, Gaps]] = []
    for agency, path in paths:
        last = agency if place == 0 else path[-1]
        origins: Sequence[UUID | None] = came_from.get(last, [None]) if last is not None else [None]
        longer += [(agency, (*path, origin)) for origin in origins]
    return longer


def _counts_then(path: Gaps, earlier: Sequence[Earlier], heirs_of: Sequence[Mapping[UUID, int]], today: Counts) -> Counts:
    """How many came along a path: what the latest agency had of which all came into one; else all that are there today."""
    for place, before in enumerate(path):
        if before is not None and heirs_of[place][before] == 1:
            return earlier[place].table.own[before]
    return today


def _events(passages: Iterable[Passage]) -> set[UUID]:
    return {passage.event for passage in passages}


def _between(tree: Tree, one: UUID | None, other: UUID | None, seen: Collection[UUID]) -> set[UUID]:
    """What is seen on the way from two agencies up to where they meet."""
    first, second = _path(tree, one), _path(tree, other)
    return (set(first) ^ set(second)).intersection(seen)


def _path(tree: Tree, agency: UUID | None) -> list[UUID]:
    path: list[UUID] = []
    while agency is not None and agency in tree:
        path.append(agency)
        agency = tree[agency]
    return path
