"""Importing a roster: choose, check, confirm, done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations
from lms.accounts.forms import RosterUploadForm
from lms.accounts.jobs import ROSTER_JOB
from lms.accounts.views.door import blueprint
from lms.accounts.views.people import today
from lms.accounts.workbook import template_workbook
from lms.kit.access import requires
from lms.kit.imports import web as imports
from lms.kit.imports.rules import Checked
from lms.kit.sheets import Sheet

PAGES = imports.ImportPages(
    kind="roster",
    permission="accounts.import_roster",
    job_kind=ROSTER_JOB,
    title=_l("Nhập danh sách cán bộ"),
    lead=_l(
        "Gửi bảng như đang dùng: có phần đầu công văn, tiêu đề gộp ô, dòng tên đơn vị, dòng tổng cộng đều được. "
        "Người đã có (theo mã cán bộ hoặc số CCCD) được cập nhật, người chưa có được thêm mới; không ai bị xóa."
    ),
    counts={
        "new": _l("cán bộ thêm mới"),
        "changed": _l("cán bộ cập nhật"),
        "moved": _l("cán bộ chuyển đơn vị"),
        "unchanged": _l("cán bộ không đổi"),
    },
    endpoints={
        "upload": "accounts.roster_form",
        "run": "accounts.roster_run",
        "confirm": "accounts.roster_confirm",
        "errors": "accounts.roster_errors",
        "template": "accounts.roster_template",
    },
    columns=(
        ("Họ và tên", _l("Bắt buộc; có thể tách thành “Họ đệm” và “Tên”"), "Nguyễn Thị Ánh"),
        ("Mã cán bộ", _l("Nhận ra người đã có; để trống thì nhận theo số CCCD"), "CB00016"),
        ("Ngày sinh", _l("Ngày/tháng/năm hoặc chỉ năm; có thể đặt dưới hai cột Nam, Nữ"), "05/07/1985"),
        ("Đơn vị công tác", _l("Tên hoặc mã đơn vị trong cây đơn vị; hoặc một dòng tên đơn vị phía trên"), "Sở Nội vụ"),
        ("Chức vụ", _l("Dùng để đoán nhóm đối tượng khi không có cột nhóm"), "Phó Trưởng phòng"),
        ("Nhóm đối tượng", _l("N1 đến N5"), "N2"),
        ("Công tác CNTT", _l("Chuyên trách, Bán chuyên trách, Kiêm nhiệm"), "Kiêm nhiệm"),
        ("Trình độ (CM, Tin học)", _l("TS, ThS, ĐH, CĐ, TC; chứng chỉ tin học như đã cấp"), "ĐH"),
        ("Số CCCD, Điện thoại, Email", _l("Không bắt buộc; số được mã hóa khi lưu"), "019085000123"),
        ("Ghi chú", _l("Nghỉ thai sản, biệt phái, đi học, nghỉ ốm, nghỉ hưu: người này không thuộc diện kiểm tra"), "Nghỉ thai sản"),
    ),
    partial=True,
    breadcrumbs=((_l("Cán bộ"), "accounts.people"),),
    done_link=(_l("Cấp phiếu tài khoản cho người mới"), "accounts.slips"),
    upload_template="accounts/roster_import.html",
)


@blueprint.get("/manage/imports/roster")
@requires("accounts.import_roster")
def roster_form() -> Response:
    return imports.upload_page(PAGES, RosterUploadForm(today()))


@blueprint.post("/manage/imports/roster")
@requires("accounts.import_roster")
def roster_check() -> AnyResponse:
    return imports.receive(PAGES, RosterUploadForm(today()), _check)


@blueprint.get("/manage/imports/roster/template.xlsx")
@requires("accounts.import_roster")
def roster_template() -> Response:
    return imports.xlsx_response(template_workbook(_), "mau-danh-sach-can-bo.xlsx")


@blueprint.get("/manage/imports/roster/<uuid:run_id>")
@requires("accounts.import_roster")
def roster_run(run_id: UUID) -> str:
    return imports.run_page(PAGES, run_id)


@blueprint.post("/manage/imports/roster/<uuid:run_id>/confirm")
@requires("accounts.import_roster")
def roster_confirm(run_id: UUID) -> AnyResponse:
    return imports.confirm(PAGES, run_id)


@blueprint.get("/manage/imports/roster/<uuid:run_id>/errors.xlsx")
@requires("accounts.import_roster")
def roster_errors(run_id: UUID) -> Response:
    return imports.error_file(PAGES, run_id)


def _check(session: Session, sheets: Sequence[Sheet], file: str, options: Mapping[str, Any]) -> Checked:
    return operations.check_roster(session, sheets, file, date.fromisoformat(options["as_of"])).checked()
