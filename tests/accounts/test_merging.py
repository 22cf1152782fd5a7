"""Two records of one person become one, with everything that hangs on them; the other remains a signpost."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from lms.accounts import operations, queries
from lms.accounts.models import Account, ActivationCode, Person, PersonMerge, Posting, RoleGrant, SignIn
from lms.accounts.rules.leaves import Away
from lms.kit.actors import EVERYWHERE, SERVICE, Actor, Grant, NotFound, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()
BORN = date(1985, 3, 2)
DEPARTMENT = Actor(UUID(int=7), "Trần Thị Quản", "quan", (Grant(Role.DEPARTMENT),))


@dataclass(frozen=True)
class Two:
    health: UUID
    culture: UUID
    kept: UUID
    absorbed: UUID


@pytest.fixture
def two(database: Database) -> Two:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root)
        culture = make_agency(session, "Sở Văn hóa", parent=root)
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        kept = make_person(session, "Nguyễn Thị Ánh", agency=health, login="anh", staff_code="CB1", birth_date=BORN)
        absorbed = make_person(
            session,
            "NGUYEN THI ANH",
            agency=culture,
            login="anh2",
            staff_code="CB2",
            birth_date=BORN,
            valid_from=date(2019, 1, 1),
            qualification="ThS",
        )
        changes = {"phone": "+84912345678", "identity_number": "019185000123"}
        operations.edit_person(session, SERVICE, absorbed, changes, now())
        grant(session, absorbed, Role.HEAD, culture)
        operations.record_leave(session, SERVICE, absorbed, Away(None, "sick", TODAY, TODAY + timedelta(days=9)), at=now())
        operations.issue_codes(session, SERVICE, [absorbed], now())
        return Two(health, culture, kept, absorbed)


def test_likely_duplicates_are_found_in_one_statement_by_name_without_marks_and_birth_date(two: Two, database: Database) -> None:
    with database.transaction() as session:
        make_person(session, "Nguyễn Thị Anh", agency=two.health, birth_date=date(1985, 3, 3))
    statements: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    with database.reading() as session:
        (group,) = queries.likely_duplicates(session, TODAY)
    assert {each.id for each in group} == {two.kept, two.absorbed}
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


def test_everything_of_the_absorbed_record_belongs_to_the_kept_one(two: Two, database: Database) -> None:
    with database.transaction() as session:
        operations.merge_persons(session, DEPARTMENT, two.kept, two.absorbed, {"identity_number": "absorbed"}, at=now())
    with database.reading() as session:
        kept, stub = session.get_one(Person, two.kept), session.get_one(Person, two.absorbed)
        assert (kept.full_name, kept.staff_code, kept.qualification) == ("Nguyễn Thị Ánh", "CB1", "ThS"), "what was empty is filled"
        assert kept.identity_fingerprint is not None
        assert kept.phone_sealed is not None
        assert (stub.merged_into_id, stub.identity_sealed, stub.phone_sealed) == (two.kept, None, None)
        held = session.execute(
            select(Posting.agency_id, Posting.is_primary, Posting.valid_from, Posting.valid_to).where(Posting.person_id == two.kept)
        ).all()
        assert sum(post.is_primary and post.valid_from <= TODAY < post.valid_to for post in held) == 1
        assert (two.culture, True, date(2019, 1, 1), date(2020, 1, 1)) in held, "where the kept record knew of no primary post"
        assert session.scalar(select(func.count()).where(Posting.person_id == two.absorbed)) == 0
        assert session.scalars(select(RoleGrant.person_id).where(RoleGrant.role == "head")).all() == [two.kept]
        assert [leave.reason for leave in queries.person_leaves(session, two.kept)] == ["sick"]
        assert session.get_one(Account, two.absorbed).disabled_at is not None
        assert session.get_one(Account, two.kept).disabled_at is None
        assert session.scalars(select(ActivationCode.revoked_at).where(ActivationCode.person_id == two.absorbed)).one() is not None
        merge = session.scalars(select(PersonMerge)).one()
        assert (merge.kept_id, merge.absorbed_id, merge.merged_by) == (two.kept, two.absorbed, DEPARTMENT.person_id)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.merge_persons")).one()
        assert "019185000123" not in str(entry.details)
        assert entry.details["after"]["identity_number"] == "019******123"
        assert queries.likely_duplicates(session, TODAY) == []
        page = queries.people_page(session, EVERYWHERE, TODAY, now())
        assert [row.id for row in page.rows].count(two.kept) == 1
        assert two.absorbed not in [row.id for row in page.rows]


def test_the_absorbed_staff_code_may_be_the_right_one(two: Two, database: Database) -> None:
    with database.transaction() as session:
        operations.merge_persons(session, DEPARTMENT, two.kept, two.absorbed, {"staff_code": "absorbed"}, at=now())
    with database.reading() as session:
        assert session.get_one(Person, two.kept).staff_code == "CB2"
        assert session.get_one(Person, two.absorbed).staff_code == "CB1"
        assert [row.id for row in queries.people_page(session, EVERYWHERE, TODAY, now(), search="cb2").rows] == [two.kept]


def test_a_record_is_merged_once_and_never_into_itself_or_out_of_reach(two: Two, database: Database) -> None:
    with database.transaction() as session:
        with pytest.raises(DomainError):
            operations.merge_persons(session, DEPARTMENT, two.kept, two.kept, {}, at=now())
        with pytest.raises(NotFound):
            operations.merge_persons(session, DEPARTMENT, two.kept, UUID(int=1), {}, at=now())
        boss = make_person(session, "Hệ Thống", agency=two.health)
        grant(session, boss, Role.SYSTEM)
        with pytest.raises(Conflict, match="vai trò cao hơn"):
            operations.merge_persons(session, DEPARTMENT, two.kept, boss, {}, at=now())
        operations.merge_persons(session, DEPARTMENT, two.kept, two.absorbed, {}, at=now())
        with pytest.raises(Conflict, match="đã được gộp"):
            operations.merge_persons(session, DEPARTMENT, two.kept, two.absorbed, {}, at=now())


def test_signposts_lead_to_the_last_record_of_a_chain(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        third = make_person(session, "Nguyễn Thị Ánh", agency=two.culture, birth_date=BORN)
        operations.merge_persons(session, DEPARTMENT, two.kept, two.absorbed, {}, at=now())
        operations.merge_persons(session, DEPARTMENT, third, two.kept, {}, at=now())
    response = sign_in("quantri").get(f"/manage/people/{two.absorbed}")
    assert response.status_code == 302
    assert response.location.endswith(f"/manage/people/{third}")


def test_a_merge_is_compared_previewed_and_then_done(two: Two, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    other = sign_in("anh2")
    assert "So sánh CB2" in client.get("/manage/people/duplicates").text or "với CB2" in client.get("/manage/people/duplicates").text
    address = f"/manage/people/{two.kept}/merge/{two.absorbed}"
    page = client.get(address).text
    assert "019******123" in page
    assert "019185000123" not in page
    chosen = {"keep": str(two.kept), "take_full_name": str(two.kept), "take_qualification": str(two.absorbed)}
    preview = client.post(address, data=chosen).text
    assert "Xem trước khi gộp" in preview
    assert "1 vai trò" in re.sub(r"\s+", " ", preview)
    with database.reading() as session:
        assert session.get_one(Person, two.absorbed).merged_into_id is None, "a preview changes nothing"
        assert session.scalars(select(AuditEntry.id).where(AuditEntry.action == "accounts.merge_persons")).all() == []
    response = client.post(address, data=chosen | {"confirm": "yes"})
    assert response.location.endswith(f"/manage/people/{two.kept}")
    assert other.get("/account").status_code == 302
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(SignIn.person_id == two.absorbed, SignIn.ended_at.is_(None))) == 0
    assert client.get(address).status_code == 404


def test_two_codes_lead_to_a_comparison_and_wrong_ones_are_told(two: Two, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    assert client.get("/manage/people/duplicates?one=cb1&other=CB2").status_code == 303
    assert "Không có cán bộ nào mang mã này" in client.get("/manage/people/duplicates?one=cb1&other=CB9").text
    assert "hai hồ sơ khác nhau" in client.get("/manage/people/duplicates?one=cb1&other=CB1").text
