"""Entering people, moving them, giving them roles."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts import operations, queries
from lms.accounts.models import Account, Person, Posting, RoleGrant
from lms.accounts.operations import NewPerson
from lms.accounts.queries import HeadCount
from lms.agencies.models import FOREVER
from lms.kit.actors import EVERYWHERE, SERVICE, AccessDenied, Actor, Grant, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.secrets import vault_of
from tests.factories import grant, make_agency, make_person

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 22)
DEPARTMENT = Actor(UUID(int=7), "Trần Thị Quản", "quan", (Grant(Role.DEPARTMENT),))


@pytest.fixture(autouse=True)
def running(app: Flask) -> object:
    with app.app_context():
        yield


def test_a_person_is_entered_with_post_account_and_sealed_numbers(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        person_id = operations.create_person(
            session,
            SERVICE,
            NewPerson("Nguyễn  Thị Ánh", agency, TODAY, staff_code="cb 00016", phone="+84912345678", identity_number="019185000123"),
            AT,
        )
    with database.reading() as session:
        person = session.get_one(Person, person_id)
        assert (person.full_name, person.staff_code) == ("Nguyễn Thị Ánh", "CB00016")
        assert person.phone_sealed is not None
        assert b"912345678" not in person.phone_sealed
        assert vault_of(session).unseal(person.phone_sealed) == "+84912345678"
        account = session.get_one(Account, person_id)
        assert (account.login_name, account.password_hash, account.activated_at) == ("cb00016", None, None)
        post = session.scalars(select(Posting).where(Posting.person_id == person_id)).one()
        assert (post.agency_id, post.group_code, post.valid_from, post.valid_to) == (agency, "N2", TODAY, FOREVER)
        assert session.scalars(select(AuditEntry.action)).all() == ["accounts.create_person"]


def test_people_without_a_code_get_the_next_ones(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        rows = [NewPerson("Lê A", agency, TODAY), NewPerson("Lê B", agency, TODAY, staff_code="CB1"), NewPerson("Lê C", agency, TODAY)]
        operations.bulk_create_people(session, rows, AT)
        operations.bulk_create_people(session, rows[:1], AT)
        assert sorted(session.scalars(select(Person.staff_code))) == ["C0000001", "C0000002", "C0000003", "CB1"]


@pytest.mark.parametrize(
    "second",
    [
        NewPerson("Khác", UUID(int=1), TODAY, staff_code="cb1"),
        NewPerson("Khác", UUID(int=1), TODAY, staff_code="X2", login_name="CB1"),
        NewPerson("Khác", UUID(int=1), TODAY, staff_code="X2", identity_number="019185000123"),
    ],
)
def test_a_code_login_or_identity_number_belongs_to_one_person(database: Database, second: NewPerson) -> None:
    with database.transaction() as session:
        first = NewPerson("Lê A", make_agency(session, "Sở Y tế"), TODAY, staff_code="CB1", identity_number="019185000123")
        operations.create_person(session, SERVICE, first, AT)
    with pytest.raises(Conflict), database.transaction() as session:
        operations.create_person(session, SERVICE, second, AT)
    with pytest.raises(Conflict), database.transaction() as session:
        operations.bulk_create_people(session, [second, second], AT)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 1


def test_moving_ends_the_old_post_the_day_the_new_one_begins(database: Database) -> None:
    with database.transaction() as session:
        old, new = make_agency(session, "Sở Y tế"), make_agency(session, "Sở Nội vụ")
        person = make_person(session, agency=old, group="N4", job_title="Chuyên viên")
        operations.move_person(session, SERVICE, person, agency_id=new, on=TODAY, at=AT)
    with database.reading() as session:
        posts = session.execute(
            select(Posting.agency_id, Posting.group_code, Posting.job_title, Posting.valid_from, Posting.valid_to).order_by(
                Posting.valid_from
            )
        ).all()
    assert posts == [(old, "N4", "Chuyên viên", date(2020, 1, 1), TODAY), (new, "N4", "Chuyên viên", TODAY, FOREVER)]


def test_a_post_entered_twice_on_one_day_is_replaced_not_stacked(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        person = make_person(session, agency=agency)
        for group in ("N1", "N4"):
            operations.open_posting(session, SERVICE, person, agency_id=agency, group_code=group, on=TODAY, at=AT)
        assert session.scalars(select(Posting.group_code).order_by(Posting.valid_from)).all() == ["N2", "N4"]
        with pytest.raises(Conflict, match="22/11/2026"):
            operations.move_person(session, SERVICE, person, agency_id=agency, on=date(2026, 11, 1), at=AT)


def test_roles_are_given_once_and_taken(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        person = make_person(session, agency=agency)
        first = operations.grant_role(session, DEPARTMENT, person, Role.FOCAL_POINT, agency, on=date(2026, 1, 1), at=AT)
        assert operations.grant_role(session, DEPARTMENT, person, Role.FOCAL_POINT, agency, on=TODAY, at=AT) == first
        operations.revoke_role(session, DEPARTMENT, first, on=TODAY, at=AT)
        assert session.scalars(select(RoleGrant.valid_to)).all() == [TODAY]


def test_who_moves_keeps_no_role_over_the_agency_left_behind(database: Database) -> None:
    with database.transaction() as session:
        province = make_agency(session, "UBND tỉnh")
        health, home = (make_agency(session, name, parent=province) for name in ("Sở Y tế", "Sở Nội vụ"))
        clinic = make_agency(session, "Trung tâm Y tế", parent=health)
        person = make_person(session, agency=health)
        for role, agency in ((Role.HEAD, health), (Role.FOCAL_POINT, province), (Role.AUTHOR, None)):
            grant(session, person, role, agency)
        operations.move_person(session, DEPARTMENT, person, agency_id=clinic, on=date(2026, 10, 1), at=AT)
        assert _roles(session, person) == ["author", "focal_point", "head"]
        operations.move_person(session, DEPARTMENT, person, agency_id=home, on=TODAY, at=AT)
        assert _roles(session, person) == ["author", "focal_point"]
        assert session.scalars(select(RoleGrant.valid_to).where(RoleGrant.role == "head")).all() == [TODAY]


def _roles(session: Session, person: UUID) -> list[str]:
    held = select(RoleGrant.role).where(RoleGrant.person_id == person, RoleGrant.valid_to > TODAY)
    return sorted(session.scalars(held))


def test_nobody_gives_a_role_above_their_own(database: Database) -> None:
    with database.transaction() as session:
        person = make_person(session, agency=make_agency(session, "Sở Y tế"))
        with pytest.raises(AccessDenied):
            operations.grant_role(session, DEPARTMENT, person, Role.SYSTEM, None, on=TODAY, at=AT)
        with pytest.raises(DomainError, match="Chọn cơ quan"):
            operations.grant_role(session, DEPARTMENT, person, Role.HEAD, None, on=TODAY, at=AT)


def test_head_counts_add_up_and_stay_in_scope(database: Database) -> None:
    with database.transaction() as session:
        province = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=province)
        commune = make_agency(session, "Xã Đông Ngũ", parent=province, level="xa")
        for _ in range(3):
            make_person(session, agency=health, qualification="ĐH", it_qualification="Cơ bản")
        make_person(session, agency=health, qualification="ThS", it_duty="full_time", it_qualification="ĐH")
        make_person(session, agency=commune, group="N1")
        gone = make_person(session, agency=commune)
        operations.leave(session, SERVICE, gone, on=TODAY, at=AT)
        grant(session, gone, Role.HEAD, commune)
    with database.reading() as session:
        everywhere = queries.head_counts(session, EVERYWHERE, TODAY)
        own = queries.head_counts(session, frozenset({commune}), TODAY)
        nothing = queries.head_counts(session, frozenset(), TODAY)
        before = queries.head_counts(session, EVERYWHERE, date(2026, 11, 21))
    assert sum(row.count for row in everywhere) == 5
    assert HeadCount(health, "tinh", "N2", "none", "ĐH", True, 3) in everywhere
    assert own == [HeadCount(commune, "xa", "N1", "none", None, False, 1)]
    assert nothing == []
    assert sum(row.count for row in before) == 6
