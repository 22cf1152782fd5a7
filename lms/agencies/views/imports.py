"""Importing the agency tree from a file."""

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

from lms.agencies.forms import AgencyUploadForm
from lms.agencies.jobs import IMPORT_JOB
from lms.agencies.operations import check_import
from lms.agencies.rules.sheet import COLUMNS
from lms.agencies.views.door import blueprint, today
from lms.agencies.workbook import template_workbook
from lms.kit.access import requires
from lms.kit.imports import web as imports
from lms.kit.imports.rules import Checked
from lms.kit.sheets import Sheet

PAGES = imports.ImportPages(
    kind="agencies",
    permission="agencies.manage",
    job_kind=IMPORT_JOB,
    title=_l("Nhập cây đơn vị"),
    lead=_l("Mỗi dòng là một đơn vị. Đơn vị đã có (theo mã) được cập nhật từ ngày hiệu lực, đơn vị chưa có được thêm mới."),
    counts={"added": _l("đơn vị thêm mới"), "changed": _l("đơn vị thay đổi"), "unchanged": _l("đơn vị không đổi")},
    endpoints={
        "upload": "agencies.import_form",
        "run": "agencies.import_run",
        "confirm": "agencies.import_confirm",
        "errors": "agencies.import_errors",
        "template": "agencies.import_template",
    },
    columns=(
        (COLUMNS["code"][0], _l("Mã định danh theo Quyết định 20/2020/QĐ-TTg; bắt buộc"), "H55.242"),
        (COLUMNS["name"][0], _l("Tên đầy đủ; bắt buộc"), "Sở Khoa học và Công nghệ"),
        (COLUMNS["short_name"][0], _l("Tên gọi tắt"), "Sở KH&CN"),
        (COLUMNS["kind"][0], _l("Để trống thì đoán theo tên"), "Sở, ban, ngành"),
        (COLUMNS["block"][0], _l("Khối để so sánh; để trống thì theo loại và đơn vị chủ quản"), "Khối sở, ngành"),
        (COLUMNS["level"][0], _l("Để trống thì theo loại và đơn vị chủ quản"), "Cấp tỉnh"),
        (COLUMNS["parent_code"][0], _l("Để trống nếu là đơn vị cao nhất"), "H55"),
        (COLUMNS["valid_from"][0], _l("Thông tin của dòng đúng từ ngày này"), "01/07/2025"),
        (COLUMNS["legal_basis"][0], _l("Quyết định, nghị quyết làm căn cứ"), "Nghị quyết 1683/NQ-UBTVQH15"),
    ),
    breadcrumbs=((_l("Cây đơn vị"), "agencies.tree"),),
    done_link=(_l("Xem cây đơn vị"), "agencies.tree"),
    upload_template="agencies/import.html",
)


@blueprint.get("/import")
@requires("agencies.manage")
def import_form() -> Response:
    return imports.upload_page(PAGES, AgencyUploadForm(today()))


@blueprint.post("/import")
@requires("agencies.manage")
def import_check() -> AnyResponse:
    return imports.receive(PAGES, AgencyUploadForm(today()), _check)


@blueprint.get("/import/template.xlsx")
@requires("agencies.manage")
def import_template() -> Response:
    return imports.xlsx_response(template_workbook(_), "mau-cay-don-vi.xlsx")


@blueprint.get("/import/<uuid:run_id>")
@requires("agencies.manage")
def import_run(run_id: UUID) -> str:
    return imports.run_page(PAGES, run_id)


@blueprint.post("/import/<uuid:run_id>/confirm")
@requires("agencies.manage")
def import_confirm(run_id: UUID) -> AnyResponse:
    return imports.confirm(PAGES, run_id)


@blueprint.get("/import/<uuid:run_id>/errors.xlsx")
@requires("agencies.manage")
def import_errors(run_id: UUID) -> Response:
    return imports.error_file(PAGES, run_id)


def _check(session: Session, sheets: Sequence[Sheet], file: str, options: Mapping[str, Any]) -> Checked:
    return check_import(session, sheets, file, date.fromisoformat(options["as_of"])).checked()
