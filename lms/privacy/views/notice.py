"""The notice: public, and shown once a version to everybody who signs in."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard
from lms.feature import FirstPage, HomePanel
from lms.kit.access import current_actor, permission_table, public, requires
from lms.kit.actors import Actor
from lms.kit.clock import local_date, now
from lms.kit.i18n import preferences
from lms.kit.unit import settings, transaction
from lms.privacy import queries
from lms.privacy.notice import VERSION, notice_html
from lms.privacy.operations.notices import read_notice
from lms.privacy.rules.retention import KINDS, periods
from lms.privacy.views.door import blueprint

FIRST = FirstPage("privacy.first_notice", partial(queries.is_unread, VERSION))


def kept_rows() -> list[dict[str, Any]]:
    """The table of how long things are kept, for reading."""
    days = periods(settings().retention)
    return [
        {"what": _(kind.what), "why": _(kind.why), "days": _period(days[kind.name]), "basis": _(kind.basis), "name": kind.name}
        for kind in KINDS
    ]


def _period(days: int | None) -> str:
    if days is None:
        return str(_("Không xóa theo thời hạn"))
    return str(_("%(count)s ngày", count=days)) if days else str(_("Không lưu"))


@blueprint.get("/privacy")
@public
def notice() -> str:
    """The present notice, for everybody at any time."""
    return _page(ask=False)


@blueprint.get("/privacy/notice")
@requires("privacy.own")
def first_notice() -> str:
    """The same before the first page, with the button that says it was read."""
    return _page(ask=True, next=guard.own_path(request.args.get("next")) or "/")


@blueprint.post("/privacy/notice")
@requires("privacy.own")
def acknowledge() -> AnyResponse:
    with transaction() as session:
        read_notice(session, current_actor(), VERSION, now())
    guard.first_page_seen()
    return redirect(guard.own_path(request.form.get("next")) or "/", 303)


def _page(**more: Any) -> str:
    text, contact = notice_html(preferences().locale), settings().privacy_contact
    return render_template("privacy/notice.html", text=text, version=VERSION, kept=kept_rows(), contact=contact, **more)


def unread_notice(session: Session, actor: Actor) -> str | None:
    """The path of the notice for those who have not read the present version."""
    if actor.person_id is None or queries.has_read(session, actor.person_id, VERSION):
        return None
    return url_for("privacy.first_notice")


def home_panel(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """For those who were signed in when the notice changed, and for those whose answers people wait for."""
    unread = unread_notice(session, actor)
    table, waiting = permission_table(), queries.Waiting(0, 0)
    if actor.has("privacy.answer", table):
        waiting = queries.waiting(session, actor.scope("privacy.answer", table), local_date(at, settings().zone), at)
    if unread is None and not waiting.pending:
        return None
    return HomePanel("privacy/_home_panel.html", {"unread": unread, "waiting": waiting}, order=5)
