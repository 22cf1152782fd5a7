"""Entering and mending one person by hand; the groups of staff; names in the list as Vietnamese sort and search them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lms.accounts import operations
from lms.accounts.models import Person, PositionGroup
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.secrets import vault_of
from lms.kit.vietnamese import fold, name_sort_key
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
NUMBER = "019185000123"


@pytest.fixture
def agencies(database: Database) -> tuple[UUID, UUID]:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root)
        other = make_agency(session, "Sở Văn hóa", parent=root)
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        grant(session, make_person(session, "Lý Văn Mối", agency=health, login="daumoi"), Role.FOCAL_POINT, health)
        return health, other


@pytest.fixture
def an(database: Database, agencies: tuple[UUID, UUID]) -> UUID:
    with database.transaction() as session:
        return make_person(session, "Nguyễn Thị Ánh", agency=agencies[0], login="anh", staff_code="CB00016", qualification="ĐH")


FORM = {"full_name": "Nguyễn Thị Ánh", "sex": "", "qualification": "ĐH"}


def test_what_is_known_is_put_right_and_the_audit_tells_before_and_after(an: UUID, database: Database, sign_in: SignInAs) -> None:
    client, address = sign_in("daumoi"), f"/manage/people/{an}/edit"
    assert "Nguyễn Thị Ánh" in client.get(address).text
    data = FORM | {
        "full_name": "Nguyễn Thị  Ảnh",
        "birth_date": "2/3/1985",
        "sex": "female",
        "phone": "912 345 678",
        "identity_number": NUMBER,
        "qualification": "ThS",
        "it_qualification": "IC3",
        "it_major": "y",
    }
    assert client.post(address, data=data).status_code == 303
    with database.reading() as session:
        person = session.get_one(Person, an)
        assert (person.full_name, person.birth_date, person.birth_year, person.sex) == ("Nguyễn Thị Ảnh", date(1985, 3, 2), 1985, "female")
        assert (person.qualification, person.it_qualification, person.it_major) == ("ThS", "IC3", True)
        assert person.identity_fingerprint == vault_of(session).fingerprint(NUMBER)
        assert (person.name_key, person.sort_key) == (fold("Nguyễn Thị Ảnh"), name_sort_key("Nguyễn Thị Ảnh"))
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "accounts.edit_person")).one()
    assert entry.details["before"]["qualification"] == "ĐH"
    assert entry.details["after"]["identity_number"] == "019******123"
    assert NUMBER not in str(entry.details)
    assert "912345678" not in str(entry.details)
    page = client.get(address).text
    assert "019******123" in page
    assert NUMBER not in page


def test_saving_what_is_there_changes_nothing_and_an_empty_number_keeps_the_old(an: UUID, database: Database, sign_in: SignInAs) -> None:
    client, address = sign_in("daumoi"), f"/manage/people/{an}/edit"
    client.post(address, data=FORM | {"identity_number": NUMBER})
    client.post(address, data=FORM)
    with database.reading() as session:
        assert session.get_one(Person, an).identity_fingerprint is not None
        assert len(session.scalars(select(AuditEntry.id).where(AuditEntry.action == "accounts.edit_person")).all()) == 1
    client.post(address, data=FORM | {"forget_identity": "y"})
    with database.reading() as session:
        assert session.get_one(Person, an).identity_sealed is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""),
        ("birth_date", "31/02/1985"),
        ("birth_year", "85"),
        ("email", "an.tinh"),
        ("phone", "123"),
        ("identity_number", "123"),
        ("sex", "x"),
        ("qualification", "Giáo sư"),
    ],
)
def test_what_cannot_be_is_told_at_its_field(an: UUID, sign_in: SignInAs, field: str, value: str) -> None:
    page = sign_in("daumoi").post(f"/manage/people/{an}/edit", data=FORM | {field: value})
    assert page.status_code == 422
    assert f'id="{field}-error"' in page.text


def test_another_persons_number_is_refused_without_saying_whose_beyond_the_scope(
    an: UUID, agencies: tuple[UUID, UUID], database: Database, sign_in: SignInAs
) -> None:
    with database.transaction() as session:
        near = make_person(session, "Hoàng Văn Gần", agency=agencies[0])
        far = make_person(session, "Phạm Thị Xa", agency=agencies[1])
        operations.edit_person(session, SERVICE, near, {"identity_number": "019185000001"}, now())
        operations.edit_person(session, SERVICE, far, {"identity_number": "019185000002"}, now())
    client, address = sign_in("daumoi"), f"/manage/people/{an}/edit"
    page = client.post(address, data=FORM | {"identity_number": "019185000002"})
    assert page.status_code == 422
    assert "của một người khác" in page.text
    assert "Phạm Thị Xa" not in page.text
    page = client.post(address, data=FORM | {"identity_number": "019185000001"})
    assert page.status_code == 422
    assert "Hoàng Văn Gần" in page.text
    assert f"/manage/people/{an}/merge/{far}" in sign_in("quantri").post(address, data=FORM | {"identity_number": "019185000002"}).text


def test_one_person_is_entered_by_hand_in_the_own_agencies(agencies: tuple[UUID, UUID], database: Database, sign_in: SignInAs) -> None:
    client = sign_in("daumoi")
    assert "Sở Văn hóa" not in client.get("/manage/people/new").text
    data = {
        "full_name": "Lò Thị Mới",
        "agency": str(agencies[0]),
        "since": "01/10/2026",
        "group": "N2",
        "it_duty": "none",
        "sex": "",
        "qualification": "",
        "identity_number": NUMBER,
    }
    response = client.post("/manage/people/new", data=data)
    assert response.status_code == 303
    assert "Lò Thị Mới" in client.get(response.location).text
    assert client.post("/manage/people/new", data=data).status_code == 422, "the number is taken now"
    assert client.post("/manage/people/new", data=data | {"agency": str(agencies[1]), "identity_number": ""}).status_code == 422
    assert client.post("/manage/people/new", data=data | {"since": "", "identity_number": ""}).status_code == 422


def test_groups_are_renamed_added_ordered_retired_and_deleted_while_unused(an: UUID, database: Database, sign_in: SignInAs) -> None:
    client, address = sign_in("quantri"), "/manage/people/groups"
    assert client.post(address, data={"code": "n6", "name_vi": "Người hoạt động không chuyên trách", "name_en": ""}).status_code == 303
    assert client.post(address, data={"code": "N6", "name_vi": "Lại", "name_en": ""}).status_code == 422
    assert client.post(address, data={"code": "Đ6", "name_vi": "Lạ", "name_en": ""}).status_code == 422
    client.post(f"{address}/N6/up")
    client.post(f"{address}/N6", data={"name_vi": "Không chuyên trách", "name_en": "Part-time"})
    client.post(f"{address}/N1/retire")
    client.post(f"{address}/N2/delete")
    client.post(f"{address}/N5/delete")
    with database.reading() as session:
        groups = session.execute(
            select(PositionGroup.code, PositionGroup.name_vi, PositionGroup.retired_at).order_by(PositionGroup.ordinal)
        ).all()
    assert [group.code for group in groups] == ["N1", "N2", "N3", "N4", "N6"]
    assert groups[-1].name_vi == "Không chuyên trách"
    assert groups[0].retired_at is not None
    assert "N1 –" not in client.get(f"/manage/people/{an}/postings/new").text
    assert "N1 –" in client.get("/manage/people").text
    assert client.post(f"{address}/N9/retire").status_code == 404
    assert sign_in("daumoi").get(address).status_code == 403


NAMES = st.lists(
    st.sampled_from(["Nguyễn Văn Ân", "Nguyễn Văn An", "Đỗ Thị Ánh", "Lê Ẩn", "Trần Đức", "Trần Dũng", "Hoà", "Hòa Bình", "H'Hen Niê"]),
    min_size=1,
    max_size=6,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_names=NAMES)
def test_the_list_is_in_the_order_of_given_names_and_found_with_and_without_marks(
    agencies: tuple[UUID, UUID], database: Database, sign_in: SignInAs, given_names: list[str]
) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Phòng thử")
        for name in given_names:
            make_person(session, name, agency=agency)
    client = sign_in("quantri")

    def listed(query: dict[str, str]) -> list[str]:
        page = client.get("/manage/people", query_string={"agency": str(agency), **query}).text
        return [re.sub("&#39;", "'", name) for name in re.findall(r'<a href="/manage/people/[0-9a-f-]{36}">([^<]+)</a>', page)]

    assert listed({}) == sorted(given_names, key=name_sort_key)
    for name in given_names:
        assert name in listed({"search": name})
        assert name in listed({"search": fold(name)})
