"""The second half of a sign-in, and setting it up: one-time codes and recovery codes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import OneTimeCodeForm
from lms.accounts.queries import Credentials, Step
from lms.accounts.rules import lockout, one_time_codes, passkeys, policy, roles
from lms.accounts.views import throttle
from lms.accounts.views.account import own_hash
from lms.accounts.views.arriving import CODE_STEP, FirstHalf, Opened, account_of, begin, half_key, is_half, welcome
from lms.accounts.views.door import blueprint
from lms.accounts.views.people import today
from lms.accounts.views.qr import qr_image
from lms.kit.access import current_actor, public, requires, scope_of
from lms.kit.actors import AccessDenied
from lms.kit.clock import now
from lms.kit.unit import reading, settings, transaction, vault


@blueprint.get("/sign-in/code")
@public
def enter_code() -> AnyResponse:
    """The second half, for one whose password was right."""
    at = now()
    step = _waiting(at)
    return _expired() if step is None else _code_page(OneTimeCodeForm(), step, at)


@blueprint.post("/sign-in/code")
@public
def submit_one_time_code() -> AnyResponse:
    at, form = now(), OneTimeCodeForm()
    throttle.refuse_flood(at)
    step = _waiting(at)
    if step is None or step.person_id is None:
        return _expired()
    if not form.validate():
        return _code_page(form, step, at, 422)
    account = account_of(step.person_id, at)
    half = FirstHalf(
        step.details["method"],
        strong=True,
        own_machine=step.details["own_machine"],
        target=step.details["target"],
        link=step.details["link"],
    )
    opened, locked = _try_code(account, half, form.code.data, at)
    if opened is not None:
        return welcome(opened, account, half, at)
    if locked:
        form.code.errors = [_("Nhập sai quá nhiều lần. Chờ %(minutes)s phút rồi đăng nhập lại.", minutes=settings().lock_minutes)]
    else:
        form.code.errors = [_("Mã không đúng hoặc đã dùng. Chờ ứng dụng hiện mã mới rồi nhập lại.")]
    return _code_page(form, step, at, 422)


def _try_code(account: Credentials, half: FirstHalf, typed: str, at: datetime) -> tuple[Opened | None, bool]:
    """The session a right code opens, else whether the account is locked from now on."""
    if account.disabled or lockout.is_locked(account.locked_until, at):
        return None, True
    with reading() as db:
        secret = queries.authenticator_secret(db, account.person_id)
    matched = one_time_codes.matching_step(secret, typed, at) if secret else None
    with transaction() as db:
        if matched is not None:
            right = operations.use_one_time_code(db, account.person_id, matched)
        else:
            right = operations.use_recovery_code(db, account.actor(), typed, at)
        if right and operations.finish_step(db, CODE_STEP, half_key(), at) is not None:
            opened = begin(db, account, half, at)
            return opened, opened is None
        lock = lockout.lock_of(settings())
        return None, operations.record_failure(
            db, account.actor(), account.person_id, lock, at, address_hash=throttle.address_hash(), what="code"
        )


def _waiting(at: datetime) -> Step | None:
    with reading() as db:
        return queries.waiting_step(db, CODE_STEP, half_key(), at)


def _expired() -> AnyResponse:
    flash(_("Đã quá 10 phút kể từ khi nhập mật khẩu. Đăng nhập lại."), "warning")
    return redirect(url_for("accounts.sign_in"), 303)


@blueprint.get("/account/second-factor")
@requires("accounts.own")
def second_factor() -> AnyResponse:
    return _page(OneTimeCodeForm())


@blueprint.post("/account/second-factor")
@requires("accounts.own")
def confirm_authenticator() -> AnyResponse:
    """The application is set up when it shows a right code; then the recovery codes are shown, once."""
    actor, at, form = current_actor(), now(), OneTimeCodeForm()
    assert actor.person_id is not None
    throttle.refuse_flood(at)
    if not may_change(at):
        return sign_in_again(url_for("accounts.second_factor"))
    if not form.validate():
        return _page(form, 422)
    secret = _fresh_secret()
    step = one_time_codes.matching_step(secret, form.code.data, at)
    if step is None:
        throttle.count_failure(at)
        form.code.errors = [_("Mã không đúng. Kiểm tra giờ trên điện thoại, chờ mã mới rồi nhập lại.")]
        return _page(form, 422)
    with transaction() as db:
        codes = operations.confirm_authenticator(db, actor, secret, step, token_hash=own_hash(), at=at)
    return _codes_page(codes)


@blueprint.post("/account/second-factor/codes")
@requires("accounts.own")
def renew_recovery_codes() -> AnyResponse:
    actor, at = current_actor(), now()
    assert actor.person_id is not None
    if not may_change(at):
        return sign_in_again(url_for("accounts.second_factor"))
    with transaction() as db:
        if queries.authenticator_secret(db, actor.person_id) is None:
            return redirect(url_for("accounts.second_factor"), 303)
        codes = operations.renew_recovery_codes(db, actor, at)
    return _codes_page(codes)


@blueprint.post("/account/second-factor/remove")
@requires("accounts.own")
def remove_authenticator() -> AnyResponse:
    actor, at = current_actor(), now()
    if not may_change(at):
        return sign_in_again(url_for("accounts.second_factor"))
    with transaction() as db:
        operations.remove_authenticator(db, actor, at)
    flash(_("Đã bỏ ứng dụng tạo mã. Mã của ứng dụng và mã dự phòng không còn dùng được."), "success")
    return redirect(url_for("accounts.second_factor"), 303)


@blueprint.post("/manage/people/<uuid:person_id>/second-factor/reset")
@requires("accounts.reset_second_factor")
def reset_second_factor(person_id: UUID) -> AnyResponse:
    """For one who lost the telephone and the recovery codes."""
    scope, on, at = scope_of("accounts.reset_second_factor"), today(), now()
    with transaction() as db:
        queries.person_view(db, scope, person_id, on, at)
        if not queries.may_let_in(db, scope, on, roles.within_reach(current_actor().grants), person_id):
            raise AccessDenied
        operations.reset_second_factor(db, current_actor(), person_id, at)
    flash(_("Đã gỡ xác thực hai lớp và khóa truy cập. Người này đăng nhập bằng mật khẩu rồi thiết lập lại."), "success")
    return redirect(url_for("accounts.person", person_id=person_id), 303)


def may_change(at: datetime) -> bool:
    """Ways of getting in are changed only by one who got in a moment ago, with all they had: an open session found on a shared machine
    is not enough."""
    found = guard.present_session()
    if at - found.since >= policy.RECENT:
        return False
    return found.strong or not is_half(account_of(_own_id(), at))


def sign_in_again(target: str) -> AnyResponse:
    flash(_("Đăng nhập lại trước khi đổi cách đăng nhập: lần đăng nhập này đã lâu, hoặc chưa qua đủ hai lớp."), "warning")
    return redirect(url_for("accounts.sign_in", again="yes", next=target), 303)


def _own_id() -> UUID:
    person_id = current_actor().person_id
    assert person_id is not None
    return person_id


def _fresh_secret() -> str:
    """The same for the whole session, so that it need not be kept anywhere before it is confirmed; unknown without our key."""
    return one_time_codes.secret_from(vault().fingerprint(f"authenticator {own_hash()}"))


def _page(form: OneTimeCodeForm, status: int = 200) -> Response:
    actor, at = current_actor(), now()
    with reading() as db:
        held = queries.factors(db, _own_id())
    secret = _fresh_secret()
    address = one_time_codes.address(secret, account=actor.account_name, issuer=_("Công vụ LMS"))
    page = render_template(
        "accounts/second_factor.html",
        form=form,
        held=held,
        may_change=may_change(at),
        qr=qr_image(address, _("Mã QR để thêm tài khoản vào ứng dụng tạo mã")),
        address=address,
        secret=one_time_codes.spaced(secret),
        required=policy.is_privileged(actor.grants) and settings().require_second_factor,
    )
    return make_response(page, status)


def _codes_page(codes: list[str]) -> Response:
    return make_response(render_template("accounts/recovery_codes.html", codes=codes))


def _code_page(form: OneTimeCodeForm, step: Step, at: datetime, status: int = 200) -> Response:
    assert step.person_id is not None
    account = account_of(step.person_id, at)
    page = render_template(
        "accounts/enter_code.html",
        form=form,
        codes=account.has_authenticator,
        passkey=account.has_passkey and passkeys.offered(settings().base_url),
        next=step.details["target"],
    )
    return make_response(page, status)
