"""Single sign-on: to the province's identity provider and back."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import cast
from uuid import UUID

import structlog
from flask import Response, current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import SignInForm
from lms.accounts.identity_provider import Handshake, IdentityProvider, ProviderAwayError, Subject, TokenRefusedError
from lms.accounts.queries import Credentials
from lms.accounts.rules import lockout, tokens
from lms.accounts.views import throttle
from lms.accounts.views.arriving import LINK_STEP, FirstHalf, account_of, go_on, is_barred, questions
from lms.accounts.views.door import blueprint
from lms.accounts.views.second_factor import may_change, sign_in_again
from lms.accounts.views.sign_in import NOBODY, Refusal, try_password
from lms.kit.access import current_actor, public, requires
from lms.kit.clock import local_date, now
from lms.kit.errors import Conflict
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.kit.vietnamese import fold

log = structlog.get_logger()

_STEP = "single_sign_on"  # kind of a half-done sign-in
_STATE, _LINK = "single", "link"  # in the cookie: this browser asked, not another one


@blueprint.get("/sign-in/single")
@public
def single_sign_on() -> AnyResponse:
    """Send the browser to the provider. A link, not a form: browsers forbid forms that end on another site."""
    if not settings().oidc_issuer:
        return redirect(url_for("accounts.sign_in"))
    at, handshake = now(), Handshake.fresh()
    try:
        address = _provider().address(handshake, _back())
    except ProviderAwayError as error:
        return _away(error)
    details = {"nonce": handshake.nonce, "verifier": handshake.verifier, "target": guard.own_path(request.args.get("next"))}
    with transaction() as db:
        operations.begin_step(db, _STEP, handshake.state, at, details=details)
    session[_STATE] = handshake.state
    return redirect(address)


@blueprint.get("/sign-in/single/back")
@public
def single_sign_on_back() -> AnyResponse:
    """What the provider sends people back with."""
    if not settings().oidc_issuer:
        return redirect(url_for("accounts.sign_in"))
    at = now()
    throttle.refuse_flood(at)
    try:
        subject, target = _vouched_for(at)
    except TokenRefusedError as error:
        return _refused(at, str(error)[:200])
    except ProviderAwayError as error:
        return _away(error)
    return _arrived(subject, target, at)


def _vouched_for(at: datetime) -> tuple[Subject, str | None]:
    """Whom the provider's answer stands for, and where they wanted to go. Raises ProviderAwayError, TokenRefusedError."""
    state, expected = request.args.get("state", ""), str(session.pop(_STATE, ""))
    if not expected or not hmac.compare_digest(state.encode(), expected.encode()):
        raise TokenRefusedError("state: not asked for by this browser")
    with transaction() as db:
        step = operations.finish_step(db, _STEP, state, at)
    if step is None:
        raise TokenRefusedError("state: used before, or older than ten minutes")
    if request.args.get("iss", settings().oidc_issuer) != settings().oidc_issuer:
        raise TokenRefusedError("iss: answered by another provider")
    if "code" not in request.args:
        raise TokenRefusedError(f"provider: {request.args.get('error', 'no code')[:60]}")
    handshake = Handshake(state, step.details["nonce"], step.details["verifier"])
    return _provider().subject(request.args["code"], handshake, _back()), step.details["target"]


def _arrived(subject: Subject, target: str | None, at: datetime) -> AnyResponse:
    """Somebody the provider vouches for: let in whom we know, tell the others how they are linked."""
    account, link, strong = _known(subject, at), None, subject.strong
    if account is None:
        strong = False  # the provider knows how they proved themselves there, not that they are the one here
        account = _of_same_name(subject, at)
        link = tokens.new_session_token()
        with transaction() as db:
            details = {"issuer": subject.issuer, "subject": subject.subject}
            operations.begin_step(db, LINK_STEP, link, at, details=details)
    if account is None:
        session[_LINK] = link
        return redirect(url_for("accounts.link_identity"), 303)
    if account.disabled or lockout.is_locked(account.locked_until, at) or is_barred(account, at):
        return _refused(at, "account: locked or closed")
    half = FirstHalf("single_sign_on", strong=strong, target=target, link=link)
    return go_on(account, half, at) or _refused(at, "account: locked or closed")


@blueprint.get("/sign-in/single/link")
@public
def link_identity() -> AnyResponse:
    """For those the provider knows and we do not: the password, once, shows who they are."""
    if _LINK not in session:
        return redirect(url_for("accounts.sign_in"))
    return _link_page(SignInForm(formdata=None))


@blueprint.post("/sign-in/single/link")
@public
def submit_link() -> AnyResponse:
    if _LINK not in session:
        return redirect(url_for("accounts.sign_in"), 303)
    form = SignInForm()
    if not form.validate():
        return _link_page(form, 422)
    answer = try_password(form.login.data, form.password.data, link=str(session[_LINK]))
    if isinstance(answer, Refusal):
        return _link_page(form, 422, answer)
    return answer


@blueprint.get("/account/single-sign-on")
@requires("accounts.own")
def own_identities() -> str:
    """Which accounts elsewhere open one's own here."""
    at = now()
    with reading() as db:
        linked = queries.identities(db, _own_id())
    return render_template("accounts/identities.html", linked=linked, name=_name(), may_change=may_change(at), here=settings().oidc_issuer)


@blueprint.post("/account/single-sign-on/unlink")
@requires("accounts.own")
def unlink_identities() -> AnyResponse:
    at = now()
    if not may_change(at):
        return sign_in_again(url_for("accounts.own_identities"))
    try:
        with transaction() as db:
            removed = operations.unlink_identities(db, current_actor(), at)
    except Conflict as refusal:
        flash(translated(refusal), "error")
        return redirect(url_for("accounts.own_identities"), 303)
    if removed:
        flash(_("Đã gỡ. Tài khoản đó không còn mở được tài khoản này."), "success")
    return redirect(url_for("accounts.own_identities"), 303)


def _own_id() -> UUID:
    person_id = current_actor().person_id
    assert person_id is not None
    return person_id


@blueprint.get("/sign-in/single/leave")
@public
def leave_provider() -> AnyResponse:
    """End the session at the provider, too, where it offers that: on a shared machine the next person must not come in through it."""
    if not settings().oidc_issuer:
        return redirect(url_for("accounts.sign_in"))
    try:
        address = _provider().sign_out_address(settings().base_url + url_for("accounts.sign_in"))
    except ProviderAwayError as error:
        return _away(error)
    if address is None:
        flash(_("Hệ thống đăng nhập một lần không cho đăng xuất từ đây. Trên máy dùng chung, đóng hẳn trình duyệt."), "warning")
        return redirect(url_for("accounts.sign_in"))
    return redirect(address)


def _known(subject: Subject, at: datetime) -> Credentials | None:
    with reading() as db:
        person_id = queries.federated_person(db, subject.issuer, subject.subject)
    return None if person_id is None else account_of(person_id, at)


def _of_same_name(subject: Subject, at: datetime) -> Credentials | None:
    """The account whose login name or staff code the provider's claim says; linked from now on. None where that claim alone would open
    more than a learner's pages: who holds a role shows, once, that they are the same person here, by password or by code."""
    if subject.name is None or not _is_plain(subject.name):
        return None
    name_hash = tokens.token_hash(fold(subject.name).replace(" ", ""))
    with reading() as db:
        found = queries.door(
            db,
            subject.name,
            name_hash=name_hash,
            address_hash=throttle.address_hash(),
            at=at,
            on=local_date(at, settings().zone),
            questions=questions(),
        )
    account = found.account
    return None if account is None or (account.privileged and not account.has_authenticator) else account


def _is_plain(name: str) -> bool:
    """Is a claim the very name, and not one that only looks like it to us? People type names with marks and spaces, programs do not: who
    may call themselves “dũng” at the provider must not be our “dung”."""
    return name.isascii() and name.isprintable() and " " not in name


def _provider() -> IdentityProvider:
    kept = current_app.extensions.setdefault("lms.identity_provider", None)
    if kept is None:
        kept = current_app.extensions["lms.identity_provider"] = IdentityProvider(settings())
    return cast(IdentityProvider, kept)


def _back() -> str:
    return settings().base_url + url_for("accounts.single_sign_on_back")


def _refused(at: datetime, reason: str) -> Response:
    log.warning("single_sign_on_refused", reason=reason)
    with transaction() as db:
        operations.count_address(db, throttle.address_hash(), at)
        operations.refuse_single_sign_on(db, NOBODY, at, reason=reason, issuer=settings().oidc_issuer or "")
    return make_response(render_template("accounts/single_refused.html", away=False, name=_name()), 400)


def _away(error: ProviderAwayError) -> Response:
    log.error("identity_provider_away", reason=str(error))
    response = make_response(render_template("accounts/single_refused.html", away=True, name=_name()), 503)
    response.headers["Retry-After"] = "60"
    return response


def _name() -> str:
    return settings().oidc_name or _("tài khoản của tỉnh")


def _link_page(form: SignInForm, status: int = 200, refusal: Refusal | None = None) -> Response:
    page = render_template(
        "accounts/link_identity.html",
        form=form,
        refusal=refusal,
        name=_name(),
        minutes=settings().lock_minutes,
        tries=settings().tries_before_lock,
    )
    return make_response(page, status)
