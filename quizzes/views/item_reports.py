"""“Báo lỗi câu này”: the form in a sitting, and the queue of what was reported."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, may, requires
from lms.kit.clock import now
from lms.kit.errors import Conflict, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.rulings import ItemReportForm, ReportAnswerForm
from quizzes.kinds import KINDS
from quizzes.operations import item_reports as operations
from quizzes.queries import item_reports as queries
from quizzes.queries.appeals import slots_of_form
from quizzes.rules.appeals import REPORT_KIND_NAMES, ReportKind
from quizzes.rules.sitting import AttemptState, question_order
from quizzes.views.explained import shown_with_key
from quizzes.views.words import person

own_pages = Blueprint("item_reports", "quizzes", url_prefix="/attempts", template_folder="templates")
own_pages.undisturbed = True  # type: ignore[attr-defined]  # no page comes before a sitting whose time is running
blueprint = Blueprint("manage_reports", "quizzes", url_prefix="/manage/item-reports", template_folder="templates")


@blueprint.app_template_filter("report_kind")
def report_kind(kind: str) -> str:
    return str(_(REPORT_KIND_NAMES[ReportKind(kind)]))


@own_pages.get("/<uuid:attempt_id>/report")
@requires("quizzes.sit")
def report(attempt_id: UUID) -> str:
    """Say what is wrong with a question of one's own paper."""
    return _own_page(attempt_id, request.args.get("slot", 1, type=int), ItemReportForm())


@own_pages.post("/<uuid:attempt_id>/report")
@requires("quizzes.sit")
def send(attempt_id: UUID) -> str | tuple[str, int] | AnyResponse:
    slot = request.form.get("slot", 1, type=int)
    form = ItemReportForm()
    if not form.validate_on_submit():
        return _own_page(attempt_id, slot, form), 422
    try:
        with transaction() as session:
            operations.report_item(session, current_actor(), attempt_id, slot, kind=form.kind.data, text=form.text.data or "", at=now())
    except DomainError as refused:
        form.text.errors = [translated(refused)]
        return _own_page(attempt_id, slot, form), 422
    flash(_("Đã nhận báo lỗi, cảm ơn ông/bà. Câu trả lời hiện ở trang kết quả của bài này."), "success")
    return redirect(url_for("attempts.page", attempt_id=attempt_id, slot=slot), 303)


def _own_page(attempt_id: UUID, slot: int, form: ItemReportForm) -> str:
    with reading() as session:
        question = queries.reportable(session, attempt_id, person(), slot if 0 <= slot < 2**31 else -1)
        earlier = queries.reports_of_attempt(session, attempt_id).get(slot)
        number = question_order(question.seed, slots_of_form(session, question.form_id)).index(slot) + 1
    return render_template(
        "quizzes/report_own.html",
        question=question,
        number=number,
        earlier=earlier,
        sitting=question.state == AttemptState.OPEN,
        form=form,
    )


@blueprint.get("")
@requires("quizzes.handle_reports")
def index() -> str:
    """Items with reports, those most people reported first."""
    answered = bool(request.args.get("answered"))
    with reading() as session:
        found = queries.reported_items(session, waiting=not answered)
    return render_template("quizzes/item_reports.html", items=found, answered=answered)


@blueprint.get("/<uuid:version_id>")
@requires("quizzes.handle_reports")
def item(version_id: UUID) -> str:
    return _page(version_id, ReportAnswerForm())


@blueprint.post("/<uuid:version_id>")
@requires("quizzes.handle_reports")
def answer(version_id: UUID) -> str | tuple[str, int] | AnyResponse:
    form = ReportAnswerForm()
    if not form.validate_on_submit():
        return _page(version_id, form), 422
    try:
        with transaction() as session:
            count = operations.answer_reports(session, current_actor(), version_id, form.answer.data, now())
    except Conflict as refused:
        flash(translated(refused), "warning")
    else:
        flash(_("Đã trả lời %(count)s người.", count=count), "success")
    return redirect(url_for(".item", version_id=version_id), 303)


def _page(version_id: UUID, form: ReportAnswerForm) -> str:
    with reading() as session:
        view = queries.reports_of_item(session, version_id)
    shown = shown_with_key(view.kind, view.body, view.key, parts=KINDS[view.kind].parts(view.body), whys={})
    return render_template("quizzes/item_report.html", item=view, shown=shown, form=form, may_rule=may("quizzes.rule_on_items"))
