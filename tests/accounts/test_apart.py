"""Namesakes born on one day are two people once somebody has said so, until somebody says otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from lms.accounts import operations, queries
from lms.accounts.models import Person, PersonApart
from lms.kit.actors import Actor, Grant, NotFound, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()
BORN = date(1985, 3, 2)


@dataclass(frozen=True)
class Namesakes:
    agency: UUID
    one: UUID
    other: UUID
    third: UUID
    officer: Actor


@pytest.fixture
def namesakes(database: Database) -> Namesakes:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        officer = make_person(session, "Trần Thị Quản", agency=agency, login="quantri")
        grant(session, officer, Role.DEPARTMENT)
        people = [make_person(session, "Nguyễn Thị Ánh", agency=agency, staff_code=f"CB{n}", birth_date=BORN) for n in (1, 2, 3)]
    return Namesakes(agency, *people, Actor(officer, "Quản", "quantri", (Grant(Role.DEPARTMENT),)))


def mark(database: Database, actor: Actor, one: UUID, other: UUID) -> None:
    with database.transaction() as session:
        operations.mark_apart(session, actor, one, other, at=now())


def found(database: Database, limit: int = 200) -> list[set[UUID]]:
    with database.reading() as session:
        return [{each.id for each in group} for group in queries.likely_duplicates(session, TODAY, limit=limit)]


def test_a_namesake_is_offered_until_marked_apart_from_all_others(namesakes: Namesakes, database: Database) -> None:
    one, other, third = namesakes.one, namesakes.other, namesakes.third
    assert found(database) == [{one, other, third}]
    mark(database, namesakes.officer, other, one)
    assert found(database) == [{one, other, third}], "each may still be the third"
    mark(database, namesakes.officer, one, third)
    assert found(database) == [{other, third}]
    mark(database, namesakes.officer, third, other)
    assert found(database) == []
    with database.transaction() as session:
        operations.unmark_apart(session, namesakes.officer, one, other, at=now())
    assert found(database) == [{one, other}]


def test_marking_twice_and_the_other_way_round_is_one_mark(namesakes: Namesakes, database: Database) -> None:
    mark(database, namesakes.officer, namesakes.one, namesakes.other)
    mark(database, namesakes.officer, namesakes.other, namesakes.one)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PersonApart)) == 1
        assert session.scalar(select(func.count()).where(AuditEntry.action == "accounts.mark_apart")) == 1
    with pytest.raises(DomainError), database.transaction() as session:
        operations.mark_apart(session, namesakes.officer, namesakes.one, namesakes.one, at=now())
    with pytest.raises(NotFound), database.transaction() as session:
        operations.unmark_apart(session, namesakes.officer, namesakes.one, namesakes.third, at=now())


def test_the_limit_counts_groups_that_are_still_offered(namesakes: Namesakes, database: Database) -> None:
    mark(database, namesakes.officer, namesakes.one, namesakes.other)
    mark(database, namesakes.officer, namesakes.one, namesakes.third)
    mark(database, namesakes.officer, namesakes.other, namesakes.third)
    with database.transaction() as session:
        pair = {make_person(session, "Vũ Văn Yên", agency=namesakes.agency, birth_date=BORN) for _ in range(2)}
    assert found(database, limit=1) == [pair]


def test_who_is_marked_apart_is_merged_only_after_the_mark_is_gone(namesakes: Namesakes, database: Database) -> None:
    mark(database, namesakes.officer, namesakes.one, namesakes.other)
    with pytest.raises(Conflict, match="hai người khác nhau"), database.transaction() as session:
        operations.merge_persons(session, namesakes.officer, namesakes.one, namesakes.other, {}, at=now())
    with database.transaction() as session:
        operations.unmark_apart(session, namesakes.officer, namesakes.one, namesakes.other, at=now())
        operations.merge_persons(session, namesakes.officer, namesakes.one, namesakes.other, {}, at=now())


def test_marks_go_with_the_record_that_is_kept(namesakes: Namesakes, database: Database) -> None:
    mark(database, namesakes.officer, namesakes.other, namesakes.third)
    with database.transaction() as session:
        operations.merge_persons(session, namesakes.officer, namesakes.one, namesakes.other, {}, at=now())
    with database.reading() as session:
        (pair,) = queries.marked_apart(session)
        assert {pair.one, pair.other} == {namesakes.one, namesakes.third}
    assert found(database) == []


def test_nobody_comes_by_anothers_roles_by_merging_their_own_record(namesakes: Namesakes, database: Database) -> None:
    assert namesakes.officer.person_id is not None
    with pytest.raises(Conflict, match="chính mình"), database.transaction() as session:
        operations.merge_persons(session, namesakes.officer, namesakes.officer.person_id, namesakes.one, {}, at=now())


def test_the_page_marks_unmarks_and_refuses_what_was_merged_meanwhile(namesakes: Namesakes, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    compare = f"/manage/people/{namesakes.one}/merge/{namesakes.other}"
    assert "Đây là hai người khác nhau" in client.get(compare).text
    assert client.post(f"/manage/people/{namesakes.one}/apart/{namesakes.other}").status_code == 303
    page = client.get(compare).text
    assert "Bỏ đánh dấu" in page
    assert "Xem trước</button>" not in page
    assert "CB1" in client.get("/manage/people/duplicates").text
    assert client.post(compare, data={"keep": str(namesakes.one), "confirm": "yes"}).status_code == 409
    assert client.post(f"/manage/people/{namesakes.other}/together/{namesakes.one}").status_code == 303
    assert client.post(f"/manage/people/{namesakes.other}/together/{namesakes.one}").status_code == 404
    with database.transaction() as session:
        session.execute(update(Person).where(Person.id == namesakes.other).values(merged_into_id=namesakes.one))
    assert client.post(f"/manage/people/{namesakes.one}/apart/{namesakes.other}").status_code in (404, 409)
    assert client.get(f"/manage/people/{namesakes.other}").location.endswith(f"/manage/people/{namesakes.one}")


def test_the_mark_is_by_whom_and_when(namesakes: Namesakes, database: Database) -> None:
    mark(database, namesakes.officer, namesakes.one, namesakes.other)
    with database.reading() as session:
        row = session.scalars(select(PersonApart)).one()
    assert (row.marked_by, {row.one_id, row.other_id}) == (namesakes.officer.person_id, {namesakes.one, namesakes.other})
