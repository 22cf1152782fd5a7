"""Quarters as they should not be, through to what the public reads: nobody sat, agencies that ended since the cut-off, names that are
formulas or markup, a clock that was set back."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from io import BytesIO
from uuid import UUID
from xml.etree import ElementTree
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest
import time_machine
from docx import Document
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, insert, select, update

from lms.accounts.models import Person, Posting, RoleGrant
from lms.agencies.models import AgencyVersion
from lms.agencies.operations import record_change
from lms.agencies.rules.events import Abolition, Change, Details, Division, Founding, Merger, Part
from lms.kit.actors import SERVICE, Role
from lms.kit.clock import Quarter, now
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.kit.ids import uuid7
from lms.kit.queue import run_due, run_periodic
from lms.reports import operations
from lms.reports.feeds.addresses import all_places
from lms.reports.models import Report, ReportEvent, ReportFile, ReportState
from lms.reports.operations.planning import freeze_what_is_locked, plan_report
from lms.reports.posting import hand_over
from lms.reports.queries.consulting import consultation_of, silent_agencies_of, speakers, speaks_as
from lms.reports.queries.verifying import verify_report
from lms.results.models import Activity, Outcome
from lms.results.operations import lock_activity
from lms.results.queries import ActivityRow
from tests.factories import make_agency
from tests.mail.test_letters import Box, box, port
from tests.reports.making import ACTIVITY, AT, CLOSED, DAY, Province, expect, finish, make_province, the_activity
from tests.reports.pdf_reading import read_pdf
from tests.reports.telling import Receiver, add, receiver, send, telling

__all__ = ["box", "port", "receiver", "telling"]
CODES = ("H55", "H55.1", "H55.101", "H55.102")
NOVEMBER = date(2026, 11, 1)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


def build(database: Database, at: datetime = CLOSED) -> UUID:
    with database.transaction() as session:
        return operations.build_report(session, SERVICE, the_activity(session), at)


def bring_out(app: Flask, database: Database, at: datetime = CLOSED) -> UUID:
    """From close to what the public reads, and all that follows by itself."""
    report = build(database, at)
    with time_machine.travel(at + timedelta(minutes=5), tick=False):
        with database.transaction() as session:
            operations.approve_report(session, SERVICE, report, now())
        run_due(app)
        with database.transaction() as session:
            operations.publish_now(session, SERVICE, report, now())
        run_periodic(app, {})
        run_due(app)
        run_due(app)
    return report


def everything(app: Flask, codes: tuple[str, ...] = CODES) -> dict[str, str]:
    """All that the public can fetch of the quarter, by address; each is there."""
    client, found = app.test_client(), {}
    for place in all_places(Quarter(2026, 4), list(codes)):
        response = client.get(place.path)
        assert response.status_code == 200, place.path
        found[place.path] = response.get_data(as_text=True)
    return found


def test_a_quarter_in_which_nobody_sat_is_published_with_zeros_and_no_rate(
    app: Flask, province: Province, database: Database, sign_in: SignIn
) -> None:
    with database.transaction() as session:
        session.execute(Outcome.__table__.delete())  # type: ignore[attr-defined]
    report = bring_out(app, database)
    found = everything(app)
    whole = json.loads(found["/public/2026-Q4.json"])
    top = whole["don_vi"][0]
    assert (top["thuoc_dien"], top["tham_gia"], top["ty_le_tham_gia"]) == (38, 0, 0.0)
    assert (top["dat"], top["ty_le_dat"], top["diem_tb"]) == (0, None, None)
    notes = {one["ma_chi_tieu"]: one["ghi_chu"] for one in json.loads(found["/public/2026-Q4/H55.ioc.json"])["du_lieu"]}
    assert notes["DTBD.03"] == "khong_co_mau_so"
    assert not any("nan" in text.lower().split() or "None" in text for text in found.values())
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ReportFile).where(ReportFile.report_id == report)) == 8
        assert verify_report(session, report).holds
    pdf = read_pdf(sign_in("quantri").get("/reports/2026-Q4/H55.pdf").data)
    assert pdf.pages


def end(database: Database, province: Province, how: str) -> tuple[UUID, ...]:
    """The commune of ten ends in November, after the cut-off; who lives on."""
    gone, other = province.agencies["H55.101"], province.agencies["H55.1"]
    parts = tuple(uuid7() for _part in range(2))
    founded = [
        Founding(agency=part, name=f"Xã Ba Bể {number}", kind="commune", block="xa_phuong", level="xa", parent=province.root)
        for number, part in enumerate(parts, 1)
    ]
    kinds: dict[str, Details] = {
        "abolished": Abolition(agency=gone),
        "merged": Merger(agencies=(gone,), into=other),
        "split": Division(agency=gone, parts=tuple(Part(agency=one.agency, founding=one, share=0.5) for one in founded)),
    }
    with database.transaction() as session:
        if how == "abolished":  # its people went elsewhere before
            session.execute(update(Posting).where(Posting.agency_id == gone).values(valid_to=NOVEMBER))
        record_change(session, SERVICE, Change(NOVEMBER, kinds[how]), AT)
    return {"abolished": (), "merged": (other,), "split": parts}[how]


@pytest.mark.parametrize("how", ["abolished", "merged", "split"])
def test_an_agency_that_ended_between_cut_off_and_close_keeps_its_result_and_its_addresses(
    app: Flask, province: Province, database: Database, sign_in: SignIn, how: str
) -> None:
    heirs = end(database, province, how)
    with time_machine.travel(CLOSED, tick=False):
        report = bring_out(app, database)
        found = everything(app)
        whole = json.loads(found["/public/2026-Q4.json"])
        assert sorted(one["ma_don_vi"] for one in whole["don_vi"]) == list(CODES)  # the tree of the counting day; no part that came later
        gone = json.loads(found["/public/2026-Q4/H55.101.json"])["don_vi"]
        assert (gone["ten_don_vi"], gone["ma_don_vi_chu_quan"]) == ("Ủy ban nhân dân xã Ba Bể", "H55")
        with database.reading() as session:
            assert verify_report(session, report).holds
        department = sign_in("quantri")
        for address in ("H55.101", "H55.101.pdf", "H55.101.xlsx", "H55.101.docx"):
            assert department.get(f"/reports/2026-Q4/{address}").status_code == 200, address
        assert "Ba Bể" in app.test_client().get("/embed/H55.101").text
    with database.reading() as session:
        there = AgencyVersion.superseded_at.is_(None), AgencyVersion.valid_to > CLOSED.date()
        today = set(session.scalars(select(AgencyVersion.agency_id).where(*there)))
    assert province.agencies["H55.101"] not in today
    assert set(heirs) <= today
    with time_machine.travel(CLOSED + timedelta(days=400), tick=False):  # long after, and after a report of another quarter
        assert app.test_client().get("/public/2026-Q4/H55.101").status_code == 200
        assert app.test_client().get("/embed/H55.101").status_code == 200
        assert app.test_client().get("/public/2026-Q4/H55.101.atom").status_code == 200


NAMES = (
    '=HYPERLINK("http://evil.example";"Xã")',
    "+84 Xã",
    "-1+cmd|' /C calc'!A0",
    "@SUM(1+1)*Xã",
    "\t=1+1",
    "<script>alert(1)</script>&amp; Xã",
    "]]><x/> Xã",
)


def test_a_name_is_a_name_in_every_format(app: Flask, database: Database, province: Province, sign_in: SignIn) -> None:
    """The public's formats and those of the entitled; each name is that of an agency large enough to be shown."""
    codes = [f"H55.9{number}" for number in range(len(NAMES))]
    with database.transaction() as session:
        for code, name in zip(codes, NAMES, strict=True):
            expect(session, make_agency(session, name, parent=province.root, code=code, block="xa_phuong"), 40, 30, 20)
    bring_out(app, database)
    public, department = app.test_client(), sign_in("quantri")
    for code, name in zip(codes, NAMES, strict=True):
        where = f"/public/2026-Q4/{code}"
        shown = json.loads(public.get(f"{where}.json").text)["don_vi"]["ten_don_vi"]
        assert shown.strip() == name.strip()
        cells = public.get(f"{where}.csv").text.split("\r\n")[1]
        assert not any(cell.strip('"').startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells.split(",")), cells
        for address in (where, f"{where}.html", f"/embed/{code}"):
            page = public.get(address).text
            assert "<script>alert" not in page, address
            assert "<x/>" not in page, address
        feed = ElementTree.fromstring(public.get(f"{where}.atom").data)
        assert name.strip() in "".join(feed.itertext())
        assert feed.find(".//x") is None
        inside = f"/reports/2026-Q4/{code}"
        with ZipFile(BytesIO(department.get(f"{inside}.xlsx").data)) as parts:
            sheets = [parts.read(part).decode() for part in parts.namelist() if part.startswith("xl/")]
        assert not any("<f>" in sheet or "<x/>" in sheet or "<hyperlink " in sheet for sheet in sheets)
        draft = department.get(f"{inside}.docx").data
        assert name.strip()[:8] in "\n".join(paragraph.text for paragraph in Document(BytesIO(draft)).paragraphs)
        assert "HYPERLINK" not in "".join(Document(BytesIO(draft)).element.xpath("//w:instrText/text()"))
        with ZipFile(BytesIO(draft)) as parts:
            assert not any("evil.example" in parts.read(part).decode() for part in parts.namelist() if part.endswith(".rels"))
        assert department.get(f"{inside}.pdf").data.startswith(b"%PDF-")
    whole = public.get("/public/2026-Q4.csv").text
    assert "\r\n=" not in whole
    assert ",=" not in whole


def test_of_a_merged_agency_its_heir_speaks_and_gets_its_letter(telling: Flask, database: Database, box: Box) -> None:
    with database.transaction() as session:
        province = make_province(session)
        for login, actor in province.actors.items():
            session.execute(update(Person).where(Person.id == actor.person_id).values(email=f"{login}@tinh.gov.vn"))
        session.execute(delete(RoleGrant).where(RoleGrant.person_id == province.actors["xa"].person_id))  # the commune has nobody left
    end(database, province, "merged")
    head, focal, gone = (province.actors["thutruong"].person_id, province.actors["daumoi"].person_id, province.agencies["H55.101"])
    report = build(database)
    with database.transaction() as session:
        operations.open_consultation(session, SERVICE, report, 3, zone=ZONE, at=CLOSED)
    with database.reading() as session:
        assert {person for person, agency in speakers(session, report, CLOSED.date()) if agency == gone} == {head, focal}
        assert [one.code for one in silent_agencies_of(session, report, head or gone, CLOSED.date())] == ["H55.1", "H55.101"]
        assert consultation_of(session, report, CLOSED.date()).asked == 2
        days = (DAY, CLOSED.date())
        assert speaks_as(session, head or gone, gone, days, CLOSED.date()) is Role.HEAD
        assert speaks_as(session, province.actors["xa"].person_id or gone, gone, days, CLOSED.date()) is None
    with database.transaction() as session:
        operations.end_consultation(session, SERVICE, report, CLOSED)
    with database.transaction() as session:
        operations.approve_report(session, SERVICE, report, CLOSED)
    with database.transaction() as session:
        operations.publish_now(session, SERVICE, report, CLOSED)
    run_periodic(telling, {})
    run_due(telling)
    hand_over(now())
    letters = sorted((str(one["To"]), next(one.iter_attachments()).get_filename()) for one in box.letters)
    theirs = [f"ket-qua-2026-Q4-{code}.pdf" for code in ("H55.1", "H55.101")]
    assert letters == [(f"{login}@tinh.gov.vn", name) for login in ("daumoi", "thutruong") for name in theirs]


def another_quarter(database: Database, province: Province, at: datetime) -> UUID:
    """A report of the quarter before, frozen."""
    with database.transaction() as session:
        before = ActivityRow("quarterly-test:2026-Q3", "20263", "Kiểm tra Quý III/2026", DAY)
        session.execute(insert(Activity).values(key=before.key, period=before.period, title=before.title, counted_on=DAY, registered_at=AT))
        return operations.build_report(session, SERVICE, before, at)


def test_a_clock_set_back_after_freezing_changes_no_order(app: Flask, database: Database, province: Province) -> None:
    """What may not be seen of a report was decided beside what was public when it was frozen: published meanwhile, the other is refused,
    whatever the clock says."""
    first, second = another_quarter(database, province, CLOSED), build(database, CLOSED + timedelta(seconds=1))
    earlier = CLOSED - timedelta(hours=1)
    with time_machine.travel(earlier, tick=False):
        for report in (first, second):
            with database.transaction() as session:
                operations.approve_report(session, SERVICE, report, now())
        with database.transaction() as session:
            operations.publish_now(session, SERVICE, first, now())
        with pytest.raises(Conflict) as behind, database.transaction() as session:
            operations.publish_now(session, SERVICE, second, now())
        assert behind.value.code == "behind"
    with database.reading() as session:
        published = session.get_one(Report, first)
        assert published.published_at is not None
        assert published.published_at > session.get_one(Report, second).built_at


def test_what_the_ledger_took_in_under_a_fast_clock_is_never_left_out_in_silence(
    app: Flask, database: Database, province: Province, sign_in: SignIn
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with database.transaction() as session:
        finish(session, province.people["H55.1"][18], passed=True, at=CLOSED + timedelta(hours=2))
        plan_report(session, SERVICE, ACTIVITY, freezes=True, consults=False, days=3, at=CLOSED)
        lock_activity(session, ACTIVITY, CLOSED)
    with time_machine.travel(CLOSED, tick=False):
        refused = sign_in("quantri").post("/manage/reports/2026-Q4/freeze")
    assert refused.status_code == 409
    assert "Đồng hồ máy chủ chậm hơn sổ kết quả" in refused.text
    with database.transaction() as session:
        assert freeze_what_is_locked(session, SERVICE, CLOSED) == []
        assert len(freeze_what_is_locked(session, SERVICE, CLOSED + timedelta(hours=2))) == 1


def test_what_is_published_and_withdrawn_under_a_clock_set_back_is_told_once_and_in_order(
    telling: Flask, database: Database, receiver: Receiver, box: Box
) -> None:
    with database.transaction() as session:
        make_province(session)
    add(database, receiver, at=CLOSED)
    report = build(database)
    with time_machine.travel(CLOSED - timedelta(hours=1), tick=False) as clock:
        with database.transaction() as session:
            operations.approve_report(session, SERVICE, report, now())
        with database.transaction() as session:
            operations.publish_now(session, SERVICE, report, now())
        with database.transaction() as session:
            operations.withdraw_report(session, SERVICE, report, "Nhầm", now())
        clock.move_to(CLOSED + timedelta(hours=1))
        for _time in range(3):
            run_periodic(telling, {})
            run_due(telling)
            send(database)
    told = [json.loads(body) for _headers, body in receiver.got]
    assert [one["type"] for one in told] == ["report.published", "report.withdrawn"]
    with database.reading() as session:
        moments = session.scalars(select(ReportEvent.at).order_by(ReportEvent.id)).all()
        assert moments == sorted(moments)
        assert session.get_one(Report, report).state == ReportState.WITHDRAWN
        assert moments[0] > session.get_one(Report, report).built_at
    assert telling.test_client().get("/public/2026-Q4.json").status_code == 410
