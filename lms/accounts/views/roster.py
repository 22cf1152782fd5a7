"""Importing rosters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations
from lms.accounts.jobs import ROSTER_JOB, ROSTER_UNDO_JOB
from lms.accounts.operations import RosterOptions
from lms.accounts.operations.roster_columns import choose_columns, guessed_columns
from lms.accounts.queries import roster as queries
from lms.accounts.roster_forms import REPLACE, RosterUploadForm
from lms.accounts.rules.roster.header import FIELD_NAMES
from lms.accounts.rules.roster.lines import MissingColumns
from lms.accounts.rules.roster.plan import SOMEBODY_ELSE
from lms.accounts.views.door import blueprint
from lms.accounts.views.people import today
from lms.accounts.workbook import changes_workbook, template_workbook
from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.imports import ImportState
from lms.kit.imports import web as imports
from lms.kit.imports.queries import ImportView
from lms.kit.imports.rules import Checked
from lms.kit.sheets import Sheet
from lms.kit.unit import reading, transaction

PAGES = imports.ImportPages(
    kind="roster",
    permission="accounts.import_roster",
    job_kind=ROSTER_JOB,
    title=_l("Nhập danh sách cán bộ"),
    lead=_l(
        "Gửi bảng như đang dùng: có phần đầu công văn, tiêu đề gộp ô, dòng tên đơn vị, dòng tổng cộng đều được. "
        "Người đã có (theo mã cán bộ hoặc số CCCD) được cập nhật, người chưa có được thêm mới; không hồ sơ nào bị xóa."
    ),
    counts={
        "new": _l("cán bộ thêm mới"),
        "changed": _l("cán bộ cập nhật"),
        "moved": _l("cán bộ chuyển đơn vị"),
        "left": _l("cán bộ rời đơn vị"),
        "unchanged": _l("cán bộ không đổi"),
        "refused": _l("dòng lỗi đã bỏ qua"),
    },
    undo_counts={
        "removed": _l("cán bộ đã bỏ"),
        "restored": _l("cán bộ trở về như trước"),
        "kept": _l("cán bộ giữ nguyên vì đã sửa sau khi nhập"),
    },
    undo_job_kind=ROSTER_UNDO_JOB,
    endpoints={
        "upload": "accounts.roster_form",
        "run": "accounts.roster_run",
        "confirm": "accounts.roster_confirm",
        "errors": "accounts.roster_errors",
        "template": "accounts.roster_template",
        "undo": "accounts.roster_undo",
        "columns": "accounts.roster_columns",
        "people": "accounts.roster_people",
        "changes": "accounts.roster_changes",
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
    run_template="accounts/roster_run.html",
)


@blueprint.get("/manage/imports/roster")
@requires("accounts.import_roster")
def roster_form() -> Response:
    return imports.upload_page(PAGES, RosterUploadForm(today()))


@blueprint.post("/manage/imports/roster")
@requires("accounts.import_roster")
def roster_check() -> AnyResponse:
    form = RosterUploadForm(today())
    with reading() as session:
        form.columns = queries.remembered_columns(session, queries.home_agency(session, current_actor().person_id, today()))
        if form.mode.data == REPLACE and form.validate():
            found = queries.roster_agencies(session, form.day).named(form.agency.data)
            form.agency_id = found[0].id if len(found) == 1 else None
            if form.agency_id is None:
                unclear = _("Có nhiều cơ quan tên này; nhập mã cơ quan.") if found else _("Không có cơ quan nào mang mã hoặc tên này.")
                form.agency.errors = [unclear]
                return imports.upload_page(PAGES, form, 422)
    return imports.receive(PAGES, form, _check)


@blueprint.get("/manage/imports/roster/template.xlsx")
@requires("accounts.import_roster")
def roster_template() -> Response:
    return imports.xlsx_response(template_workbook(_), "mau-danh-sach-can-bo.xlsx")


@blueprint.get("/manage/imports/roster/<uuid:run_id>")
@requires("accounts.import_roster")
def roster_run(run_id: UUID) -> AnyResponse | str:
    if imports.view_of(PAGES, run_id).state is ImportState.COLUMNS:
        return redirect(PAGES.url("columns", run_id=run_id), 303)
    return imports.run_page(PAGES, run_id, _more)


@blueprint.post("/manage/imports/roster/<uuid:run_id>/confirm")
@requires("accounts.import_roster")
def roster_confirm(run_id: UUID) -> AnyResponse:
    return imports.confirm(PAGES, run_id)


@blueprint.post("/manage/imports/roster/<uuid:run_id>/undo")
@requires("accounts.import_roster")
def roster_undo(run_id: UUID) -> AnyResponse:
    return imports.undo(PAGES, run_id)


@blueprint.get("/manage/imports/roster/<uuid:run_id>/errors.xlsx")
@requires("accounts.import_roster")
def roster_errors(run_id: UUID) -> Response:
    return imports.error_file(PAGES, run_id)


@blueprint.get("/manage/imports/roster/<uuid:run_id>/changes.xlsx")
@requires("accounts.import_roster")
def roster_changes(run_id: UUID) -> Response:
    """What the import changed, person by person, before and after."""
    run = imports.view_of(PAGES, run_id)
    with reading() as session:
        content = changes_workbook(session, run_id, run.file_name, _)
    return imports.xlsx_response(content, f"{run.file_name.rsplit('.', 1)[0]}-thay-doi.xlsx")


@blueprint.get("/manage/imports/roster/<uuid:run_id>/columns")
@requires("accounts.import_roster")
def roster_columns(run_id: UUID) -> str:
    """Which column is taken for what, with sample values."""
    return _columns_page(imports.view_of(PAGES, run_id))


@blueprint.post("/manage/imports/roster/<uuid:run_id>/columns")
@requires("accounts.import_roster")
def roster_columns_chosen(run_id: UUID) -> AnyResponse | tuple[str, int]:
    """Check the file again with the columns a person chose, and remember them for their agency."""
    run = imports.view_of(PAGES, run_id)
    guesses = guessed_columns(imports.sheets_of(run), {})
    chosen = {guess.key: request.form[f"column-{number}"] for number, guess in enumerate(guesses) if f"column-{number}" in request.form}
    actor = current_actor()
    guessed = {guess.key: guess.field for guess in guesses}
    try:
        with transaction() as session:
            agency_id = queries.home_agency(session, actor.person_id, today())
            columns = choose_columns(session, actor, agency_id, chosen, guessed=guessed, at=now())
        imports.check_again(PAGES, run_id, _check, options={**run.options, "columns": {**columns, **chosen}})
    except DomainError as refusal:
        return _columns_page(run, chosen, translated(refusal)), refusal.status
    return redirect(PAGES.url("run", run_id=run_id), 303)


@blueprint.get("/manage/imports/roster/<uuid:run_id>/people")
@requires("accounts.import_roster")
def roster_people(run_id: UUID) -> str:
    """Rows that may mean somebody already stored, beside whom they may mean."""
    run = imports.view_of(PAGES, run_id)
    questions = run.details.get("questions", [])
    as_of = date.fromisoformat(run.options["as_of"])
    with reading() as session:
        people = queries.candidates(session, [UUID(key) for question in questions for key in question["people"]], as_of)
        agencies = queries.roster_agencies(session, as_of).by_id if questions else {}
    return render_template(
        "accounts/roster_people.html",
        pages=PAGES,
        run=run,
        undecided=run.details.get("undecided", 0),
        questions=[
            {
                **question,
                "number_in_page": number,
                "agency": agencies[UUID(question["agency"])].name if UUID(question["agency"]) in agencies else "",
                "people": [people[UUID(key)] for key in question["people"] if UUID(key) in people],
                "others": f"{SOMEBODY_ELSE}:{','.join(question['people'])}",
            }
            for number, question in enumerate(questions)
        ],
    )


@blueprint.post("/manage/imports/roster/<uuid:run_id>/people")
@requires("accounts.import_roster")
def roster_people_decided(run_id: UUID) -> AnyResponse:
    """Keep what was decided and check the file again; rows left open stay open."""
    run = imports.view_of(PAGES, run_id)
    decisions = dict(run.decisions)
    for number, question in enumerate(run.details.get("questions", [])):
        given = request.form.get(f"row-{number}", "")
        if given in question["people"] or given == f"{SOMEBODY_ELSE}:{','.join(question['people'])}":
            decisions[question["key"]] = given
    try:
        imports.check_again(PAGES, run_id, _check, decisions=decisions)
    except DomainError as refusal:
        flash(translated(refusal), "error")
    return redirect(PAGES.url("run", run_id=run_id), 303)


def _check(session: Session, sheets: Sequence[Sheet], file: str, options: Mapping[str, Any]) -> Checked:
    chosen = RosterOptions.of_run(options, options.get("decisions") or {})
    try:
        return operations.check_roster(session, sheets, file, chosen).checked()
    except MissingColumns:
        if not guessed_columns(sheets, {}):
            raise
        return Checked(counts={}, rows=0, fingerprint="", details={"needs_columns": True})


def _columns_page(run: ImportView, chosen: Mapping[str, str] | None = None, error: str | None = None) -> str:
    if run.state not in (ImportState.COLUMNS, ImportState.CHECKED):
        raise NotFound
    guesses = guessed_columns(imports.sheets_of(run), run.options.get("columns") or {})
    return render_template(
        "accounts/roster_columns.html",
        pages=PAGES,
        run=run,
        guesses=guesses,
        chosen=chosen or {},
        error=error,
        needed=run.state is ImportState.COLUMNS,
        fields=[{"value": key, "text": _(name)} for key, name in FIELD_NAMES.items()],
    )


def _more(run: ImportView) -> dict[str, Any]:
    """What this kind's page shows besides."""
    return {
        "columns_url": url_for("accounts.roster_columns", run_id=run.id),
        "people_url": url_for("accounts.roster_people", run_id=run.id),
        "changes_url": url_for("accounts.roster_changes", run_id=run.id),
        "kept": [
            {"name": f"{entry['name']} ({entry['code']})", "fields": ", ".join(_kept_name(field) for field in entry["fields"])}
            for entry in run.details.get("kept", [])
        ],
    }


def _kept_name(field: str) -> str:
    names = {
        "posts": _("vị trí công tác, vai trò"),
        "gone": _("hồ sơ đã gộp hoặc đã xóa thông tin"),
        "birth_date": _("ngày sinh"),
        "birth_year": _("năm sinh"),
        "identity_fingerprint": _("số CCCD"),
        "phone_sealed": _("điện thoại"),
        "it_major": _("chuyên ngành CNTT"),
    }
    return names.get(field) or str(_(FIELD_NAMES.get(field, field))).lower()
