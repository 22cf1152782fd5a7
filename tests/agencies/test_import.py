"""A file into the tree: seen before it is written, all or nothing, and nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from lms.agencies import operations, queries
from lms.agencies.models import Agency, AgencyClosure, AgencyCode, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.rules.sheet import COLUMNS
from lms.commands import build_cli
from lms.kit.actors import EVERYWHERE, SERVICE, Role
from lms.kit.db import Database
from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.operations import discard_files
from lms.kit.queue import run_due
from lms.kit.sheets import Cell, Column, read_workbook, table_workbook
from tests.agencies.conftest import AT, assert_closure_true
from tests.factories import grant, make_person
from tests.kit.workbooks import write_long_xlsx

SignIn = Callable[[str], FlaskClient]
LABELS = [labels[0] for labels in COLUMNS.values()]
JULY = date(2025, 7, 1)
TABLES = (Agency, AgencyVersion, AgencyCode, AgencyEvent, AgencyLink, AgencyClosure)


def workbook(*lines: dict[str, Cell]) -> bytes:
    rows = [[line.get(field) for field in COLUMNS] for line in lines]
    return table_workbook([Column(label) for label in LABELS], rows, sheet_name="Cây", title="CÂY ĐƠN VỊ")


def good() -> bytes:
    return workbook(
        {"code": "H55", "name": "Ủy ban nhân dân tỉnh", "valid_from": "01/01/2021"},
        {"code": "H55.1", "name": "Sở Y tế", "parent_code": "H55", "valid_from": "01/01/2021", "legal_basis": "QĐ 12/QĐ-UBND"},
        {"code": "H55.2", "name": "Sở Nội vụ", "parent_code": "H55"},
    )


def faulty() -> bytes:
    return workbook({"code": "H55", "name": "Tỉnh"}, {"code": "H55.1", "name": "Sở Y tế", "parent_code": "H99"}, {"code": "H55"})


@pytest.fixture
def organiser(database: Database, province: dict[str, UUID], sign_in: SignIn) -> FlaskClient:
    with database.transaction() as session:
        grant(session, make_person(session, "Trần Thị Hoa", agency=province["root"], login="quantri"), Role.DEPARTMENT)
    return sign_in("quantri")


@pytest.fixture
def lms(app: Flask, tmp_path: Path) -> Callable[..., Result]:
    def run(*arguments: str) -> Result:
        with app.app_context():
            return app.test_cli_runner().invoke(build_cli(app), list(arguments))

    return run


def saved(tmp_path: Path, content: bytes, name: str = "cay.xlsx") -> str:
    path = tmp_path / name
    path.write_bytes(content)
    return str(path)


def rows_of(database: Database) -> list[int]:
    with database.reading() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES]


def test_the_command_imports_and_a_second_time_changes_nothing(database: Database, lms: Callable[..., Result], tmp_path: Path) -> None:
    file = saved(tmp_path, good())
    first = lms("agencies", "import", file, "--as-of", "2025-07-01")
    assert (first.exit_code, first.stdout) == (0, "Thêm mới 3, thay đổi 0, không đổi 0 đơn vị.\n"), (first.stderr, first.exception)
    with database.reading() as session:
        health = queries.agency_by_code(session, "H55.1", JULY)
        assert health is not None
        row = queries.agency(session, health, JULY, EVERYWHERE)
        assert (row.name, row.kind, row.block, row.level, row.legal_basis) == ("Sở Y tế", "department", "so_nganh", "tinh", "QĐ 12/QĐ-UBND")
        assert row.valid_from == date(2021, 1, 1)
        assert queries.agency_by_code(session, "H55.2", date(2025, 6, 30)) is None
        assert_closure_true(session)
    before = rows_of(database)
    second = lms("agencies", "import", file, "--as-of", "2025-07-01")
    assert (second.exit_code, second.stdout) == (0, "Thêm mới 0, thay đổi 0, không đổi 3 đơn vị.\n")
    assert rows_of(database) == before


def test_a_dry_run_writes_nothing(database: Database, lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("agencies", "import", saved(tmp_path, good()), "--dry-run")
    assert (result.exit_code, result.stdout) == (0, "Thêm mới 3, thay đổi 0, không đổi 0 đơn vị.\n")
    assert rows_of(database) == [0] * len(TABLES)


def test_a_faulty_file_is_refused_row_by_row(database: Database, lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("agencies", "import", saved(tmp_path, faulty()))
    assert result.exit_code == 1
    assert "Dòng 6, Tên đơn vị: Chưa có tên đơn vị" in result.stderr
    assert "Dòng 5, Mã đơn vị chủ quản (H99): Không tìm thấy đơn vị chủ quản có mã H99" in result.stderr
    assert "Có 2 dòng lỗi. Chưa ghi gì" in result.stderr
    assert rows_of(database) == [0] * len(TABLES)


def test_the_command_refuses_a_workbook_of_400000_rows(lms: Callable[..., Result], tmp_path: Path) -> None:
    result = lms("agencies", "import", str(write_long_xlsx(tmp_path / "dai.xlsx", 51_000, declare=True)))
    assert result.exit_code == 1
    assert "dai.xlsx" in result.stderr
    assert "50.000 dòng" in result.stderr


def test_wrong_usage_ends_with_two(lms: Callable[..., Result], tmp_path: Path) -> None:
    assert lms("agencies", "import", str(tmp_path / "missing.xlsx")).exit_code == 2
    assert lms("agencies", "import", saved(tmp_path, good()), "--as-of", "32/01/2025").exit_code == 2


def test_csv_does_as_well(database: Database, lms: Callable[..., Result], tmp_path: Path) -> None:
    text = "Mã đơn vị;Tên đơn vị;Mã đơn vị chủ quản\nH55;Tỉnh;\nH55.1;Sở Y tế;H55\n"
    result = lms("agencies", "import", saved(tmp_path, text.encode("utf-16"), "cay.csv"))
    assert result.stdout == "Thêm mới 2, thay đổi 0, không đổi 0 đơn vị.\n"


def test_a_changed_line_makes_a_new_version_from_its_day(
    database: Database, province: dict[str, UUID], lms: Callable[..., Result], tmp_path: Path
) -> None:
    file = workbook(
        {"code": "H55.2", "name": "Sở KH&CN", "parent_code": "H55", "valid_from": "01/07/2025", "legal_basis": "NQ 1"},
        {"code": "H55.30.1", "name": "Trường Tiểu học Đông Ngũ", "parent_code": "H55.1", "valid_from": "01/07/2025"},
        {"code": "H55.1", "name": "Sở Y tế", "parent_code": "H55"},
    )
    result = lms("agencies", "import", saved(tmp_path, file))
    assert result.stdout == "Thêm mới 0, thay đổi 2, không đổi 1 đơn vị.\n"
    with database.reading() as session:
        before = date(2025, 6, 30)
        assert queries.agency_names(session, [province["science"]], before)[province["science"]] == "Sở Khoa học và Công nghệ"
        assert queries.agency_names(session, [province["science"]], JULY)[province["science"]] == "Sở KH&CN"
        assert province["school"] in queries.subtree_ids(session, province["health"], JULY)
        assert province["school"] in queries.subtree_ids(session, province["commune"], before)
        assert [entry.kind for entry in queries.history_of(session, province["school"])] == ["move", "establish"]
        assert [(entry.kind, entry.decision_number) for entry in queries.history_of(session, province["science"])] == [
            ("rename", "NQ 1"),
            ("establish", None),
        ]
        assert_closure_true(session)


def test_what_is_exported_imports_again_and_changes_nothing(
    database: Database, province: dict[str, UUID], lms: Callable[..., Result], organiser: FlaskClient, tmp_path: Path
) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="=Tên bắt đầu bằng dấu", on=JULY, at=AT)
        operations.move_agency(session, SERVICE, province["office"], parent_id=province["science"], on=date(2025, 9, 1), at=AT)
    exported = organiser.get("/manage/agencies/export.xlsx")
    assert exported.mimetype.endswith("spreadsheetml.sheet")
    before = rows_of(database)
    result = lms("agencies", "import", saved(tmp_path, exported.data))
    assert (result.stdout, result.stderr) == ("Thêm mới 0, thay đổi 0, không đổi 7 đơn vị.\n", "")
    assert rows_of(database) == before


def upload(client: FlaskClient, content: bytes, name: str = "cay.xlsx", as_of: str = "01/07/2025") -> TestResponse:
    return client.post(
        "/manage/agencies/import",
        data={"file": (BytesIO(content), name), "as_of": as_of},
        content_type="multipart/form-data",
    )


def test_nothing_is_written_before_the_button_is_pressed_and_all_of_it_after(
    app: Flask, database: Database, organiser: FlaskClient
) -> None:
    before = rows_of(database)
    answer = upload(organiser, workbook({"code": "H55.9", "name": "Sở Tư pháp", "parent_code": "H55"}))
    assert answer.status_code == 303
    page = organiser.get(answer.location)
    assert "Nhập 1 dòng" in page.text
    assert "Chưa nhập" in page.text
    assert rows_of(database) == before

    confirmed = organiser.post(f"{answer.location}/confirm")
    assert (confirmed.status_code, confirmed.location) == (303, answer.location)
    waiting = organiser.get(answer.location)
    assert 'http-equiv="refresh"' in waiting.text
    assert rows_of(database) == before

    assert run_due(app) == 1
    done = organiser.get(answer.location)
    assert "Đã nhập xong tệp cay.xlsx" in done.text
    assert 'http-equiv="refresh"' not in done.text
    with database.reading() as session:
        assert queries.agency_by_code(session, "H55.9", JULY) is not None
        assert_closure_true(session)


def test_confirming_twice_imports_once(app: Flask, database: Database, organiser: FlaskClient) -> None:
    address = upload(organiser, workbook({"code": "H55.9", "name": "Sở Tư pháp", "parent_code": "H55"})).location
    organiser.post(f"{address}/confirm")
    again = organiser.post(f"{address}/confirm", follow_redirects=True)
    assert "đã được xác nhận nhập trước đó" in again.text
    assert run_due(app) == 1
    assert run_due(app) == 0


def test_faulty_rows_are_shown_and_there_is_no_button(database: Database, organiser: FlaskClient, tmp_path: Path) -> None:
    address = upload(organiser, faulty()).location
    page = organiser.get(address)
    assert "Có 2 dòng lỗi" in page.text
    assert "Không tìm thấy đơn vị chủ quản có mã H99" in page.text
    assert "/confirm" not in page.text
    refused = organiser.post(f"{address}/confirm", follow_redirects=True)
    assert "Còn 2 dòng lỗi" in refused.text

    copy = organiser.get(f"{address}/errors.xlsx")
    path = tmp_path / "loi.xlsx"
    path.write_bytes(copy.data)
    (sheet,) = read_workbook(path)
    marked = {row.number: row[len(LABELS)] for row in sheet.rows if row[len(LABELS)]}
    assert marked[3] == "Lỗi"
    assert marked[6] == "Chưa có tên đơn vị"
    assert sorted(marked) == [3, 5, 6]
    assert "cay-loi.xlsx" in copy.headers["Content-Disposition"]


def test_what_changed_since_the_check_is_not_overwritten(
    app: Flask, database: Database, province: dict[str, UUID], organiser: FlaskClient
) -> None:
    address = upload(organiser, workbook({"code": "H55.2", "name": "Sở KH&CN", "parent_code": "H55"})).location
    organiser.post(f"{address}/confirm")
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Đã đổi", on=date(2025, 1, 1), at=AT)
    run_due(app)
    page = organiser.get(address)
    assert "Dữ liệu đã thay đổi từ lúc kiểm tra tệp cay.xlsx" in page.text
    with database.reading() as session:
        assert queries.agency_names(session, [province["science"]], JULY)[province["science"]] == "Đã đổi"


def test_a_file_that_says_nothing_new_needs_no_import(organiser: FlaskClient) -> None:
    page = organiser.get(upload(organiser, workbook({"code": "H55.1", "name": "Sở Y tế", "parent_code": "H55"})).location)
    assert "Không cần nhập" in page.text
    assert "/confirm" not in page.text


@pytest.mark.parametrize(
    ("content", "name", "status", "said"),
    [
        (b"<html><table></table></html>", "cay.xlsx", 422, "trang HTML"),
        (b"PK\x03\x04 cut short", "cay.xlsx", 422, "bị hỏng"),
        (b"", "", 422, "Chưa chọn tệp"),
        (b"a;b\n1;2\n", "cay.csv", 422, "thiếu cột: Mã đơn vị, Tên đơn vị"),
        (b"a;b\n" * 60_000, "cay.csv", 413, "50.000 dòng"),
    ],
    ids=["html", "truncated", "nothing", "other-columns", "too-long"],
)
def test_a_bad_file_is_answered_at_its_field(
    database: Database, organiser: FlaskClient, content: bytes, name: str, status: int, said: str
) -> None:
    answer = upload(organiser, content, name)
    assert answer.status_code == status
    assert said in answer.text
    assert 'id="file-error"' in answer.text
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ImportRun)) == 0


def test_a_wrong_day_is_answered_at_its_field(organiser: FlaskClient) -> None:
    answer = upload(organiser, good(), as_of="31/02/2025")
    assert answer.status_code == 422
    assert 'id="as_of-error"' in answer.text


def test_names_from_the_file_are_shown_as_text(organiser: FlaskClient) -> None:
    page = organiser.get(upload(organiser, workbook({"code": "<b>x</b>", "name": "<script>alert(1)</script>"}), "<i>.xlsx").location)
    assert "<script>alert" not in page.text
    assert "&lt;b&gt;x&lt;/b&gt;" in page.text.lower()
    assert "<i>.xlsx" not in page.text


def test_the_file_is_sealed_and_thrown_away_after_a_week(app: Flask, database: Database, organiser: FlaskClient) -> None:
    address = upload(organiser, faulty()).location
    with database.reading() as session:
        sealed, created = session.execute(select(ImportFile.sealed, ImportRun.created_at).join(ImportRun)).one()
        assert b"PK\x03\x04" not in sealed
    with database.transaction() as session:
        assert discard_files(session, created.replace(year=created.year + 1)) == 1
    assert organiser.get(f"{address}/errors.xlsx").status_code == 404
    assert organiser.get(address).status_code == 200


def test_the_template_can_be_uploaded_and_says_what_its_columns_know(organiser: FlaskClient) -> None:
    template = organiser.get("/manage/agencies/import/template.xlsx").data
    page = organiser.get(upload(organiser, template).location)
    assert "Không cần nhập" in page.text
