"""Answering what people ask about their data, within one's scope."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.rules.people import masked
from lms.kit.access import current_actor, may, requires, scope_of
from lms.kit.actors import Scope
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction, vault
from lms.privacy import operations, queries
from lms.privacy.forms import AnswerForm
from lms.privacy.queries import RequestView
from lms.privacy.rules.requests import RequestKind, RequestState, is_overdue
from lms.privacy.views.door import blueprint, request_line, request_title, state_tag, today


def waiting_count(session: Session, scope: Scope, at: datetime) -> int:
    """For the managing page."""
    return queries.waiting(session, scope, local_date(at, settings().zone), at).pending


@blueprint.get("/manage/data-requests/")
@requires("privacy.answer")
def requests() -> str:
    """What waits, the most urgent first, and what was settled."""
    scope, on = scope_of("privacy.answer"), today()
    settled = request.args.get("settled") == "1"
    with reading() as session:
        waiting = queries.waiting(session, scope, on, now())
        rows = queries.requests_in_scope(session, scope, on, pending=not settled)
    lines = [request_line(row, url_for("privacy.request_page", data_request_id=row.id)) for row in rows]
    return render_template("privacy/requests.html", waiting=waiting, requests=lines, settled=settled)


@blueprint.get("/manage/data-requests/<uuid:data_request_id>")
@requires("privacy.answer")
def request_page(data_request_id: UUID) -> Response:
    return _page(_view(data_request_id), AnswerForm())


@blueprint.post("/manage/data-requests/<uuid:data_request_id>/answer")
@requires("privacy.answer")
def answer(data_request_id: UUID) -> AnyResponse:
    view, form = _view(data_request_id), AnswerForm()
    if not form.validate():
        return _page(view, form, 422)
    decision = request.form.get("decision")
    if decision not in ("grant", "refuse"):
        abort(400)
    try:
        with transaction() as session:
            # Who moved out of the scope a moment ago is not for this actor any more.
            queries.request_in_scope(session, data_request_id, scope_of("privacy.answer"), today())
            operations.answer_request(
                session, current_actor(), data_request_id, grant=decision == "grant", answer=form.answer.data, at=now()
            )
    except DomainError as refusal:
        form.answer.errors = [translated(refusal)]
        return _page(view, form, refusal.status)
    flash(_("Đã trả lời. Người yêu cầu thấy câu trả lời ở mục Dữ liệu của tôi."), "success")
    return redirect(url_for("privacy.request_page", data_request_id=data_request_id), 303)


@blueprint.post("/manage/data-requests/<uuid:data_request_id>/complete")
@requires("privacy.answer")
def complete(data_request_id: UUID) -> AnyResponse:
    _view(data_request_id)
    try:
        with transaction() as session:
            operations.complete_request(session, current_actor(), data_request_id, now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(_("Đã ghi nhận là thực hiện xong."), "success")
    return redirect(url_for("privacy.request_page", data_request_id=data_request_id), 303)


def _view(data_request_id: UUID) -> RequestView:
    with reading() as session:
        return queries.request_in_scope(session, data_request_id, scope_of("privacy.answer"), today())


def _page(view: RequestView, form: AnswerForm, status: int = 200) -> Response:
    zone = settings().zone
    page = render_template(
        "privacy/request.html",
        request_=view,
        form=form,
        title=request_title(view.kind, view.field),
        state=state_tag(view.state),
        present=_shown(view.present_sealed, view.field),
        proposed=_shown(view.proposed_sealed, ""),  # the one who decides compares it with the paper
        overdue=is_overdue(view.state, local_date(view.due_at, zone), view.complete_by, today()),
        may_answer=view.state == RequestState.OPEN and view.person_id != current_actor().person_id,
        may_complete=view.state == RequestState.GRANTED and view.kind != RequestKind.ERASURE,
        may_erase=view.state == RequestState.GRANTED and view.kind == RequestKind.ERASURE and may("privacy.erase"),
        by_hand=view.is_pending and view.kind in (RequestKind.RESTRICTION, RequestKind.OBJECTION),
        at_once=view.kind == RequestKind.CORRECTION and view.field != "other",
    )
    return make_response(page, status)


def _shown(sealed: bytes | None, field: str) -> str | None:
    if sealed is None:
        return None
    text = vault().unseal(sealed)
    return masked(text) if field == "identity_number" else text
