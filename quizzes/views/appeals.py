"""Phúc khảo: the person's own page, and the queue of those who decide with the whole log of the disputed sitting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import Conflict, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.audit_names import AUDIT_NAMES
from quizzes.forms.rulings import AppealAnswerForm, AppealForm
from quizzes.kinds import KINDS
from quizzes.kinds.answers import in_words
from quizzes.operations import appeals as operations
from quizzes.queries import appeals as queries
from quizzes.queries.attempts import AttemptView, attempt_of
from quizzes.queries.item_reports import reports_of_attempt
from quizzes.queries.marks import history_of_mark, told
from quizzes.queries.rulings import rulings_of_version
from quizzes.rules.appeals import APPEAL_STATE_NAMES, OWN_STATE_NAMES, WHOLE, AppealState, may_appeal
from quizzes.rules.marking import CAUSE_NAMES, CauseKind
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import question_order
from quizzes.views.explained import Shown, shown_with_key
from quizzes.views.words import person

own_pages = Blueprint("appeals", "quizzes", url_prefix="/attempts", template_folder="templates")
blueprint = Blueprint("manage_appeals", "quizzes", url_prefix="/manage/appeals", template_folder="templates")


@blueprint.app_template_filter("appeal_tag")
def appeal_tag(state: str) -> dict[str, str]:
    text, kind = APPEAL_STATE_NAMES[AppealState(state)]
    return {"text": str(_(text)), "kind": kind}


@blueprint.app_template_filter("own_appeal_tag")
def own_appeal_tag(state: str) -> dict[str, str]:
    text, kind = OWN_STATE_NAMES[AppealState(state)]
    return {"text": str(_(text)), "kind": kind}


@blueprint.app_template_filter("cause_name")
def cause_name(cause: str) -> str:
    return str(_(CAUSE_NAMES[CauseKind(cause)]))


@own_pages.get("/<uuid:attempt_id>/appeal")
@requires("quizzes.sit")
def appeal(attempt_id: UUID) -> str:
    """One's appeals against a paper with their answers, and the form while appeals are taken."""
    return _own_page(attempt_id)


@own_pages.post("/<uuid:attempt_id>/appeal")
@requires("quizzes.sit")
def file(attempt_id: UUID) -> str | tuple[str, int] | AnyResponse:
    form = AppealForm(_questions(attempt_id))
    if not form.validate_on_submit():
        return _own_page(attempt_id, form), 422
    try:
        with transaction() as session:
            operations.file_appeal(
                session, current_actor(), attempt_id, form.slot.data or WHOLE, form.text.data, zone=settings().zone, at=now()
            )
    except Conflict as refused:
        flash(translated(refused), "warning")
    except DomainError as refused:
        form.text.errors = [translated(refused)]
        return _own_page(attempt_id, form), 422
    else:
        flash(_("Đã nhận đơn phúc khảo. Tình trạng và câu trả lời hiện ở trang này."), "success")
    return redirect(url_for(".appeal", attempt_id=attempt_id), 303)


@own_pages.post("/<uuid:attempt_id>/appeal/withdraw")
@requires("quizzes.sit")
def withdraw(attempt_id: UUID) -> AnyResponse:
    """Take one's appeal back; `appeal` names it."""
    appeal_id = request.form.get("appeal", type=UUID)
    with reading() as session:
        attempt_of(session, attempt_id, person())
    try:
        if appeal_id is not None:
            with transaction() as session:
                operations.withdraw_appeal(session, current_actor(), attempt_id, appeal_id, now())
            flash(_("Đã rút đơn phúc khảo."), "success")
    except Conflict as refused:
        flash(translated(refused), "warning")
    return redirect(url_for(".appeal", attempt_id=attempt_id), 303)


def _questions(attempt_id: UUID) -> list[tuple[int, str]]:
    """The questions of the paper by the numbers they had for the person, without their text: a test may keep that to itself."""
    with reading() as session:
        window = queries.appeal_window(session, attempt_id, person())
        slots = queries.slots_of_form(session, window.form_id)
    return [(slot, str(_("Câu %(number)s", number=number))) for number, slot in enumerate(question_order(window.seed, slots), start=1)]


def _own_page(attempt_id: UUID, form: AppealForm | None = None) -> str:
    at = now()
    questions = _questions(attempt_id)
    with reading() as session:
        attempt: AttemptView = attempt_of(session, attempt_id, person())
        window = queries.appeal_window(session, attempt_id, person())
        filed = queries.appeals_of_attempt(session, attempt_id)
        reports = reports_of_attempt(session, attempt_id)
        changes = told(history_of_mark(session, attempt_id), keys_are_secret=attempt.keys_are_secret(at))
    if form is None:
        form = AppealForm(questions)
        form.slot.data = request.args.get("slot", WHOLE, type=int)
    taken = window.round_state != RoundState.LOCKED and may_appeal(window.appeals_from, window.appeals_until, window.attempt_state, at)
    return render_template(
        "quizzes/appeal_own.html",
        attempt=attempt,
        window=window,
        appeals=filed,
        reports=reports,
        numbers={**dict(questions), WHOLE: _("Cả bài")},
        changes=changes,
        form=form if taken else None,
        secret=attempt.keys_are_secret(at),
    )


@blueprint.get("")
@requires("quizzes.rule_on_items")
def index() -> str:
    """What waits, by its deadline, or what is settled."""
    settled = bool(request.args.get("settled"))
    with reading() as session:
        found = queries.appeals(session, waiting=not settled, after=request.args.get("after", type=UUID))
    more = found[-1].id if len(found) == queries.PAGE else None
    return render_template("quizzes/appeals.html", appeals=found, settled=settled, more=more, at=now())


@dataclass(frozen=True, slots=True)
class Line:
    """A question of the log, in words."""

    number: int
    log: queries.LogLine
    answer: str
    key: str
    disputed: bool


@blueprint.get("/<uuid:appeal_id>")
@requires("quizzes.rule_on_items")
def detail(appeal_id: UUID) -> str:
    return _page(appeal_id)


@blueprint.post("/<uuid:appeal_id>/reject")
@requires("quizzes.rule_on_items")
def reject(appeal_id: UUID) -> str | tuple[str, int] | AnyResponse:
    form = AppealAnswerForm()
    if not form.validate_on_submit():
        return _page(appeal_id, form), 422
    return _settle(appeal_id, form, operations.reject_appeal, _("Đã trả lời, điểm giữ nguyên."), form.answer.data)


@blueprint.post("/<uuid:appeal_id>/points")
@requires("quizzes.rule_on_items")
def points(appeal_id: UUID) -> str | tuple[str, int] | AnyResponse:
    """Propose points by hand: `points.<slot>`, 0 to 1, what is blank stays."""
    form = AppealAnswerForm()
    if not form.validate_on_submit():
        return _page(appeal_id, form), 422
    given, wrong = _points()
    if wrong:
        form.answer.errors = [*form.answer.errors, _("Điểm của một câu là số từ 0 đến 1, ví dụ 0,5.")]
        return _page(appeal_id, form), 422
    return _settle(
        appeal_id, form, operations.propose_points, _("Đã ghi đề nghị điểm. Người khác duyệt thì điểm mới đổi."), given, form.answer.data
    )


@blueprint.post("/<uuid:appeal_id>/confirm")
@requires("quizzes.rule_on_items")
def confirm(appeal_id: UUID) -> str | tuple[str, int] | AnyResponse:
    return _settle(appeal_id, None, operations.confirm_points, _("Đã duyệt. Bài đã được chấm lại."))


@blueprint.post("/<uuid:appeal_id>/return")
@requires("quizzes.rule_on_items")
def give_back(appeal_id: UUID) -> str | tuple[str, int] | AnyResponse:
    return _settle(appeal_id, None, operations.return_points, _("Đã trả lại đề nghị điểm."))


@blueprint.post("/<uuid:appeal_id>/ruling")
@requires("quizzes.rule_on_items")
def by_ruling(appeal_id: UUID) -> str | tuple[str, int] | AnyResponse:
    """Let it be settled by a ruling on the item; `ruling` names it."""
    ruling_id = request.form.get("ruling", type=UUID)
    if ruling_id is None:
        return _page(appeal_id), 422
    return _settle(appeal_id, None, operations.settle_by_ruling, _("Đơn được giải quyết theo quyết định về câu hỏi."), ruling_id)


def _points() -> tuple[dict[int, Fraction], bool]:
    """The points that were typed, and whether any of them is no number."""
    given: dict[int, Fraction] = {}
    for name, value in request.form.items():
        prefix, _dot, slot = name.partition(".")
        text = value.strip().replace(",", ".")
        if prefix != "points" or not text:
            continue
        if not slot.isascii() or not slot.isdigit() or len(slot) > 4 or len(text) > 8:
            return {}, True
        try:
            given[int(slot)] = Fraction(text)
        except (ValueError, ZeroDivisionError):
            return {}, True
    return given, False


def _settle(
    appeal_id: UUID, form: AppealAnswerForm | None, settle: Callable[..., Any], said: str, *values: Any
) -> str | tuple[str, int] | AnyResponse:
    try:
        with transaction() as session:
            settle(session, current_actor(), appeal_id, *values, at=now())
    except Conflict as refused:
        flash(translated(refused), "warning")
    except DomainError as refused:
        if form is None:
            raise
        form.answer.errors = [translated(refused)]
        return _page(appeal_id, form), 422
    else:
        flash(said, "success")
    return redirect(url_for(".detail", appeal_id=appeal_id), 303)


def _page(appeal_id: UUID, form: AppealAnswerForm | None = None) -> str:
    with reading() as session:
        view = queries.appeal(session, appeal_id)
        log = queries.sitting_log(session, view.attempt_id)
        changes = history_of_mark(session, view.attempt_id)
        version = queries.version_at(session, view.attempt_id, view.slot) if view.slot != WHOLE else None
        rulings = rulings_of_version(session, version) if version else []
    by_slot = {line.slot: line for line in log.lines}
    lines = [
        _line(number, by_slot[slot], disputed=slot == view.slot)
        for number, slot in enumerate(question_order(view.seed, list(by_slot)), start=1)
    ]
    actor = current_actor().person_id
    disputed = next((line for line in lines if line.disputed), None)
    return render_template(
        "quizzes/appeal.html",
        appeal=view,
        log=log,
        lines=lines,
        disputed=disputed,
        shown=_shown(disputed.log) if disputed else None,
        changes=changes,
        version=version,
        rulings=[one for one in rulings if one.state in ("proposed", "approved")],
        events=[(at, AUDIT_NAMES.get(action, action), who) for at, action, who in log.events],
        own=view.person_id == actor,
        proposed_by_me=view.proposed_by == actor,
        form=form or AppealAnswerForm(formdata=None),
        at=now(),
    )


def _line(number: int, log: queries.LogLine, *, disputed: bool) -> Line:
    parts = KINDS[log.kind].parts(log.body)
    return Line(number, log, in_words(parts, log.answer) if log.answer else "", in_words(parts, log.key), disputed)


def _shown(log: queries.LogLine) -> Shown:
    return shown_with_key(log.kind, log.body, log.key, parts=KINDS[log.kind].parts(log.body), whys={}, answer=log.answer)
