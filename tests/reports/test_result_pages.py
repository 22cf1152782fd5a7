"""The pages of a frozen result: what a leader reads in a minute, three lenses, what is not shown, and a fixed number of statements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.operations import build_report, publish_report
from lms.results.models import Activity, Expectation
from lms.results.operations import record_outcome
from lms.results.queries import activity_of_period
from tests.factories import make_agency
from tests.reports.making import AT, CLOSED, Province, expect, finish, make_province, the_activity

SignIn = Callable[[str], FlaskClient]
BEFORE = "quarterly-test:2026-Q3"
THEN = datetime(2026, 9, 28, 3, tzinfo=UTC)


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        made = make_province(session)
        _earlier_quarter(session, made)
    with database.transaction() as session:
        earlier = activity_of_period(session, "20263")
        assert earlier is not None
        build_report(session, SERVICE, earlier, THEN)
        publish_report(session, SERVICE, "20263", THEN)
    with database.transaction() as session:
        build_report(session, SERVICE, the_activity(session), CLOSED)
        publish_report(session, SERVICE, "20264", CLOSED)
    return made


def _earlier_quarter(session: Session, made: Province) -> None:
    """The same people a quarter before; of the department 12 of 20 passed, of the commune H55.101 all, of H55.102 six of eight."""
    session.execute(
        insert(Activity).values(key=BEFORE, period="20263", title="Kiểm tra Quý III/2026", counted_on=date(2026, 9, 1), registered_at=THEN)
    )
    for code, passed in (("H55.1", 12), ("H55.101", 10), ("H55.102", 6)):
        agency = made.agencies[code]
        version = session.scalars(select(AgencyVersion.id).where(AgencyVersion.agency_id == agency)).first()
        people = made.people[code][: {"H55.1": 20, "H55.101": 10, "H55.102": 8}[code]]
        session.execute(
            insert(Expectation),
            [
                {
                    "id": uuid7(),
                    "activity": BEFORE,
                    "period": "20263",
                    "recorded_at": THEN,
                    "person_id": person,
                    "agency_id": agency,
                    "agency_version_id": version,
                    "group_code": "N1",
                    "excluded_because": None,
                }
                for person in people
            ],
        )
        for number, person in enumerate(people):
            record_outcome(
                session,
                activity=BEFORE,
                period="20263",
                person_id=person,
                source_id=uuid7(),
                attempts=1,
                score=Decimal(80 if number < passed else 40),
                passed=number < passed,
                occurred_at=THEN,
                at=THEN,
            )


@pytest.fixture
def statements(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def count(*arguments: object) -> None:
        said.append(str(arguments[2]))

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", count)
    yield said
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", count)


def test_a_leader_reads_the_whole_on_one_page(province: Province, sign_in: SignIn) -> None:
    page = sign_in("quantri").get("/reports/2026-Q4/H55").text
    for said in (
        "Số liệu lúc",
        "bản thứ 1",
        "Đã công bố",
        "94,7%",
        "80,6%",
        "Đơn vị cần chú ý",
        "Vì sao tỷ lệ đạt thay đổi",
        "Xem bảng số",
    ):
        assert said in page, said
    assert "Tham gia thấp nhất" in page
    for address in ("H55.pdf", "H55.docx", "H55.xlsx", "H55.json", "H55/signed", "H55/people?list=passed", "H55/people?list=took_part"):
        assert f"/reports/2026-Q4/{address}" in page, address


def test_the_parts_of_the_change_sum_to_it_as_they_are_shown(province: Province, sign_in: SignIn) -> None:
    page = sign_in("quantri").get("/reports/2026-Q4/H55").text
    table = page[page.index("Vì sao tỷ lệ đạt thay đổi") :]
    found = re.findall(r'<tr><th scope="row">([^<]+)</th><td class="numeric">([^<]+)</td></tr>', table)[:6]
    values = [float(text.rstrip("%").replace("−", "-").replace(",", ".")) for _name, text in found]
    before, structure, composition, performance, total, after = values
    assert abs(structure + composition + performance - total) < 0.001
    assert abs(before + total - after) < 0.001


@pytest.mark.parametrize("lens", ["as_reported", "restated", "same_people"])
def test_each_lens_has_an_address_of_its_own(province: Province, sign_in: SignIn, lens: str) -> None:
    page = sign_in("quantri").get(f"/reports/2026-Q4/H55?lens={lens}").text
    current = re.findall(r'href="[^"]*lens=(\w+)#compared" aria-current="page"', page)
    assert current == [lens]


def test_a_lens_that_is_none_is_not_found(province: Province, sign_in: SignIn) -> None:
    assert sign_in("quantri").get("/reports/2026-Q4/H55?lens=rosy").status_code == 404
    assert sign_in("quantri").get("/reports/2026-Q4/H55/gaps?group=N77").status_code == 404


def test_the_biggest_fall_and_the_lowest_participation_are_named(province: Province, sign_in: SignIn) -> None:
    page = sign_in("quantri").get("/reports/2026-Q4/H55").text
    risks = page[page.index('id="risks"') : page.index('id="compared"')]
    lowest, falls, _ = risks.split("<h3>")[1:]
    assert "Sở Nội vụ" in lowest
    assert "giảm 25 điểm %" in falls  # 6/8 → 4/8
    assert '<a href="http://evil' not in page


@pytest.mark.parametrize(("which", "size"), [("expected", 20), ("took_part", 18), ("passed", 15), ("missing", 2), ("excluded", 2)])
def test_lists_of_a_frozen_result_stay_as_they_were_known(
    province: Province, database: Database, sign_in: SignIn, which: str, size: int
) -> None:
    with database.transaction() as session:
        late = CLOSED + timedelta(days=1)
        for person in province.people["H55.1"][18:20]:  # sat, and told too late
            finish(session, person, passed=True, at=late)
    page = sign_in("thutruong").get(f"/reports/2026-Q4/H55.1/people?list={which}").text
    assert f"{size} người" in page
    assert len(re.findall(r'<th role="rowheader"', page)) == size


def test_what_came_to_be_known_later_is_said_beside_the_frozen_figures(province: Province, database: Database, sign_in: SignIn) -> None:
    assert "Biết sau khi chốt bản này" not in sign_in("thutruong").get("/reports/2026-Q4/H55.1").text
    with database.transaction() as session:
        finish(session, province.people["H55.1"][19], passed=True, at=CLOSED + timedelta(days=1))
    page = sign_in("thutruong").get("/reports/2026-Q4/H55.1").text
    assert "Biết sau khi chốt bản này" in page
    assert "90%" in page  # 18/20 as before


def test_who_is_left_out_is_told_with_the_reason_and_a_list(province: Province, sign_in: SignIn) -> None:
    client = sign_in("thutruong")
    page = client.get("/reports/2026-Q4/H55.1").text
    assert "Nghỉ thai sản" in page
    address = re.search(r'href="([^"]*list=excluded[^"]*reason=maternity)"', page)
    assert address is not None
    assert "2 người" in client.get(address[1].replace("&amp;", "&")).text


def test_an_agency_sees_its_last_quarters_and_who_has_not_taken_part(province: Province, sign_in: SignIn) -> None:
    page = sign_in("thutruong").get("/reports/2026-Q4/H55.1").text
    for said in ("Các quý gần đây", "Quý III/2026", "So với khối", "Danh sách 2 người chưa tham gia", "list=missing"):
        assert said in page, said


def test_a_head_reaches_neither_a_neighbour_nor_the_map_above(province: Province, sign_in: SignIn) -> None:
    client = sign_in("thutruong")
    for address in ("H55", "H55/gaps", "H55/gaps.xlsx", "H55.101", "H55.101/gaps"):
        assert client.get(f"/reports/2026-Q4/{address}").status_code == 404, address
    assert client.get("/reports/2026-Q4/H55.1/gaps").status_code == 200


def test_the_map_is_a_workbook_too_and_a_name_in_it_is_no_formula(province: Province, sign_in: SignIn) -> None:
    body = sign_in("quantri").get("/reports/2026-Q4/H55/gaps.xlsx").data
    rows = CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(0).to_python()
    assert any(str(row[0]).startswith("=HYPERLINK") for row in rows)
    assert sign_in("quantri").get("/reports/2025-Q4/H55/gaps").status_code == 404


def test_every_drawing_is_small_and_says_what_it_shows(province: Province, sign_in: SignIn) -> None:
    for code in ("H55", "H55.1"):
        page = sign_in("quantri").get(f"/reports/2026-Q4/{code}").text
        drawings = [one for one in re.findall(r"<svg.*?</svg>", page, re.DOTALL) if "chart__" in one or "bars__" in one]
        assert drawings
        for drawing in drawings:
            assert len(drawing.encode()) <= 8192
            assert "<title>" in drawing
        assert page.count('<figure class="chart') == page.count("chart__numbers")


def test_the_pages_ask_a_fixed_number_of_questions(province: Province, database: Database, sign_in: SignIn, statements: list[str]) -> None:
    client = sign_in("quantri")
    addresses = ("/reports/2026-Q4/H55", "/reports/2026-Q4/H55.1", "/reports/2026-Q4/H55/gaps")
    few = [_asked(client, address, statements) for address in addresses]
    with database.transaction() as session:
        for number in range(12):
            agency = make_agency(session, f"Phòng {number}", parent=province.agencies["H55.1"], code=f"H55.1.{number}", block="so_nganh")
            more = make_agency(session, f"Xã {number}", parent=province.root, code=f"H55.2{number:02}", block="xa_phuong")
            for one in (agency, more):
                expect(session, one, 9, 6, 4, at=AT)
    with database.transaction() as session:
        build_report(session, SERVICE, the_activity(session), CLOSED + timedelta(hours=1))
    assert [_asked(client, address, statements) for address in addresses] == few
    assert max(few) <= 24, few


def _asked(client: FlaskClient, address: str, statements: list[str]) -> int:
    assert client.get(address).status_code == 200  # what is kept for a minute is kept now
    statements.clear()
    client.get(address)
    return len(statements)
