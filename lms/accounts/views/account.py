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
from lms.accounts.views.door import blueprint
from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction


@blueprint.get("/account")
@requires("accounts.own")
def account() -> Response:
    return _account_page(ChangePasswordForm())


@blueprint.post("/account/password")
@requires("accounts.own")
def change_password() -> AnyResponse:
    throttle.refuse_flood()
    actor, at, form = current_actor(), now(), ChangePasswordForm()
    if not form.validate():
        return _account_page(form, 422)
    assert actor.person_id is not None
    with reading() as db:
        held = queries.credentials_of(db, actor.person_id)
    if lockout.is_locked(held.locked_until, at) or not passwords.password_matches(held.password_hash, form.current.data):
        throttle.count_failure()
        with transaction() as db:
            locked = operations.record_failure(db, actor, actor.person_id, at)
        form.current.errors = [
            _("Nhập sai mật khẩu quá nhiều lần. Chờ 10 phút rồi thử lại.") if locked else _("Mật khẩu đang dùng không đúng.")
        ]
        return _account_page(form, 422)
    try:
        passwords.check_new_password(form.password.data, login_name=held.login_name, full_name=held.full_name)
    except DomainError as refusal:
        form.password.errors = [translated(refusal)]
        return _account_page(form, 422)
    password_hash = passwords.hash_password(form.password.data)
    with transaction() as db:
        operations.change_password(db, actor, password_hash, at, keep=_own_hash())
    flash(_("Đã đổi mật khẩu. Các thiết bị khác đã bị đăng xuất."), "success")
    return redirect(url_for("accounts.account"), 303)


@blueprint.post("/account/devices/end")
@requires("accounts.own")
def end_device() -> AnyResponse:
    device = request.form.get("device", "")
    if not is_token_hash(device):
        abort(400)
    with transaction() as db:
        operations.end_sign_in(db, current_actor(), device, now())
    flash(_("Đã đăng xuất thiết bị đó."), "success")
    return redirect(url_for("accounts.account"), 303)


def _own_hash() -> str:
    token = guard.session_token()
    assert token is not None
    return token_hash(token)


def _account_page(form: ChangePasswordForm, status: int = 200) -> Response:
    actor, at = current_actor(), now()
    assert actor.person_id is not None
    with reading() as db:
        devices = queries.devices(db, actor.person_id, at)
    own = _own_hash()
    rows = [
        {
            "id": device.token_hash,
            "name": device_name(device.user_agent) or _("Thiết bị không rõ"),
            "address": device.remote_address,
            "since": device.since,
            "until": device.until,
            "present": device.token_hash == own,
        }
        for device in devices
    ]
    page = render_template("accounts/account.html", form=form, devices=rows, person=actor, minimum=passwords.MINIMUM_LENGTH)
    return make_response(page, status)
