"""Agencies end and live on in others: people go on in the heir, roles over what has ended end, and all of it can be taken back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting, PostingMove, RoleEnding, RoleGrant
from lms.accounts.operations import move_person, open_posting
from lms.accounts.operations.succession import PostingsAndRoles, living_heirs
from lms.agencies.models import FOREVER, AgencyEvent
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.following import PEOPLE, AgencyTurn, Consequence, Followers
from lms.kit.ids import uuid7
from tests.factories import grant, make_agency, make_people, make_person

AT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
ON = date(2025, 7, 1)
FOLLOWER = PostingsAndRoles()


def turn(session: Session, heirs: dict[UUID, UUID | None], on: date = ON, touched: Iterable[UUID] = ()) -> AgencyTurn:
    event_id = uuid7()
    session.add(AgencyEvent(id=event_id, kind="merge", effective_on=on, recorded_at=AT))
    session.flush()
    return AgencyTurn(event_id, on, heirs, frozenset(touched) | heirs.keys() | {heir for heir in heirs.values() if heir})


def postings(session: Session) -> set[tuple[Any, ...]]:
    columns = [column for column in Posting.__table__.columns if column.key != "id"]
    return {tuple(row) for row in session.execute(select(*columns))}


def grants(session: Session) -> set[tuple[Any, ...]]:
    return {tuple(row) for row in session.execute(select(*RoleGrant.__table__.columns))}


def where(session: Session, person: UUID, on: date, *, primary: bool = True) -> UUID | None:
    held = select(Posting.agency_id).where(
        Posting.person_id == person, Posting.is_primary.is_(primary), Posting.valid_from <= on, Posting.valid_to > on
    )
    return session.scalars(held).one_or_none()


@pytest.fixture
def agencies(database: Database) -> dict[str, UUID]:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        other = make_agency(session, "Huyện ủy", parent=root)
        return {
            "root": root,
            "other": other,
            "media": make_agency(session, "Sở Thông tin và Truyền thông", parent=root),
            "science": make_agency(session, "Sở Khoa học và Công nghệ", parent=root),
            "deep": make_agency(session, "Phòng ở huyện", parent=other),
        }


def test_people_go_on_in_the_heir_with_what_they_are_and_their_past_stays(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an = make_person(session, "Nông Văn An", agency=agencies["media"], group="N1", job_title="Phó Giám đốc", it_duty="full_time")
        session.add(
            Posting(
                person_id=an,
                agency_id=agencies["media"],
                group_code="N2",
                is_primary=False,
                it_duty="concurrent",
                valid_from=date(2024, 1, 1),
            )
        )
        merger = turn(session, {agencies["media"]: agencies["science"]})
        FOLLOWER.follow(session, SERVICE, merger, AT)
        assert where(session, an, date(2025, 6, 30)) == agencies["media"]
        assert where(session, an, ON) == agencies["science"]
        assert where(session, an, ON, primary=False) == agencies["science"]
        now = session.execute(select(Posting).where(Posting.person_id == an, Posting.is_primary, Posting.valid_from == ON)).scalar_one()
        assert (now.group_code, now.job_title, now.it_duty, now.valid_to) == ("N1", "Phó Giám đốc", "full_time", FOREVER)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.follow_agencies")).one()
        assert entry.details == {"on": "2025-07-01", "postings": 2, "roles": 0}


def test_a_post_that_was_to_begin_later_begins_in_the_heir(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=agencies["media"], valid_from=date(2025, 9, 1))
        before = postings(session)
        merger = turn(session, {agencies["media"]: agencies["science"]})
        FOLLOWER.follow(session, SERVICE, merger, AT)
        assert where(session, an, date(2025, 9, 1)) == agencies["science"]
        assert session.scalar(select(func.count()).select_from(Posting)) == 1
        FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)
        assert postings(session) == before


def test_who_had_left_before_the_day_is_left_alone(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=agencies["media"])
        open_posting(session, SERVICE, an, agency_id=agencies["other"], group_code="N2", on=date(2025, 1, 1), at=AT)
        before = postings(session)
        FOLLOWER.follow(session, SERVICE, turn(session, {agencies["media"]: agencies["science"]}), AT)
        assert postings(session) == before


def test_roles_over_the_ended_agency_and_over_what_stood_above_it_alone_end(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=agencies["deep"])
        stranger = make_person(session, agency=agencies["root"])
        grant(session, an, Role.FOCAL_POINT, agencies["deep"])
        grant(session, an, Role.HEAD, agencies["other"])  # above the old agency, not above the heir
        grant(session, an, Role.HEAD, agencies["root"])  # above both
        grant(session, an, Role.AUTHOR)  # over the province
        grant(session, an, Role.HEAD, agencies["science"])  # never came from membership
        grant(session, stranger, Role.FOCAL_POINT, agencies["deep"], valid_from=date(2026, 1, 1))  # would begin later
        grant(session, stranger, Role.HEAD, agencies["other"])
        before = grants(session)
        merger = turn(session, {agencies["deep"]: agencies["science"]})
        assert any(line.count == 3 and "vai trò" in line.text for line in FOLLOWER.foresee(session, merger))
        FOLLOWER.follow(session, SERVICE, merger, AT)
        standing = {
            (row.person_id, row.role, row.agency_id) for row in session.scalars(select(RoleGrant).where(RoleGrant.valid_to == FOREVER))
        }
        assert standing == {
            (an, "head", agencies["root"]),
            (an, "author", None),
            (an, "head", agencies["science"]),
            (stranger, "head", agencies["other"]),
        }
        assert session.scalar(select(func.count()).where(RoleGrant.valid_to == ON)) == 2
        FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)
        assert grants(session) == before
        assert session.scalar(select(func.count()).select_from(RoleEnding)) == 0


def test_nobody_is_left_without_an_agency(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_people(session, agencies["media"], [{}, {}])
        make_people(session, agencies["science"], [{}])
        end = turn(session, {agencies["media"]: None, agencies["other"]: None})
        (line,) = FOLLOWER.foresee(session, end)
        assert (line.count, line.hinders, line.values["agency"]) == (2, True, "Sở Thông tin và Truyền thông")
        with pytest.raises(DomainError, match="Còn 2 người có vị trí công tác tại Sở Thông tin và Truyền thông từ ngày 01/07/2025"):
            FOLLOWER.follow(session, SERVICE, end, AT)
        FOLLOWER.follow(session, SERVICE, turn(session, {agencies["other"]: None}), AT)


def test_the_preview_counts_exactly_whom_the_merger_moves(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_people(session, agencies["media"], [{}] * 5)
        make_people(session, agencies["deep"], [{}] * 3)
        merger = turn(session, {agencies["media"]: agencies["science"], agencies["deep"]: uuid7(), agencies["other"]: agencies["root"]})
        seen = FOLLOWER.foresee(session, merger)
        assert {(line.values["source"], line.values["heir"], line.count, line.of) for line in seen} == {
            ("Sở Thông tin và Truyền thông", "Sở Khoa học và Công nghệ", 5, PEOPLE),
            ("Phòng ở huyện", "", 3, PEOPLE),
        }
        assert postings(session) == postings(session)


def test_what_changed_after_the_merger_is_never_thrown_away(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an = make_person(session, "Nông Văn An", agency=agencies["media"])
        make_person(session, "Lê Thị Bình", agency=agencies["media"])
        merger = turn(session, {agencies["media"]: agencies["science"]})
        FOLLOWER.follow(session, SERVICE, merger, AT)
        renewed = session.scalars(select(Posting).where(Posting.person_id == an, Posting.valid_from == ON)).one()
        renewed.job_title = "Trưởng phòng"
        session.flush()
        with pytest.raises(Conflict, match=r"1 người \(ví dụ Nông Văn An\) đã thay đổi"):
            FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)


def test_who_moved_on_later_is_put_back_up_to_that_day(database: Database, agencies: dict[str, UUID]) -> None:
    later = date(2025, 10, 1)
    with database.transaction() as session:
        an = make_person(session, agency=agencies["media"])
        merger = turn(session, {agencies["media"]: agencies["science"]})
        FOLLOWER.follow(session, SERVICE, merger, AT)
        move_person(session, SERVICE, an, agency_id=agencies["root"], on=later, at=AT)
        FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)
        assert where(session, an, date(2025, 9, 30)) == agencies["media"]
        assert where(session, an, later) == agencies["root"]
        assert session.scalar(select(func.count()).select_from(Posting)) == 2


def test_a_merger_on_which_another_was_built_is_taken_back_after_it(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_people(session, agencies["media"], [{}] * 3)
        before = postings(session)
        first = turn(session, {agencies["media"]: agencies["science"]})
        FOLLOWER.follow(session, SERVICE, first, AT)
        second = turn(session, {agencies["science"]: agencies["root"]}, date(2026, 1, 1))
        FOLLOWER.follow(session, SERVICE, second, AT)
        with pytest.raises(Conflict):
            FOLLOWER.take_back(session, SERVICE, first.event_id, AT)
        FOLLOWER.take_back(session, SERVICE, second.event_id, AT)
        FOLLOWER.take_back(session, SERVICE, first.event_id, AT)
        assert postings(session) == before
        assert session.scalar(select(func.count()).select_from(PostingMove)) == 0


def test_taking_back_what_moved_nobody_does_nothing(database: Database, agencies: dict[str, UUID]) -> None:
    with database.transaction() as session:
        FOLLOWER.take_back(session, SERVICE, turn(session, {}).event_id, AT)
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 0


def test_heirs_that_end_on_the_same_day_pass_on_what_they_get() -> None:
    a, b, c, d = (uuid7() for _ in range(4))
    assert living_heirs({a: b, b: c}) == {a: c, b: c}
    assert living_heirs({a: b, b: None}) == {a: None, b: None}
    assert living_heirs({a: b, b: a}) == {a: None, b: None}
    assert living_heirs({a: d}) == {a: d}


def test_the_number_of_statements_does_not_grow_with_the_people(database: Database, agencies: dict[str, UUID]) -> None:
    counted: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))

    def statements(people: int, heirs: dict[UUID, UUID | None]) -> tuple[int, int]:
        with database.transaction() as session:
            make_people(session, next(iter(heirs)), [{}] * people)
            merger = turn(session, heirs)
            counted.clear()
            FOLLOWER.follow(session, SERVICE, merger, AT)
            following = len(counted)
            counted.clear()
            FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)
            return following, len(counted)

    few = statements(2, {agencies["media"]: agencies["science"]})
    assert statements(300, {agencies["media"]: agencies["science"]}) == few
    assert max(few) <= 15


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # rules of conservation, tried often; the statements run on both above
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    people=st.lists(
        st.tuples(st.integers(0, 3), st.dates(date(2024, 1, 1), date(2026, 12, 31)), st.one_of(st.none(), st.integers(1, 900))), max_size=12
    ),
    heir_of=st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_mergers_conserve_people_on_every_day(database: Database, people: list[tuple[int, date, int | None]], heir_of: list[int]) -> None:
    """As many people as before on every day, and nobody in an agency that has ended."""
    days = [date(2024, 1, 1), date(2025, 6, 30), ON, date(2025, 9, 1), date(2026, 6, 1), date(2027, 12, 31)]

    def counts(session: Session) -> list[int]:
        return [
            session.scalar(select(func.count(Posting.person_id.distinct())).where(Posting.valid_from <= day, Posting.valid_to > day)) or 0
            for day in days
        ]

    with pytest.raises(RuntimeError, match="leave nothing"), database.transaction() as session:  # each example begins with nothing
        agencies = [make_agency(session, f"Đơn vị {number}") for number in range(5)]
        for place, begin, length in people:
            (person,) = make_people(session, agencies[place], [{}])
            end = FOREVER if length is None else date.fromordinal(begin.toordinal() + length)
            held = session.scalars(select(Posting).where(Posting.person_id == person)).one()
            held.valid_from, held.valid_to = begin, end
        session.flush()
        before, rows = counts(session), postings(session)
        heirs: dict[UUID, UUID | None] = {
            agencies[number]: agencies[4] if heir_of[number] <= number else agencies[heir_of[number]] for number in range(3)
        }
        merger = turn(session, heirs)
        FOLLOWER.follow(session, SERVICE, merger, AT)
        assert counts(session) == before
        assert not session.scalar(select(func.count()).where(Posting.agency_id.in_(list(heirs)), Posting.valid_to > ON))
        FOLLOWER.take_back(session, SERVICE, merger.event_id, AT)
        assert postings(session) == rows
        raise RuntimeError("leave nothing")


def test_every_feature_that_hangs_on_agencies_is_asked(database: Database) -> None:
    with database.reading() as session:
        followers: Followers = session.info["followers"]
    assert {type(one).__name__ for one in followers.agencies} >= {
        "PostingsAndRoles",
        "RoundsUnderWay",
        "FrozenExpectations",
        "FrozenReports",
    }
    assert Consequence("x", 1).hinders is False
    assert Person.__tablename__ == "person"
