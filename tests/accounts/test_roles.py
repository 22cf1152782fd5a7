"""Roles over agencies on days: given, handed on, reviewed, taken; nobody lifts anybody above themselves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, select

from lms.accounts import operations, queries
from lms.accounts.models import RoleGrant
from lms.accounts.rules import roles as rules
from lms.agencies.models import FOREVER
from lms.commands import build_cli
from lms.kit.actors import SERVICE, AccessDenied, Actor, Grant, NotFound, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import DomainError
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
DAY = date(2026, 11, 2)
AT = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
MONTH = timedelta(days=30)


@dataclass(frozen=True)
class Province:
    root: UUID
    health: UUID
    clinic: UUID
    commune: UUID
    admin: UUID
    head: UUID
    deputy: UUID
    nurse: UUID
    villager: UUID


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55")
        health = make_agency(session, "Sở Y tế", parent=root, code="H55.1")
        clinic = make_agency(session, "Trung tâm Y tế", parent=health, code="H55.1.1")
        commune = make_agency(session, "Xã Đông Ngũ", parent=root, code="H55.2")
        admin = make_person(session, "Trần Thị Quản", agency=root, login="quantri")
        grant(session, admin, Role.DEPARTMENT)
        head = make_person(session, "Lý Văn Trưởng", agency=health, login="truong")
        grant(session, head, Role.HEAD, health)
        deputy = make_person(session, "Hà Thị Phó", agency=health, login="pho", staff_code="CB00002")
        nurse = make_person(session, "Nguyễn Thị Ánh", agency=clinic, login="anh", staff_code="CB00003")
        villager = make_person(session, "Đặng Văn Bình", agency=commune, login="binh", staff_code="CB00004")
        return Province(root, health, clinic, commune, admin, head, deputy, nurse, villager)


def actor_on(database: Database, person: UUID, day: date) -> Actor:
    with database.reading() as session:
        actor = queries.actor_of_person(session, person, day)
    assert actor is not None
    return actor


def held(database: Database, person: UUID, day: date) -> set[Grant]:
    return {grant for grant in actor_on(database, person, day).grants if grant.role is not Role.LEARNER}


def delegate(database: Database, province: Province, *, giver: UUID | None = None, to: UUID | None = None, **changes: Any) -> UUID:
    giver = giver or province.head
    with database.transaction() as session:
        own = session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == giver).order_by(RoleGrant.id)).first()
        assert own is not None
        values: dict[str, Any] = {
            "agency_id": None,
            "start": DAY,
            "end": DAY + MONTH,
            "reason": "nghỉ phép",
            "on": DAY,
            "at": AT,
            **changes,
        }
        return operations.delegate_role(session, actor_on(database, giver, DAY), own, to or province.deputy, **values)


def audited(database: Database, action: str) -> list[AuditEntry]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)))


# Giving, with days


def test_a_role_holds_from_its_first_day_until_before_its_last(database: Database, province: Province) -> None:
    with database.transaction() as session:
        operations.grant_role(
            session, SERVICE, province.deputy, Role.HEAD, province.health, on=DAY + MONTH, valid_to=DAY + 2 * MONTH, at=AT
        )
    role = {Grant(Role.HEAD, province.health)}
    for day, expected in ((DAY, set()), (DAY + MONTH, role), (DAY + 2 * MONTH - timedelta(days=1), role), (DAY + 2 * MONTH, set())):
        assert held(database, province.deputy, day) == expected


def test_a_role_that_would_last_no_day_is_refused(database: Database, province: Province) -> None:
    with pytest.raises(DomainError, match="Ngày cuối"), database.transaction() as session:
        operations.grant_role(session, SERVICE, province.deputy, Role.HEAD, province.health, on=DAY, valid_to=DAY, at=AT)


def test_spans_that_meet_become_one_and_the_audit_tells_both(database: Database, province: Province) -> None:
    with database.transaction() as session:
        first = operations.grant_role(session, SERVICE, province.deputy, Role.HEAD, province.health, on=DAY, valid_to=DAY + MONTH, at=AT)
        again = operations.grant_role(session, SERVICE, province.deputy, Role.HEAD, province.health, on=DAY + MONTH, at=AT)
        assert operations.grant_role(session, SERVICE, province.deputy, Role.HEAD, province.health, on=DAY, at=AT) == first == again
        rows = session.execute(select(RoleGrant.valid_from, RoleGrant.valid_to).where(RoleGrant.person_id == province.deputy)).all()
        assert rows == [(DAY, FOREVER)]
    entries = audited(database, "accounts.grant_role")
    assert len(entries) == 2
    assert entries[1].details["before"] == {"valid_from": "2026-11-02", "valid_to": "2026-12-02"}
    assert entries[1].details["after"] == {"valid_from": "2026-11-02", "valid_to": None}


spans = st.tuples(st.integers(0, 40), st.integers(1, 30))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_spans=st.lists(st.tuples(spans, st.sampled_from([Role.HEAD, Role.FOCAL_POINT])), max_size=6))
def test_on_every_day_the_roles_are_exactly_those_whose_span_covers_it(
    database: Database, province: Province, given_spans: list[tuple[tuple[int, int], Role]]
) -> None:
    with database.transaction() as session:
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == province.deputy))
        for (first, length), role in given_spans:
            start = DAY + timedelta(days=first)
            end = start + timedelta(days=length)
            operations.grant_role(session, SERVICE, province.deputy, role, province.health, on=start, valid_to=end, at=AT)
    for offset in range(-1, 72, 3):
        day = DAY + timedelta(days=offset)
        expected = {Grant(role, province.health) for (first, length), role in given_spans if first <= offset < first + length}
        assert held(database, province.deputy, day) == expected
        assert len(actor_on(database, province.deputy, day).grants) == len(expected) + 1


def test_nobody_gives_a_role_above_their_own(database: Database, province: Province) -> None:
    for role in (Role.DEPARTMENT, Role.SYSTEM, Role.AUTHOR):
        with pytest.raises(AccessDenied), database.transaction() as session:
            operations.grant_role(session, actor_on(database, province.head, DAY), province.deputy, role, None, on=DAY, at=AT)
    with pytest.raises(AccessDenied), database.transaction() as session:
        operations.grant_role(session, actor_on(database, province.admin, DAY), province.admin, Role.SYSTEM, None, on=DAY, at=AT)


# Handing on


def test_a_head_hands_the_role_on_until_a_day(database: Database, province: Province) -> None:
    delegate(database, province)
    for day, expected in ((DAY, True), (DAY + MONTH - timedelta(days=1), True), (DAY + MONTH, False)):
        assert (Grant(Role.HEAD, province.health, delegated=True) in held(database, province.deputy, day)) is expected
    (entry,) = audited(database, "accounts.delegate_role")
    assert entry.subject == str(province.deputy)
    assert entry.actor_id == province.head
    assert entry.details["reason"] == "nghỉ phép"
    assert entry.details["after"] == {"valid_from": "2026-11-02", "valid_to": "2026-12-02"}


def test_a_role_may_be_handed_on_over_a_part_only(database: Database, province: Province) -> None:
    delegate(database, province, agency_id=province.clinic)
    assert held(database, province.deputy, DAY) == {Grant(Role.HEAD, province.clinic, delegated=True)}
    with pytest.raises(NotFound):
        delegate(database, province, agency_id=province.commune)
    with pytest.raises(NotFound):
        delegate(database, province, agency_id=province.root)


def test_a_role_handed_on_works_only_while_the_giver_holds_it(database: Database, province: Province) -> None:
    with database.transaction() as session:
        row = session.scalars(select(RoleGrant).where(RoleGrant.person_id == province.head)).one()
        row.valid_to = DAY + timedelta(days=10)
    delegate(database, province)
    assert held(database, province.deputy, DAY + timedelta(days=9)) != set()
    assert held(database, province.deputy, DAY + timedelta(days=10)) == set()


def test_a_role_handed_on_ends_with_the_givers_and_does_not_come_back(database: Database, province: Province) -> None:
    delegate(database, province)
    with database.transaction() as session:
        own = session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == province.head)).one()
        operations.revoke_role(session, SERVICE, own, on=DAY + timedelta(days=3), at=AT)
    assert held(database, province.deputy, DAY + timedelta(days=2)) != set()
    assert held(database, province.deputy, DAY + timedelta(days=3)) == set()
    with database.transaction() as session:
        operations.grant_role(session, SERVICE, province.head, Role.HEAD, province.health, on=DAY + timedelta(days=5), at=AT)
    assert held(database, province.deputy, DAY + timedelta(days=6)) == set()
    assert len(audited(database, "accounts.revoke_role")) == 2


def test_a_giver_who_moves_away_takes_what_was_handed_on_along(database: Database, province: Province) -> None:
    delegate(database, province)
    with database.transaction() as session:
        operations.move_person(session, SERVICE, province.head, agency_id=province.commune, on=DAY + timedelta(days=1), at=AT)
    assert held(database, province.head, DAY + timedelta(days=1)) == set()
    assert held(database, province.deputy, DAY + timedelta(days=1)) == set()


def test_a_substitute_who_moves_away_loses_the_role_at_once(database: Database, province: Province) -> None:
    delegate(database, province)
    with database.transaction() as session:
        operations.move_person(session, SERVICE, province.deputy, agency_id=province.commune, on=DAY + timedelta(days=1), at=AT)
    assert held(database, province.deputy, DAY + timedelta(days=1)) == set()


def test_a_substitute_hands_nothing_on_and_gives_nothing(database: Database, province: Province) -> None:
    handed = delegate(database, province)
    substitute = actor_on(database, province.deputy, DAY)
    assert rules.delegable(substitute.grants) == frozenset()
    with pytest.raises(NotFound), database.transaction() as session:
        operations.delegate_role(
            session, substitute, handed, province.nurse, agency_id=None, start=DAY, end=DAY + MONTH, reason="x", on=DAY, at=AT
        )
    with pytest.raises(AccessDenied), database.transaction() as session:
        operations.grant_role(session, substitute, province.nurse, Role.HEAD, province.health, on=DAY, at=AT)
    # Letting people in again is part of the work one stands in for.
    assert Role.HEAD in rules.within_reach(substitute.grants)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"end": DAY + timedelta(days=185)}, "6 tháng"),
        ({"start": DAY + timedelta(days=200), "end": DAY + timedelta(days=210)}, "6 tháng"),
        ({"start": DAY - timedelta(days=1)}, "trước hôm nay"),
        ({"end": DAY}, "Ngày cuối"),
        ({"reason": "  "}, "lý do"),
    ],
)
def test_what_cannot_be_handed_on_is_told(database: Database, province: Province, changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DomainError, match=sentence):
        delegate(database, province, **changes)


def test_one_hands_on_to_people_of_ones_own_agencies_and_not_to_oneself(database: Database, province: Province) -> None:
    with pytest.raises(DomainError, match="trong phạm vi"):
        delegate(database, province, to=province.villager)
    with pytest.raises(DomainError, match="chính mình"):
        delegate(database, province, to=province.head)
    delegate(database, province, to=province.nurse)
    with pytest.raises(DomainError, match="Đã ủy quyền"):
        delegate(database, province, to=province.nurse, start=DAY + timedelta(days=3))


def test_only_the_giver_takes_back_and_it_ends_at_once(database: Database, province: Province) -> None:
    handed = delegate(database, province, start=DAY)
    with pytest.raises(NotFound), database.transaction() as session:
        operations.withdraw_delegation(session, actor_on(database, province.admin, DAY), handed, on=DAY, at=AT)
    with database.transaction() as session:
        operations.withdraw_delegation(session, actor_on(database, province.head, DAY), handed, on=DAY, at=AT)
    assert held(database, province.deputy, DAY) == set()
    assert audited(database, "accounts.revoke_role")[-1].details["delegated_from"] == str(province.head)


def test_the_actor_is_loaded_in_one_statement_whatever_was_handed_on(database: Database, province: Province) -> None:
    delegate(database, province)
    statements: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    assert held(database, province.deputy, DAY) != set()
    assert len([statement for statement in statements if statement.startswith("SELECT")]) == 1


# The pages


def travel() -> Any:
    return time_machine.travel(AT, tick=False)


def test_a_head_hands_on_and_takes_back_on_the_own_page(province: Province, sign_in: SignInAs, database: Database) -> None:
    with travel():
        head = sign_in("truong")
        own = database_own_grant(database, province.head)
        assert "Chưa ủy quyền cho ai" in head.get("/account/delegations?person=CB00002").text
        sent = {"held": own, "person": "cb 00002", "until": "30/11/2026", "reason": "nghỉ phép", "since": ""}
        assert head.post("/account/delegations", data=sent).status_code == 303
        page = head.get("/account/delegations").text
        assert "Hà Thị Phó" in page
        assert "Đang hiệu lực" in page
        deputy = sign_in("pho")
        assert deputy.get("/manage/people").status_code == 200
        assert "không ủy quyền tiếp được" in deputy.get("/account/delegations").text
        assert "Lý Văn Trưởng" in deputy.get("/account/delegations").text
        assert "Lý Văn Trưởng ủy quyền" in sign_in("quantri").get(f"/manage/people/{province.deputy}").text
        with database.reading() as session:
            handed = session.scalars(select(RoleGrant.id).where(RoleGrant.delegated_from == province.head)).one()
        assert sign_in("quantri").post(f"/account/delegations/{handed}/withdraw").status_code == 404
        assert head.post(f"/account/delegations/{handed}/withdraw").status_code == 303
        assert deputy.get("/manage/people").status_code == 403


def database_own_grant(database: Database, person: UUID) -> str:
    with database.reading() as session:
        return str(session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == person)).one())


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"person": "KHONGCO"}, "Không có cán bộ nào mang mã này"),
        ({"person": "CB00004"}, "trong phạm vi"),
        ({"until": "31/02/2027"}, "Ngày chưa đúng"),
        ({"until": ""}, "Chưa nhập ngày cuối"),
        ({"until": "30/11/2027"}, "6 tháng"),
        ({"reason": " "}, "Chưa nhập lý do"),
        ({"since": "01/11/2026"}, "trước hôm nay"),
    ],
)
def test_a_mistake_on_the_page_is_told_at_its_field(
    province: Province, sign_in: SignInAs, database: Database, changes: dict[str, str], sentence: str
) -> None:
    with travel():
        own = database_own_grant(database, province.head)
        sent = {"held": own, "person": "CB00002", "until": "30/11/2026", "reason": "nghỉ phép", "since": "", **changes}
        response = sign_in("truong").post("/account/delegations", data=sent)
    assert response.status_code == 422
    assert sentence in response.text


def test_nobody_hands_on_somebody_elses_role(province: Province, sign_in: SignInAs, database: Database) -> None:
    with travel():
        other = database_own_grant(database, province.admin)
        sent = {"held": other, "person": "CB00002", "until": "30/11/2026", "reason": "x"}
        assert sign_in("truong").post("/account/delegations", data=sent).status_code == 404


def test_a_role_is_given_with_days_on_the_persons_page(province: Province, sign_in: SignInAs, database: Database) -> None:
    with travel():
        sent = {"role": "head", "agency": str(province.health), "since": "10/11/2026", "until": "30/11/2026"}
        page = f"/manage/people/{province.deputy}"
        assert sign_in("quantri").post(f"{page}/roles", data=sent).status_code == 303
        assert "đến trước 01/12/2026" in sign_in("quantri").get(page).text
        past = sign_in("quantri").post(f"{page}/roles", data={**sent, "since": "01/11/2026"})
        assert past.status_code == 422
        backwards = sign_in("quantri").post(f"{page}/roles", data={**sent, "until": "09/11/2026"})
        assert backwards.status_code == 422
    assert held(database, province.deputy, date(2026, 11, 9)) == set()
    assert held(database, province.deputy, date(2026, 11, 30)) == {Grant(Role.HEAD, province.health)}


def test_the_review_lists_privileged_roles_counts_the_overdue_and_confirms(
    province: Province, sign_in: SignInAs, database: Database
) -> None:
    with travel():
        admin = sign_in("quantri")
        page = admin.get("/manage/roles/").text
        assert "2 vai trò quá 183 ngày chưa rà soát" in page
        assert "2 việc chờ" in admin.get("/manage/").text
        own = database_own_grant(database, province.head)
        assert admin.post(f"/manage/roles/{own}/confirm").status_code == 303
        assert "1 vai trò quá 183 ngày" in admin.get("/manage/roles/").text
        assert "Lý Văn Trưởng" not in admin.get("/manage/roles/?overdue=y").text
        (entry,) = audited(database, "accounts.confirm_role")
        assert entry.details["before"] == {"reviewed_at": None}
        mine = database_own_grant(database, province.admin)
        admin.post(f"/manage/roles/{mine}/confirm")
        assert "do người khác rà soát" in admin.get("/manage/roles/").text
        assert admin.post(f"/manage/roles/{own}/revoke").status_code == 303
        assert "Lý Văn Trưởng" not in admin.get("/manage/roles/").text


def test_a_sole_administrator_is_reviewed_by_command(province: Province, app: Flask, database: Database, sign_in: SignInAs) -> None:
    def run(*arguments: str, answer: str = "") -> Any:
        with app.app_context():
            return CliRunner().invoke(build_cli(app), ["users", "review", *arguments], input=answer)

    with travel():
        refused = run("quantri", answer="n\n")
        assert "1 vai trò chưa xác nhận" in refused.output
        assert audited(database, "accounts.confirm_role") == []
        done = run("quantri", answer="y\n")
        assert "Đã xác nhận còn cần: Cơ quan chủ trì – toàn tỉnh" in done.output
        (entry,) = audited(database, "accounts.confirm_role")
        assert (entry.actor_id, entry.details["role"]) == (None, "department")
        assert f"/manage/people/{province.admin}" not in sign_in("quantri").get("/manage/roles/?overdue=y").text
        assert run("quantri", "--yes").exit_code == 0
        assert (run("anh", "--yes").exit_code, run("khong-co", "--yes").exit_code) == (1, 1)


def test_the_review_shows_and_decides_within_the_scope_only(province: Province, sign_in: SignInAs, database: Database) -> None:
    with database.transaction() as session:
        local = make_person(session, "Vũ Văn Vùng", agency=province.health, login="vung")
        grant(session, local, Role.DEPARTMENT, province.health)
        grant(session, province.villager, Role.HEAD, province.commune)
    with travel():
        client = sign_in("vung")
        page = client.get("/manage/roles/").text
        assert "Lý Văn Trưởng" in page
        assert "Đặng Văn Bình" not in page
        assert "Trần Thị Quản" not in page  # a role over the whole province
        for outside in (province.villager, province.admin):
            grant_id = database_own_grant(database, outside)
            assert client.post(f"/manage/roles/{grant_id}/confirm").status_code == 404
            assert client.post(f"/manage/roles/{grant_id}/revoke").status_code == 404


def test_the_review_costs_the_same_for_many(province: Province, sign_in: SignInAs, app: Flask, database: Database) -> None:
    client = sign_in("quantri")
    statements: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    client.get("/manage/roles/")
    few = len(statements)
    with database.transaction() as session:
        for index in range(60):
            person = make_person(session, f"Người Số {index}", agency=province.clinic, login=f"so{index}")
            grant(session, person, Role.HEAD, province.clinic)
    statements.clear()
    page = client.get("/manage/roles/").text
    assert len(statements) == few
    assert "after=" in page
