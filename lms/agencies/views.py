"""The agency tree: browsing it as of a day, and importing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.agencies import queries
from lms.agencies.forms import AgencyUploadForm, BrowseForm
from lms.agencies.jobs import IMPORT_JOB
from lms.agencies.operations import check_import
from lms.agencies.queries import AgencyRow, TreeNode
from lms.agencies.rules.kinds import BLOCK_NAMES, EVENT_NAMES, KIND_NAMES, LEVEL_NAMES, SCHEME_NAMES
from lms.agencies.rules.sheet import COLUMNS
from lms.agencies.workbook import template_workbook, tree_workbook
from lms.kit.access import requires, scope_of
from lms.kit.clock import local_date, now
from lms.kit.imports import web as imports
from lms.kit.imports.rules import Checked
from lms.kit.sheets import Sheet
from lms.kit.unit import reading

blueprint = Blueprint("agencies", __name__, url_prefix="/manage/agencies", template_folder="templates")

SHOWN_AT_ONCE = 300  # agencies in one nested list; where there are more, only the first level is laid open

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


def today() -> date:
    return local_date(now(), current_app.extensions["lms.settings"].zone)


@blueprint.get("/")
@requires("agencies.view")
def tree() -> str:
    """The whole tree, or what is found in it. At most four statements."""
    form = BrowseForm(request.args)
    on, scope = form.day(today()), scope_of("agencies.view")
    found: list[AgencyRow] | None = None
    nodes: list[TreeNode] = []
    parents: Mapping[UUID, str] = {}
    with reading() as session:
        if form.q.data:
            found = queries.search_agencies(session, form.q.data, on, scope)
            parents = queries.agency_names(session, [row.parent_id for row in found if row.parent_id], on)
        else:
            tops = queries.top_agencies(session, on, scope)
            nodes = queries.tree_below(session, tops, on, _levels(tops))
    return render_template(
        "agencies/tree.html",
        form=form,
        on=on,
        day_argument=_day_argument(on),
        nodes=nodes,
        found=None if found is None else [_table_row(row, on, parents) for row in found],
        total=sum(node.agency.below + 1 for node in nodes),
    )


@blueprint.get("/<uuid:agency_id>")
@requires("agencies.view")
def agency(agency_id: UUID) -> str:
    """One agency on a day: what it is, what is below it, its codes and its history. At most nine statements."""
    form = BrowseForm(request.args)
    scope = scope_of("agencies.view")
    with reading() as session:
        begin, end = queries.life_of(session, agency_id, scope)
        asked = form.day(today())
        on = min(max(asked, begin), date.fromordinal(end.toordinal() - 1))  # an agency that has ended is shown as it last was
        row = queries.agency(session, agency_id, on, scope)
        path = queries.path_to(session, agency_id, on, scope)
        nodes = queries.tree_below(session, [row], on, 1)
        history = queries.history_of(session, agency_id)
        codes = queries.codes_of(session, agency_id)
    return render_template(
        "agencies/agency.html",
        form=form,
        on=on,
        asked=asked,
        day_argument=_day_argument(on),
        row=row,
        kind=_(KIND_NAMES.get(row.kind, row.kind)),
        block=_(BLOCK_NAMES.get(row.block, row.block)),
        level=_(LEVEL_NAMES.get(row.level, row.level)),
        path=path,
        children=[_table_row(node.agency, on, {}) for node in nodes[0].children],
        ended=end if end <= on or end.year < 9999 else None,
        history=[(_(EVENT_NAMES.get(entry.kind, entry.kind)), entry) for entry in history],
        codes=[(_(SCHEME_NAMES.get(code.scheme, code.scheme)), code) for code in codes],
    )


@blueprint.get("/export.xlsx")
@requires("agencies.view")
def export() -> Response:
    """The tree of a day in the columns of the import."""
    on, scope = BrowseForm(request.args).day(today()), scope_of("agencies.view")
    with reading() as session:
        rows = [row for _depth, row in queries.whole_tree(session, on, scope)]
        codes: dict[object, str | None] = {agency_id: code for code, agency_id in queries.agencies_by_code(session, on).items()}
    return imports.xlsx_response(tree_workbook(rows, codes, on), f"cay-don-vi-{on:%Y-%m-%d}.xlsx")


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


def _levels(tops: Sequence[AgencyRow]) -> int:
    return 2 if sum(top.below for top in tops) <= SHOWN_AT_ONCE else 1


def _day_argument(on: date) -> str | None:
    """What links carry so that the day stays; nothing for today."""
    return None if on == today() else on.isoformat()


def _table_row(row: AgencyRow, on: date, parents: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "name": {
            "text": row.name,
            "href": url_for("agencies.agency", agency_id=row.id, on=_day_argument(on)),
            "note": parents.get(row.parent_id) if row.parent_id else None,
        },
        "code": row.code,
        "kind": _(KIND_NAMES.get(row.kind, row.kind)),
        "below": row.below,
    }
