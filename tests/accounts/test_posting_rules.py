"""Posts and leaves as rules: whatever is done, each day has at most one primary post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.accounts.rules import leaves as leave_rules
from lms.accounts.rules import postings as rules
from lms.accounts.rules.leaves import Away
from lms.accounts.rules.postings import Post
from lms.agencies.rules.closure import FOREVER
from lms.kit.errors import Conflict, DomainError

START = date(2026, 1, 1)
DAYS = 40
AGENCIES = [UUID(int=n) for n in range(1, 5)]


def day(number: int) -> date:
    return START + timedelta(days=number)


def calendar(posts: list[Post]) -> list[UUID | None]:
    """Where the person is counted, day by day."""
    found: list[UUID | None] = []
    for number in range(-1, DAYS + 2):
        primary = [post for post in posts if post.is_primary and post.holds(day(number))]
        assert len(primary) <= 1, (day(number), primary)
        found.append(primary[0].agency_id if primary else None)
    return found


def present(posts: list[Post], number: int) -> set[UUID]:
    return {post.agency_id for post in posts if post.holds(day(number))}


spans = st.tuples(st.integers(0, DAYS - 1), st.integers(1, DAYS)).map(lambda pair: (day(pair[0]), day(pair[0] + pair[1])))
open_spans = st.one_of(spans, st.integers(0, DAYS).map(lambda number: (day(number), FOREVER)))


@st.composite
def new_posts(draw: st.DrawFn) -> Post:
    first, end = draw(open_spans)
    return Post(None, draw(st.sampled_from(AGENCIES)), "N2", first, end, is_primary=draw(st.booleans()))


def stored(posts: list[Post]) -> list[Post]:
    """As they come back from the database: each with a number of its own."""
    return [post if post.id else replace(post, id=uuid4()) for post in posts]


Step = Callable[[list[Post]], list[Post]]


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """One change, as one of the pages would ask for it; about a post chosen among those there are."""
    which, on, agency = draw(st.integers(0, 9)), day(draw(st.integers(0, DAYS))), draw(st.sampled_from(AGENCIES))
    kind = draw(st.sampled_from(["add", "end", "primary", "correct", "move", "leave"]))
    post, (first, end) = draw(new_posts()), draw(open_spans)

    def step(posts: list[Post]) -> list[Post]:
        if kind == "add" or not posts:
            return rules.with_post(posts, post)
        chosen = posts[which % len(posts)]
        match kind:
            case "end":
                return rules.ended(posts, chosen, on)
            case "primary":
                return rules.made_primary(posts, chosen, on)
            case "correct":
                return rules.corrected(posts, chosen, {"valid_from": first, "valid_to": end})
            case "move":
                return rules.moved(posts, agency, on)
            case _:
                return rules.left(posts, on)

    return step


@st.composite
def histories(draw: st.DrawFn) -> list[Post]:
    posts: list[Post] = []
    for step in draw(st.lists(steps(), min_size=1, max_size=8)):
        try:
            posts = stored(step(posts))
        except DomainError:
            continue
    return posts


@given(st.lists(steps(), max_size=12))
def test_whatever_is_done_no_day_has_two_primary_posts_nor_an_agency_two(changes: list[Step]) -> None:
    posts: list[Post] = []
    for change in changes:
        try:
            posts = change(posts)
        except DomainError:
            continue
        calendar(posts)
        assert rules.two_primary_on(posts) is None
        for number in range(DAYS):
            held = [post.agency_id for post in posts if post.holds(day(number))]
            assert len(held) == len(set(held))
        assert all(post.valid_from < post.valid_to for post in posts)
        known = [post.id for post in posts if post.id is not None]
        assert len(known) == len(set(known)), "a stored row is one post"
        posts = stored(posts)


@given(histories(), new_posts())
def test_a_new_primary_post_counts_on_its_days_and_changes_no_other_day(posts: list[Post], post: Post) -> None:
    try:
        after = rules.with_post(posts, post)
    except Conflict:
        return
    for number, (was, now) in enumerate(zip(calendar(posts), calendar(after), strict=True), start=-1):
        assert now == (post.agency_id if post.is_primary and post.holds(day(number)) else was)
    for number in range(DAYS):
        assert present(after, number) == present(posts, number) | ({post.agency_id} if post.holds(day(number)) else set())


@given(histories(), st.sampled_from(AGENCIES), st.integers(0, DAYS))
def test_who_moves_is_counted_in_the_new_agency_from_that_day_and_as_before_until_then(
    posts: list[Post], agency: UUID, number: int
) -> None:
    try:
        after = rules.moved(posts, agency, day(number))
    except DomainError:
        return
    assert calendar(after)[: number + 1] == calendar(posts)[: number + 1]
    assert set(calendar(after)[number + 1 :]) == {agency}


@given(histories(), st.integers(0, DAYS))
def test_who_leaves_holds_nothing_from_that_day(posts: list[Post], number: int) -> None:
    after = rules.left(posts, day(number))
    assert calendar(after)[: number + 1] == calendar(posts)[: number + 1]
    assert all(post.valid_to <= day(number) for post in after)


@given(histories(), histories())
def test_two_records_joined_are_counted_where_the_kept_one_was_and_else_where_the_other_was(kept: list[Post], absorbed: list[Post]) -> None:
    joined = rules.joined(kept, absorbed)
    pairs = zip(calendar(joined), calendar(kept), calendar(absorbed), strict=True)
    for number, (now, mine, theirs) in enumerate(pairs, start=-1):
        if mine is not None:
            assert now == mine
        elif theirs is None or theirs not in present(kept, number):
            assert now == theirs
        assert present(joined, number) == present(kept, number) | present(absorbed, number)


@given(st.lists(st.tuples(spans, st.sampled_from(["sick", "study"])), max_size=6), st.lists(spans, max_size=6))
def test_leaves_cover_a_day_once_and_joining_loses_none(mine: list[tuple[tuple[date, date], str]], theirs: list[tuple[date, date]]) -> None:
    def built(wanted: list[Away]) -> list[Away]:
        held: list[Away] = []
        for leave in wanted:
            try:
                held = leave_rules.with_leave(held, leave)
            except Conflict:
                continue
        return held

    kept = built([Away(None, reason, *span) for span, reason in mine])
    absorbed = built([Away(None, "maternity", *span) for span in theirs])
    joined = leave_rules.joined_leaves(kept, absorbed)
    for number in range(2 * DAYS):
        on = [leave.reason for leave in joined if leave.valid_from <= day(number) < leave.valid_to]
        first = [leave.reason for leave in kept if leave.valid_from <= day(number) < leave.valid_to]
        second = [leave.reason for leave in absorbed if leave.valid_from <= day(number) < leave.valid_to]
        assert on == (first or second)


def test_a_secondment_counted_at_the_host_returns_home_by_itself() -> None:
    home = Post(UUID(int=7), AGENCIES[0], "N2", day(0), is_primary=True)
    after = rules.with_post([home], Post(None, AGENCIES[1], "N2", day(10), day(20), is_primary=True))
    counted = calendar(after)
    assert (counted[10], counted[11], counted[20], counted[21]) == (AGENCIES[0], AGENCIES[1], AGENCIES[1], AGENCIES[0])
    assert all(AGENCIES[0] in present(after, number) for number in range(DAYS)), "the post at home is kept all the time"


def test_a_primary_post_beside_another_is_not_ended_unawares() -> None:
    posts = rules.with_post([Post(UUID(int=7), AGENCIES[0], "N2", day(0), is_primary=True)], Post(UUID(int=8), AGENCIES[1], "N2", day(3)))
    with pytest.raises(Conflict, match="Đổi vị trí chính"):
        rules.ended(posts, posts[0], day(5))
    assert calendar(rules.ended(posts, posts[1], day(5)))[-1] == AGENCIES[0]


@pytest.mark.parametrize(("first", "end"), [(5, 5), (6, 5)])
def test_a_span_of_no_days_is_refused(first: int, end: int) -> None:
    with pytest.raises(DomainError, match="sau ngày bắt đầu"):
        rules.with_post([], Post(None, AGENCIES[0], "N2", day(first), day(end)))
    with pytest.raises(DomainError, match="sau ngày bắt đầu"):
        leave_rules.with_leave([], Away(None, "sick", day(first), day(end)))
