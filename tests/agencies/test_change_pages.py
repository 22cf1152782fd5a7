"""Entering what happened to agencies: nothing is written before it is confirmed, and what is confirmed is what was shown."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lms.accounts.models import Posting
from lms.accounts.operations import move_person
from lms.agencies import operations, queries
from lms.agencies.models import AgencyEvent, AgencyVersion
from lms.agencies.rules.events import Amendment, Change
from lms.agencies.rules.kinds import Decision
from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.sheets import read_workbook
from tests.agencies.conftest import AT, assert_closure_true
from tests.agencies.test_pages import statements
from tests.factories import grant, make_agency, make_people, make_person

SignIn = Callable[[str], FlaskClient]
NEW = "/manage/agencies/changes/new"
PAPER = {"on": "01/07/2025", "decision_number": "18/NQ-HĐND", "decision_date": "25/06/2025"}


@pytest.fixture
def organiser(database: Database, province: dict[str, UUID], sign_in: SignIn) -> FlaskClient:
    with database.transaction() as session:
        grant(session, make_person(session, agency=province["root"], login="quantri"), Role.DEPARTMENT)
    return sign_in("quantri")


@pytest.fixture
def head(database: Database, province: dict[str, UUID], sign_in: SignIn) -> FlaskClient:
    with database.transaction() as session:
        grant(session, make_person(session, agency=province["health"], login="thutruong"), Role.HEAD, province["health"])
    return sign_in("thutruong")


def mark_of(page: TestResponse) -> str:
    found = re.search(r'name="mark" value="([0-9a-f]{64})"', page.text)
    assert found, re.findall(r"<title>.*?</title>", page.text)
    return found[1]


def confirm(client: FlaskClient, address: str, values: dict[str, Any]) -> TestResponse:
    """Look and then press the button that names the consequence."""
    page = client.post(address, data=values)
    assert page.status_code == 200, re.findall(r'-error">(.*?)</div>', page.text)
    return client.post(address, data={**values, "step": "confirm", "mark": mark_of(page)})


def state(database: Database) -> tuple[int, int, int]:
    with database.reading() as session:
        return tuple(  # type: ignore[return-value]
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (AgencyEvent, AgencyVersion, Posting)
        )


def merger(province: dict[str, UUID], **more: Any) -> dict[str, Any]:
    return {**PAPER, "agencies": [str(province["health"])], "into": str(province["science"]), **more}


def test_the_kinds_of_change_lead_to_their_forms(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    page = organiser.get(f"{NEW}?agency={province['health']}").text
    links = re.findall(rf'href="({NEW}/[^"]+)"', page)
    assert len(links) == 9
    for link in links:
        form = organiser.get(link.replace("&amp;", "&"))
        assert form.status_code == 200
        assert "Sở Y tế" in form.text
    assert organiser.get(f"{NEW}/nonsense").status_code == 404


def test_agencies_are_found_without_marks_and_ticked(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    page = organiser.post(f"{NEW}/merge", data={**PAPER, "agencies-q": "so khoa", "step": "find"}).text
    assert f'value="{province["science"]}" checked' in page  # the only one found is chosen
    several = organiser.post(f"{NEW}/merge", data={**PAPER, "agencies": str(province["school"]), "agencies-q": "y te", "step": "find"}).text
    assert several.index("Sở Y tế") < several.index("Văn phòng Sở Y tế")
    assert f'value="{province["school"]}" checked' in several
    assert f'value="{province["health"]}">' in several
    assert "Không có đơn vị nào khớp" in organiser.post(f"{NEW}/merge", data={**PAPER, "into-q": "zzz", "step": "find"}).text
    assert 'value="18/NQ-HĐND"' in several


def test_a_search_typed_and_not_sent_is_meant_when_enter_is_pressed(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    page = organiser.post(f"{NEW}/move", data={**PAPER, "agency-q": "benh vien", "step": "look"})
    assert page.status_code == 200
    assert f'value="{province["clinic"]}" checked' in page.text


def test_a_merger_is_shown_then_confirmed_and_people_go_along(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    with database.transaction() as session:
        people = make_people(session, province["health"], [{}] * 3)
        grant(session, people[0], Role.FOCAL_POINT, province["health"])
    before = state(database)
    page = organiser.post(f"{NEW}/merge", data=merger(province))
    assert "Sở Y tế sáp nhập vào Sở Khoa học và Công nghệ." in page.text
    assert "Sáp nhập 1 đơn vị, chuyển 3 người từ 01/07/2025" in page.text
    assert "người chuyển từ Sở Y tế sang Sở Khoa học và Công nghệ từ ngày 01/07/2025" in page.text
    assert "vai trò quản lý đối với đơn vị kết thúc" in page.text
    assert "Ngày hiệu lực đã qua" in page.text
    assert "Bệnh viện Đa khoa" in page.text
    assert state(database) == before
    done = organiser.post(f"{NEW}/merge", data=merger(province, step="confirm", mark=mark_of(page)))
    assert done.status_code == 303
    shown = organiser.get(done.location).text
    assert "Đã ghi sự kiện vào cây đơn vị." in shown
    assert "18/NQ-HĐND" in shown
    with database.reading() as session:
        held = session.scalars(select(Posting.agency_id).where(Posting.person_id.in_(people), Posting.valid_from == date(2025, 7, 1))).all()
        assert held == [province["science"]] * 3
        assert_closure_true(session)


def test_what_changed_since_the_preview_is_shown_again_and_nothing_is_written(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    mark = mark_of(organiser.post(f"{NEW}/merge", data=merger(province)))
    with database.transaction() as session:
        make_people(session, province["health"], [{}])
    before = state(database)
    again = organiser.post(f"{NEW}/merge", data=merger(province, step="confirm", mark=mark))
    assert again.status_code == 409
    assert "đã thay đổi từ lúc xem trước" in again.text
    assert "chuyển 1 người" in again.text
    assert state(database) == before
    assert organiser.post(f"{NEW}/merge", data=merger(province, step="confirm", mark=mark_of(again))).status_code == 303


def test_going_back_loses_nothing(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    page = organiser.post(f"{NEW}/merge", data=merger(province, step="edit", note="Theo đề án")).text
    assert f'value="{province["health"]}" checked' in page
    assert f'value="{province["science"]}" checked' in page
    assert "Theo đề án" in page


@pytest.mark.parametrize(
    ("values", "sentence", "field"),
    [
        ({"on": ""}, "Chưa nhập ngày hiệu lực", "on"),
        ({"on": "31/02/2025"}, "Ngày chưa đúng", "on"),
        ({"decision_number": ""}, "Chưa nhập số quyết định", "decision_number"),
        ({"into": ""}, "Chưa chọn đơn vị tiếp nhận", "into"),
        ({"agencies": []}, "Chưa chọn đơn vị sáp nhập", "agencies"),
        ({"agencies": ["nonsense"]}, "không còn trong hệ thống", "agencies"),
        ({"on": "01/07/2019"}, "01/07/2019", "agencies"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_written(
    organiser: FlaskClient, database: Database, province: dict[str, UUID], values: dict[str, Any], sentence: str, field: str
) -> None:
    before = state(database)
    page = organiser.post(f"{NEW}/merge", data=merger(province, **values))
    assert page.status_code == 422, page.text
    errors = re.findall(r'id="([a-z_]+)-error">(.*?)</div>', page.text, re.S)
    assert any(sentence in text for name, text in errors if name in (field, "on")), errors
    assert state(database) == before


def test_merging_into_itself_and_into_what_is_below_are_refused(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    itself = organiser.post(f"{NEW}/merge", data=merger(province, into=str(province["health"])))
    assert itself.status_code == 422
    below = organiser.post(f"{NEW}/move", data={**PAPER, "agency": str(province["health"]), "parent": str(province["clinic"])})
    assert below.status_code == 422
    assert "-error" in below.text


KINDS: dict[str, tuple[dict[str, Any], str]] = {
    "establish": ({"name": "Chi cục Chuyển đổi số", "parent": "science", "code": "h55.2.7"}, "Thành lập Chi cục Chuyển đổi số"),
    "rename": ({"agency": "commune", "name": "Phường Đông Ngũ"}, "Xã Đông Ngũ đổi tên thành “Phường Đông Ngũ”."),
    "move": ({"agency": "clinic", "parent": "root"}, "chuyển từ trực thuộc Sở Y tế sang trực thuộc Ủy ban nhân dân tỉnh"),
    "revise": ({"agency": "clinic", "short_name": "BVĐK", "block": "khac"}, "tên viết tắt BVĐK; khối Khối khác"),
    "recode": ({"agency": "clinic", "scheme": "qd20", "code": "H55.77"}, "mới là H55.77."),
    "merge": ({"agencies": ["health"], "into": "science"}, "Sở Y tế sáp nhập vào Sở Khoa học và Công nghệ."),
    "consolidate": (
        {"agencies": ["health", "science"], "name": "Sở Y tế và Khoa học", "parent": "root", "code": "H55.99"},
        "Sở Y tế và Sở Khoa học và Công nghệ hợp nhất thành Sở Y tế và Khoa học.",
    ),
    "split": (
        {"agency": "health", "parts-0-name": "Sở Y tế Một", "parts-0-share": "60", "parts-1-name": "Sở Y tế Hai", "receivers": ["science"]},
        "Sở Y tế chia tách thành Sở Y tế Một, Sở Y tế Hai và Sở Khoa học và Công nghệ.",
    ),
    "abolish": ({"agency": "commune", "heir_of_children": "root"}, "Xã Đông Ngũ giải thể."),
}


def resolved(values: dict[str, Any], province: dict[str, UUID]) -> dict[str, Any]:
    def one(value: str) -> str:
        return str(province.get(value, value))

    return {name: [one(each) for each in value] if isinstance(value, list) else one(value) for name, value in values.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_entered_told_corrected_and_withdrawn(
    organiser: FlaskClient, database: Database, province: dict[str, UUID], kind: str
) -> None:
    values, sentence = KINDS[kind]
    form = organiser.get(f"{NEW}/{kind}").text
    hidden = dict(re.findall(r'name="((?:parts-\d-)?new_agency)"[^>]*value="([0-9a-f-]{36})"', form))
    filled = {**PAPER, **hidden, **resolved(values, province)}
    done = confirm(organiser, f"{NEW}/{kind}", filled)
    assert done.status_code == 303
    page = organiser.get(done.location).text
    assert sentence in re.sub(r"<[^>]+>", "", page)

    prefilled = organiser.get(f"{done.location}/correct")
    assert prefilled.status_code == 200
    typed = [
        each
        for name, value in filled.items()
        if not name.startswith(("parts-2", "parts-3"))
        for each in (value if isinstance(value, list) else [value])
    ]
    assert [each for each in typed if each not in prefilled.text and each.upper() not in prefilled.text] == []
    corrected = confirm(organiser, f"{done.location}/correct", {**filled, "on": "01/08/2025", "decision_number": "19/NQ-HĐND"})
    assert corrected.status_code == 303
    page = organiser.get(corrected.location).text
    assert "01/08/2025" in page
    assert "trước đó ghi" in page
    assert "18/NQ-HĐND" in page
    assert "Đã được đính chính" in organiser.get(done.location).text
    assert organiser.get(f"{done.location}/withdraw").status_code == 303  # no longer believed: back to its page with the reason

    before = organiser.get(f"{corrected.location}/withdraw")
    assert "Rút sự kiện ngày 01/08/2025" in before.text
    gone = organiser.post(f"{corrected.location}/withdraw", data={"mark": mark_of(before)})
    assert gone.status_code == 303
    assert "đã được rút" in organiser.get(corrected.location).text
    with database.reading() as session:
        assert_closure_true(session)
        believed = session.scalars(select(AgencyEvent.kind).where(AgencyEvent.superseded_at.is_(None))).all()
        assert set(believed) == {"establish"}


def test_people_stand_in_the_way_of_abolishing(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_people(session, province["school"], [{}, {}])
    values = {**PAPER, "agency": str(province["school"])}
    page = organiser.post(f"{NEW}/abolish", data=values)
    assert "Phải giải quyết trước khi ghi" in page.text
    assert "chưa có đơn vị tiếp nhận" in page.text
    assert 'value="confirm"' not in page.text
    assert organiser.post(f"{NEW}/abolish", data={**values, "step": "confirm", "mark": mark_of(page)}).status_code == 409


def test_a_merger_on_which_people_moved_on_is_not_withdrawn_silently(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    with database.transaction() as session:
        an, *_rest = make_people(session, province["health"], [{}, {}])
    done = confirm(organiser, f"{NEW}/merge", merger(province))
    page = organiser.get(f"{done.location}/withdraw")
    assert "người trở lại đơn vị cũ" in page.text
    with database.transaction() as session:
        session.execute(
            Posting.__table__.update()
            .where(Posting.person_id == an, Posting.valid_from == date(2025, 7, 1))
            .values(job_title="Trưởng phòng")
        )
    before = state(database)
    refused = organiser.post(f"{done.location}/withdraw", data={"mark": mark_of(page)})
    assert refused.status_code == 409
    assert "đã thay đổi vị trí công tác sau sự kiện này" in refused.text
    assert "Rút sự kiện ngày" not in refused.text
    assert state(database) == before
    with database.transaction() as session:
        move_person(session, SERVICE, an, agency_id=province["school"], on=date(2025, 12, 1), at=AT)


def test_corrections_and_withdrawals_stay_readable_on_the_agencys_page(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    with database.transaction() as session:
        paper = Decision("1/QĐ", date(2025, 6, 1))
        wrong = operations.record_change(
            session, SERVICE, Change(date(2025, 7, 1), Amendment(agency=province["clinic"], name="Bệnh viện Sai"), paper), AT
        )
        operations.correct_event(
            session, SERVICE, wrong, Change(date(2025, 8, 1), Amendment(agency=province["clinic"], name="Bệnh viện Đúng"), paper), AT
        )
        other = operations.record_change(
            session, SERVICE, Change(date(2025, 9, 1), Amendment(agency=province["clinic"], short_name="BV"), paper), AT
        )
        operations.withdraw_event(session, SERVICE, other, AT)
    page = re.sub(r"<[^>]+>", "", organiser.get(f"/manage/agencies/{province['clinic']}").text)
    assert "Bệnh viện Đa khoa đổi tên thành “Bệnh viện Đúng”." in page
    assert "Đính chính ngày 05/01/2026, trước đó ghi: “Bệnh viện Đa khoa đổi tên thành “Bệnh viện Sai”.” (hiệu lực 01/07/2025" in page
    assert "Đã rút, không còn hiệu lực" in page


def test_what_moves_along_with_a_parent_is_in_the_timeline(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    confirm(organiser, f"{NEW}/merge", merger(province))
    page = re.sub(r"<[^>]+>", "", organiser.get(f"/manage/agencies/{province['clinic']}").text)
    assert "Sở Y tế sáp nhập vào Sở Khoa học và Công nghệ." in page


def test_changes_are_listed_and_narrowed(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    confirm(organiser, f"{NEW}/merge", merger(province))
    address = "/manage/agencies/changes/"
    assert "8 sự kiện" in organiser.get(address).text
    for narrowed in ("?year=2025", "?kind=merge", "?decision=18/nq"):
        page = organiser.get(address + narrowed).text
        assert "1 sự kiện" in page
        assert "sáp nhập vào" in page
    assert "Không có sự kiện nào khớp" in organiser.get(address + "?decision=100%25").text
    assert organiser.get(address + "?year=mười&kind=nonsense").status_code == 200
    assert organiser.get(address + "?after=nonsense").status_code == 404


def test_a_long_list_is_turned_page_by_page(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        for index in range(60):
            make_agency(session, f"Sở thứ {index}", parent=province["root"])
    first = organiser.get("/manage/agencies/changes/").text
    events = re.findall(r'changes/([0-9a-f-]{36})"', first)
    assert len(events) == 50
    following = re.search(r'href="(/manage/agencies/changes/\?after=[^"]+)"', first)
    assert following
    second = organiser.get(following[1]).text
    rest = re.findall(r'changes/([0-9a-f-]{36})"', second)
    assert len(rest) == 17
    assert not set(rest) & set(events)
    back = re.search(r'href="(/manage/agencies/changes/\?before=[^"]+)"', second)
    assert back
    assert re.findall(r'changes/([0-9a-f-]{36})"', organiser.get(back[1]).text) == events


def test_a_head_reads_what_touches_the_own_scope_and_enters_nothing(
    head: FlaskClient, organiser: FlaskClient, province: dict[str, UUID]
) -> None:
    other = confirm(organiser, f"{NEW}/rename", {**PAPER, "agency": str(province["school"]), "name": "Trường mới"}).location
    own = confirm(organiser, f"{NEW}/rename", {**PAPER, "agency": str(province["clinic"]), "name": "Bệnh viện mới"}).location
    page = head.get("/manage/agencies/changes/").text
    assert "Bệnh viện mới" in page
    assert "Trường mới" not in page
    assert head.get(own).status_code == 200
    assert "Đính chính sự kiện" not in head.get(own).text
    assert head.get(other).status_code == 404
    assert head.get(NEW).status_code == 403
    assert head.post(f"{NEW}/merge", data=merger(province)).status_code == 403
    assert head.post(f"{own}/withdraw").status_code == 403


def test_the_tree_is_shown_as_it_was_known(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    confirm(organiser, f"{NEW}/rename", {**PAPER, "agency": str(province["science"]), "name": "Sở Đổi Tên"})
    assert "Sở Đổi Tên" in organiser.get("/manage/agencies/").text
    earlier = organiser.get("/manage/agencies/?known=31/12/2025").text
    assert "Sở Khoa học và Công nghệ" in earlier
    assert "Sở Đổi Tên" not in earlier
    assert "theo những gì đã ghi đến hết ngày 31/12/2025" in earlier
    assert organiser.get(f"/manage/agencies/{province['science']}?known=31/12/2025").status_code == 200
    assert 'id="known-error"' in organiser.get("/manage/agencies/?known=31/02/2025").text


def cells(tmp_path: Path, answer: TestResponse) -> set[Any]:
    """What an answered workbook says."""
    file = tmp_path / "tra-loi.xlsx"
    file.write_bytes(answer.data)
    return {cell for sheet in read_workbook(file) for row in sheet.rows for cell in row.cells}


def test_the_timeline_and_the_export_tell_what_was_known(organiser: FlaskClient, province: dict[str, UUID], tmp_path: Path) -> None:
    rename = {**PAPER, "agency": str(province["science"]), "name": "Sở Đổi Tên"}
    done = confirm(organiser, f"{NEW}/rename", rename)
    confirm(organiser, f"{NEW}/recode", {**PAPER, "agency": str(province["science"]), "scheme": "qd20", "code": "H55.88"})
    confirm(organiser, f"{done.location}/correct", {**rename, "name": "Sở Đổi Tên Khác"})
    address = f"/manage/agencies/{province['science']}"
    assert "đổi tên thành" in organiser.get(address).text
    earlier = organiser.get(f"{address}?known=31/12/2025").text
    assert "đổi tên thành" not in earlier
    assert "Thành lập" in earlier
    assert "H55.88" not in earlier
    export = "/manage/agencies/export.xlsx"
    assert {"H55.88", "Sở Đổi Tên Khác"} <= cells(tmp_path, organiser.get(export))
    then = cells(tmp_path, organiser.get(f"{export}?known=31/12/2025"))
    assert {"H55.2", "Sở Khoa học và Công nghệ"} <= then
    assert {"H55.88", "Sở Đổi Tên Khác"}.isdisjoint(then)


def test_a_corrections_preview_tells_who_goes_where(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        make_people(session, province["health"], [{}] * 3)
    done = confirm(organiser, f"{NEW}/merge", merger(province))
    corrected = {**merger(province), "into": str(province["commune"]), "on": "01/08/2025"}
    page = re.sub(r"<[^>]+>", "", organiser.post(f"{done.location}/correct", data=corrected).text)
    assert "3 người chuyển từ Sở Y tế sang Xã Đông Ngũ từ ngày 01/08/2025" in page
    assert "trở lại đơn vị cũ" not in page
    assert "Tiếp tục" in page  # Sở Y tế in July: it does not begin anew
    withdrawal = re.sub(r"<[^>]+>", "", organiser.get(f"{done.location}/withdraw").text)
    assert "3 người trở lại đơn vị cũ như trước sự kiện này" in withdrawal


def test_a_correction_asks_for_no_decision_where_the_event_had_none(
    organiser: FlaskClient, database: Database, province: dict[str, UUID]
) -> None:
    change = Change(date(2025, 7, 1), Amendment(agency=province["science"], name="Sở Mới"))
    with database.transaction() as session:
        rename = operations.record_change(session, SERVICE, change, AT)
    address = f"/manage/agencies/changes/{rename}"
    assert organiser.get(f"{address}/correct").text.count("(không bắt buộc)") >= 3
    done = confirm(organiser, f"{address}/correct", {"on": "01/08/2025", "agency": str(province["science"]), "name": "Sở Mới"})
    assert "01/08/2025" in organiser.get(done.location).text
    assert "Chưa nhập số quyết định" in organiser.post(f"{NEW}/rename", data={"on": "01/09/2025"}).text


def test_agencies_below_a_split_are_placed_one_by_one(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    form = organiser.get(f"{NEW}/split?agency={province['health']}").text
    hidden = dict(re.findall(r'name="((?:parts-\d-)?new_agency)"[^>]*value="([0-9a-f-]{36})"', form))
    assert f'name="places-{province["office"]}"' in form
    values = {
        **PAPER,
        **hidden,
        "agency": str(province["health"]),
        "parts-0-name": "Sở Y tế Một",
        "parts-1-name": "Sở Y tế Hai",
        "receivers": [str(province["science"])],
        f"places-{province['office']}": "1",
        f"places-{province['clinic']}": str(province["science"]),
    }
    for wrong in ("3", str(province["commune"]), "²", "9" * 5000):
        refused = organiser.post(f"{NEW}/split", data={**values, f"places-{province['office']}": wrong})
        assert refused.status_code == 422
        assert "Có đơn vị trực thuộc chuyển về" in refused.text
    done = confirm(organiser, f"{NEW}/split", values)
    assert done.status_code == 303
    assert parents(database)["Văn phòng Sở Y tế"] == UUID(hidden["parts-1-new_agency"])
    assert parents(database)["Bệnh viện Đa khoa"] == province["science"]

    again = organiser.get(f"{done.location}/correct").text
    assert re.search(rf'name="places-{province["office"]}".*?<option value="1" selected>Sở Y tế Hai', again, re.DOTALL)
    back = {**values, f"places-{province['office']}": "", f"places-{province['clinic']}": ""}
    confirm(organiser, f"{done.location}/correct", back)
    assert parents(database)["Văn phòng Sở Y tế"] == parents(database)["Bệnh viện Đa khoa"] == UUID(hidden["parts-0-new_agency"])


def parents(database: Database) -> dict[str, UUID | None]:
    with database.reading() as session:
        return {one.name: one.parent_id for one in queries.versions_on(session, date(2025, 7, 1)).values()}


def test_markup_and_formulas_in_papers_are_text(organiser: FlaskClient, province: dict[str, UUID], tmp_path: Path) -> None:
    paper = {**PAPER, "decision_number": "<script>alert(1)</script>", "note": "=HYPERLINK(1)\x00<b>"}
    done = confirm(organiser, f"{NEW}/rename", {**paper, "agency": str(province["science"]), "name": "=1+1<i>"})
    for page in (done.location, f"/manage/agencies/{province['science']}", "/manage/agencies/changes/", "/manage/agencies/"):
        text = organiser.get(page).text
        assert "<script>alert" not in text
        assert "<i>" not in text
    # As text: a formula would come back as its value.
    assert {"=1+1<i>", "=HYPERLINK(1)<b>"} <= cells(tmp_path, organiser.get("/manage/agencies/events.xlsx"))


@pytest.mark.parametrize("forged", ["", "0" * 64, "x" * 9000, "đ"])
def test_a_forged_mark_confirms_nothing(organiser: FlaskClient, database: Database, province: dict[str, UUID], forged: str) -> None:
    before = state(database)
    page = organiser.post(f"{NEW}/merge", data=merger(province, step="confirm", mark=forged))
    assert page.status_code == 409
    assert "Chưa ghi gì" in page.text
    assert state(database) == before


@pytest.mark.parametrize("on", ["01/01/0001", "31/12/9999", "00/00/0000", "01/07/20255"])
def test_days_beyond_all_calendars_are_told(organiser: FlaskClient, database: Database, province: dict[str, UUID], on: str) -> None:
    before = state(database)
    assert organiser.post(f"{NEW}/merge", data=merger(province, on=on)).status_code == 422
    for address in ("/manage/agencies/", f"/manage/agencies/{province['science']}", f"/manage/agencies/{province['science']}/lineage"):
        for name in ("on", "known", "since"):
            assert organiser.get(address, query_string={name: on}).status_code in (200, 404)  # unknown then
    assert organiser.get("/manage/agencies/export.xlsx", query_string={"on": on, "known": on}).status_code == 200
    assert state(database) == before


def test_the_slider_knows_the_days_of_change_and_links_do_the_same(organiser: FlaskClient, province: dict[str, UUID]) -> None:
    confirm(organiser, f"{NEW}/merge", merger(province))
    page = organiser.get("/manage/agencies/").text
    assert "Lần thay đổi trước: 01/07/2025" in page
    assert page.count("<option value=") >= 2
    earlier = organiser.get("/manage/agencies/?on=30/06/2025").text
    assert "Lần thay đổi sau: 01/07/2025" in earlier
    assert 'value="30/06/2025"' in earlier


def test_blocks_and_levels_narrow_the_tree(organiser: FlaskClient) -> None:
    page = organiser.get("/manage/agencies/?block=xa_phuong").text
    assert "Xã Đông Ngũ" in page
    assert "Sở Y tế" not in page
    assert "Trường Tiểu học" in organiser.get("/manage/agencies/?level=xa&q=truong").text


def test_what_has_become_of_an_agency_is_told_with_shares(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        an, *_rest = make_people(session, province["health"], [{}] * 4)
        move_person(session, SERVICE, an, agency_id=province["commune"], on=date(2025, 1, 1), at=AT)
        session.flush()
    confirm(organiser, f"{NEW}/merge", merger(province))
    address = f"/manage/agencies/{province['health']}/lineage"
    page = re.sub(r"<[^>]+>", " ", organiser.get(address + "?since=01/12/2024").text)
    assert "Sở Y tế ngày nay" in page
    facts = re.sub(r"\s+", " ", page)
    assert "Sở Khoa học và Công nghệ 3 75%" in facts
    assert "không phải đơn vị kế thừa: chuyển công tác 1 25%" in facts
    assert "100%" in page
    assert organiser.get(address + "?since=rằm&on=x").status_code == 200


def test_no_page_asks_more_for_a_longer_history(organiser: FlaskClient, database: Database, province: dict[str, UUID]) -> None:
    def count(address: str) -> int:
        with statements(database) as seen:
            assert organiser.get(address).status_code == 200
        return len(seen)

    addresses = [
        "/manage/agencies/",
        "/manage/agencies/?block=so_nganh",
        "/manage/agencies/?known=31/12/2030",
        f"/manage/agencies/{province['science']}",
        f"/manage/agencies/{province['science']}/lineage",
        "/manage/agencies/changes/",
    ]
    confirm(organiser, f"{NEW}/merge", merger(province))
    before = [count(address) for address in addresses]
    with database.transaction() as session:
        for index in range(12):
            child = make_agency(session, f"Sở thứ {index}", parent=province["root"])
            make_people(session, child, [{}] * 3)
            operations.merge_agencies(session, SERVICE, [child], into=province["science"], on=date(2025, 8, 1 + index), at=AT)
    assert [count(address) for address in addresses] == before
    assert max(before) <= 16
