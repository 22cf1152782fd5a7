"""Forgetting a person: asking for it, seeing what would go, doing it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import EVERYWHERE
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.privacy import operations, queries
from lms.privacy.forms import ErasureForm
from lms.privacy.operations import NewRequest
from lms.privacy.queries import Subject
from lms.privacy.rules.erasure import Fate, fates
from lms.privacy.rules.requests import RequestKind, RequestState
from lms.privacy.views.door import blueprint, today


@blueprint.get("/manage/people/<uuid:person_id>/erasure")
@requires("privacy.erase")
def erasure_form(person_id: UUID) -> Response:
    """Ask for somebody's data to be erased, on their behalf or because its purpose is over."""
    return _form_page(person_id, ErasureForm())


@blueprint.post("/manage/people/<uuid:person_id>/erasure")
@requires("privacy.erase")
def ask_erasure(person_id: UUID) -> AnyResponse:
    form = ErasureForm()
    if not form.validate():
        return _form_page(person_id, form, 422)
    new = NewRequest(RequestKind.ERASURE, form.reason.data)
    try:
        with transaction() as session:
            request_id = operations.make_request(session, current_actor(), person_id, new, now(), zone=settings().zone)
    except DomainError as refusal:
        form.reason.errors = [translated(refusal)]
        return _form_page(person_id, form, refusal.status)
    flash(_("Đã lập yêu cầu xóa. Người khác của cơ quan chủ trì xem lại và thực hiện."), "success")
    return redirect(url_for("privacy.request_page", data_request_id=request_id), 303)


@blueprint.get("/manage/data-requests/<uuid:data_request_id>/erase")
@requires("privacy.erase")
def erasure_preview(data_request_id: UUID) -> str | AnyResponse:
    """What goes and what stays, before the button that cannot be taken back."""
    with reading() as session:
        view = queries.request_in_scope(session, data_request_id, EVERYWHERE, today())
    if view.kind != RequestKind.ERASURE or view.state != RequestState.GRANTED:
        flash(_("Chỉ xóa theo yêu cầu xóa đã được chấp nhận."), "error")
        return redirect(url_for("privacy.request_page", data_request_id=data_request_id))
    person, parts = _preview(view.person_id)
    return render_template("privacy/erase.html", request_=view, person=person, fates=parts)


@blueprint.post("/manage/data-requests/<uuid:data_request_id>/erase")
@requires("privacy.erase")
def erase(data_request_id: UUID) -> AnyResponse:
    try:
        with transaction() as session:
            operations.carry_out_erasure(session, current_actor(), data_request_id, today(), now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
        return redirect(url_for("privacy.request_page", data_request_id=data_request_id), 303)
    flash(_("Đã xóa. Các số liệu của người này còn giữ dưới một tên giả."), "success")
    return redirect(url_for("privacy.requests"), 303)


def _preview(person_id: UUID) -> tuple[Subject, list[Fate]]:
    with reading() as session:
        person = queries.subject(session, person_id, today())
        sections = queries.own_sections(session, person_id)
    return person, fates((section.heading, len(section.rows)) for section in sections)


def _form_page(person_id: UUID, form: ErasureForm, status: int = 200) -> Response:
    person, parts = _preview(person_id)
    return make_response(render_template("privacy/ask_erasure.html", form=form, person=person, fates=parts), status)
