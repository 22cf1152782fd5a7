"""The pages of the tree: what they show, to whom, and at what cost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.agencies import operations
from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from tests.agencies.conftest import AT
from tests.factories import grant, make_agency, make_person

SignIn = Callable[[str], FlaskClient]
ORGANISER_ONLY = ["/manage/agencies/import", "/manage/agencies/import/template.xlsx"]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)


@pytest.fixture
def head(database: Database, province: dict[str, UUID], sign_in: SignIn) -> FlaskClient:
    """The head of the health department."""
    with database.transaction() as session:
        grant(session, make_person(session, agency=province["health"], login="thutruong"), Role.HEAD, province["health"])
    return sign_in("thutruong")


@pytest.fixture
def organiser(database: Database, province: dict[str, UUID], sign_in: SignIn) -> FlaskClient:
    with database.transaction() as session:
        grant(session, make_person(session, agency=province["root"], login="quantri"), Role.DEPARTMENT)
    return sign_in("quantri")


def test_the_whole_tree_is_shown_to_the_department(organiser: FlaskClient) -> None:
    page = organiser.get("/manage/agencies/").text
    for name in ("Ủy ban nhân dân tỉnh", "Sở Y tế", "Trường Tiểu học Đông Ngũ", "H55.30"):
        assert name in page
    assert "7 đơn vị vào ngày" in page
    assert "Nhập cây đơn vị từ tệp" in page


def test_a_head_sees_the_own_subtree_and_nothing_else(head: FlaskClient, province: dict[str, UUID]) -> None:
    page = head.get("/manage/agencies/").text
    assert "Bệnh viện Đa khoa" in page
    assert "Sở Khoa học và Công nghệ" not in page
    assert "3 đơn vị vào ngày" in page
    assert "Nhập cây đơn vị từ tệp" not in page
    assert "Sở Khoa học" not in head.get("/manage/agencies/?q=so").text
    assert head.get(f"/manage/agencies/{province['clinic']}").status_code == 200
    for outside in ("root", "science", "school"):
        assert head.get(f"/manage/agencies/{province[outside]}").status_code == 404


def test_the_export_holds_the_scope_only(head: FlaskClient, organiser: FlaskClient) -> None:
    assert len(head.get("/manage/agencies/export.xlsx").data) < len(organiser.get("/manage/agencies/export.xlsx").data)


@pytest.mark.parametrize("address", ORGANISER_ONLY)
def test_only_organisers_import(head: FlaskClient, organiser: FlaskClient, address: str) -> None:
    assert head.get(address).status_code == 403
    assert organiser.get(address).status_code == 200


def test_a_learner_has_no_business_here(database: Database, province: dict[str, UUID], sign_in: SignIn) -> None:
    with database.transaction() as session:
        grant(session, make_person(session, agency=province["health"], login="hocvien"), Role.LEARNER, province["health"])
    assert sign_in("hocvien").get("/manage/agencies/").status_code == 403


def test_search_needs_no_marks_and_puts_exact_words_first(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_agency(session, "Ban Sơ Ỷ", parent=province["root"])
    found = organiser.get("/manage/agencies/?q=so y").text
    assert "Sở Y tế" in found
    assert "Văn phòng Sở Y tế" in found
    exact = organiser.get("/manage/agencies/?q=sơ ỷ").text
    assert exact.index("Ban Sơ Ỷ") < exact.index("Sở Y tế")
    assert "Xã Đông Ngũ" in organiser.get("/manage/agencies/?q=h55.30").text
    assert "Không có đơn vị nào khớp" in organiser.get("/manage/agencies/?q=100%25_").text


def test_the_tree_is_shown_as_of_a_day(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Tên từ tháng Bảy", on=date(2025, 7, 1), at=AT)
    assert "Tên từ tháng Bảy" in organiser.get("/manage/agencies/").text
    earlier = organiser.get("/manage/agencies/?on=30/06/2025").text
    assert "Sở Khoa học và Công nghệ" in earlier
    assert "on=2025-06-30" in earlier
    wrong = organiser.get("/manage/agencies/?on=31/02/2025")
    assert wrong.status_code == 200
    assert 'id="on-error"' in wrong.text


def test_an_agency_tells_its_history_and_codes(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.merge_agencies(session, SERVICE, [province["health"]], into=province["science"], on=date(2025, 7, 1), at=AT)
    page = organiser.get(f"/manage/agencies/{province['science']}").text
    assert "Sáp nhập" in page
    assert "H55.2" in page
    assert "Bệnh viện Đa khoa" in page
    ended = organiser.get(f"/manage/agencies/{province['health']}").text
    assert "không tồn tại vào ngày" in ended
    assert "Sở Khoa học và Công nghệ" in ended


def test_the_number_of_statements_does_not_grow_with_the_tree(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    def count(address: str) -> int:
        with statements(database) as seen:
            assert organiser.get(address).status_code == 200
        return len(seen)

    addresses = ["/manage/agencies/", "/manage/agencies/?q=so", f"/manage/agencies/{province['root']}", "/manage/agencies/export.xlsx"]
    before = [count(address) for address in addresses]
    with database.transaction() as session:
        for index in range(30):
            child = make_agency(session, f"Sở thứ {index}", parent=province["root"], code=f"H55.9{index}")
            make_agency(session, f"Phòng {index}", parent=child)
    assert [count(address) for address in addresses] == before
    assert max(before) <= 12
