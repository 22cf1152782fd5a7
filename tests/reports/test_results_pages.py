"""A quarter's result: counted live, frozen, published; each number is the size of a list; nobody sees beyond their own subtree."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.kit.ids import uuid7
from lms.reports import operations
from lms.results.models import Expectation
from lms.results.operations import record_expectations, record_outcome
from lms.results.queries import activity_of_period
from tests.factories import grant, make_agency, make_people, make_person

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 10, 1)
ACTIVITY = "quarterly-test:2026-Q4"


@dataclass(frozen=True)
class Province:
    root: UUID
    department: UUID
    commune: UUID
    tiny: UUID


@pytest.fixture
def province(database: Database) -> Province:
    """A department of 20 (18 took part, 15 passed, 2 excluded besides), a commune of 10 (all passed), a unit of 3."""
    with database.transaction() as session:
        root = make_agency(session, "Ủy ban nhân dân tỉnh", code="H55", kind="province")
        department = make_agency(session, "Sở Nội vụ", parent=root, code="H55.1")
        commune = make_agency(session, "Ủy ban nhân dân xã Ba Bể", parent=root, code="H55.101", block="xa_phuong", level="xa")
        tiny = make_agency(session, "=Trạm <script>alert(1)</script>", parent=root, code="H55.9")
        expect(session, department, expected=20, took_part=18, passed=15, excluded=2)
        expect(session, commune, expected=10, took_part=10, passed=10)
        expect(session, tiny, expected=3, took_part=3, passed=1)
        for login, role, over in (
            ("quantri", Role.DEPARTMENT, None),
            ("thutruong", Role.HEAD, department),
            ("xa", Role.FOCAL_POINT, commune),
        ):
            grant(session, make_person(session, agency=root, login=login), role, over)
    return Province(root, department, commune, tiny)


def expect(session: Session, agency: UUID, *, expected: int, took_part: int, passed: int, excluded: int = 0) -> None:
    people = make_people(session, agency, [{"group_code": "N1" if number % 2 else "N2"} for number in range(expected + excluded)])
    version = session.scalar(select(AgencyVersion.id).where(AgencyVersion.agency_id == agency))
    rows = [
        {
            "person_id": person,
            "agency_id": agency,
            "agency_version_id": version,
            "group_code": "N1" if number % 2 else "N2",
            "excluded_because": None if number < expected else "Nghỉ thai sản",
        }
        for number, person in enumerate(people)
    ]
    if activity_of_period(session, "20264") is None:
        record_expectations(session, ACTIVITY, "20264", [], AT, title="Kiểm tra Quý IV/2026", counted_on=DAY)
    session.execute(
        insert(Expectation), [{"id": uuid7(), "activity": ACTIVITY, "period": "20264", "recorded_at": AT, **row} for row in rows]
    )
    for number, person in enumerate(people[:took_part]):
        score = Decimal("80.5") if number < passed else Decimal("40")
        record_outcome(
            session,
            activity=ACTIVITY,
            period="20264",
            person_id=person,
            source_id=uuid7(),
            attempts=1,
            score=score,
            passed=number < passed,
            occurred_at=AT,
            at=AT,
        )


def freeze(database: Database) -> None:
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        operations.build_report(session, SERVICE, activity, AT)


def publish(database: Database) -> None:
    with database.transaction() as session:
        operations.publish_report(session, SERVICE, "20264", AT)


def test_the_province_adds_up_from_its_agencies(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    body = sign_in("quantri").get("/reports/2026-Q4/H55.json").json
    assert body is not None
    assert body["figures"]["expected"] == 33
    assert body["figures"]["took_part"] == 31
    assert body["figures"]["passed"] == 26
    assert body["figures"]["excluded"] == 2
    assert body["figures"]["participation_rate"] == 93.9
    assert body["figures"]["pass_rate"] == 83.9
    assert sum(child["figures"]["expected"] for child in body["children"]) == 33
    assert sum(group["expected"] for group in body["groups"].values()) == 33


@pytest.mark.parametrize(
    ("which", "size"), [("expected", 20), ("took_part", 18), ("passed", 15), ("failed", 3), ("missing", 2), ("excluded", 2)]
)
def test_every_figure_opens_to_a_list_of_its_size(province: Province, sign_in: Callable[[str], FlaskClient], which: str, size: int) -> None:
    page = sign_in("thutruong").get(f"/reports/2026-Q4/H55.1/people?list={which}").get_data(as_text=True)
    assert f"{size} người" in page
    assert len(re.findall(r'<th role="rowheader"', page)) == size


def test_an_agency_founded_after_the_counting_day_has_no_part(
    province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    with database.transaction() as session:
        young = make_agency(session, "Sở mới lập", parent=province.root, valid_from=date(2026, 11, 1))
    client = sign_in("quantri")
    for address in (f"{young}", f"{young}/people", f"{young}.json", f"{young}.xlsx"):
        assert client.get(f"/reports/2026-Q4/{address}").status_code == 404, address


def test_the_page_shows_shares_as_the_province_writes_them(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    page = sign_in("thutruong").get("/reports/2026-Q4/H55.1").get_data(as_text=True)
    assert "90%" in page  # 18/20
    assert "83,3%" in page  # 15/18
    assert "73,8" in page  # (15 × 80,5 + 3 × 40) ÷ 18 = 73,75, rounded half up
    assert "Số liệu tạm tính" in page


def test_a_manager_sees_the_own_subtree_and_nothing_else(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    client = sign_in("xa")
    assert client.get("/reports/2026-Q4/H55.101").status_code == 200
    for foreign in ("H55", "H55.1", str(province.department), "H99", "nothing"):
        for suffix in ("", ".json", ".xlsx", "/people"):
            assert client.get(f"/reports/2026-Q4/{foreign}{suffix}").status_code == 404
    assert client.get("/reports/2026-Q4/").location == "/reports/2026-Q4/H55.101"
    assert client.post("/reports/2026-Q4/build").status_code in (400, 403)


def test_what_is_no_quarter_or_has_no_round_is_not_found(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    client = sign_in("quantri")
    for address in ("/reports/2026-Q5/H55", "/reports/2025-Q1/H55", "/reports/abc/", "/reports/2026-Q4/H55/people?list=keys"):
        assert client.get(address).status_code == 404
    assert client.get("/reports/2026-Q4/H55/people?after=x~y").status_code == 404


def test_the_workbook_has_the_columns_and_the_total_of_the_form(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    response = sign_in("quantri").get("/reports/2026-Q4/H55.xlsx")
    assert "spreadsheetml" in response.content_type
    rows = CalamineWorkbook.from_filelike(BytesIO(response.data)).get_sheet_by_index(0).to_python()
    header = next(row for row in rows if row[0] == "STT")
    assert header[1:12] == [
        "Đơn vị",
        "Tổng số CBCCVC",
        "Thuộc diện kiểm tra",
        "Miễn/ hoãn",
        "Số tham gia",
        "Tỷ lệ tham gia (%)",
        "Đạt",
        "Tỷ lệ đạt (%)",
        "Không đạt",
        "Chưa tham gia",
        "Điểm TB",
    ]
    total = next(row for row in rows if row[1] == "Tổng cộng")
    assert total[2:11] == [35, 33, 2, 31, 93.9, 26, 83.9, 5, 2]
    assert any(row[1] == "=Trạm <script>alert(1)</script>" for row in rows)  # text, not a formula


def test_a_hostile_agency_name_is_only_text(province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    assert "<script>alert" not in sign_in("quantri").get("/reports/2026-Q4/H55").get_data(as_text=True)


def test_a_frozen_result_does_not_move_when_more_people_finish(
    province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    freeze(database)
    with database.transaction() as session:
        late = make_agency(session, "Sở mới", parent=province.root, code="H55.77", valid_from=date(2026, 9, 1))
        expect(session, late, expected=6, took_part=6, passed=6)
    client = sign_in("quantri")
    assert client.get("/reports/2026-Q4/H55.json").json["figures"]["expected"] == 33  # type: ignore[index]
    freeze(database)
    assert client.get("/reports/2026-Q4/H55.json").json["figures"]["expected"] == 39  # type: ignore[index]


def test_nothing_is_public_before_it_is_published(province: Province, database: Database, app: Flask) -> None:
    freeze(database)
    client = app.test_client()
    for address in ("/public/2026-Q4/", "/public/2026-Q4/.json", "/public/2026-Q4.json", "/public/2026-Q4.csv", "/public/2026-Q4/H55"):
        assert client.get(address).status_code == 404
    publish(database)
    for address in ("/public/2026-Q4/", "/public/2026-Q4/.json", "/public/2026-Q4.json", "/public/2026-Q4.csv", "/public/2026-Q4/H55"):
        assert client.get(address).status_code == 200


def test_small_agencies_are_withheld_from_the_public_and_cannot_be_worked_out(province: Province, database: Database, app: Flask) -> None:
    freeze(database)
    publish(database)
    body = app.test_client().get("/public/2026-Q4/.json").json
    assert body is not None
    lines = {line["ma_don_vi"]: line for line in body["don_vi"]}
    assert lines["H55.9"]["an_so_lieu"] is True
    assert lines["H55.9"]["thuoc_dien"] is None
    assert lines["H55.101"]["an_so_lieu"] is True  # else 33 − 20 − 10 tells the three
    assert lines["H55.1"]["thuoc_dien"] == 20
    assert lines["H55"]["thuoc_dien"] == 33
    assert lines["H55"]["ty_le_tham_gia"] is None  # two have not taken part
    rows = list(csv.DictReader(StringIO(app.test_client().get("/public/2026-Q4.csv").get_data(as_text=True).lstrip("\ufeff"))))
    assert {row["ma_don_vi"]: row["thuoc_dien"] for row in rows} == {"H55": "33", "H55.1": "20", "H55.101": "", "H55.9": ""}
    assert all(not row["ten_don_vi"].startswith("=") for row in rows)
    assert "Nguyễn Văn An" not in app.test_client().get("/public/2026-Q4/").get_data(as_text=True)


def test_publishing_twice_or_without_a_frozen_result_is_refused(province: Province, database: Database) -> None:
    with pytest.raises(Conflict):
        publish(database)
    freeze(database)
    publish(database)
    with pytest.raises(Conflict):
        publish(database)
    freeze(database)
    publish(database)  # a later revision supersedes


def test_the_department_freezes_and_publishes_from_the_page(province: Province, app: Flask, sign_in: Callable[[str], FlaskClient]) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    client = sign_in("quantri")
    assert client.post("/reports/2026-Q4/build").status_code == 303
    assert client.post("/reports/2026-Q4/publish").status_code == 303
    assert app.test_client().get("/public/2026-Q4/").status_code == 200
    assert sign_in("thutruong").post("/reports/2026-Q4/publish").status_code == 403


def test_the_number_of_queries_does_not_grow_with_the_province(
    province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("quantri")
    client.get("/reports/2026-Q4/H55")  # what is kept for a minute is kept now
    counted: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))
    client.get("/reports/2026-Q4/H55")
    few = len(counted)
    with database.transaction() as session:
        for number in range(10):
            agency = make_agency(session, f"Phòng {number}", parent=province.department, code=f"H55.1.{number}")
            expect(session, agency, expected=6, took_part=3, passed=2)
    counted.clear()
    client.get("/reports/2026-Q4/H55")
    assert len(counted) == few
