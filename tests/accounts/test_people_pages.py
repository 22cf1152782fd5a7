"""Lists of people, slips, roles: within the scope of the one who asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from lms.accounts.models import Account, ActivationCode, RoleGrant, SignIn
from lms.accounts.rules.passwords import hash_password
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]


@dataclass(frozen=True)
class Province:
    health: UUID
    clinic: UUID
    commune: UUID
    admin: UUID
    focal: UUID
    an: UUID
    binh: UUID


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root)
        clinic = make_agency(session, "Trung tâm Y tế", parent=health, block="su_nghiep")
        commune = make_agency(session, "Xã Đông Ngũ", parent=root, level="xa", block="xa_phuong")
        admin = make_person(session, "Trần Thị Quản", agency=health, login="quantri")
        grant(session, admin, Role.DEPARTMENT)
        focal = make_person(session, "Lý Văn Mối", agency=health, login="daumoi")
        grant(session, focal, Role.FOCAL_POINT, health)
        an = make_person(session, "Nguyễn Thị Ánh", agency=clinic, login="anh", group="N4", staff_code="CB00016")
        binh = make_person(session, "Đặng Văn Bình", agency=commune, login="binh")
        return Province(health, clinic, commune, admin, focal, an, binh)


def names(page: str) -> list[str]:
    return re.findall(r'<a href="/manage/people/[0-9a-f-]{36}">([^<]+)</a>', page)


def test_a_focal_point_sees_the_own_subtree_by_given_name(province: Province, sign_in: SignInAs) -> None:
    assert names(sign_in("daumoi").get("/manage/people").text) == ["Nguyễn Thị Ánh", "Lý Văn Mối", "Trần Thị Quản"]
    assert len(names(sign_in("quantri").get("/manage/people").text)) == 4


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=nguyen+anh", ["Nguyễn Thị Ánh"]),
        ("search=dang", ["Đặng Văn Bình"]),
        ("search=cb00016", ["Nguyễn Thị Ánh"]),
        ("search=guyen", []),
        ("search=%25", []),
        ("group=N4", ["Nguyễn Thị Ánh"]),
    ],
)
def test_the_list_is_searched_without_marks_and_filtered(province: Province, sign_in: SignInAs, query: str, found: list[str]) -> None:
    assert names(sign_in("quantri").get(f"/manage/people?{query}").text) == found


def test_an_agency_filter_means_its_subtree_within_the_scope(province: Province, sign_in: SignInAs) -> None:
    client = sign_in("daumoi")
    assert names(client.get(f"/manage/people?agency={province.clinic}").text) == ["Nguyễn Thị Ánh"]
    assert names(client.get(f"/manage/people?agency={province.commune}").text) == []
    assert client.get("/manage/people?agency=nonsense").status_code == 404


def test_pages_of_fifty_follow_one_another_and_lead_back(province: Province, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        for _ in range(100):
            make_person(session, "Lê Văn Hùng", agency=province.commune)
    client, seen, url = sign_in("quantri"), [], "/manage/people"
    for _ in range(3):
        page = client.get(url).text
        seen.append(names(page))
        links = re.findall(r'href="(/manage/people\?[^"]+)"', page)
        url = next((link for link in links if "after=" in link), "")
    assert [len(rows) for rows in seen] == [50, 50, 4]
    assert url == ""
    back = client.get(next(link for link in links if "before=" in link)).text
    assert names(back) == seen[1]


def test_the_list_costs_the_same_however_many_people(province: Province, database: Database, sign_in: SignInAs) -> None:
    client, counts = sign_in("quantri"), []
    for _ in range(2):
        statements: list[Any] = []

        def note(*arguments: Any, statements: list[Any] = statements) -> None:
            if not arguments[2].startswith("BEGIN"):
                statements.append(arguments[2])

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", note)
        client.get("/manage/people")
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
        counts.append(len(statements))
        with database.transaction() as session:
            for _person in range(20):
                make_person(session, agency=province.commune)
    assert counts[0] == counts[1] <= 5


def test_people_outside_the_scope_do_not_exist(province: Province, sign_in: SignInAs) -> None:
    client = sign_in("daumoi")
    assert client.get(f"/manage/people/{province.an}").status_code == 200
    assert client.get(f"/manage/people/{province.binh}").status_code == 404
    assert client.post(f"/manage/people/{province.binh}/reset").status_code == 404
    assert client.get(f"/manage/people/{uuid4()}").status_code == 404


def test_slips_carry_codes_that_work_and_are_not_stored(app: Flask, province: Province, database: Database, sign_in: SignInAs) -> None:
    page = sign_in("daumoi").post("/manage/people/slips", data={"agency": str(province.clinic), "which": "missing"}).text
    (code,) = re.findall(r"<code>([0-9A-Z-]{19})</code>", page)
    assert "Nguyễn Thị Ánh" in page
    assert app.test_client().post("/activate", data={"code": code}).status_code == 303
    with database.reading() as session:
        assert session.scalars(select(ActivationCode.code_hash)).one() != code
        assert session.scalars(select(AuditEntry.action)).all() == ["accounts.issue_code"]


def test_issuing_again_leaves_out_those_who_have_a_slip_unless_all_are_asked_for(
    province: Province, database: Database, sign_in: SignInAs
) -> None:
    client = sign_in("daumoi")
    assert "phiếu" in client.get("/manage/people/slips").text
    for which, standing in (("missing", 1), ("missing", 1), ("all", 1)):
        client.post("/manage/people/slips", data={"agency": str(province.clinic), "which": which})
        with database.reading() as session:
            codes = session.scalar(select(func.count()).where(ActivationCode.revoked_at.is_(None)))
        assert codes == standing
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ActivationCode)) == 2


def test_a_slip_lifts_nobody_above_themselves(province: Province, database: Database, sign_in: SignInAs) -> None:
    """A focal point who could print the department's slip would be the department."""
    client = sign_in("daumoi")
    page = client.post("/manage/people/slips", data={"agency": str(province.health), "which": "all"}).text
    assert "Lý Văn Mối" in page
    assert "Trần Thị Quản" not in page.split('class="slips"')[1]
    assert client.post(f"/manage/people/{province.admin}/reset").status_code == 403
    with database.transaction() as session:
        grant(session, province.an, Role.HEAD, province.commune)  # a role outside the focal point's agencies
    assert client.post(f"/manage/people/{province.an}/reset").status_code == 403


def test_a_reset_ends_password_and_sessions(province: Province, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        session.get_one(Account, province.an).password_hash = hash_password("ruộng bậc thang")
    theirs = sign_in("anh")
    assert theirs.get("/account").status_code == 200
    page = sign_in("daumoi").post(f"/manage/people/{province.an}/reset").text
    assert re.search(r"<code>[0-9A-Z-]{19}</code>", page)
    assert theirs.get("/account").status_code == 302
    with database.reading() as session:
        assert session.get_one(Account, province.an).password_hash is None
        assert session.scalar(select(func.count()).where(SignIn.person_id == province.an, SignIn.ended_at.is_(None))) == 0


def test_the_department_gives_and_takes_roles_up_to_its_own(province: Province, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    url = f"/manage/people/{province.binh}/roles"
    assert client.post(url, data={"role": "head", "agency": ""}).status_code == 422
    assert client.post(url, data={"role": "system", "agency": ""}).status_code == 422
    assert client.post(url, data={"role": "head", "agency": str(province.commune)}).status_code == 303
    with database.reading() as session:
        grant_id = session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == province.binh)).one()
    assert "Thủ trưởng đơn vị" in client.get(f"/manage/people/{province.binh}").text
    assert client.post(f"{url}/{grant_id}/revoke").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(RoleGrant.id).where(RoleGrant.person_id == province.binh)).all() == []


def test_who_organises_one_agency_gives_and_takes_roles_there_alone(province: Province, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        chief = make_person(session, "Hoàng Văn Trưởng", agency=province.health, login="truong")
        grant(session, chief, Role.DEPARTMENT, province.health)
        grant(session, province.an, Role.HEAD, province.commune)
        grant(session, province.binh, Role.HEAD, province.commune)
        grants = dict(session.execute(select(RoleGrant.person_id, RoleGrant.id).where(RoleGrant.role == "head")).all())
    client = sign_in("truong")
    for person, role, agency in (
        (chief, "department", ""),
        (chief, "department", province.commune),
        (province.an, "head", province.commune),
        (province.an, "head", uuid4()),
        (province.binh, "head", province.health),
    ):
        response = client.post(f"/manage/people/{person}/roles", data={"role": role, "agency": str(agency)})
        assert response.status_code == 404, (role, agency)
    for person, grant_id in ((province.an, grants[province.an]), (province.an, grants[province.binh])):
        assert client.post(f"/manage/people/{person}/roles/{grant_id}/revoke").status_code == 404
    assert "Toàn tỉnh" not in client.get(f"/manage/people/{province.an}").text
    assert client.post(f"/manage/people/{province.an}/roles", data={"role": "head", "agency": str(province.clinic)}).status_code == 303
    assert sign_in("quantri").post(f"/manage/people/{province.an}/roles/{grants[province.an]}/revoke").status_code == 303


def test_a_focal_point_gives_no_roles(province: Province, sign_in: SignInAs) -> None:
    data = {"role": "head", "agency": str(province.health)}
    assert sign_in("daumoi").post(f"/manage/people/{province.an}/roles", data=data).status_code == 403


def test_every_permission_of_every_feature_is_on_one_page(app: Flask, province: Province, sign_in: SignInAs) -> None:
    page = sign_in("quantri").get("/manage/permissions").text
    for permission in app.extensions["lms.permissions"]:
        assert permission in page
    assert sign_in("daumoi").get("/manage/permissions").status_code == 403
