"""The way in, however somebody proved who they are: the second half where one is owed, then the session."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, session, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import guard, operations, queries
from lms.accounts.operations import Arrival
from lms.accounts.queries import Credentials
from lms.accounts.rules import policy, tokens
from lms.kit.clock import local_date
from lms.kit.errors import Conflict
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction

CODE_STEP = "code"  # kinds of half-done sign-ins
LINK_STEP = "link"
_HALF = "half"  # in the cookie: what the other half of a sign-in must show


@dataclass(frozen=True, slots=True)
class FirstHalf:
    """Who proved what, and what they wanted. `link`: key of an identity held elsewhere that is to be theirs from now on."""

    method: str
    strong: bool = False
    own_machine: bool = False
    target: str | None = None
    link: str | None = None

    def as_details(self) -> dict[str, Any]:
        return {"method": self.method, "own_machine": self.own_machine, "target": self.target, "link": self.link}


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that was just opened: its token, the page its person must see first, and what to tell them."""

    token: str
    first: str | None
    said: tuple[str, str] | None  # what to tell, and its kind
    forms: str | None  # see `guard.open_forms`


def is_barred(account: Credentials, at: datetime) -> bool:
    """Has the account lain unused for too long?"""
    return policy.is_dormant(settings(), last_sign_in_at=account.last_sign_in_at, role_since=account.role_since, at=at)


def is_half(account: Credentials) -> bool:
    """Is a password, or a slip in its place, only one half of getting into this account?"""
    return account.has_authenticator or (account.has_passkey and account.privileged and settings().require_second_factor)


def go_on(account: Credentials, half: FirstHalf, at: datetime) -> AnyResponse | None:
    """Ask for the code where the account has one, else open the session. None where the account was locked in the meantime."""
    if half.strong or not is_half(account):
        return enter(account, half, at)
    key, before = tokens.new_session_token(), guard.session_token()
    with transaction() as db:
        forms = guard.open_forms(db, account.person_id)
        if before is not None:
            operations.replace_sign_in(db, tokens.token_hash(before), at)
        operations.begin_step(db, CODE_STEP, key, at, person_id=account.person_id, details=half.as_details())
    guard.end_session(forms=None if forms is None else (account.person_id, forms))
    session[_HALF] = key
    return redirect(url_for("accounts.enter_code"), 303)


def half_key() -> str:
    return str(session.get(_HALF, ""))


def enter(account: Credentials, half: FirstHalf, at: datetime) -> AnyResponse | None:
    """Open the session and lead on. None where the account was locked in the meantime."""
    with transaction() as db:
        opened = begin(db, account, half, at)
    return None if opened is None else welcome(opened, account, half, at)


def begin(db: Session, account: Credentials, half: FirstHalf, at: datetime) -> Opened | None:
    """Open the session within a transaction. None where the account was locked in the meantime."""
    before = guard.session_token()
    arrival = Arrival(
        half.method,
        own_machine=half.own_machine,
        strong=half.strong,
        remote_address=request.remote_addr,
        user_agent=request.headers.get("User-Agent"),
        replaces=tokens.token_hash(before) if before else None,
    )
    actor, span = account.actor(), policy.session_span(settings(), own_machine=half.own_machine, at=at)
    token = operations.begin_sign_in(db, actor, arrival, span, at)
    if token is None:
        return None
    said = None if half.link is None else _link(db, account, half.link, at)
    first = None if account.unseen is None else url_for(guard.first_pages()[account.unseen].endpoint)
    return Opened(token, first, said, guard.open_forms(db, account.person_id))


def welcome(opened: Opened, account: Credentials, half: FirstHalf, at: datetime) -> AnyResponse:
    """Put the session into the cookie and lead to where the person wanted to go, or first to what they owe."""
    guard.begin_session(opened.token, account.actor(), remember=half.own_machine, first=opened.first, forms=opened.forms)
    if opened.said is not None:
        flash(*opened.said)
    debt = None
    if account.privileged:
        debt = policy.owes(settings(), strong=half.strong, method=half.method, password_set_at=account.password_set_at, since=at)
    if debt is not None:  # those pages say why one is there
        return redirect(url_for("accounts.second_factor" if debt == "second_factor" else "accounts.account"), 303)
    return redirect(half.target or "/", 303)


def account_of(person_id: UUID, at: datetime) -> Credentials:
    with reading() as db:
        return queries.account_of(db, person_id, local_date(at, settings().zone), questions())


def questions() -> tuple[queries.Question, ...]:
    """What the features ask about everybody who signs in."""
    return tuple(page.unseen for page in guard.first_pages())


def _link(db: Session, account: Credentials, key: str, at: datetime) -> tuple[str, str]:
    step = operations.finish_step(db, LINK_STEP, key, at)
    if step is None:
        return _("Chưa gắn được tài khoản đăng nhập một lần: đã quá 10 phút. Đăng nhập một lần lại để thử."), "warning"
    try:
        operations.link_identity(db, account.actor(), step.details["issuer"], step.details["subject"], at)
    except Conflict as refusal:
        return translated(refusal), "error"
    return _("Đã gắn tài khoản đăng nhập một lần. Lần sau không cần nhập mật khẩu."), "success"
