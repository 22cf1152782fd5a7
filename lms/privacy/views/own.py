"""One's own data: seeing it, taking it along, and asking for something about it."""

from __future__ import annotations

from collections.abc import Iterator
from io import SEEK_END
from tempfile import TemporaryFile
from typing import IO
from uuid import UUID

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.imports.web import XLSX
from lms.kit.unit import reading, settings, transaction, vault
from lms.privacy import operations, queries
from lms.privacy.forms import CorrectionForm, OtherRequestForm
from lms.privacy.operations import NewRequest
from lms.privacy.own_file import write_json, write_workbook
from lms.privacy.rules.requests import RequestKind
from lms.privacy.views.door import blueprint, request_line, request_title, state_tag, today

PIECE = 64 * 1024


def _me() -> UUID:
    person_id = current_actor().person_id
    assert person_id is not None
    return person_id


@blueprint.get("/account/data")
@requires("privacy.own")
def own_data() -> str:
    """What one may do about one's data, and what one has asked."""
    with reading() as session:
        rows = queries.own_requests(session, _me(), today())
    lines = [request_line(row, url_for("privacy.own_request", own_request_id=row.id)) for row in rows]
    return render_template("privacy/own.html", requests=lines)


@blueprint.post("/account/data/file")
@requires("privacy.own")
def own_file() -> Response:
    """The file itself: made now, sent now, kept nowhere. It is written without holding anybody up who stores something, and has no name
    on the disk."""
    form, at, person_id, zone = request.form.get("form", ""), now(), _me(), settings().zone
    if form not in ("json", "xlsx"):
        abort(400)
    file = TemporaryFile(prefix="lms-own-data-")  # noqa: SIM115 - the response closes it when it is sent
    with reading() as session:
        sections = queries.own_sections(session, person_id)
        if form == "json":
            write_json(file, sections, person_id, at, _)
        else:
            write_workbook(file, sections, zone, current_actor().display_name, _)
    rows = sum(len(section.rows) for section in sections)
    with transaction() as session:
        operations.note_disclosure(session, current_actor(), person_id, at, form=form, rows=rows)
    response = Response(_pieces(file), mimetype="application/json" if form == "json" else XLSX)
    response.call_on_close(file.close)
    response.content_length = file.seek(0, SEEK_END)
    response.headers["Content-Disposition"] = f'attachment; filename="du-lieu-cua-toi-{at.astimezone(zone):%Y%m%d}.{form}"'
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    with file:
        while piece := file.read(PIECE):
            yield piece


@blueprint.get("/account/data/correction")
@requires("privacy.own")
def correction() -> Response:
    return _correction_page(CorrectionForm())


@blueprint.post("/account/data/correction")
@requires("privacy.own")
def ask_correction() -> AnyResponse:
    form = CorrectionForm()
    if not form.validate():
        return _correction_page(form, 422)
    new = NewRequest(RequestKind.CORRECTION, form.reason.data, form.field.data, form.proposed.data)
    refusal = _ask(new)
    if refusal is not None:
        field = getattr(form, refusal.field or "proposed")
        field.errors = [translated(refusal)]
        return _correction_page(form, refusal.status)
    return redirect(url_for("privacy.own_data"), 303)


@blueprint.get("/account/data/request")
@requires("privacy.own")
def other_request() -> Response:
    return _other_page(OtherRequestForm())


@blueprint.post("/account/data/request")
@requires("privacy.own")
def ask_other() -> AnyResponse:
    form = OtherRequestForm()
    if not form.validate():
        return _other_page(form, 422)
    refusal = _ask(NewRequest(RequestKind(form.kind.data), form.reason.data))
    if refusal is not None:
        form.reason.errors = [translated(refusal)]
        return _other_page(form, refusal.status)
    return redirect(url_for("privacy.own_data"), 303)


@blueprint.get("/account/data/requests/<uuid:own_request_id>")
@requires("privacy.own")
def own_request(own_request_id: UUID) -> str:
    """A request of one's own with its answer; another's is not found."""
    with reading() as session:
        view = queries.own_request(session, own_request_id, _me())
    return render_template(
        "privacy/own_request.html",
        request_=view,
        title=request_title(view.kind, view.field),
        state=state_tag(view.state),
        present=vault().unseal(view.present_sealed) if view.present_sealed else None,
        proposed=vault().unseal(view.proposed_sealed) if view.proposed_sealed else None,
    )


@blueprint.post("/account/data/requests/<uuid:own_request_id>/withdraw")
@requires("privacy.own")
def withdraw_request(own_request_id: UUID) -> AnyResponse:
    try:
        with transaction() as session:
            operations.withdraw_request(session, current_actor(), own_request_id, now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(_("Đã rút yêu cầu."), "success")
    return redirect(url_for("privacy.own_request", own_request_id=own_request_id), 303)


def _ask(new: NewRequest) -> DomainError | None:
    """Enter a request of one's own; what stood in the way, if anything did."""
    try:
        with transaction() as session:
            operations.make_request(session, current_actor(), _me(), new, now(), zone=settings().zone)
    except DomainError as refusal:
        return refusal
    flash(_("Đã gửi yêu cầu. Câu trả lời có trong 2 ngày làm việc, hiện ở trang này."), "success")
    return None


def _correction_page(form: CorrectionForm, status: int = 200) -> Response:
    return make_response(render_template("privacy/correction.html", form=form), status)


def _other_page(form: OtherRequestForm, status: int = 200) -> Response:
    return make_response(render_template("privacy/other_request.html", form=form), status)
