"""The sitting: the paper, saving, looking through, handing in, receipt and result. Works as plain forms; the script only improves it.

A browser's place in the order of devices (its takeover number) is kept in its session: a second device is noticed when it opens the page.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from courses.queries import lesson_links
from lms.accounts import guard
from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, single_statement, transaction, vault
from lms.kit.web import wants_json
from quizzes import api
from quizzes.forms.answer_files import AnswerFileForm
from quizzes.kinds import KINDS, MARKED_BY_HAND
from quizzes.kinds.answers import values_by_part
from quizzes.operations.attempts import begin_clock, submit_attempt, take_over
from quizzes.operations.invigilation import note_seen
from quizzes.operations.late import Kept, keep_late
from quizzes.operations.saving import save_answers, save_at_once, save_from_page
from quizzes.queries.attempts import AttemptView, as_they_stand, attempt_of, explained, paper, stored
from quizzes.queries.essays import essay_results
from quizzes.queries.late import late_of_attempt
from quizzes.queries.marks import history_of_mark, told
from quizzes.queries.papers import remember_paper
from quizzes.rules.sealed import purpose_of_key
from quizzes.rules.sitting import AttemptState, SaveRefused, Stored, question_order, seconds_left
from quizzes.views import answer_files
from quizzes.views.controls import controls_shown
from quizzes.views.explained import Line, line_of
from quizzes.views.origin import origin
from quizzes.views.typed import typed_answer
from quizzes.views.words import person

blueprint = Blueprint("attempts", "quizzes", url_prefix="/attempts", template_folder="templates")
blueprint.undisturbed = True  # type: ignore[attr-defined]  # no page comes before a sitting whose time is running
REVIEW = "review"


def remember_takeover(attempt_id: UUID, takeover: int) -> None:
    """This browser writes the attempt under this number from now on."""
    cookie["sitting"] = [str(attempt_id), takeover]


def held_takeover(attempt_id: UUID) -> int | None:
    """The number this browser was given for the attempt; None: it never opened it."""
    kept = cookie.get("sitting")
    return int(kept[1]) if isinstance(kept, list) and kept[0] == str(attempt_id) else None


def _attempt(session: Session, attempt_id: UUID) -> AttemptView:
    return attempt_of(session, attempt_id, person())


def _ended_if_over(attempt_id: UUID, at: datetime) -> AttemptView:
    """The attempt; one whose time is over is ended first, so nobody waits for the worker."""
    with reading() as session:
        attempt = _attempt(session, attempt_id)
    if attempt.visible(at).answering and at >= attempt.accepts_until:
        with transaction() as session:
            submit_attempt(session, current_actor(), attempt_id, at)
        with reading() as session:
            attempt = _attempt(session, attempt_id)
    return attempt


def _holds(attempt: AttemptView) -> bool:
    return held_takeover(attempt.id) == attempt.takeover


@blueprint.get("/<uuid:attempt_id>")
@requires("quizzes.sit")
def page(attempt_id: UUID) -> str | AnyResponse:
    """The paper while it is open, the receipt afterwards; the question for a takeover on a second device."""
    at = now()
    attempt = _ended_if_over(attempt_id, at)
    may_see = attempt.visible(at)
    if may_see.answering:
        guard.keep_open(attempt.accepts_until)  # who thinks for a quarter of an hour is not signed out for it
    if wants_json():
        return jsonify(_as_json(attempt, at))
    if not may_see.answering:
        return redirect(url_for(".receipt", attempt_id=attempt_id))
    if not _holds(attempt):
        return render_template("quizzes/takeover.html", attempt=attempt, at=at)
    with reading() as session:
        questions = paper(session, attempt.form_id)
        answers = stored(session, attempt_id)
    remember_paper(attempt.id, attempt.person_id, attempt.form_id, questions)
    order = question_order(attempt.seed, questions)
    slot = _shown_slot(order, answers)
    question = questions[slot]
    kept = answers[slot].answer if slot in answers else []
    position = order.index(slot)
    return render_template(
        "quizzes/sitting.html",
        attempt=attempt,
        at=at,
        waiting=attempt.seconds_to_start(at) > 0,
        order=order,
        slot=slot,
        number=position + 1,
        before=order[position - 1] if position else None,
        after=order[position + 1] if position + 1 < len(order) else None,
        question=question,
        shown=controls_shown(question.kind, question.body, attempt.seed, slot),
        given=values_by_part(KINDS[question.kind].parts(question.body), kept),
        answers=answers,
        answer=answers.get(slot),
        data=_script_data(attempt, api.questions_json(attempt, questions), answers, at),
    )


def _shown_slot(order: list[int], answers: Mapping[int, Stored]) -> int:
    """The slot that was asked for, else the first not answered, else the first."""
    asked = request.args.get("slot", type=int)
    if asked in order:
        return asked
    return next((slot for slot in order if slot not in answers or not answers[slot].answer), order[0])


def _as_json(attempt: AttemptView, at: datetime) -> dict[str, Any]:
    with reading() as session:
        questions = paper(session, attempt.form_id)
        remember_paper(attempt.id, attempt.person_id, attempt.form_id, questions)
        return api.attempt_json(
            attempt,
            questions,
            stored(session, attempt.id),
            explained(session, attempt.id, attempt.form_id) if attempt.visible(at).key else None,
            takeover=attempt.takeover if _holds(attempt) else None,
            at=at,
        )


def _script_data(attempt: AttemptView, questions: list[dict[str, Any]] | None, answers: Mapping[int, Stored], at: datetime) -> Markup:
    """What the page's script starts from, as a data block: JSON that cannot end the element it stands in."""
    offset = at.astimezone(settings().zone).utcoffset()
    values = {
        "id": str(attempt.id),
        "takeover": attempt.takeover,
        "seconds_left": attempt.seconds_left(at),
        "seconds_to_start": attempt.seconds_to_start(at),
        "supervised": attempt.supervised,
        "journal": b64encode(vault().key_for(purpose_of_key(attempt.id, attempt.person_id))).decode(),
        "utc_offset": int(offset.total_seconds()) if offset else 0,
        "questions": questions,
        "stored": api.stored_rows(answers.values()),
        "urls": {
            "page": url_for(".page", attempt_id=attempt.id),
            "answers": url_for(".answers", attempt_id=attempt.id),
            "submit": url_for(".submit", attempt_id=attempt.id),
            "review": url_for(".review", attempt_id=attempt.id),
            "begin": url_for(".begin", attempt_id=attempt.id),
            "seen": url_for(".seen", attempt_id=attempt.id),
            "sign_in": url_for("accounts.sign_in"),
        },
        "texts": _script_texts(),
    }
    encoded = msgspec.json.encode(values).decode()
    return Markup(encoded.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))  # noqa: S704 - nothing can close it


def _script_texts() -> dict[str, str]:
    return {
        "count": _("Câu %(number)s trên %(total)s", number="{n}", total="{t}"),
        "previous": _("Câu trước"),
        "next": _("Câu tiếp"),
        "review": _("Xem lại bài"),
        "empty": _("Chưa trả lời"),
        "sending": _("Đang gửi"),
        "saved": _("Đã lưu lúc %(time)s", time="{n}"),
        "unsent": _("Chưa gửi được – câu trả lời đang giữ trên máy này. Tự gửi lại sau %(seconds)s giây", seconds="{n}"),
        "all_sent": _("Đã gửi đủ %(count)s câu còn chờ", count="{n}"),
        "waiting": _("%(count)s câu chưa gửi.", count="{n}"),
        "minutes": _("Còn %(minutes)s phút", minutes="{n}"),
        "seconds": _("Còn %(seconds)s giây", seconds="{n}"),
        "over": _("Hết giờ"),
        "hide": _("Ẩn giờ"),
        "show": _("Hiện giờ"),
        "signed_out": _("Phiên đăng nhập đã hết. Câu trả lời đang giữ trên máy này. Đăng nhập lại ngay dưới đây rồi làm tiếp."),
        "wrong_password": _("Chưa đăng nhập được. Kiểm tra lại tên đăng nhập và mật khẩu, hoặc đăng nhập ở thẻ khác rồi bấm Thử lại."),
        "someone_else": _("Đã đăng nhập bằng tài khoản khác. Bài này chỉ mở được bằng tài khoản của người đang làm bài."),
        "memory_only": _("Trình duyệt này không mã hóa được: câu chưa gửi chỉ giữ trong trang đang mở. Đừng đóng trang khi mất mạng."),
        "not_begun": _("Chưa báo được cho máy chủ. Đồng hồ tự bắt đầu sau %(seconds)s giây; bấm lại để bắt đầu ngay.", seconds="{n}"),
        "waits": _("Đồng hồ tự bắt đầu sau %(seconds)s giây.", seconds="{n}"),
        "late_taken": _("Hết giờ. %(count)s câu gửi sau đã được nhận và tính điểm.", count="{n}"),
        "late_waiting": _("Hết giờ. %(count)s câu gửi sau đã được giữ, chờ cơ quan tổ chức kiểm tra xem xét.", count="{n}"),
        "taken_over": _("Bài đang mở trên thiết bị khác. Trang này chỉ còn để xem."),
        "closed": _("Bài đã kết thúc. %(count)s câu không kịp gửi.", count="{n}"),
        "several": _("Chọn tất cả phương án đúng."),
        "choose": _("Chọn"),
        "letters": _("%(count)s trên %(most)s ký tự.", count="{n}", most="{t}"),
        "gap": _("Chỗ trống %(id)s", id="{n}"),
        "refused": _("Máy chủ không nhận câu trả lời này. Tải lại trang và báo đầu mối nếu còn gặp lại."),
        "reload": _("Tải lại trang"),
        "answered": _("đã trả lời"),
        "not_answered": _("chưa trả lời"),
        "not_sent": _("chưa gửi"),
        "flagged": _("đánh dấu"),
    }


@blueprint.get("/<uuid:attempt_id>/answers")
@requires("quizzes.sit")
def answers(attempt_id: UUID) -> Response:
    """What is stored, by slot."""
    at = now()
    with reading() as session:
        attempt = _attempt(session, attempt_id)
        kept = stored(session, attempt_id)
    left = attempt.seconds_left(at) if attempt.visible(at).answering else 0
    return jsonify(state=attempt.state, stored=api.stored_rows(kept.values()), server_time=api.utc(at), seconds_left=left)


@blueprint.post("/<uuid:attempt_id>/answers")
@requires("quizzes.sit")
def save(attempt_id: UUID) -> AnyResponse:
    """Keep answers: JSON from the script and from programs, one answer at a time from a plain form."""
    at = now()
    if request.content_length is not None and request.content_length > api.LARGEST_BODY:
        raise api.too_large()
    if request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return _save_form(attempt_id, at)
    request.max_content_length = api.LARGEST_BODY  # a body of unstated length
    given = api.read_save(request.get_data(cache=False))
    sent: dict[str, Any] = {"takeover": given.takeover, "answers": given.answers(), "at": at, "device_clock": given.device_clock}
    try:
        with single_statement() as session:
            saved = save_at_once(session, current_actor(), attempt_id, **sent)
        if saved is None:
            with transaction() as session:
                saved = save_answers(session, current_actor(), attempt_id, **sent)
    except SaveRefused as refused:
        return api.refused_json(refused, at, _kept_late(attempt_id, given, at) if refused.code == "attempt_closed" else None)
    if held_takeover(attempt_id) != given.takeover:  # signed in again within the page: this browser goes on under its number
        remember_takeover(attempt_id, given.takeover)
    return api.saved_json(saved, at)


def _kept_late(attempt_id: UUID, given: api.SaveIn, at: datetime) -> Kept | None:
    """What comes too late is kept before it is refused. None where it was refused a place even there."""
    try:
        with transaction() as session:
            return keep_late(
                session, current_actor(), attempt_id, given.late_answers(), at, device_clock=given.device_clock, owner=person()
            )
    except Conflict:
        return None


def _save_form(attempt_id: UUID, at: datetime) -> AnyResponse:
    slot, takeover = _number("slot"), _number("takeover")
    if slot is None or takeover is None:
        raise DomainError(N_("Trang gửi lên thiếu số câu. Tải lại trang rồi trả lời lại."), code="malformed", field="slot")
    try:
        with transaction() as session:
            save_from_page(
                session,
                current_actor(),
                attempt_id,
                takeover=takeover,
                slot=slot,
                answer=typed_answer(),
                flagged="flagged" in request.form,
                at=at,
            )
    except SaveRefused as refused:
        flash(translated(refused), "warning")
        return redirect(url_for(".page", attempt_id=attempt_id), 303)
    if request.form.get("go") == REVIEW:
        return redirect(url_for(".review", attempt_id=attempt_id), 303)
    goal = _number("go")
    return redirect(url_for(".page", attempt_id=attempt_id, slot=slot if goal is None else goal), 303)


def _number(name: str) -> int | None:
    """A number of the form as the database can hold it; None for anything else."""
    value = request.form.get(name, type=int)
    return value if value is not None and 0 <= value < 2**31 else None


@blueprint.post("/<uuid:attempt_id>/begin")
@requires("quizzes.sit")
def begin(attempt_id: UUID) -> AnyResponse:
    """The second step: the paper is there, the clock begins now. Pressing again changes nothing."""
    at = now()
    with transaction() as session:
        attempt = begin_clock(session, current_actor(), attempt_id, at)
        left = seconds_left(attempt.deadline, at)
    if wants_json():
        return jsonify(seconds_left=left, server_time=api.utc(at))
    return redirect(url_for(".page", attempt_id=attempt_id), 303)


@blueprint.post("/<uuid:attempt_id>/seen")
@requires("quizzes.sit")
def seen(attempt_id: UUID) -> AnyResponse:
    """The page of a supervised sitting says it is there, and how many answers it could not send."""
    unsent = request.get_json(silent=True)
    count = unsent.get("unsent") if isinstance(unsent, dict) else 0
    with transaction() as session:
        attempt_of(session, attempt_id, person())
        note_seen(session, attempt_id, min(max(count, 0), 1000) if isinstance(count, int) else 0, now())
    return jsonify(server_time=api.utc(now()))


@blueprint.get("/<uuid:attempt_id>/file")
@requires("quizzes.sit")
def file(attempt_id: UUID) -> str:
    """Where a person brings the sealed file of answers that could not be sent."""
    with reading() as session:
        attempt = _attempt(session, attempt_id)
    return render_template("quizzes/answer_file.html", attempt=attempt, form=AnswerFileForm(), at=now())


@blueprint.post("/<uuid:attempt_id>/file")
@requires("quizzes.sit")
def bring_file(attempt_id: UUID) -> AnyResponse:
    at = now()
    with reading() as session:
        attempt = _attempt(session, attempt_id)
    form = AnswerFileForm()
    if form.validate():
        [told] = answer_files.bring([form.files.data[0]], at, only=attempt_id)
        if told.refused is None:
            flash(told.words, "success")
            return redirect(url_for(".receipt", attempt_id=attempt_id), 303)
        form.files.errors = [told.refused]
    page = render_template("quizzes/answer_file.html", attempt=attempt, form=form, at=at)
    return make_response(page, 422)


@blueprint.post("/<uuid:attempt_id>/takeover")
@requires("quizzes.sit")
def takeover(attempt_id: UUID) -> AnyResponse:
    """Go on here; the device before becomes read-only."""
    try:
        with transaction() as session:
            number = take_over(session, current_actor(), attempt_id, now(), origin=origin())
    except Conflict as refused:
        flash(translated(refused), "warning")
    else:
        remember_takeover(attempt_id, number)
    return redirect(url_for(".page", attempt_id=attempt_id), 303)


@blueprint.get("/<uuid:attempt_id>/review")
@requires("quizzes.sit")
def review(attempt_id: UUID) -> str | AnyResponse:
    """Every question with its state before handing in."""
    at = now()
    attempt = _ended_if_over(attempt_id, at)
    if not attempt.visible(at).answering or not _holds(attempt):
        return redirect(url_for(".page", attempt_id=attempt_id))
    with reading() as session:
        questions = paper(session, attempt.form_id)
        kept = stored(session, attempt_id)
    order = question_order(attempt.seed, questions)
    return render_template(
        "quizzes/review.html",
        attempt=attempt,
        at=at,
        order=order,
        answers=kept,
        unanswered=[number for number, slot in enumerate(order, start=1) if slot not in kept or not kept[slot].answer],
        data=_script_data(attempt, None, kept, at),
    )


@blueprint.post("/<uuid:attempt_id>/submit")
@requires("quizzes.sit")
def submit(attempt_id: UUID) -> AnyResponse:
    """Hand in; a second press, a retry or another tab gets the same receipt."""
    at = now()
    try:
        with transaction() as session:
            holds = held_takeover(attempt_id) or 0
            code = submit_attempt(session, current_actor(), attempt_id, at, takeover=holds, origin=origin())
    except Conflict as refused:
        if wants_json():
            raise
        flash(translated(refused), "warning")
        return redirect(url_for(".page", attempt_id=attempt_id), 303)
    if wants_json():
        return jsonify(receipt=code, server_time=api.utc(at))
    return redirect(url_for(".receipt", attempt_id=attempt_id), 303)


@blueprint.get("/<uuid:attempt_id>/receipt")
@requires("quizzes.sit")
def receipt(attempt_id: UUID) -> str | AnyResponse:
    at = now()
    attempt = _ended_if_over(attempt_id, at)
    if attempt.visible(at).answering:
        return redirect(url_for(".page", attempt_id=attempt_id))
    with reading() as session:
        kept = stored(session, attempt_id)
        total = len(paper(session, attempt.form_id))
        late = late_of_attempt(session, attempt_id)
    answered = sum(1 for one in kept.values() if one.answer)
    return render_template(
        "quizzes/receipt.html", attempt=attempt, may_see=attempt.visible(at), answered=answered, total=total, late=late, at=at
    )


@blueprint.get("/<uuid:attempt_id>/result")
@requires("quizzes.sit")
def result(attempt_id: UUID) -> str | AnyResponse:
    """The score, and what was right and why as soon as the round's policy allows."""
    at = now()
    attempt = _ended_if_over(attempt_id, at)
    may_see = attempt.visible(at)
    if not may_see.score and attempt.state != AttemptState.MARKING:
        return redirect(url_for(".page", attempt_id=attempt_id))
    lines: list[Line] = []
    with reading() as session:
        changes = told(history_of_mark(session, attempt_id), keys_are_secret=attempt.keys_are_secret(at))
    if may_see.key:
        with reading() as session:
            questions = as_they_stand(session, attempt, explained(session, attempt_id, attempt.form_id))
            rubrics = {slot: one.body["rubric"] for slot, one in questions.items() if one.kind in MARKED_BY_HAND}
            essays = essay_results(session, attempt_id, rubrics) if rubrics else {}
            again = lesson_links(session, [(one.course, one.lesson) for one in questions.values() if one.course and one.lesson])
        for number, slot in enumerate(question_order(attempt.seed, questions), start=1):
            lines.append(line_of(number, questions[slot], attempt.seed, again, essays.get(slot)))
    return render_template("quizzes/result.html", attempt=attempt, may_see=may_see, lines=lines, changes=changes, at=at)
