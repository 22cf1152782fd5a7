"""Supervised rooms for those who watch them: opening one, who sits there, and bringing the files of answers that could not be sent."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.queries.people import agency_choices
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.clock import local_date, now
from lms.kit.errors import Conflict
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.forms.answer_files import AnswerFileForm
from quizzes.forms.invigilation import SupervisionForm
from quizzes.operations.invigilation import end_supervision, open_supervision
from quizzes.queries import invigilation as queries
from quizzes.views import answer_files
from quizzes.views.agency_pickers import fill_pickers

blueprint = Blueprint("invigilation", "quizzes", url_prefix="/manage/invigilation", template_folder="templates")
MOST_AGENCIES = 500


def _today(at: datetime) -> date:
    return local_date(at, settings().zone)


def _form(session: Session, at: datetime) -> SupervisionForm:
    agencies = agency_choices(session, scope_of("quizzes.invigilate"), _today(at), MOST_AGENCIES)
    form = SupervisionForm(queries.supervised_rounds(session, at), agencies)
    if form.looks_for_agency:
        fill_pickers(session, [form.sought], _today(at), scope_of("quizzes.invigilate"))
    return form


def _index_page(session: Session, form: SupervisionForm, at: datetime) -> str:
    found = queries.supervisions(session, scope_of("quizzes.invigilate"), _today(at), at)
    return render_template("quizzes/invigilation.html", form=form, sessions=found, at=at)


@blueprint.get("")
@requires("quizzes.invigilate")
def index() -> str:
    """Rooms of the last week, and the form that opens one."""
    at = now()
    with reading() as session:
        return _index_page(session, _form(session, at), at)


@blueprint.post("")
@requires("quizzes.invigilate")
def open_() -> AnyResponse:
    at = now()
    with reading() as session:
        form = _form(session, at)
        if form.looks_for_agency and (request.form.get("step") == "find" or form.sought.asks):
            return make_response(_index_page(session, form, at))
        if not form.validate():
            return make_response(_index_page(session, form, at), 422)
    try:
        with transaction() as session:
            opened = open_supervision(
                session,
                current_actor(),
                form.round.data,
                form.agency_id,
                form.place.data,
                at,
                on=_today(at),
                scope=scope_of("quizzes.invigilate"),
            ).id
    except Conflict as refused:
        flash(translated(refused), "warning")
        return redirect(url_for(".index"), 303)
    return redirect(url_for(".room", supervision_id=opened), 303)


@blueprint.get("/<uuid:supervision_id>")
@requires("quizzes.invigilate")
def room(supervision_id: UUID) -> str:
    """The code, and everybody who sits here with how far they are and when they were last heard of."""
    at = now()
    with reading() as session:
        held = queries.supervision(session, supervision_id, scope_of("quizzes.invigilate"), _today(at))
        seats = queries.seats_of(session, supervision_id)
    return render_template("quizzes/invigilation_room.html", room=held, seats=seats, at=at)


@blueprint.post("/<uuid:supervision_id>/end")
@requires("quizzes.invigilate")
def end(supervision_id: UUID) -> AnyResponse:
    """Nobody begins here any more; who sits goes on until the end."""
    at = now()
    with transaction() as session:
        queries.supervision(session, supervision_id, scope_of("quizzes.invigilate"), _today(at))
        end_supervision(session, current_actor(), supervision_id, at)
    flash(_("Đã kết thúc ca coi thi. Mã phòng thi không còn dùng được; người đang làm bài vẫn làm tiếp đến hết giờ."), "success")
    return redirect(url_for(".room", supervision_id=supervision_id), 303)


@blueprint.get("/files")
@requires("quizzes.invigilate")
def files() -> str:
    """Where the sealed files of a whole room are brought."""
    return render_template("quizzes/invigilation_files.html", form=AnswerFileForm(), told=[])


@blueprint.post("/files")
@requires("quizzes.invigilate")
def bring_files() -> AnyResponse:
    form = AnswerFileForm()
    if not form.validate():
        return make_response(render_template("quizzes/invigilation_files.html", form=form, told=[]), 422)
    told = answer_files.bring(form.files.data, now())
    return make_response(render_template("quizzes/invigilation_files.html", form=AnswerFileForm(formdata=None), told=told))
