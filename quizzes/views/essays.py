"""Marking essays: what waits, and one answer after the other. Those who mark see answer and rubric, never the person."""

from __future__ import annotations

import secrets
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import Conflict
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes import api
from quizzes.forms.essays import marking_form
from quizzes.operations.essays import mark_essay
from quizzes.queries import essays
from quizzes.rules.essays import TURN_NAMES, EssayState

blueprint = Blueprint("essays", "quizzes", url_prefix="/manage/marking", template_folder="templates")


@blueprint.get("")
@requires("quizzes.mark_essays")
def index() -> str:
    """Rounds with essays, and how far their marking is."""
    with reading() as session:
        rounds = essays.marking_progress(session)
    return render_template("quizzes/essays_index.html", rounds=rounds)


@blueprint.get("/<round_code>")
@requires("quizzes.mark_essays")
def next_essay(round_code: str) -> AnyResponse:
    """On to an answer this person may mark; back to the list where there is none."""
    with reading() as session:
        if not essays.marking_progress(session, round_code):
            raise NotFound
        waiting = essays.next_essays(session, round_code, current_actor().person_id)
    if waiting:
        return redirect(url_for(".essay", essay_id=secrets.choice(waiting)))
    flash(_("Không còn bài viết nào chờ ông/bà chấm ở kỳ này."), "info")
    return redirect(url_for(".index"))


@blueprint.get("/answers/<uuid:essay_id>")
@requires("quizzes.mark_essays")
def essay(essay_id: UUID) -> str:
    with reading() as session:
        to_mark = essays.essay_to_mark(session, essay_id, current_actor().person_id)
        (progress,) = essays.marking_progress(session, to_mark.round_code)
    return _page(to_mark, progress, marking_form(to_mark))


@blueprint.post("/answers/<uuid:essay_id>")
@requires("quizzes.mark_essays")
def mark(essay_id: UUID) -> str | tuple[str, int] | AnyResponse:
    """Keep the points and go on to the next answer."""
    with reading() as session:
        if essays.is_done(session, essay_id):
            flash(_("Bài viết này vừa có người khác chấm. Chấm bài tiếp theo."), "warning")
            return redirect(url_for(".index"), 303)
        to_mark = essays.essay_to_mark(session, essay_id, current_actor().person_id)
        (progress,) = essays.marking_progress(session, to_mark.round_code)
    form = marking_form(to_mark)
    if not form.validate_on_submit():
        return _page(to_mark, progress, form), 422
    shown = form.turn.data
    turn = EssayState(shown) if shown in tuple(EssayState) else to_mark.state
    try:
        with transaction() as session:
            mark_essay(session, current_actor(), essay_id, form.points(), now(), turn=turn, comment=form.comment.data or "")
    except Conflict as refused:
        flash(translated(refused), "warning")
    else:
        flash(_("Đã ghi điểm bài viết."), "success")
    return redirect(url_for(".next_essay", round_code=to_mark.round_code), 303)


def _page(to_mark: essays.ToMark, progress: essays.Progress, form: object) -> str:
    return render_template(
        "quizzes/essays_mark.html",
        essay=to_mark,
        progress=progress,
        form=form,
        turn=_(TURN_NAMES[to_mark.state]),
        picture=api.picture_json(to_mark.body).get("picture"),
    )
