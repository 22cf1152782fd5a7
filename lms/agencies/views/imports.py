"""Importing the agency tree from a file, and all of it as a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from flask import Response
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.agencies.forms import AgencyUploadForm
from lms.agencies.jobs import IMPORT_JOB, IMPORT_UNDO_JOB, planned
from lms.agencies.queries.believed import stored_history
from lms.agencies.rules.event_sheet import EVENT_COLUMNS
from lms.agencies.rules.sheet import COLUMNS
from lms.agencies.views.door import blueprint, today
from lms.agencies.workbook import event_template_workbook, events_workbook, template_workbook
from lms.kit.access import requires
from lms.kit.imports import web as imports
from lms.kit.imports.rules import Checked
from lms.kit.sheets import Sheet
from lms.kit.unit import reading

SHOWN_AGENCIES = 200  # on the preview; the others are counted

PAGES = imports.ImportPages(
    kind="agencies",
    permission="agencies.manage",
    job_kind=IMPORT_JOB,
    title=_l("Nhập cây đơn vị"),
    lead=_l(
        "Tệp có trang tính đơn vị, trang tính sự kiện, hoặc cả hai. Dòng đơn vị: đơn vị đã có (theo mã) được cập nhật từ ngày hiệu lực, "
        "đơn vị chưa có được thêm mới. Dòng sự kiện: thành lập, đổi tên, sáp nhập, hợp nhất, chia tách, giải thể, chuyển chủ quản, đổi mã."
    ),
    counts={
        "added": _l("đơn vị thêm mới"),
        "changed": _l("đơn vị thay đổi"),
        "ended": _l("đơn vị kết thúc"),
        "unchanged": _l("đơn vị không đổi"),
        "events": _l("sự kiện mới"),
        "known_events": _l("sự kiện đã có"),
    },
    undo_job_kind=IMPORT_UNDO_JOB,
    undo_counts={"withdrawn": _l("sự kiện đã rút")},
    run_template="agencies/import_run.html",
    context={
        "shown_agencies": SHOWN_AGENCIES,
        "what_words": {"new": _l("Thêm mới"), "changed": _l("Thay đổi"), "ended": _l("Kết thúc")},
        "field_words": {
            "name": _l("Tên"),
            "short_name": _l("Tên viết tắt"),
            "kind": _l("Loại"),
            "block": _l("Khối"),
            "level": _l("Cấp"),
            "parent": _l("Cơ quan chủ quản"),
            "legal_basis": _l("Văn bản căn cứ"),
            "codes": _l("Mã"),
        },
    },
    endpoints={
        "upload": "agencies.import_form",
        "run": "agencies.import_run",
        "confirm": "agencies.import_confirm",
        "errors": "agencies.import_errors",
        "template": "agencies.import_template",
        "undo": "agencies.import_undo",
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
        (COLUMNS["dvhc"][0], _l("Mã đơn vị hành chính, 2 chữ số cấp tỉnh, 5 chữ số cấp xã"), "05443"),
        (EVENT_COLUMNS["number"][0], _l("Trang tính sự kiện: các dòng cùng số là một sự kiện"), "12"),
        (EVENT_COLUMNS["event"][0], _l("Trang tính sự kiện: điều đã xảy ra; bắt buộc"), "Hợp nhất"),
        (EVENT_COLUMNS["before"][0], _l("Mã của đơn vị trước sự kiện"), "05437"),
        (EVENT_COLUMNS["after"][0], _l("Mã của đơn vị sau sự kiện; kèm tên nếu là đơn vị mới"), "05443"),
        (EVENT_COLUMNS["share"][0], _l("Chia tách: phần người về đơn vị này, để trống nếu văn bản không nêu"), "0,4"),
        (EVENT_COLUMNS["decision_number"][0], _l("Số của quyết định, nghị quyết"), "1683/NQ-UBTVQH15"),
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


@blueprint.get("/import/events-template.xlsx")
@requires("agencies.manage")
def import_event_template() -> Response:
    return imports.xlsx_response(event_template_workbook(_), "mau-su-kien-to-chuc.xlsx")


@blueprint.get("/events.xlsx")
@requires("agencies.manage")
def export_events() -> Response:
    """All that is believed to have happened, in the columns of the import."""
    with reading() as session:
        history = stored_history(session)
    return imports.xlsx_response(events_workbook(history), f"su-kien-to-chuc-{today():%Y-%m-%d}.xlsx")


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


@blueprint.post("/import/<uuid:run_id>/undo")
@requires("agencies.manage")
def import_undo(run_id: UUID) -> AnyResponse:
    return imports.undo(PAGES, run_id)


def _check(session: Session, sheets: Sequence[Sheet], file: str, options: Mapping[str, Any]) -> Checked:
    return planned(session, sheets, file, options).checked()
