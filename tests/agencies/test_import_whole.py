"""The whole tree in and out: what is exported is imported unchanged, the last import is taken back, and bad files leave no trace."""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
import xlsxwriter
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.agencies import operations, queries
from lms.agencies.models import Agency, AgencyClosure, AgencyCode, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.rules.event_sheet import EVENT_COLUMNS
from lms.agencies.rules.sheet import COLUMNS
from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.imports.models import ImportRun
from lms.kit.queue import run_due
from lms.kit.sheets import Cell, Column, table_workbook
from tests.agencies.conftest import assert_closure_true
from tests.agencies.test_import import faulty, good, lms, organiser, saved, upload, workbook

__all__ = ["lms", "organiser"]

Lms = Callable[..., Result]
TABLES = (Agency, AgencyVersion, AgencyCode, AgencyEvent, AgencyLink, AgencyClosure)


def rows_of(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def believed(database: Database) -> set[tuple[object, ...]]:
    """What is believed of every agency on every day, by name."""
    with database.reading() as session:
        names = {row.agency_id: row.name for row in session.execute(select(AgencyVersion.agency_id, AgencyVersion.name))}
        rows = session.execute(
            select(AgencyVersion.name, AgencyVersion.parent_id, AgencyVersion.valid_from, AgencyVersion.valid_to).where(
                AgencyVersion.superseded_at.is_(None)
            )
        )
        return {(name, names.get(parent) if parent else None, begin, end) for name, parent, begin, end in rows}


def event_workbook(*rows: dict[str, Cell]) -> bytes:
    lines = [[row.get(field) for field in EVENT_COLUMNS] for row in rows]
    return table_workbook([Column(labels[0]) for labels in EVENT_COLUMNS.values()], lines, sheet_name="Sự kiện")


MERGER: tuple[dict[str, Cell], ...] = (
    {"number": "1", "on": "01/09/2025", "event": "Hợp nhất", "before": "H55.1", "after": "H55.8", "name": "Sở Mới", "parent_code": "H55"},
    {"number": "1", "before": "H55.2"},
)


def test_all_events_are_exported_and_import_again_unchanged(
    database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path
) -> None:
    assert lms("agencies", "import", saved(tmp_path, event_workbook(*MERGER), "sap-nhap.xlsx")).exit_code == 0
    file = tmp_path / "tat-ca.xlsx"
    assert lms("agencies", "export", str(file)).stdout == "Đã ghi tat-ca.xlsx.\n"
    before = rows_of(database)
    again = lms("agencies", "import", str(file))
    assert (again.stdout, again.stderr) == (
        "Thêm mới 0, thay đổi 0, không đổi 0 đơn vị. Ghi 0 sự kiện, 8 sự kiện đã có.\n",
        "",
    )
    assert rows_of(database) == before


def test_the_agencies_of_a_day_are_exported_and_import_again_unchanged(
    database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path
) -> None:
    with database.transaction() as session:
        operations.assign_code(session, province["commune"], "05443", on=date(2025, 7, 1), at=now(), scheme="dvhc")
    file = tmp_path / "cay.xlsx"
    assert lms("agencies", "export", str(file), "--on", "2025-07-02").exit_code == 0
    again = lms("agencies", "import", str(file))
    assert (again.stdout, again.stderr) == ("Thêm mới 0, thay đổi 0, không đổi 7 đơn vị.\n", "")
    assert "đuôi .xlsx" in lms("agencies", "export", str(tmp_path / "cay.pdf")).stderr


def test_the_last_import_is_taken_back_and_only_once(database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path) -> None:
    before = believed(database)
    assert lms("agencies", "import", saved(tmp_path, event_workbook(*MERGER))).exit_code == 0
    assert believed(database) != before
    assert lms("agencies", "undo").stdout == "Đã hoàn tác lần nhập: rút 1 sự kiện.\n"
    assert believed(database) == before
    with database.reading() as session:
        assert_closure_true(session)
    again = lms("agencies", "undo")
    assert (again.exit_code, "Chưa có lần nhập cây đơn vị nào để hoàn tác" in again.stderr) == (1, True)


def test_an_import_on_which_later_changes_build_is_not_taken_back(
    database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path
) -> None:
    assert lms("agencies", "import", saved(tmp_path, event_workbook(*MERGER))).exit_code == 0
    with database.transaction() as session:
        new = queries.agency_by_code(session, "H55.8", date(2025, 9, 1))
        assert new is not None
        operations.rename_agency(session, SERVICE, new, name="Sở Mới hơn", on=date(2025, 10, 1), at=now())
    before = believed(database)
    refused = lms("agencies", "undo")
    assert refused.exit_code == 1
    assert "Sở Mới" in refused.stderr
    assert believed(database) == before


def test_the_answer_can_be_had_as_json(database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path) -> None:
    result = lms("agencies", "import", saved(tmp_path, event_workbook(*MERGER)), "--dry-run", "--json")
    answer = json.loads(result.stdout)
    assert answer["counts"] == {"added": 1, "changed": 2, "ended": 2, "unchanged": 0, "events": 1, "known_events": 0}
    ended = [one for one in answer["agencies"] if one["what"] == "ended"]
    assert [(one["code"], one["day"], one["heirs"]) for one in ended] == [
        ("H55.1", "2025-09-01", ["Sở Mới"]),
        ("H55.2", "2025-09-01", ["Sở Mới"]),
    ]
    faults = lms("agencies", "import", saved(tmp_path, faulty()), "--json")
    assert faults.exit_code == 1
    assert {finding["row"] for finding in json.loads(faults.stdout)["findings"]} == {5, 6}


def test_a_folder_of_sheets_is_one_import(database: Database, lms: Lms, tmp_path: Path) -> None:
    folder = tmp_path / "du-lieu"
    folder.mkdir()
    saved(folder, good(), "1.xlsx")
    header = "Loại sự kiện,Ngày hiệu lực,Mã đơn vị trước,Tên đơn vị sau\n"
    saved(folder, f'{header}Đổi tên,01/08/2025,H55.1,"Sở Y tế, Dân số"\n'.encode(), "2.csv")
    assert lms("agencies", "import", str(folder), "--as-of", "2025-07-01").exit_code == 0
    with database.reading() as session:
        assert session.scalars(select(ImportRun.file_name)).all() == ["du-lieu"]
    assert ("Sở Y tế, Dân số", "Ủy ban nhân dân tỉnh", date(2025, 8, 1), date(9999, 12, 31)) in believed(database)
    (tmp_path / "trong").mkdir()
    assert "cần từ 1 đến 20" in lms("agencies", "import", str(tmp_path / "trong")).stderr


# Pages.


def test_the_preview_shows_each_agency_before_and_after(organiser: FlaskClient, database: Database) -> None:
    page = organiser.get(upload(organiser, event_workbook(*MERGER)).location)
    assert "Tiếp nối bởi: Sở Mới" in page.text
    assert "Cơ quan chủ quản: Sở Y tế → Sở Mới" in page.text
    assert "Nhập 2 dòng" in page.text


def test_the_last_import_is_taken_back_on_its_page(app: Flask, database: Database, organiser: FlaskClient) -> None:
    before = believed(database)
    address = upload(organiser, event_workbook(*MERGER)).location
    organiser.post(f"{address}/confirm")
    run_due(app)
    assert believed(database) != before
    organiser.post(f"{address}/undo")
    run_due(app)
    assert believed(database) != before  # the tick was not set
    organiser.post(f"{address}/undo", data={"sure": "1"})
    run_due(app)
    assert believed(database) == before
    page = organiser.get(address).text
    assert "Sự kiện đã rút" in page


def test_all_events_are_exported_on_the_page(organiser: FlaskClient) -> None:
    answer = organiser.get("/manage/agencies/events.xlsx")
    assert (answer.status_code, answer.mimetype.endswith("spreadsheetml.sheet")) == (200, True)
    page = organiser.get(upload(organiser, answer.data).location)
    assert "Không cần nhập" in page.text
    template = organiser.get("/manage/agencies/import/events-template.xlsx")
    assert "Không cần nhập" in organiser.get(upload(organiser, template.data).location).text


def test_another_provinces_file_needs_the_tick(organiser: FlaskClient, database: Database) -> None:
    foreign = workbook({"code": "H49", "name": "UBND tỉnh Quảng Ninh"})
    refused = organiser.get(upload(organiser, foreign).location)
    assert "đứng ngang với đơn vị cao nhất đang có" in refused.text
    assert "/confirm" not in refused.text
    allowed = organiser.post(
        "/manage/agencies/import",
        data={"file": (BytesIO(foreign), "qn.xlsx"), "as_of": "01/07/2025", "new_root": "y"},
        content_type="multipart/form-data",
    )
    assert "Nhập 1 dòng" in organiser.get(allowed.location).text


# Bad files: a clear answer, nothing stored, and the audit knows.


def formulas() -> bytes:
    target = BytesIO()
    book = xlsxwriter.Workbook(target)
    page = book.add_worksheet("Cây")
    page.write_row(0, 0, [labels[0] for labels in COLUMNS.values()])
    page.write_string(1, 0, "H55.9")
    page.write_formula(1, 1, '=HYPERLINK("http://x","Sở")', None, "Sở Giả")
    page.write_string(1, 6, "H55")
    book.close()
    return target.getvalue()


def with_macros(content: bytes) -> bytes:
    """The same workbook with a part that holds macros, as .xlsm has."""
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(target, "w") as copy:
        for name in source.namelist():
            copy.writestr(name, source.read(name))
        copy.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0" + b"AutoOpen" * 100)
    return target.getvalue()


def with_part(content: bytes, name: str, part: bytes) -> bytes:
    target = BytesIO()
    with zipfile.ZipFile(BytesIO(content)) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for one in source.namelist():
            copy.writestr(one, part if one == name else source.read(one))
    return target.getvalue()


def test_a_formula_counts_as_what_it_showed(database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path) -> None:
    result = lms("agencies", "import", saved(tmp_path, formulas()), "--dry-run", "--json")
    assert [one["name"] for one in json.loads(result.stdout)["agencies"]] == ["Sở Giả"]


def test_a_file_with_macros_is_refused(database: Database, province: dict[str, UUID], lms: Lms, tmp_path: Path) -> None:
    before = rows_of(database)
    result = lms("agencies", "import", saved(tmp_path, with_macros(good()), "cay.xlsm"))
    assert (result.exit_code, "Tệp cay.xlsm có macro" in result.stderr) == (1, True)
    assert rows_of(database) == before


HOSTILE = {
    "entity": lambda: with_part(
        good(), "xl/worksheets/sheet1.xml", b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
    ),
    "truncated": lambda: good()[:700],
    "program": lambda: b"MZ" + b"\x00" * 500,
    "web page": lambda: b"<html><table><tr><td>H55</td></tr></table></html>",
    "bomb": lambda: with_part(good(), "xl/worksheets/sheet1.xml", b"<row>" + b" " * 150_000_000),
    "zero bytes": lambda: b"M\x00\xe3\x00;" * 10 + b"\x00",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_are_refused_whole(database: Database, organiser: FlaskClient, kind: str) -> None:
    before = rows_of(database)
    answer = upload(organiser, HOSTILE[kind]())
    assert answer.status_code in (413, 422)
    assert 'id="file-error"' in answer.text
    assert rows_of(database) == before
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Sở\u200b Y\u202e tế\x07", None),
        ("x" * 301, "Tên đơn vị dài quá 300 ký tự"),
        ('=cmd|" /C calc"!A0', None),
        ("<img src=x onerror=alert(1)>", None),
    ],
    ids=["invisible", "too-long", "formula", "markup"],
)
def test_hostile_names_are_text_or_told(database: Database, organiser: FlaskClient, name: str, told: str | None) -> None:
    page = organiser.get(upload(organiser, workbook({"code": "H55.9", "name": name, "parent_code": "H55"})).location)
    assert "<img src=x" not in page.text
    assert "\u202e" not in page.text
    assert (told or "Nhập 1 dòng") in page.text


def test_a_check_and_an_import_leave_their_trace(app: Flask, database: Database, organiser: FlaskClient) -> None:
    address = upload(organiser, event_workbook(*MERGER)).location
    organiser.post(f"{address}/confirm")
    run_due(app)
    with database.reading() as session:
        actions = set(session.scalars(select(AuditEntry.action)))
    assert {"imports.check_file", "imports.confirm", "imports.apply", "agencies.import"} <= actions


def test_ten_thousand_agencies_twelve_deep_come_in_at_once(database: Database, lms: Lms, tmp_path: Path) -> None:
    """Within seconds on an idle machine; here only that it is one transaction whose number of statements does not grow with each row."""
    lines = ["Mã đơn vị;Tên đơn vị;Mã đơn vị chủ quản;Ngày hiệu lực", "H55;UBND tỉnh;;01/01/2021"]
    chain = ["H55"]
    for number in range(1, 10_000):
        depth = number % 11 + 1
        chain[depth:] = [f"H55.{number}"]
        lines.append(f"H55.{number};Đơn vị {number};{chain[depth - 1] if depth <= len(chain) - 1 else 'H55'};01/01/2021")
    file = saved(tmp_path, "\n".join(lines).encode(), "muoi-nghin.csv")
    began = time.monotonic()
    result = lms("agencies", "import", file)
    assert result.stdout == "Thêm mới 10.000, thay đổi 0, không đổi 0 đơn vị.\n", result.stderr
    print(f"10,000 agencies: {time.monotonic() - began:.1f} s")  # noqa: T201
    with database.reading() as session:
        assert session.scalar(select(func.max(AgencyClosure.depth))) == 11
        root = queries.agency_by_code(session, "H55", date(2025, 1, 1))
        assert root is not None
        assert len(queries.subtree_ids(session, root, date(2025, 1, 1) + timedelta(days=1))) == 10_000
