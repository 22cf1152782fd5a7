"""Who is below whom, against a model too simple to be wrong: climb parent by parent, day by day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.agencies.rules.closure import FOREVER, CycleError, ParentMissingError, ParentSpan, ancestry, by_agency, closure, first_gap, joined

START = date(2024, 1, 1)
DAYS = [START + timedelta(days=index) for index in range(12)]
AGENCIES = "abcdefgh"

Parents = dict[str, list[ParentSpan[str]]]


@st.composite
def histories(draw: st.DrawFn) -> Parents:
    """Agencies that change their parents at random; cycles and missing parents are as likely as trees."""
    spans: list[ParentSpan[str]] = []
    for agency in AGENCIES[: draw(st.integers(1, len(AGENCIES)))]:
        cuts = sorted(draw(st.sets(st.integers(0, 10), min_size=1, max_size=4)))
        ends = [*cuts[1:], draw(st.sampled_from([11, None]))]
        for begin, end in zip(cuts, ends, strict=True):
            parent = draw(st.one_of(st.none(), st.sampled_from(AGENCIES)))
            spans.append(ParentSpan(agency, parent, DAYS[begin], FOREVER if end is None else DAYS[end]))
    return by_agency(spans)


def parent_on(spans: Parents, agency: str, day: date) -> tuple[bool, str | None]:
    for span in spans.get(agency, ()):
        if span.valid_from <= day < span.valid_to:
            return True, span.parent
    return False, None


def naive(spans: Parents, agency: str, day: date) -> list[str] | str:
    """The path to the root on a day, or what is wrong with it."""
    path: list[str] = []
    here: str | None = agency
    while here is not None:
        if here in path:
            return "cycle"
        there, parent = parent_on(spans, here, day)
        if not there:
            return "missing" if path else []
        path.append(here)
        here = parent
    return path


@settings(max_examples=400, deadline=None)
@given(histories())
def test_the_closure_says_the_same_as_climbing_day_by_day(spans: Parents) -> None:
    for agency in spans:
        expected = {day: naive(spans, agency, day) for day in DAYS}
        try:
            rows = ancestry(agency, spans)
        except (CycleError, ParentMissingError):
            assert any(isinstance(path, str) for path in expected.values())
            continue
        assert not any(isinstance(path, str) for path in expected.values())
        for day, path in expected.items():
            held = sorted((row.depth, row.ancestor) for row in rows if row.valid_from <= day < row.valid_to)
            assert held == list(enumerate(path))


@settings(max_examples=200, deadline=None)
@given(histories())
def test_spans_of_one_ancestor_never_overlap_nor_touch_at_the_same_depth(spans: Parents) -> None:
    try:
        rows = closure(spans)
    except (CycleError, ParentMissingError):
        return
    by_pair: dict[tuple[str, str], list[tuple[date, date, int]]] = {}
    for row in rows:
        by_pair.setdefault((row.ancestor, row.descendant), []).append((row.valid_from, row.valid_to, row.depth))
    for held in by_pair.values():
        held.sort()
        for (_, end, depth), (begin, _, next_depth) in pairwise(held):
            assert end < begin or (end == begin and depth != next_depth)


def test_agencies_below_each_other_in_different_years_are_no_cycle() -> None:
    turn = date(2025, 7, 1)
    spans = by_agency(
        [
            ParentSpan("a", None, START, turn),
            ParentSpan("a", "b", turn, FOREVER),
            ParentSpan("b", "a", START, turn),
            ParentSpan("b", None, turn, FOREVER),
        ]
    )
    assert {(row.ancestor, row.valid_from) for row in ancestry("a", spans)} == {("a", START), ("b", turn)}


def test_a_cycle_of_one_day_is_found_with_its_day() -> None:
    day, last = date(2025, 7, 1), FOREVER - timedelta(1)
    spans = by_agency(
        [
            ParentSpan("a", "b", day, FOREVER),
            ParentSpan("b", None, day, FOREVER - timedelta(1)),
            ParentSpan("b", "a", FOREVER - timedelta(1), FOREVER),
        ]
    )
    with pytest.raises(CycleError) as caught:
        ancestry("a", spans)
    assert caught.value.day == last
    assert set(caught.value.agencies) == {"a", "b"}


def test_a_parent_that_ends_too_early_is_named_with_the_first_day_without_it() -> None:
    end = date(2025, 7, 1)
    spans = by_agency([ParentSpan("a", None, START, end), ParentSpan("b", "a", START, FOREVER)])
    with pytest.raises(ParentMissingError) as caught:
        ancestry("b", spans)
    assert (caught.value.agency, caught.value.parent, caught.value.day) == ("b", "a", end)


def test_joined_and_first_gap() -> None:
    one, two, three, four = DAYS[:4]
    assert joined([(two, three), (one, two), (three, three)]) == [(one, three)]
    assert joined([(one, two), (three, four)]) == [(one, two), (three, four)]
    assert first_gap(one, four, [(one, two), (three, four)]) == two
    assert first_gap(one, three, [(one, two), (two, four)]) is None
