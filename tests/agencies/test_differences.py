"""What the preview of a change says of the tree before and after."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from lms.agencies.models import FOREVER
from lms.agencies.rules.differences import differences
from lms.agencies.rules.replay import Version

A, B, P, Q = (UUID(int=number) for number in range(1, 5))
JULY = date(2025, 7, 1)


def version(
    agency: UUID, begin: date, end: date = FOREVER, *, name: str = "Sở", parent: UUID | None = P, basis: str | None = None
) -> Version:
    return Version(agency, begin, end, name, None, "department", "so_nganh", "tinh", parent, basis)


def test_what_is_the_same_both_ways_is_not_mentioned() -> None:
    same = {A: (version(A, date(2020, 1, 1)),)}
    assert differences(same, {A: (version(A, date(2020, 1, 1), JULY), version(A, JULY, basis="QĐ 5"))}) == []


def test_an_end_a_beginning_and_another_parent_are_told_apart() -> None:
    before = {A: (version(A, date(2020, 1, 1)),), B: (version(B, date(2020, 1, 1)),)}
    after = {
        A: (version(A, date(2020, 1, 1), JULY),),
        B: (version(B, date(2020, 1, 1), JULY), version(B, JULY, parent=Q)),
        Q: (version(Q, JULY),),
    }
    moved, ended, begun = differences(before, after)[1], differences(before, after)[0], differences(before, after)[2]
    assert (ended.agency, ended.ends, ended.since) == (A, True, JULY)
    assert (moved.agency, moved.fields, moved.before and moved.before.parent, moved.after and moved.after.parent) == (B, ("parent",), P, Q)
    assert (begun.agency, begun.begins, begun.until) == (Q, True, FOREVER)


def test_days_in_a_row_that_differ_alike_are_one_difference() -> None:
    later = date(2026, 1, 1)
    before = {A: (version(A, date(2020, 1, 1), later), version(A, later, basis="khác"))}
    after = {A: (version(A, date(2020, 1, 1), JULY), version(A, JULY, later, name="Mới"), version(A, later, name="Mới", basis="khác"))}
    (one,) = differences(before, after)
    assert (one.since, one.until, one.fields) == (JULY, FOREVER, ("name",))
