"""Question files: into the bank in steps, and out of it."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, may, requires
from lms.kit.actors import AccessDenied, NotFound
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.imports import Checked, Finding
from lms.kit.imports import web as imports
from lms.kit.imports.queries import ImportView
from lms.kit.sheets import Column, table_workbook
from lms.kit.unit import reading, transaction
from quizzes.forms.bank import BankFilterForm
from quizzes.forms.interchange import ExportForm, QuestionUploadForm
from quizzes.interchange import FORMATS
from quizzes.interchange.document import MOST_ITEMS, Parsed, Weight, picture_name
from quizzes.interchange.xlsx import template
from quizzes.jobs.interchange import IMPORT_JOB, UNDO_JOB
from quizzes.operations.importing import read_questions, record_export
from quizzes.queries import bank_list
from quizzes.queries.importing import FATE_NAMES, Fate, Options, plan_import
from quizzes.queries.items import drafts_of
from quizzes.queries.media import picture_contents
from quizzes.rules.bank import ItemDraft, ItemState
from quizzes.views.bank import filter_of
from quizzes.views.topics import names_of_topics, topic_choices
from quizzes.views.words import today

blueprint = Blueprint("manage_interchange", "quizzes", url_prefix="/manage/questions", template_folder="templates")
FILTERS = ("q", "topic", "level", "kind", "state", "purpose", "tag", "owner", "expiring")
SHOWN_LOSSES = 100
SHOWN_ITEMS = 100
WEIGHT_WORDS = {Weight.ERROR: _l("Không nhập"), Weight.LOST: _l("Bị mất"), Weight.NOTE: _l("Lưu ý")}
WEIGHT_TAGS = {Weight.ERROR: "failed", Weight.LOST: "flagged", Weight.NOTE: "waiting"}


def _read(content: bytes, name: str, options: Mapping[str, Any]) -> Parsed:
    return read_questions(content, name, options.get("format", ""))


def _check(session: Session, parsed: Parsed, file: str, options: Mapping[str, Any]) -> Checked:
    return plan_import(session, parsed, Options.of(options)).checked()


PAGES = imports.ImportPages(
    kind="questions",
    permission="quizzes.import_items",
    job_kind=IMPORT_JOB,
    undo_job_kind=UNDO_JOB,
    title=_l("Nhập câu hỏi"),
    lead=_l(
        "Từ bảng tính theo mẫu, GIFT, Moodle XML, QTI (2.1, 2.2, 3.0) hoặc JSON. Trước khi ghi, hệ thống cho xem từng câu: mới, đã có, "
        "giống câu nào, phần nào không chuyển được và vì sao."
    ),
    counts={
        "new": _l("câu mới"),
        "changed": _l("câu có phiên bản mới"),
        "unchanged": _l("câu đã có, không đổi"),
        "refused": _l("câu không nhập"),
        "left_out": _l("mục không phải câu hỏi"),
        "alike": _l("câu giống câu đã có"),
        "losing": _l("câu không chuyển được đủ"),
    },
    undo_counts={"new": _l("câu đã bỏ"), "changed": _l("câu trở về phiên bản trước")},
    endpoints={
        "upload": "manage_interchange.upload",
        "run": "manage_interchange.run",
        "confirm": "manage_interchange.confirm",
        "errors": "manage_interchange.report",
        "template": "manage_interchange.template_file",
        "undo": "manage_interchange.undo",
    },
    breadcrumbs=((_l("Ngân hàng câu hỏi"), "manage_questions.questions"),),
    done_link=(_l("Xem ngân hàng câu hỏi"), "manage_questions.questions"),
    partial=True,
    upload_template="quizzes/interchange_upload.html",
    run_template="quizzes/interchange_run.html",
    accept=",".join(sorted({suffix for one in FORMATS.values() for suffix in one.suffixes} | {".zip"})),
    read=_read,
    own_only=True,
)


def _upload_form() -> QuestionUploadForm:
    with reading() as session:
        topics = topic_choices({*names_of_topics(), *bank_list.topics_in_use(session)})
    form = QuestionUploadForm()
    form.offer(topics, reviews=may("quizzes.review_items"))
    return form


@blueprint.get("/import")
@requires("quizzes.import_items")
def upload() -> Response:
    return imports.upload_page(PAGES, _upload_form())


@blueprint.post("/import")
@requires("quizzes.import_items")
def check() -> AnyResponse:
    return imports.receive(PAGES, _upload_form(), _check)


@blueprint.get("/import/template.xlsx")
@requires("quizzes.import_items")
def template_file() -> Response:
    return imports.xlsx_response(template(), "mau-cau-hoi.xlsx")


@blueprint.get("/import/<uuid:run_id>")
@requires("quizzes.import_items")
def run(run_id: UUID) -> str:
    return imports.run_page(PAGES, run_id, _more)


@blueprint.post("/import/<uuid:run_id>/confirm")
@requires("quizzes.import_items")
def confirm(run_id: UUID) -> AnyResponse:
    if imports.view_of(PAGES, run_id).options.get("state") == ItemState.APPROVED and not may("quizzes.review_items"):
        raise AccessDenied
    return imports.confirm(PAGES, run_id)


@blueprint.post("/import/<uuid:run_id>/undo")
@requires("quizzes.import_items")
def undo(run_id: UUID) -> AnyResponse:
    return imports.undo(PAGES, run_id)


@blueprint.get("/import/<uuid:run_id>/report.xlsx")
@requires("quizzes.import_items")
def report(run_id: UUID) -> Response:
    """Everything that was found, a line a finding."""
    view = imports.view_of(PAGES, run_id)
    if not view.findings and not view.details.get("items"):
        raise NotFound
    content = table_workbook(
        [Column(_("Dòng hoặc câu thứ"), 10), Column(_("Câu"), 40), Column(_("Kết quả"), 20), Column(_("Nội dung"), 90)],
        [
            *([str(item["row"]), item["name"], _(FATE_NAMES[Fate(item["fate"])]), item["code"]] for item in view.details.get("items", [])),
            *([str(row["row"]), row["name"], row["tag"]["text"], row["message"]] for row in map(_row, view.findings)),
        ],
        sheet_name=_("Kết quả kiểm tra"),
        title=_("Kết quả kiểm tra tệp %(file)s", file=view.file_name),
    )
    return imports.xlsx_response(content, f"{view.file_name.rsplit('.', 1)[0]}-ket-qua.xlsx")


def _row(finding: Finding) -> dict[str, Any]:
    message = _(finding.message, **finding.values)
    weight = Weight.ERROR if finding.blocking else Weight.NOTE if finding.code == Weight.NOTE else Weight.LOST
    return {
        "row": finding.row or "",
        "name": finding.value or _("Cả tệp"),
        "tag": {"text": str(WEIGHT_WORDS[weight]), "kind": WEIGHT_TAGS[weight]},
        "message": message[:1].upper() + message[1:],
    }


def _more(view: ImportView) -> dict[str, Any]:
    items = [{**item, "fate": _(FATE_NAMES[Fate(item["fate"])])} for item in view.details.get("items", [])]
    return {
        "rows_found": [_row(finding) for finding in view.findings[: imports.SHOWN_FINDINGS]],
        "items": items[:SHOWN_ITEMS],
        "items_count": view.details.get("items_count", 0),
    }


@blueprint.get("/export")
@requires("quizzes.import_items")
def export() -> str:
    """How many items the filter finds, and the formats they may be taken in."""
    filters = _filters(request.args)
    form = ExportForm(formdata=None)
    form.offer()
    with reading() as session:
        found = _found(session, filters)
    return _export_page(form, filters, len(found))


@blueprint.post("/export")
@requires("quizzes.import_items")
def export_file() -> AnyResponse:
    """The file; or first, where it would not say everything, what it does not say."""
    filters = _filters(request.form, prefix="filter_")
    form = ExportForm()
    form.offer()
    with reading() as session:
        codes = _found(session, filters)
        if not form.validate_on_submit() or not codes:
            return make_response(_export_page(form, filters, len(codes)), 422)
        drafts = _drafts(session, codes, filters)
        pictures = picture_contents(session, {name for draft in drafts if (name := picture_name(draft))})
    chosen = FORMATS[form.format.data]
    written = chosen.write(drafts, pictures)
    if written.losses and request.form.get("losses_seen") != chosen.name:
        losses = [(loss.code, _(loss.finding.problem.message, **loss.finding.problem.values)) for loss in written.losses]
        return make_response(_export_page(form, filters, len(codes), losses=losses))
    with transaction() as session:
        record_export(session, current_actor(), chosen.name, now(), items=len(drafts), filters=filters)
    name = f"cau-hoi-{today():%Y-%m-%d}{chosen.suffixes[0]}"
    response = send_file(BytesIO(written.content), mimetype=chosen.media_type, as_attachment=True, download_name=name)
    response.headers["Cache-Control"] = "no-store"
    return response


def _filters(given: Mapping[str, str], prefix: str = "") -> dict[str, str]:
    return {name: value for name in FILTERS if (value := given.get(prefix + name, "").strip())}


def _found(session: Session, filters: Mapping[str, str]) -> list[str]:
    """The codes of the items to write. Raises DomainError where they are more than a file may hold."""
    form = BankFilterForm(ImmutableMultiDict(dict(filters) | {"state": _state(filters)}))
    codes = bank_list.found_items(session, filter_of(form), today(), MOST_ITEMS + 1)
    if len(codes) > MOST_ITEMS:
        raise DomainError(
            N_("Bộ lọc tìm thấy hơn %(most)s câu. Lọc theo chủ đề rồi xuất từng phần."), code="too_many_items", most=MOST_ITEMS
        )
    return codes


def _state(filters: Mapping[str, str]) -> ItemState:
    """Which version of an item is written: what the filter asks for, else the approved one."""
    return ItemState(filters["state"]) if filters.get("state") in tuple(ItemState) else ItemState.APPROVED


def _drafts(session: Session, codes: list[str], filters: Mapping[str, str]) -> list[ItemDraft]:
    drafts = drafts_of(session, codes, state=_state(filters))
    return list({draft.code: draft for draft in drafts}.values())  # of retired versions the last one


def _export_page(form: ExportForm, filters: Mapping[str, str], count: int, losses: list[tuple[str, str]] | None = None) -> str:
    return render_template(
        "quizzes/interchange_export.html",
        form=form,
        filters=filters,
        count=count,
        losses=(losses or [])[:SHOWN_LOSSES],
        losses_count=len(losses or []),
        back=url_for("manage_questions.questions", **dict[str, Any](filters)),
        action=url_for(".export_file"),
    )
