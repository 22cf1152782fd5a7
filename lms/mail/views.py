"""How the post stands, for those who look after the service."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.unit import reading, settings, transaction
from lms.mail.operations import try_again
from lms.mail.queries import mail_state

blueprint = Blueprint("mail", __name__, url_prefix="/manage/mail", template_folder="templates")


@blueprint.get("/")
@requires("mail.manage")
def index() -> str:
    with reading() as session:
        state = mail_state(session)
    return render_template("mail/index.html", state=state, set_up=settings().smtp_url is not None)


@blueprint.post("/<uuid:message_id>/again")
@requires("mail.manage")
def again(message_id: UUID) -> AnyResponse:
    with transaction() as session:
        try_again(session, current_actor(), message_id, now())
    flash(_("Thư sẽ được gửi lại trong ít phút."))
    return redirect(url_for(".index"), 303)
