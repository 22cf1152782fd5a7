"""Passkeys: signing in with finger, face or PIN of one's own machine, and keeping the list of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, abort, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.forms import PasskeyNameForm
from lms.accounts.rules import lockout, passkeys
from lms.accounts.rules.agents import device_name
from lms.accounts.rules.passkeys import NotBelievedError
from lms.accounts.views import throttle
from lms.accounts.views.account import own_hash
from lms.accounts.views.arriving import FirstHalf, account_of, enter, is_barred
from lms.accounts.views.door import blueprint
from lms.accounts.views.second_factor import may_change, sign_in_again
from lms.accounts.views.sign_in import NOBODY
from lms.kit.access import current_actor, public, requires
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, settings, transaction
from lms.kit.vietnamese import clean

_SIGN_IN, _NEW = "passkey", "new_passkey"  # kinds of half-done work
_REFUSED = N_("Không đăng nhập được bằng khóa truy cập này. Thử lại, hoặc đăng nhập bằng mật khẩu.")


@blueprint.get("/sign-in/passkey")
@public
def passkey_sign_in() -> AnyResponse:
    if not passkeys.offered(settings().base_url):
        return redirect(url_for("accounts.sign_in"))
    return Response(render_template("accounts/passkey_sign_in.html", next=guard.own_path(request.args.get("next")) or ""))


@blueprint.post("/sign-in/passkey/options")
@public
def passkey_options() -> Response:
    """What the browser asks the machine; good once, for ten minutes."""
    at, challenge = now(), passkeys.new_challenge()
    throttle.refuse_flood(at)
    with transaction() as db:
        operations.begin_step(db, _SIGN_IN, challenge, at, details={})
    return jsonify(passkeys.request_options(settings().base_url, challenge))


@blueprint.post("/sign-in/passkey")
@public
def submit_passkey() -> Response:
    """The machine's answer. Whatever is wrong with it, the page reads the same."""
    at, given = now(), _given()
    throttle.refuse_flood(at)
    answer = given.get("credential")
    challenge = passkeys.challenge_of(answer)
    with transaction() as db:
        step = operations.finish_step(db, _SIGN_IN, challenge, at)
        stored = queries.passkey(db, passkeys.credential_of(answer))
    if step is None or stored is None:
        throttle.count_failure(at)
        raise DomainError(_REFUSED, code="passkey_refused")
    account = account_of(stored.person_id, at)
    try:
        count = passkeys.check_answer(answer, challenge, settings().base_url, public_key=stored.public_key, sign_count=stored.sign_count)
        with transaction() as db:
            if not operations.use_passkey(db, stored.id, stored.sign_count, count, at):
                raise NotBelievedError("used twice with the same count")
    except NotBelievedError as reason:
        with transaction() as db:
            operations.refuse_passkey(db, NOBODY, stored.person_id, at, reason=str(reason), address_hash=throttle.address_hash())
        raise DomainError(_REFUSED, code="passkey_refused") from reason
    if account.disabled or lockout.is_locked(account.locked_until, at) or is_barred(account, at):
        raise DomainError(_REFUSED, code="passkey_refused")
    half = FirstHalf("passkey", strong=True, own_machine=given.get("own_machine") is True, target=guard.own_path(_text(given.get("next"))))
    entered = enter(account, half, at)
    if entered is None:
        raise DomainError(_REFUSED, code="passkey_refused")
    return jsonify(next=entered.headers["Location"])


@blueprint.get("/account/passkeys")
@requires("accounts.own")
def own_passkeys() -> str:
    actor = current_actor()
    assert actor.person_id is not None
    with reading() as db:
        held = queries.factors(db, actor.person_id)
    return render_template(
        "accounts/passkeys.html",
        form=PasskeyNameForm(formdata=None, name=device_name(request.headers.get("User-Agent")) or ""),
        held=held,
        offered=passkeys.offered(settings().base_url),
        may_change=may_change(now()),
    )


@blueprint.post("/account/passkeys/options")
@requires("accounts.own")
def new_passkey_options() -> Response:
    actor, at, challenge = current_actor(), now(), passkeys.new_challenge()
    assert actor.person_id is not None
    _refuse_late()
    with transaction() as db:
        known = queries.credential_ids(db, actor.person_id)
        operations.begin_step(db, _NEW, challenge, at, person_id=actor.person_id, details={})
    options = passkeys.registration_options(
        settings().base_url,
        challenge,
        system=_("Công vụ LMS"),
        person_id=actor.person_id,
        account=actor.account_name,
        full_name=actor.display_name,
        known=known,
    )
    return jsonify(options)


@blueprint.post("/account/passkeys")
@requires("accounts.own")
def add_passkey() -> Response:
    actor, at, given = current_actor(), now(), _given()
    _refuse_late()
    answer = given.get("credential")
    challenge = passkeys.challenge_of(answer)
    with transaction() as db:
        step = operations.finish_step(db, _NEW, challenge, at)
    if step is None or step.person_id != actor.person_id:
        raise DomainError(N_("Đã quá 10 phút hoặc yêu cầu đã dùng. Tải lại trang rồi thêm lại."), code="passkey_expired")
    try:
        made = passkeys.check_registration(answer, challenge, settings().base_url)
    except NotBelievedError as reason:
        raise DomainError(
            N_("Máy này chưa tạo được khóa truy cập đúng chuẩn. Thử lại hoặc dùng máy khác."), code="passkey_refused"
        ) from reason
    name = clean(_text(given.get("name")))[: passkeys.NAME_LENGTH] or _("Khóa truy cập (passkey)")
    with transaction() as db:
        operations.add_passkey(
            db,
            actor,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            name=name,
            token_hash=own_hash(),
            at=at,
        )
    flash(_("Đã thêm khóa truy cập “%(name)s”.", name=name), "success")
    return jsonify(next=url_for("accounts.own_passkeys"))


@blueprint.post("/account/passkeys/remove")
@requires("accounts.own")
def remove_passkey() -> AnyResponse:
    try:
        passkey_id = UUID(request.form.get("passkey", ""))
    except ValueError:
        abort(400)
    at = now()
    if not may_change(at):
        return sign_in_again(url_for("accounts.own_passkeys"))
    with transaction() as db:
        removed = operations.remove_passkey(db, current_actor(), passkey_id, at)
    if removed:
        flash(_("Đã xóa khóa truy cập."), "success")
    return redirect(url_for("accounts.own_passkeys"), 303)


def _refuse_late() -> None:
    if not may_change(now()):
        raise DomainError(N_("Đăng nhập lại trước khi thêm khóa truy cập: lần đăng nhập này đã lâu."), code="sign_in_again")


def _given() -> dict[str, Any]:
    given = request.get_json(silent=True)
    return given if isinstance(given, dict) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
