"""The door of every view: who is asking, and may they? A view that states no permission is refused.

Flask-Login keeps the session token; everything it does for us is in this file. The cookie carries a random token (the alternative
token of Flask-Login), the row in `sign_in` its SHA-256, so that a session can be listed, ended and never forged from the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import structlog
from flask import Flask, current_app, g, make_response, redirect, render_template, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf.csrf import validate_csrf
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse
from wtforms.validators import ValidationError

from lms.accounts import operations, queries
from lms.accounts.rules import policy
from lms.accounts.rules.tokens import token_hash
from lms.feature import FirstPage
from lms.kit import unit
from lms.kit.access import may, permission_table
from lms.kit.actors import AccessDenied, Actor, Role
from lms.kit.clock import local_date, now
from lms.kit.unit import reading, transaction
from lms.kit.web import error_response, wants_json

log = structlog.get_logger()

_UNSTATED = object()
_FIRST = "first"  # in the signed cookie: the page to be seen before all others, so that no request has to ask for it
_FORMS = "forms"  # in the same, between the two halves of a sign-in: what the open forms carry, and whose they are
_TOKEN, _SEED = "_user_id", "csrf_token"  # where Flask-Login keeps the session's token, and Flask-WTF what its forms' tokens are made from
_NEVER_REPEATED = {"password", "current", "again", "code"}  # fields that are not written into a page


class SignedIn:
    """What Flask-Login wants of a user; `token` is the only thing it writes into the cookie. `found`: the session as it was when
    this request came; None for one that began with it."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: str, actor: Actor, found: queries.OpenSession | None = None) -> None:
        self.token = token
        self.actor = actor
        self.found = found

    def get_id(self) -> str:
        return self.token


class ViewUnguardedError(Exception):
    """A view states no permission: a defect, found by tests before it is found by anybody else."""


def init_guard(app: Flask) -> None:
    """Set up Flask-Login and the check before every request. Belongs before the CSRF check, so that a program whose session
    ended hears 401 and not that its token is missing."""
    manager = LoginManager()
    manager.session_protection = None  # phones change their address in mid-test; the token alone decides
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(_load)
    app.config["PERMANENT_SESSION_LIFETIME"] = timedelta(days=90)  # the row decides when a session ends, the cookie only outlives it
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.before_request(check_access)


def _load(token: str) -> SignedIn | None:
    at, settings = now(), unit.settings()
    with reading() as session:
        found = queries.session_of_token(session, token_hash(token), at, local_date(at, settings.zone))
    if found is None:
        return None
    managing = policy.is_privileged(found.actor.grants)
    if found.last_seen_at is None or at - found.last_seen_at >= policy.seen_every(settings, found.span, managing=managing):
        with transaction() as session:
            operations.note_seen(session, token_hash(token), policy.seen_again(settings, found.span, at), at)
    return SignedIn(token, found.actor, found)


def check_access() -> AnyResponse | None:
    """Deny by default. Returns a response where the request must not reach its view."""
    endpoint = request.endpoint
    if endpoint is None or endpoint == "static" or endpoint.endswith(".static"):
        return None
    permission: Any = getattr(current_app.view_functions[endpoint], "required_permission", _UNSTATED)
    if permission is _UNSTATED:
        if current_app.debug or current_app.testing:
            raise ViewUnguardedError(f"{endpoint} states neither requires(…), public nor guarded_by(…)")
        log.error("view_unguarded", endpoint=endpoint)
        return error_response(403)
    if isinstance(permission, str) and permission.startswith("@"):
        return None  # a door of its own
    if getattr(current_app.view_functions[endpoint], "asks_nobody", False):
        g.actor = None
        return None
    g.actor = current_user.actor if current_user.is_authenticated else None
    first = _page_before_all(permission)
    return first if permission is None or first is not None else _check_permission(permission)


def _check_permission(permission: str) -> AnyResponse | None:
    if g.actor is None:
        return _ask_to_sign_in()
    if not may(permission):
        raise AccessDenied
    if Role.LEARNER not in permission_table()[permission]:
        return _check_managing(current_user.found)
    return None


def _check_managing(found: queries.OpenSession) -> AnyResponse | None:
    """What opens to roles alone asks for more than a session: that somebody was here a moment ago, and proved themselves twice."""
    if found.span.managing_until is not None and found.span.managing_until <= now():
        return _ask_to_sign_in(again="yes")
    debt = debt_of(found)
    if debt is None:
        return None
    if wants_json():
        return error_response(403, code=debt)
    return redirect(url_for("accounts.second_factor" if debt == "second_factor" else "accounts.account"), 303)


def debt_of(found: queries.OpenSession) -> policy.Debt | None:
    """What the person of a session must do before managing pages open to them; None also for those who manage nothing."""
    if not policy.is_privileged(found.actor.grants):
        return None
    return policy.owes(unit.settings(), strong=found.strong, method=found.method, password_set_at=found.password_set_at, since=found.since)


def _ask_to_sign_in(again: str | None = None) -> AnyResponse:
    if wants_json():
        return error_response(401)
    if request.method not in ("GET", "HEAD"):
        return _not_saved() or redirect(url_for("accounts.sign_in", again=again))
    return redirect(url_for("accounts.sign_in", next=request.full_path.rstrip("?"), again=again))


def _not_saved() -> AnyResponse | None:
    """For one whose session ended while a form lay open: nothing was saved, and what they entered is still here, to be sent again once
    they are signed in. None for forms that are not this browser's own: nobody else's fields get into a page of ours."""
    if _TOKEN not in session:
        return None
    try:
        validate_csrf(request.form.get("csrf_token"))
    except ValidationError:
        return None
    fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    whole = not request.files and not any(name in _NEVER_REPEATED for name, _value in fields)
    came = urlsplit(request.referrer or "")
    page = render_template(
        "accounts/not_saved.html",
        address=request.full_path.rstrip("?"),
        fields=fields if whole else (),
        whole=whole,
        back=own_path(came.path) if came.netloc == request.host else None,
        page_has_errors=True,
    )
    return make_response(page, 401)


def open_forms(db: Session, person_id: UUID) -> str | None:
    """What the forms this browser still shows are recognised by, where the last session in it was this person's: signing in again must
    not make worthless what they entered. Nobody else's forms survive a sign-in."""
    kept: Sequence[str] | None = session.get(_FORMS)
    if kept is not None:
        return kept[1] if kept[0] == str(person_id) else None
    token, seed = session.get(_TOKEN), session.get(_SEED)
    if token is None or seed is None or queries.person_of_token(db, token_hash(str(token))) != person_id:
        return None
    return str(seed)


def session_ended() -> bool:
    """Was somebody signed in in this browser whose session is over?"""
    return _TOKEN in session and not current_user.is_authenticated


def present_session() -> queries.OpenSession:
    """The session of this request, as it was found."""
    found: queries.OpenSession = current_user.found
    return found


def keep_open(until: datetime, db: Session | None = None) -> None:
    """Let this request's session last at least until a moment, however long nobody presses anything: somebody sits a test. `db`: a
    transaction that is open anyway."""
    span = present_session().span
    if span.until >= until and (span.idle_until is None or span.idle_until >= until):
        return
    with transaction() if db is None else nullcontext(db) as writing:
        operations.hold_sign_in(writing, token_hash(current_user.token), until)


def _page_before_all(permission: str | None) -> AnyResponse | None:
    """Lead to the page this person must see first. What is sent, asked for by programs or public is let through, and so is what
    must not be disturbed (a sitting: `undisturbed` on its blueprint)."""
    target = session.get(_FIRST)
    if g.actor is None or target is None or request.method not in ("GET", "HEAD") or request.path == target or wants_json():
        return None
    blueprint = current_app.blueprints[request.blueprint] if request.blueprint else None
    if getattr(blueprint, "undisturbed", False) or (permission is None and request.path != "/"):
        return None
    return redirect(f"{target}?{urlencode({'next': request.full_path.rstrip('?')})}")


def first_page_seen() -> None:
    """The page that came before all others was seen; the rest of this session is free."""
    session.pop(_FIRST, None)


def first_pages() -> tuple[FirstPage, ...]:
    """The pages that come before all others, as the features say."""
    return tuple(page for feature in current_app.extensions["lms.features"] for page in feature.first_pages)


def begin_session(token: str, actor: Actor, *, remember: bool, first: str | None, forms: str | None = None) -> None:
    """Put a fresh token into a fresh cookie: nothing of the session before survives, so none can be planted, but for the forms of the
    same person. `first`: see `first_pages`; `forms`: see `open_forms`."""
    session.clear()
    session.permanent = remember
    if forms is not None:
        session[_SEED] = forms
    login_user(SignedIn(token, actor))
    session.pop("_id", None)  # Flask-Login's fingerprint of address and browser: not used, and sent with every request
    g.actor = actor
    if first is not None:
        session[_FIRST] = first


def session_token() -> str | None:
    """The token of this request's session, to tell the present device from the others."""
    return current_user.token if current_user.is_authenticated else None


def end_session(*, forms: tuple[UUID, str] | None = None) -> None:
    """Forget who was signed in. `forms`: whose open forms are to be kept for the other half of a sign-in."""
    logout_user()
    session.clear()
    g.actor = None
    if forms is not None:
        session[_FORMS] = [str(forms[0]), forms[1]]


def own_path(target: str | None) -> str | None:
    """A path of this site to go on to, or None: addresses of other sites, also in disguise (`//x`, `/\\x`), are refused."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    if any(ord(char) < 0x20 or char == "\\" for char in target):
        return None
    return target
