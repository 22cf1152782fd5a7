"""Signing in with a password, signing out, and using a slip up."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import ChoosePasswordForm, CodeForm, SignInForm
from lms.accounts.queries import Credentials
from lms.accounts.rules import lockout, passkeys, passwords, policy, tokens
from lms.accounts.views import throttle
from lms.accounts.views.arriving import FirstHalf, account_of, begin, go_on, is_barred, is_half, questions, welcome
from lms.accounts.views.door import blueprint
from lms.kit.access import current_actor, public, requires
from lms.kit.actors import Actor
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.kit.vietnamese import fold

_CODE = "activation_code"  # in the signed cookie between the two pages of an activation: the hash, not the code
NOBODY = Actor(None, "", "")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a name and a password open nothing."""

    locked: bool = False
    dormant: bool = False


@blueprint.get("/sign-in")
@public
def sign_in() -> AnyResponse:
    target = guard.own_path(request.args.get("next"))
    again = "again" in request.args  # signed in, yet too long ago for what was asked
    if guard.session_token() is not None and not again:
        return redirect(target or "/")
    return _sign_in_page(SignInForm(formdata=None, next=target or ""), again=again)


@blueprint.post("/sign-in")
@public
def submit_sign_in() -> AnyResponse:
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    answer = try_password(form.login.data, form.password.data, own_machine=form.remember.data, target=guard.own_path(form.next.data))
    if isinstance(answer, Refusal):
        return _sign_in_page(form, 422, refusal=answer)
    return answer


def try_password(
    login: str, password: str, *, own_machine: bool = False, target: str | None = None, link: str | None = None
) -> AnyResponse | Refusal:
    """Let in, go on to the second half, or say why not. One query, the slow comparison, one transaction."""
    at, chosen = now(), settings()
    name_hash, address_hash = tokens.token_hash(fold(login).replace(" ", "")), throttle.address_hash()
    with reading() as db:
        on = local_date(at, chosen.zone)
        found = queries.door(db, login, name_hash=name_hash, address_hash=address_hash, at=at, on=on, questions=questions())
    throttle.refuse_after(found.address_failures)
    account = found.account
    # The slow comparison holds no transaction, and is made for unknown names, too.
    right = passwords.password_matches(account.password_hash if account else None, password)
    if account is None or account.disabled or lockout.is_locked(found.locked_until, at) or not right:
        lock = lockout.lock_of(chosen)
        with transaction() as db:
            if account is None:
                locked = operations.record_unknown_name(db, name_hash, lock, at, address_hash=address_hash)
            else:
                locked = operations.record_failure(db, NOBODY, account.person_id, lock, at, address_hash=address_hash)
        return Refusal(locked=locked)
    if is_barred(account, at):
        return Refusal(dormant=True)
    entered = go_on(account, FirstHalf("password", own_machine=own_machine, target=target, link=link), at)
    return entered or Refusal(locked=True)


@blueprint.post("/sign-out")
@requires("accounts.own")
def sign_out() -> AnyResponse:
    token = guard.session_token()
    assert token is not None
    elsewhere = guard.present_session().method == "single_sign_on"
    with transaction() as db:
        operations.end_sign_in(db, current_actor(), tokens.token_hash(token), now())
    guard.end_session()
    flash(_("Đã đăng xuất."), "success")
    return redirect(url_for("accounts.sign_in", left="yes" if elsewhere else None), 303)


@blueprint.get("/activate")
@public
def activate() -> AnyResponse:
    return _code_page(CodeForm())


@blueprint.post("/activate")
@public
def submit_code() -> AnyResponse:
    throttle.refuse_flood(now())
    form = CodeForm()
    if not form.validate():
        return _code_page(form, 422)
    code_hash = tokens.code_hash(form.code.data)
    with reading() as db:
        invitation = queries.invitation(db, code_hash, now())
    if invitation is None:
        throttle.count_failure(now())
        form.code.errors = [_("Mã kích hoạt không đúng, đã dùng hoặc đã hết hạn. Xin đầu mối của cơ quan cấp phiếu mới.")]
        return _code_page(form, 422)
    guard.end_session()
    session[_CODE] = code_hash
    return redirect(url_for("accounts.choose_password"), 303)


@blueprint.get("/activate/password")
@public
def choose_password() -> AnyResponse:
    with reading() as db:
        invitation = queries.invitation(db, session.get(_CODE, ""), now())
    if invitation is None:
        return redirect(url_for("accounts.activate"))
    return _choose_page(ChoosePasswordForm(), invitation)


@blueprint.post("/activate/password")
@public
def submit_new_password() -> AnyResponse:
    form = ChoosePasswordForm()
    at = now()
    with reading() as db:
        invitation = queries.invitation(db, session.get(_CODE, ""), at)
    if invitation is None:
        flash(_("Mã kích hoạt đã dùng hoặc đã hết hạn. Nhập lại mã, hoặc đăng nhập nếu đã chọn mật khẩu."), "error")
        return redirect(url_for("accounts.activate"), 303)
    if not form.validate():
        return _choose_page(form, invitation, 422)
    account = account_of(invitation.person_id, at)
    try:
        password_hash = checked_password(account, form.password.data)
    except DomainError as refusal:
        form.password.errors = [translated(refusal)]
        return _choose_page(form, invitation, 422)
    half = FirstHalf("slip")
    with transaction() as db:
        operations.activate(db, account.actor(), invitation, password_hash, at)
        opened = None if is_half(account) else begin(db, account, half, at)
    if opened is None:  # the slip replaces the password, never the second factor
        guard.end_session()
        flash(_("Đã chọn mật khẩu mới. Đăng nhập bằng tên “%(name)s” và mật khẩu đó.", name=invitation.login_name), "success")
        return redirect(url_for("accounts.sign_in"), 303)
    onward = welcome(opened, account, half, at)
    flash(_("Tài khoản đã kích hoạt. Lần sau đăng nhập bằng tên “%(name)s” và mật khẩu vừa chọn.", name=invitation.login_name), "success")
    return onward


def checked_password(account: Credentials, password: str) -> str:
    """The hash of a password a person chose. Raises DomainError saying what to change about it."""
    rules = rules_for(account)
    passwords.check_new_password(password, rules, login_name=account.login_name, full_name=account.full_name)
    with reading() as db:
        before = queries.past_passwords(db, account.person_id, settings().passwords_remembered)
    passwords.refuse_reused(password, before)
    return passwords.hash_password(password)


def rules_for(account: Credentials) -> policy.PasswordRules:
    second = account.has_second_factor or (account.privileged and settings().require_second_factor)
    return policy.password_rules(settings(), privileged=account.privileged, second_factor=second)


def _sign_in_page(form: SignInForm, status: int = 200, *, refusal: Refusal | None = None, again: bool = False) -> Response:
    chosen = settings()
    page = render_template(
        "accounts/sign_in.html",
        form=form,
        refusal=refusal,
        again=again,
        ended=guard.session_ended(),
        left=request.args.get("left") == "yes" and chosen.oidc_issuer,
        minutes=chosen.lock_minutes,
        tries=chosen.tries_before_lock,
        single=(chosen.oidc_name or _("tài khoản của tỉnh")) if chosen.oidc_issuer else None,
        passkeys=passkeys.offered(chosen.base_url),
    )
    return make_response(page, status)


def _code_page(form: CodeForm, status: int = 200) -> Response:
    return make_response(render_template("accounts/activate.html", form=form), status)


def _choose_page(form: ChoosePasswordForm, invitation: queries.Invitation, status: int = 200) -> Response:
    rules = rules_for(account_of(invitation.person_id, now()))
    return make_response(render_template("accounts/choose_password.html", form=form, invitation=invitation, rules=rules), status)
