"""Answers that came late, for those who decide about them: the evidence as a timeline, and one decision with its reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.queries.names import person_names
from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import Conflict
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.audit_names import AUDIT_NAMES
from quizzes.forms.late import ACCEPT, LateDecisionForm
from quizzes.operations.late import decide_late
from quizzes.queries.late import LateRow, late_arrival, late_arrivals, moments_of
from quizzes.rules.late import DOUBT_NAMES, Doubt, LateState

blueprint = Blueprint("late", "quizzes", url_prefix="/manage/late", template_folder="templates")


@blueprint.get("")
@requires("quizzes.decide_late")
def index() -> str:
    """What waits, and what was decided."""
    with reading() as session:
        waiting, decided = late_arrivals(session, waiting=True), late_arrivals(session, waiting=False)
    return render_template("quizzes/late.html", waiting=waiting, decided=decided)


@blueprint.get("/<uuid:arrival_id>")
@requires("quizzes.decide_late")
def arrival(arrival_id: UUID) -> str:
    with reading() as session:
        return _page(session, late_arrival(session, arrival_id), LateDecisionForm())


@blueprint.post("/<uuid:arrival_id>")
@requires("quizzes.decide_late")
def decide(arrival_id: UUID) -> AnyResponse:
    form = LateDecisionForm()
    if not form.validate():
        with reading() as session:
            return make_response(_page(session, late_arrival(session, arrival_id), form), 422)
    try:
        with transaction() as session:
            accept = form.decision.data == ACCEPT
            decide_late(session, current_actor(), arrival_id, accept=accept, reason=form.reason.data, at=now())
    except Conflict as refused:
        flash(translated(refused), "warning")
        return redirect(url_for(".arrival", arrival_id=arrival_id), 303)
    flash(_("Đã nhận và chấm lại bài.") if accept else _("Đã ghi quyết định không nhận; điểm giữ nguyên."), "success")
    return redirect(url_for(".index"), 303)


def _page(session: Session, row: LateRow, form: LateDecisionForm) -> str:
    names = person_names(session, [one for one in (row.decided_by, row.brought_by) if one is not None])
    return render_template(
        "quizzes/late_arrival.html",
        row=row,
        form=form,
        doubts=[_(DOUBT_NAMES[Doubt(one)]) for one in row.evidence.get("doubts", [])],
        timeline=_timeline(session, row),
        names=names,
        waits=row.state == LateState.WAITING,
    )


def _timeline(session: Session, row: LateRow) -> list[dict[str, Any]]:
    """What the server saw and what the device says, by time; each line says whose word it is."""
    lines: list[dict[str, Any]] = []
    for moment in moments_of(session, row.attempt_id):
        if moment.what == "saved":
            told = _("Máy chủ lưu câu số %(slot)s", slot=moment.slot)
            note = None if moment.device_offset is None else _("đồng hồ máy lệch %(seconds)s giây", seconds=moment.device_offset)
        else:
            told, note = str(AUDIT_NAMES.get(moment.what, moment.what)), None
        lines.append({"at": moment.at, "told": told, "note": note, "server": True})
    for one in row.answers:
        if one["given_at"] is not None:
            told = _("Trả lời câu số %(slot)s (thứ %(order)s trong nhật ký)", slot=one["slot"], order=one["order"])
            lines.append({"at": datetime.fromisoformat(one["given_at"]), "told": told, "note": None, "server": False})
    lines.append({"at": row.deadline, "told": _("Hết giờ làm bài"), "note": None, "server": True, "marked": True})
    received = _("Máy chủ nhận %(count)s câu đến muộn", count=len(row.answers))
    lines.append({"at": row.received_at, "told": received, "note": None, "server": True, "marked": True})
    return sorted(lines, key=lambda line: line["at"])
