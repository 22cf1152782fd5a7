"""One's own account: password and devices."""

from __future__ import annotations

from flask import Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import ChangePasswordForm
from lms.accounts.rules import lockout, passwords
from lms.accounts.rules.agents import device_name
from lms.accounts.rules.tokens import is_token_hash, token_hash
from lms.accounts.views import throttle
from lms.accounts.views.arriving import account_of
from lms.accounts.views.door import blueprint
from lms.accounts.views.sign_in import checked_password, rules_for
from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction


@blueprint.get("/account")
@requires("accounts.own")
def account() -> Response:
    return _account_page(ChangePasswordForm())


@blueprint.post("/account/password")
@requires("accounts.own")
def change_password() -> AnyResponse:
    actor, at, form = current_actor(), now(), ChangePasswordForm()
    throttle.refuse_flood(at)
    if not form.validate():
        return _account_page(form, 422)
    assert actor.person_id is not None
    held = account_of(actor.person_id, at)
    if lockout.is_locked(held.locked_until, at) or not passwords.password_matches(held.password_hash, form.current.data):
        with transaction() as db:
            locked = operations.record_failure(
                db, actor, actor.person_id, lockout.lock_of(settings()), at, address_hash=throttle.address_hash()
            )
        form.current.errors = [
            _("Nhập sai mật khẩu quá nhiều lần. Chờ %(minutes)s phút rồi thử lại.", minutes=settings().lock_minutes)
            if locked
            else _("Mật khẩu đang dùng không đúng.")
        ]
        return _account_page(form, 422)
    try:
        password_hash = checked_password(held, form.password.data)
    except DomainError as refusal:
        form.password.errors = [translated(refusal)]
        return _account_page(form, 422)
    with transaction() as db:
        operations.change_password(db, actor, password_hash, at, keep=own_hash())
    flash(_("Đã đổi mật khẩu. Các thiết bị khác đã bị đăng xuất."), "success")
    return redirect(url_for("accounts.account"), 303)


@blueprint.get("/account/devices")
@requires("accounts.own")
def devices() -> str:
    """Where one is signed in. One query."""
    actor, at, own = current_actor(), now(), own_hash()
    assert actor.person_id is not None
    with reading() as db:
        found = queries.devices(db, actor.person_id, at)
    rows = [
        {
            "id": device.token_hash,
            "name": device_name(device.user_agent) or _("Thiết bị không rõ"),
            "address": device.remote_address,
            "since": device.since,
            "until": device.until,
            "seen": device.last_seen_at or device.since,
            "present": device.token_hash == own,
        }
        for device in found
    ]
    return render_template("accounts/devices.html", devices=rows, others=any(not row["present"] for row in rows))


@blueprint.post("/account/devices/end")
@requires("accounts.own")
def end_device() -> AnyResponse:
    device = request.form.get("device", "")
    if not is_token_hash(device):
        abort(400)
    with transaction() as db:
        operations.end_sign_in(db, current_actor(), device, now())
    flash(_("Đã đăng xuất thiết bị đó."), "success")
    return redirect(url_for("accounts.devices"), 303)


@blueprint.post("/account/devices/end-others")
@requires("accounts.own")
def end_other_devices() -> AnyResponse:
    with transaction() as db:
        operations.end_other_sign_ins(db, current_actor(), now(), but=own_hash())
    flash(_("Đã đăng xuất mọi thiết bị khác."), "success")
    return redirect(url_for("accounts.devices"), 303)


def own_hash() -> str:
    token = guard.session_token()
    assert token is not None
    return token_hash(token)


def _account_page(form: ChangePasswordForm, status: int = 200) -> Response:
    actor, at = current_actor(), now()
    assert actor.person_id is not None
    held = account_of(actor.person_id, at)
    page = render_template(
        "accounts/account.html",
        form=form,
        person=actor,
        rules=rules_for(held),
        has_password=held.password_hash is not None,
        authenticator=held.has_authenticator,
        passkey=held.has_passkey,
        single=(settings().oidc_name or _("tài khoản của tỉnh")) if settings().oidc_issuer else None,
        debt=guard.debt_of(guard.present_session()),
    )
    return make_response(page, status)
