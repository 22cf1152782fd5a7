"""How far, where to go on, and for whom."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.rules import is_for, lesson_slug, percent_done, resume_at

counts = st.integers(min_value=-5, max_value=500)
slugs = st.lists(st.text("abc", min_size=1, max_size=4), unique=True, max_size=12)


@given(counts, counts)
def test_progress_is_never_below_nothing_nor_above_everything(done: int, total: int) -> None:
    assert 0 <= percent_done(done, total) <= 100


@given(st.integers(1, 500).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_only_all_of_it_is_a_hundred_per_cent(counted: tuple[int, int]) -> None:
    done, total = counted
    assert (percent_done(done, total) == 100) == (done == total)


@given(st.integers(1, 200), st.integers(0, 199))
def test_one_more_lesson_never_takes_progress_back(total: int, done: int) -> None:
    assert percent_done(done + 1, total) >= percent_done(done, total)


@given(slugs, st.data())
def test_one_goes_on_at_a_lesson_of_the_course_that_is_not_done(order: list[str], data: st.DataObject) -> None:
    completed = data.draw(st.sets(st.sampled_from(order))) if order else set()
    last = data.draw(st.none() | st.sampled_from([*order, "gone"]))
    found = resume_at(order, completed, last)
    if not order:
        assert found is None
    elif completed == set(order):
        assert found == order[0]
    else:
        assert found in order
        assert found not in completed


@pytest.mark.parametrize(
    ("completed", "last", "expected"),
    [
        ((), None, "a"),
        ((), "b", "b"),
        (("b",), "b", "c"),
        (("b", "c"), "c", "a"),
        (("a",), "gone", "b"),
        (("a", "b", "c"), "c", "a"),
    ],
)
def test_one_goes_on_where_one_was_or_at_the_next_lesson(completed: tuple[str, ...], last: str | None, expected: str) -> None:
    assert resume_at(["a", "b", "c"], completed, last) == expected


@pytest.mark.parametrize(
    ("groups", "has_it_duty", "expected"),
    [({"N2"}, False, True), ({"N4"}, False, False), ({"N4"}, True, True), (set(), False, False)],
)
def test_a_course_is_for_its_position_groups_and_for_it_officers(groups: set[str], has_it_duty: bool, expected: bool) -> None:
    assert is_for(("N1", "N2", "IT"), groups, has_it_duty=has_it_duty) is expected


def test_a_lesson_is_known_with_and_without_its_digits() -> None:
    assert lesson_slug("01-so-hoa-la-gi") == lesson_slug("so-hoa-la-gi") == "so-hoa-la-gi"
