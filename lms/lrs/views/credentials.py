"""Keys of outside systems: who has one, what it opens, how to take it back."""

from __future__ import annotations

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from lms.lrs import operations, queries
from lms.lrs.forms import KILOBYTE, SCOPE_NAMES, CredentialForm
from lms.lrs.operations import NewCredential
from lms.lrs.views.blueprint import blueprint


@blueprint.get("/credentials")
@requires("lrs.manage")
def credentials() -> str:
    return _page(CredentialForm())


@blueprint.post("/credentials")
@requires("lrs.manage")
def add_credential() -> tuple[str, int]:
    """Answered with the page itself: the secret is shown this once and stands in no address, log or session."""
    form = CredentialForm()
    if not form.validate():
        return _page(form), 422
    most = form.max_kilobytes.data
    try:
        with transaction() as session:
            made = operations.add_credential(
                session,
                current_actor(),
                form.label.data,
                form.scopes.data,
                now(),
                requests_per_minute=form.requests_per_minute.data,
                max_body=None if most is None else most * KILOBYTE,
            )
    except DomainError as refusal:
        form.label.errors = [*form.label.errors, translated(refusal)]
        return _page(form), 422
    return _page(CredentialForm(formdata=None), made), 201


@blueprint.post("/credentials/<credential_key>/revoke")
@requires("lrs.manage")
def revoke_credential(credential_key: str) -> AnyResponse:
    try:
        with transaction() as session:
            operations.revoke_credential(session, current_actor(), credential_key, now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(_("Đã thu hồi khóa %(key)s. Từ nay khóa này không mở được gì.", key=credential_key), "success")
    return redirect(url_for("lrs.credentials"), 303)


def _page(form: CredentialForm, made: NewCredential | None = None) -> str:
    with reading() as session:
        rows = queries.credentials(session)
    return render_template("lrs/credentials.html", form=form, credentials=rows, made=made, scope_names=SCOPE_NAMES, kilobyte=KILOBYTE)
