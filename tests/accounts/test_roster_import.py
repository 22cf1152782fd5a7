"""A roster from upload to end, by page and by command."""

from __future__ import annotations

import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from lms.accounts.models import Person, Posting
from lms.commands import build_cli
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.imports import jobs as import_jobs
from lms.kit.jobs import Job
from lms.kit.queue import run_due
from lms.kit.sheets import read_workbook
from tests.factories import LONG_AGO, grant, make_agency, make_person

FILE = Path(__file__).parents[1] / "golden" / "rosters" / "hai-xa.xlsx"
SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def province(database: Database) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh Thái Nguyên", code="H55")
        make_agency(session, "Xã Đông Ngũ", parent=root, code="H55.201", level="xa", block="xa_phuong")
        make_agency(session, "Xã Phúc Lộc", parent=root, code="H55.202", level="xa", block="xa_phuong")
        grant(session, make_person(session, "Trần Thị Quản", agency=root, login="quantri"), Role.DEPARTMENT)


def upload(client: FlaskClient, name: str = "hai-xa.xlsx", content: bytes | None = None, as_of: str = "01/10/2026") -> object:
    body = FILE.read_bytes() if content is None else content
    return client.post("/manage/imports/roster", data={"file": (BytesIO(body), name), "as_of": as_of})


def count_people(database: Database) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


def test_upload_preview_confirm_progress_done(app: Flask, province: None, database: Database, sign_in: SignInAs, tmp_path: Path) -> None:
    client = sign_in("quantri")
    run = upload(client).location
    preview = client.get(run).text
    assert "Nhập 8 dòng đúng, bỏ 8 dòng lỗi" in preview
    assert "31/02" not in preview
    assert count_people(database) == 1

    errors = tmp_path / "loi.xlsx"
    errors.write_bytes(client.get(f"{run}/errors.xlsx").data)
    copied = {sheet.name: sheet for sheet in read_workbook(errors)}
    assert [row.number for row in copied["Đông Ngũ"].rows][:3] == [1, 2, 3]
    assert copied["Đông Ngũ"].rows[1].cells[-1] == "Lỗi"
    assert "mã cán bộ CB00016 trùng với dòng 3" in copied["Đông Ngũ"].rows[2].cells[-1]
    assert len(copied["Đông Ngũ"].rows) == 2 + 5

    assert client.post(f"{run}/confirm", data={"skip_faulty": "1"}).status_code == 303
    assert "Đang" in client.get(run).text
    assert run_due(app) == 1
    assert "Đã nhập xong" in client.get(run).text
    assert count_people(database) == 9
    with database.reading() as session:
        assert {f"{day}" for day in session.scalars(select(Posting.valid_from))} == {"2020-01-01", "2026-10-01"}
        actions = session.scalars(select(AuditEntry.action)).all()
    assert actions.count("accounts.create_people") == 1

    again = client.get(upload(client).location).text
    assert re.search(r"8\s*(<[^>]+>\s*)*Cán bộ không đổi|Cán bộ không đổi(\s*<[^>]+>)*\s*8", again)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("ds.xlsx", b"not a workbook", "ds.xlsx"),
        ("ds.csv", "Tên tệp;Ngày\nA;B\n".encode(), "Họ và tên"),
    ],
)
def test_files_that_are_no_roster_are_refused_with_the_reason(
    province: None, sign_in: SignInAs, name: str, content: bytes, message: str
) -> None:
    response = upload(sign_in("quantri"), name, content)
    assert response.status_code == 422
    assert message in response.text


def test_a_wrong_day_is_named(province: None, sign_in: SignInAs) -> None:
    assert "Ngày chưa đúng" in upload(sign_in("quantri"), as_of="31/02/2026").text


def test_the_template_can_be_filled_in_and_imported(province: None, sign_in: SignInAs, tmp_path: Path) -> None:
    path = tmp_path / "mau.xlsx"
    path.write_bytes(sign_in("quantri").get("/manage/imports/roster/template.xlsx").data)
    header = [cell for row in read_workbook(path)[0].rows for cell in row.cells]
    csv = ";".join(str(cell) for cell in header if cell in header[-15:]) + "\n1;;Lê Thị Bé;5/7/1985;Nữ;;H55.201;Chuyên viên;;;;;;;\n"
    response = upload(sign_in("quantri"), "mau.csv", ("\ufeff" + csv).encode())
    assert "Nhập 1 dòng" in sign_in("quantri").get(response.location).text


def run_command(app: Flask, *arguments: str) -> object:
    with app.app_context():
        return CliRunner().invoke(build_cli(app), list(arguments))


def test_the_command_refuses_faulty_rows_until_told_to_leave_them_out(
    app: Flask, province: None, database: Database, tmp_path: Path
) -> None:
    dry = run_command(app, "roster", "import", str(FILE), "--dry-run")
    assert "Thêm 8, cập nhật 0, chuyển đơn vị 0, không đổi 0, lỗi 8." in dry.output
    assert "Dòng 13, Đông Ngũ, cột Ngày sinh: 13/25/1983 không có thật; sửa theo dạng ngày/tháng/năm" in dry.output
    refused = run_command(app, "roster", "import", str(FILE), "--errors", str(tmp_path / "loi.xlsx"))
    assert refused.exit_code == 1
    assert (tmp_path / "loi.xlsx").exists()
    assert count_people(database) == 1
    done = run_command(app, "roster", "import", str(FILE), "--skip-faulty", "--as-of", "2026-10-01")
    assert done.exit_code == 0
    assert count_people(database) == 9


def test_users_are_made_given_roles_and_reset_by_command(app: Flask, province: None) -> None:
    made = run_command(app, "users", "create", "--name", "Lê Thị Bé", "--agency", "H55.201", "--login", "be", "--role", "system")
    assert made.exit_code == 0
    code = re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", made.output)
    assert code is not None
    assert app.test_client().post("/activate", data={"code": code[0]}).status_code == 303
    assert run_command(app, "users", "grant", "be", "head", "--agency", "H55.202").exit_code == 0
    assert run_command(app, "users", "grant", "be", "head").exit_code == 1
    assert run_command(app, "users", "reset", "be").exit_code == 0
    unknown = run_command(app, "users", "reset", "khong")
    assert (unknown.exit_code, "khong" in unknown.output) == (1, True)
    assert "H55.999" in run_command(app, "users", "create", "--name", "A B", "--agency", "H55.999").output


def test_a_worker_taken_for_dead_does_not_apply_an_import_again(
    app: Flask, province: None, database: Database, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out while it read the file; another worker took the job up and was faster."""
    client = sign_in("quantri")
    run = upload(client).location
    client.post(f"{run}/confirm", data={"skip_faulty": "1"})
    iterate_content = import_jobs.iterate_content

    def read_slowly(content: bytes, name: str) -> object:
        monkeypatch.setattr(import_jobs, "iterate_content", iterate_content)
        with database.transaction() as session:
            session.execute(update(Job).values(lease_until=LONG_AGO))
        assert run_due(app) == 1
        return iterate_content(content, name)

    monkeypatch.setattr(import_jobs, "iterate_content", read_slowly)
    assert run_due(app) == 1
    assert "Đã nhập xong" in client.get(run).text
    assert count_people(database) == 9
    with database.reading() as session:
        recorded = session.scalars(select(AuditEntry.action).where(AuditEntry.action.like("imports.%")))
        assert sorted(recorded) == ["imports.apply", "imports.check_file", "imports.confirm"]


@pytest.mark.parametrize(
    "name", ["danh\x00sach.csv", "a\u202evsc.csv", "../../ds.csv", "C:\\ds.csv", "<script>alert(1)<\\/script>.csv", "x" * 3000]
)
def test_a_hostile_file_name_is_only_a_name(province: None, sign_in: SignInAs, name: str) -> None:
    client = sign_in("quantri")
    response = upload(client, name, "Họ và tên;Mã cán bộ;Đơn vị công tác\nLê Thị Bé;;Sở Không Có\n".encode())
    if response.status_code == 303:
        page = client.get(response.location).text
        assert client.get(f"{response.location}/errors.xlsx").status_code == 200
    else:
        assert response.status_code == 422
        page = response.text
    for raw in ("\x00", "\u202e", "<script>alert", "/ds.csv"):
        assert raw not in page
