"""Every agency of a report beside the quarter before, through three lenses, and why its rates moved. Pure.

As reported: what the earlier report said of the agency; of one that did not exist then, what it said of the largest agency that went on in
it. Restated: the people of the earlier quarter counted on today's organisation (`lms.results.rules.restating`). The same people: those
expected in the agency's subtree both times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.agencies.rules.lineage import Passage
from lms.results.rules import Change, Flow, PassRate, Split, Tally, participation_split, pass_split
from lms.results.rules.restating import Restatement, Tree


@dataclass(frozen=True, slots=True)
class KnownLater:
    """What came to be known of the earlier quarter after its report was frozen: `kind` is excluded, included or outcome; `reason` the
    reason of an exclusion (of one that was put on the list again, the one it had), None for outcomes. In people."""

    kind: str
    reason: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Predecessor:
    """An agency that went on in this one: what was reported of it, and how the step from there to today's rate is made up."""

    agency_id: UUID
    reported: Tally
    passing: Split | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`reported_as`: whose earlier figures stand for this agency's; None: nobody's, and the restated ones are taken for them."""

    agency_id: UUID
    reported_as: UUID | None
    change: Change
    passing: Split | None
    participation: Split | None
    predecessors: tuple[Predecessor, ...] = ()


def compare(
    before: Tree,
    after: Tree,
    flows: Sequence[Flow],
    passages: Sequence[Passage],
    rate: PassRate = PassRate.OF_THOSE_WHO_TOOK_PART,
) -> dict[UUID, Comparison]:
    """Every agency of the later tree. One pass over the flows; cost grows with agencies and flows, not with their product."""
    restating = Restatement(before, after, passages, flows)
    own_before: dict[UUID, Tally] = defaultdict(Tally)
    own_restated: dict[UUID, Tally] = defaultdict(Tally)
    own_after: dict[UUID, Tally] = defaultdict(Tally)
    same_before: dict[UUID, Tally] = defaultdict(Tally)
    same_after: dict[UUID, Tally] = defaultdict(Tally)
    for flow in flows:
        place = None
        if flow.agency_before is not None:
            own_before[flow.agency_before] += flow.before
            place = restating.place(flow.agency_before, flow.agency_after)
            if place is not None:
                own_restated[place] += flow.before
        if flow.agency_after is not None:
            own_after[flow.agency_after] += flow.after
            if place is not None and flow.both_before.expected and (meeting := _meeting(after, place, flow.agency_after)) is not None:
                same_before[meeting] += flow.both_before
                same_after[meeting] += flow.both_after
    reported = summed(before, own_before)
    sums = [summed(after, own) for own in (own_restated, own_after, same_before, same_after)]
    came_from: dict[UUID, list[UUID]] = defaultdict(list)
    for agency in before:
        for heir in restating.heirs(agency):
            came_from[heir].append(agency)
    return {agency: _comparison(agency, came_from[agency], reported, [one[agency] for one in sums], rate) for agency in after}


def later_by_agency(
    before: Tree, after: Tree, passages: Sequence[Passage], news: Iterable[tuple[UUID, str, str | None, int]]
) -> dict[UUID, list[KnownLater]]:
    """What came to be known later, as (agency whose own staff it concerns, kind, reason, people), for every agency of today's tree with
    all below it; those of a divided agency under its main heir."""
    restating = Restatement(before, after, passages)
    found: dict[UUID, dict[tuple[str, str | None], int]] = defaultdict(lambda: defaultdict(int))
    for agency, kind, reason, people in news:
        place = restating.place(agency, None)
        while place is not None and place in after:
            found[place][kind, reason] += people
            place = after[place]
    return {
        agency: [
            KnownLater(kind, reason, people) for (kind, reason), people in sorted(own.items(), key=lambda one: (one[0][0], one[0][1] or ""))
        ]
        for agency, own in found.items()
    }


def summed(tree: Tree, own: Mapping[UUID, Tally]) -> dict[UUID, Tally]:
    """Own staff and all below."""
    totals = {agency: own.get(agency, Tally()) for agency in tree}
    for agency in children_first(tree):
        parent = tree[agency]
        if parent in totals:
            totals[parent] += totals[agency]
    return totals


def children_first(tree: Tree) -> list[UUID]:
    children: dict[UUID, list[UUID]] = defaultdict(list)
    order: list[UUID] = []
    for agency, parent in tree.items():
        if parent in tree:
            children[parent].append(agency)  # type: ignore[index]  # None is no agency of the tree
        else:
            order.append(agency)
    for agency in order:  # grows while it is walked
        order.extend(children[agency])
    return order[::-1]


def comparison_json(comparison: Comparison, *, period: str, known_later: Iterable[KnownLater] = ()) -> dict[str, Any]:
    """As kept in a report: whole numbers and strings. A part of a split is an exact fraction ("-1/5" is minus twenty points) and, beside
    it, hundredths of a point that sum to the rounded change."""
    change = comparison.change
    return {
        "period": period,
        "lenses": {
            "as_reported": {
                "agency": str(comparison.reported_as) if comparison.reported_as else None,
                "before": change.reported.as_dict() if comparison.reported_as else None,
                "after": change.after.as_dict(),
            },
            "restated": {"before": change.restated.as_dict(), "after": change.after.as_dict()},
            "same_people": {"before": change.same_before.as_dict(), "after": change.same_after.as_dict()},
        },
        "split": {"passing": _split_json(comparison.passing), "participation": _split_json(comparison.participation)},
        "predecessors": [
            {"agency": str(one.agency_id), "reported": one.reported.as_dict(), "passing": _split_json(one.passing)}
            for one in comparison.predecessors
        ],
        "known_later": [{"kind": one.kind, "reason": one.reason, "people": one.people} for one in known_later],
    }


def _comparison(agency: UUID, came_from: Sequence[UUID], reported: Mapping[UUID, Tally], sums: list[Tally], rate: PassRate) -> Comparison:
    restated, after, same_before, same_after = sums
    others = [one for one in came_from if one != agency]
    stands_for = agency if agency in reported else _largest(others, reported)
    base = restated if stands_for is None else reported[stands_for]
    change = Change(base, restated, after, same_before, same_after)
    predecessors = tuple(
        Predecessor(one, reported[one], pass_split(Change(reported[one], restated, after, same_before, same_after), rate))
        for one in sorted(others, key=lambda one: (-reported[one].expected, one))
    )
    return Comparison(agency, stands_for, change, pass_split(change, rate), participation_split(change), predecessors)


def _largest(agencies: Sequence[UUID], reported: Mapping[UUID, Tally]) -> UUID | None:
    """Of equally large ones the one more of whom took part and passed: which of those that are alike in this, changes no rate."""
    if not agencies:
        return None
    return max(agencies, key=lambda one: (reported[one].expected, reported[one].took_part, reported[one].passed, -one.int))


def _meeting(tree: Tree, one: UUID, other: UUID) -> UUID | None:
    """The lowest agency that has both in its subtree."""
    above = set()
    step: UUID | None = one
    while step is not None and step in tree:
        above.add(step)
        step = tree[step]
    step = other
    while step is not None and step in tree:
        if step in above:
            return step
        step = tree[step]
    return None


def _split_json(split: Split | None) -> dict[str, Any] | None:
    if split is None:
        return None
    exact: Mapping[str, Fraction] = {
        "performance": split.performance,
        "composition": split.composition,
        "structure": split.structure,
        "total": split.total,
    }
    return {**{name: str(part) for name, part in exact.items()}, "hundredths": split.hundredths()}
