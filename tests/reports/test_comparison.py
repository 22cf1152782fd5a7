"""Two quarters through three lenses, and the change of a rate as exact parts that sum, through whatever happens to the tree."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from lms.agencies.rules.lineage import Passage
from lms.reports.rules.comparison import Comparison, KnownLater, compare, comparison_json, summed
from lms.results.rules import Change, Flow, PassRate, Split, Tally, participation_split, pass_split
from lms.results.rules.restating import Restatement, Tree


def uuid(number: int) -> UUID:
    return UUID(int=number)


R, A, B, C, D, E = (uuid(number) for number in range(1, 7))


def tally(passed: int, expected: int) -> Tally:
    return Tally(expected, expected, passed, passed * 8000)


def same(before: UUID, after: UUID, was: Tally, is_now: Tally) -> Flow:
    """People who are on both lists."""
    return Flow(before, after, was, is_now, was, is_now)


WORKED = (
    [same(A, C, tally(40, 50), tally(43, 50)), same(B, C, tally(20, 50), tally(22, 50))],
    [Passage(uuid(90), ((A, C, 1.0), (B, C, 1.0)))],
)


def test_the_worked_case_rose_by_five_points_and_the_fall_from_eighty_is_structure() -> None:
    """A 40/50 + B 20/50 → C 65/100: restated 60/100, five points up; for A's people the step from 80 to 60 is structure alone."""
    compared = compare({R: None, A: R, B: R}, {R: None, C: R}, *WORKED)
    change = compared[C].change
    assert (change.reported, change.restated, change.after) == (tally(40, 50), tally(60, 100), tally(65, 100))
    assert compared[C].reported_as == A
    assert compared[C].passing == Split(Fraction(5, 100), Fraction(0), Fraction(-20, 100))
    of = {one.agency_id: one.passing for one in compared[C].predecessors}
    assert of == {A: Split(Fraction(5, 100), Fraction(0), Fraction(-20, 100)), B: Split(Fraction(5, 100), Fraction(0), Fraction(20, 100))}
    assert compared[R].passing == Split(Fraction(5, 100), Fraction(0), Fraction(0))
    assert compared[C].passing.hundredths() == {"performance": 500, "composition": 0, "structure": -2000}


def test_people_of_a_divided_agency_go_where_their_own_posting_went() -> None:
    flows = [
        same(A, B, tally(30, 30), tally(30, 30)),
        same(A, D, tally(10, 10), tally(10, 10)),  # D is below C
        same(A, E, tally(3, 3), tally(3, 3)),  # went elsewhere by themselves
        Flow(A, None, tally(2, 2)),  # left the service
        same(E, E, tally(5, 5), tally(5, 5)),
    ]
    passages = [Passage(uuid(90), ((A, B, None), (A, C, None)))]
    before: Tree = {R: None, A: R, E: R}
    after: Tree = {R: None, B: R, C: R, D: C, E: R}
    compared = compare(before, after, flows, passages)
    assert compared[B].change.restated.expected == 30 + 3 + 2  # the part to which most went, as no share is declared
    assert compared[C].change.restated.expected == 10
    assert compared[E].change.restated.expected == 5
    assert compared[E].change.same_before.expected == 5
    assert compared[R].change.restated == compared[R].change.reported == summed(before, {A: tally(45, 45), E: tally(5, 5)})[R]


def test_declared_shares_say_where_those_go_whom_no_later_list_counts() -> None:
    passages = [Passage(uuid(90), ((A, B, 0.3), (A, C, 0.7)))]
    restating = Restatement({R: None, A: R}, {R: None, B: R, C: R}, passages, [Flow(A, B, tally(9, 9), tally(9, 9))])
    assert restating.place(A, None) == C
    assert restating.place(A, B) == B


def test_those_of_an_agency_that_ended_in_nobody_are_counted_where_it_hung() -> None:
    restating = Restatement({R: None, A: R, B: A}, {R: None, A: R}, [])
    assert restating.place(B, None) == A


def test_a_subtree_that_moves_is_structure_for_both_who_stand_above() -> None:
    before: Tree = {R: None, A: R, B: R, C: A}
    after: Tree = {R: None, A: R, B: R, C: B}
    flows = [same(one, one, tally(passed, 10), tally(passed, 10)) for one, passed in ((A, 10), (B, 5), (C, 0))]
    compared = compare(before, after, flows, [])
    assert compared[A].passing == Split(Fraction(0), Fraction(0), Fraction(1, 2))
    assert compared[B].passing == Split(Fraction(0), Fraction(0), Fraction(-1, 4))
    assert compared[C].passing == compared[R].passing == Split(Fraction(0), Fraction(0), Fraction(0))


def test_who_leaves_and_who_joins_is_composition() -> None:
    flows = [same(A, A, tally(8, 10), tally(8, 10)), Flow(A, None, tally(0, 10)), Flow(None, A, after=tally(10, 10))]
    split = compare({A: None}, {A: None}, flows, [])[A].passing
    assert split == Split(Fraction(0), Fraction(9, 10) - Fraction(4, 10), Fraction(0))


def test_a_new_agency_that_came_from_nobody_is_compared_with_what_is_restated() -> None:
    compared = compare({R: None, A: R}, {R: None, B: R, A: B}, [same(A, A, tally(5, 10), tally(7, 10))], [])
    assert compared[B].reported_as is None
    assert compared[B].passing == Split(Fraction(1, 5), Fraction(0), Fraction(0))
    assert comparison_json(compared[B], period="20263")["lenses"]["as_reported"]["before"] is None


def test_without_anybody_there_is_no_split() -> None:
    compared = compare({A: None}, {A: None}, [], [])
    assert (compared[A].passing, compared[A].participation) == (None, None)


@st.composite
def tallies(draw: st.DrawFn) -> Tally:
    expected = draw(st.integers(0, 30))
    took_part = draw(st.integers(0, expected))
    return Tally(expected, took_part, draw(st.integers(0, took_part)), took_part * 5000)


@st.composite
def both_times(draw: st.DrawFn) -> tuple[Tally, Tally]:
    one, other = draw(tallies()), draw(tallies())
    size = min(one.expected, other.expected)

    def cut(tally: Tally) -> Tally:
        took_part = min(tally.took_part, size)
        return Tally(size, took_part, min(tally.passed, took_part), took_part * 5000)

    return cut(one), cut(other)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Tree, Tree, list[Flow], list[Passage]]:
    """A tree, what happens to it, and people who stay, move, leave and come."""
    size = draw(st.integers(2, 9))
    before: dict[UUID, UUID | None] = {uuid(1): None, **{uuid(one): uuid(draw(st.integers(1, one - 1))) for one in range(2, size + 1)}}
    after = dict(before)
    passages = []
    for number in range(draw(st.integers(0, 2))):
        leaves = [one for one in after if one not in after.values() and one.int != 1]
        if not leaves:
            break
        one = draw(st.sampled_from(leaves))
        what = draw(st.sampled_from(("merge", "split", "move", "abolish", "consolidate")))
        others = [other for other in after if other != one]
        if what == "merge":
            passages.append(Passage(uuid(900 + number), ((one, draw(st.sampled_from(others)), 1.0),)))
            del after[one]
        elif what == "split":
            parts = (uuid(100 + 10 * number), uuid(101 + 10 * number))
            passages.append(Passage(uuid(900 + number), tuple((one, part, draw(st.sampled_from((None, 0.5)))) for part in parts)))
            after.update(dict.fromkeys(parts, after.pop(one)))
        elif what == "consolidate" and len(leaves) > 1:
            other = next(leaf for leaf in leaves if leaf != one)
            heir = uuid(200 + number)
            passages.append(Passage(uuid(900 + number), ((one, heir, 1.0), (other, heir, 1.0))))
            after[heir] = after.pop(one)
            del after[other]
        elif what == "move":
            after[one] = draw(st.sampled_from(others))
        elif what == "abolish":
            del after[one]
    flows = []
    for _ in range(draw(st.integers(0, 12))):
        source: UUID | None = draw(st.sampled_from([None, *before]))
        target: UUID | None = draw(st.sampled_from([None, *after]))
        was, is_now = draw(tallies()), draw(tallies())
        stayed = draw(both_times()) if source is not None and target is not None else (Tally(), Tally())
        flows.append(
            Flow(source, target, was + stayed[0] if source else Tally(), is_now + stayed[1] if target else Tally(), stayed[0], stayed[1])
        )
    return before, after, flows, passages


def rate(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


@settings(max_examples=150)
@given(worlds(), st.sampled_from(PassRate))
def test_the_parts_always_sum_to_the_change(world: tuple[Tree, Tree, list[Flow], list[Passage]], of: PassRate) -> None:
    before, after, flows, passages = world
    compared = compare(before, after, flows, passages, of)
    assert compared.keys() == after.keys()
    for one in compared.values():
        change = one.change
        ends = [rate(side.passed, getattr(side, of.value)) for side in (change.reported, change.after)]
        if one.passing is not None:
            assert None not in ends
            assert one.passing.total == ends[1] - ends[0]  # type: ignore[operator]
            hundredths = one.passing.hundredths()
            assert abs(sum(hundredths.values()) - 10_000 * one.passing.total) <= Fraction(1, 2)
        if one.participation is not None:
            assert one.participation.total == (
                Fraction(change.after.took_part, change.after.expected) - Fraction(change.reported.took_part, change.reported.expected)
            )
    whole = sum((flow.before for flow in flows if flow.agency_before), Tally())
    assert compared[uuid(1)].change.restated == whole  # nobody is lost on the way
    assert compared[uuid(1)].change.after == sum((flow.after for flow in flows if flow.agency_after), Tally())
    assert compared[uuid(1)].passing is None or compared[uuid(1)].passing.structure == 0


@settings(max_examples=100)
@given(worlds())
def test_names_of_agencies_make_no_difference(world: tuple[Tree, Tree, list[Flow], list[Passage]]) -> None:
    before, after, flows, passages = world

    def other(agency: UUID | None) -> UUID | None:
        return None if agency is None else UUID(int=7 * agency.int + 10**6)

    def named(tree: Tree) -> dict[UUID, UUID | None]:
        return {other(one): other(parent) for one, parent in tree.items()}  # type: ignore[misc]

    renamed = compare(
        named(before),
        named(after),
        [
            Flow(other(one.agency_before), other(one.agency_after), one.before, one.after, one.both_before, one.both_after)
            for one in reversed(flows)
        ],
        [Passage(one.event, tuple((other(a), other(b), share) for a, b, share in one.flows)) for one in passages],  # type: ignore[misc]
    )
    for agency, one in compare(before, after, flows, passages).items():
        twin = renamed[other(agency)]  # type: ignore[index]
        assert (twin.change, twin.passing, twin.participation) == (one.change, one.passing, one.participation)


@given(worlds())
def test_where_the_tree_did_not_change_nothing_is_structure(world: tuple[Tree, Tree, list[Flow], list[Passage]]) -> None:
    before, _, flows, _ = world
    flows = [flow for flow in flows if flow.agency_after in (None, *before)]
    for one in compare(before, before, flows, []).values():
        assert one.change.reported == one.change.restated
        assert one.passing is None or one.passing.structure == 0
        assert one.participation is None or one.participation.structure == 0


@given(st.lists(both_times(), max_size=6))
def test_where_the_people_are_the_same_nothing_is_composition(people: list[tuple[Tally, Tally]]) -> None:
    flows = [same(R, R, was, is_now) for was, is_now in people]
    one = compare({R: None}, {R: None}, flows, [])[R]
    assert one.passing is None or one.passing.composition == 0
    assert one.participation is None or one.participation.composition == 0


@given(tallies(), tallies(), both_times())
def test_a_split_looked_at_backwards_is_the_split_the_other_way_round(was: Tally, is_now: Tally, stayed: tuple[Tally, Tally]) -> None:
    before, after = was + stayed[0], is_now + stayed[1]
    there = pass_split(Change(before, before, after, *stayed))
    back = pass_split(Change(after, after, before, stayed[1], stayed[0]))
    if there is not None and back is not None:
        assert (there.performance, there.composition) == (-back.performance, -back.composition)
    assert (participation_split(Change(before, before, after, *stayed)) is None) == (before.expected == 0 or after.expected == 0)


def test_what_is_kept_of_a_comparison_is_whole_numbers_and_strings() -> None:
    compared: dict[UUID, Comparison] = compare({R: None, A: R, B: R}, {R: None, C: R}, *WORKED)
    kept = comparison_json(compared[C], period="20262", known_later=[KnownLater("excluded", "maternity", 2)])

    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for one in value.values() for leaf in leaves(one)]
        return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]

    assert all(leaf is None or type(leaf) in {int, str} for leaf in leaves(kept))
    assert json.loads(json.dumps(kept)) == kept
    assert kept["split"]["passing"]["structure"] == "-1/5"
    assert kept["known_later"] == [{"kind": "excluded", "reason": "maternity", "people": 2}]
