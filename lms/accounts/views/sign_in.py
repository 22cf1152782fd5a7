"""Signing in with a password, signing out, and using a slip up."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, current_app, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import ChoosePasswordForm, CodeForm, SignInForm
from lms.accounts.rules import lockout, passwords, tokens
from lms.accounts.views import throttle
from lms.accounts.views.door import blueprint
from lms.kit.access import current_actor, public, requires
from lms.kit.actors import Actor
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from lms.kit.vietnamese import fold

_CODE = "activation_code"  # in the signed cookie between the two pages of an activation: the hash, not the code
NOBODY = Actor(None, "", "")


@blueprint.get("/sign-in")
@public
def sign_in() -> AnyResponse:
    target = guard.own_path(request.args.get("next"))
    if guard.session_token() is not None:
        return redirect(target or "/")
    return _sign_in_page(SignInForm(next=target or ""))


@blueprint.post("/sign-in")
@public
def submit_sign_in() -> AnyResponse:
    throttle.refuse_flood()
    form = SignInForm()
    if not form.validate():
        return _sign_in_page(form, 422)
    at = now()
    name_hash = tokens.token_hash(fold(form.login.data).replace(" ", ""))
    with reading() as db:
        account = queries.credentials(db, form.login.data)
        unknown_until = queries.unknown_name_locked_until(db, name_hash)  # asked for every name: none is answered sooner
    # The slow comparison holds no transaction, and is made for unknown names, too.
    right = passwords.password_matches(account.password_hash if account else None, form.password.data)
    locked = lockout.is_locked(account.locked_until if account else unknown_until, at)
    if account is None or account.disabled or locked or not right:
        throttle.count_failure()
        if not locked:
            locked = _count_failure(account.person_id, at) if account else _count_unknown_name(name_hash, at)
        return _sign_in_page(form, 422, locked=locked, wrong=True)
    _open_session(account.person_id, remember=form.remember.data)
    return redirect(guard.own_path(form.next.data) or "/", 303)


@blueprint.post("/sign-out")
@requires("accounts.own")
def sign_out() -> AnyResponse:
    token = guard.session_token()
    assert token is not None
    with transaction() as db:
        operations.end_sign_in(db, current_actor(), tokens.token_hash(token), now())
    guard.end_session()
    flash(_("Đã đăng xuất."), "success")
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/activate")
@public
def activate() -> AnyResponse:
    return _code_page(CodeForm())


@blueprint.post("/activate")
@public
def submit_code() -> AnyResponse:
    throttle.refuse_flood()
    form = CodeForm()
    if not form.validate():
        return _code_page(form, 422)
    code_hash = tokens.code_hash(form.code.data)
    with reading() as db:
        invitation = queries.invitation(db, code_hash, now())
    if invitation is None:
        throttle.count_failure()
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
    try:
        passwords.check_new_password(form.password.data, login_name=invitation.login_name, full_name=invitation.full_name)
    except DomainError as refusal:
        form.password.errors = [translated(refusal)]
        return _choose_page(form, invitation, 422)
    password_hash = passwords.hash_password(form.password.data)
    zone = current_app.extensions["lms.settings"].zone
    with transaction() as db:
        actor = queries.actor_of_person(db, invitation.person_id, local_date(at, zone))
        assert actor is not None
        operations.activate(db, actor, invitation, password_hash, at)
        token = operations.begin_sign_in(db, actor, remember=False, remote_address=request.remote_addr, user_agent=_agent(), at=at)
    guard.begin_session(token, actor, remember=False)
    flash(_("Tài khoản đã kích hoạt. Lần sau đăng nhập bằng tên “%(name)s” và mật khẩu vừa chọn.", name=invitation.login_name), "success")
    return redirect("/", 303)


def _open_session(person_id: UUID, *, remember: bool) -> None:
    at = now()
    zone = current_app.extensions["lms.settings"].zone
    with transaction() as db:
        actor = queries.actor_of_person(db, person_id, local_date(at, zone))
        assert actor is not None
        token = operations.begin_sign_in(db, actor, remember=remember, remote_address=request.remote_addr, user_agent=_agent(), at=at)
    guard.begin_session(token, actor, remember=remember)


def _count_failure(person_id: UUID, at: datetime) -> bool:
    with transaction() as db:
        return operations.record_failure(db, NOBODY, person_id, at)


def _count_unknown_name(name_hash: str, at: datetime) -> bool:
    with transaction() as db:
        return operations.record_unknown_name(db, name_hash, at)


def _agent() -> str | None:
    return request.headers.get("User-Agent")


def _sign_in_page(form: SignInForm, status: int = 200, *, locked: bool = False, wrong: bool = False) -> Response:
    minutes = int(lockout.LOCK.total_seconds()) // 60
    return make_response(render_template("accounts/sign_in.html", form=form, locked=locked, wrong=wrong, minutes=minutes), status)


def _code_page(form: CodeForm, status: int = 200) -> Response:
    return make_response(render_template("accounts/activate.html", form=form), status)


def _choose_page(form: ChoosePasswordForm, invitation: queries.Invitation, status: int = 200) -> Response:
    page = render_template("accounts/choose_password.html", form=form, invitation=invitation, minimum=passwords.MINIMUM_LENGTH)
    return make_response(page, status)
