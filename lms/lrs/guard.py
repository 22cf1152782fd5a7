"""The door of the record store: which credential is asking, and what every answer of it carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask, Response, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from lms.kit.clock import now
from lms.kit.errors import N_
from lms.kit.unit import reading, settings, single_statement, transaction
from lms.kit.web import error_response
from lms.lrs import operations, queries
from lms.lrs.queries import CredentialRow
from lms.lrs.rules.credentials import authority_of, content_authority, is_key, matches, person_account
from lms.lrs.rules.faults import Forbidden, TooLarge
from lms.lrs.rules.rendering import timestamp
from lms.lrs.rules.terms import agent_identity
from lms.lrs.rules.versions import Version, negotiated, spoken

PREFIX = "/xapi/"
DEFECT = "lms.lrs.defect"  # in a request's environment: what went wrong before the application was asked (`api.direct`)
MAX_BODY = 16 * 1024 * 1024  # ten thousand statements of a kilobyte and a half

_VERSION_HEADER = "X-Experience-API-Version"
_CONSISTENT_HEADER = "X-Experience-API-Consistent-Through"
_RECENTLY = timedelta(minutes=5)
A_MOMENT = timedelta(seconds=2)


def check_credential() -> Response | None:
    """Before each resource but About: a version we speak, and a key in use with its secret."""
    if DEFECT in request.environ:
        raise request.environ[DEFECT]
    request.max_content_length = MAX_BODY
    if request.endpoint == "xapi.about":
        g.xapi_version = _answering()
        return None
    g.xapi_version = negotiated(request.headers.get(_VERSION_HEADER))
    given = request.authorization
    if given is None or given.type != "basic" or not is_key(given.username or ""):
        return _unauthorized()
    at = now()
    with reading() as session:
        found = queries.credential(session, given.username or "")
    known = matches(given.password or "", found.secret_hash if found else bytes(32))
    if found is None or not known or not _in_use(found, at):
        return _unauthorized()
    if found.requests_per_minute is not None and _too_many(found.key, found.requests_per_minute, at):
        return _slow_down(at)
    _limit_body(found)
    if found.last_used_at is None or found.last_used_at < at - timedelta(hours=1):
        with transaction() as session:
            operations.note_use(session, found.key, at)
    g.xapi_credential = found
    if found.person_id is None:
        _memory().spoken[found.key] = g.xapi_version
    if found.quiet:
        g.xapi_consistent_through = at
    if found.person_id is not None:
        _keep_to_oneself(found.person_id)
    return None


def current_credential() -> CredentialRow:
    found: CredentialRow = g.xapi_credential
    return found


def current_authority() -> dict[str, Any]:
    """Who answers for what this credential stores: the system it was given to, or content together with the person it speaks for."""
    found, base_url = current_credential(), settings().base_url
    return authority_of(base_url, found.key, found.label) if found.person_id is None else content_authority(base_url, found.person_id)


def require_own_actors(statements: Iterable[Mapping[str, Any]]) -> None:
    """A learner's content says what that learner did, and nothing of anybody else. Raises Forbidden."""
    person_id = current_credential().person_id
    if person_id is None:
        return
    own = _identity_of(person_id)
    for index, statement in enumerate(statements):
        if statement["actor"].get("objectType", "Agent") != "Agent" or agent_identity(statement["actor"]) != own:
            raise Forbidden(
                N_("statements[%(index)s].actor: khóa của học liệu chỉ được ghi phát biểu của chính người đang học"),
                code="not_own_actor",
                field=f"statements[{index}].actor",
                index=index,
            )


def _in_use(found: CredentialRow, at: datetime) -> bool:
    if found.revoked_at is not None or (found.expires_at is not None and found.expires_at <= at):
        return False
    if found.person_id is None:
        return True
    with reading() as session:
        return queries.may_sign_in(session, found.person_id)


def _too_many(key: str, limit: int, at: datetime) -> bool:
    with single_statement() as session:
        return operations.count_request(session, key, at) > limit


def _slow_down(at: datetime) -> Response:
    message = _("Khóa truy cập này gửi quá nhiều yêu cầu trong một phút; chờ rồi gửi lại")
    response = error_response(HTTPStatus.TOO_MANY_REQUESTS, code="too_many_requests", message=message)
    response.headers["Retry-After"] = str(60 - at.second)
    return response


def _limit_body(found: CredentialRow) -> None:
    """No resource may be sent more than the credential may send (some resources allow less)."""
    if found.max_body is None:
        return
    request.max_content_length = found.max_body
    if (request.content_length or 0) > found.max_body:
        raise TooLarge(N_("Yêu cầu lớn hơn %(most)s byte mà khóa truy cập này được gửi"), code="too_large", most=found.max_body)


def _keep_to_oneself(person_id: UUID) -> None:
    """Documents and profiles of other people are out of reach, and those of an activity, which all share, are only read."""
    if request.endpoint == "xapi.activity_profile" and request.method not in ("GET", "HEAD"):
        raise Forbidden(N_("Khóa của học liệu chỉ được đọc hồ sơ hoạt động"), code="scope_missing")
    given = request.args.getlist("agent")
    if any(_agent_identity(text) != _identity_of(person_id) for text in given):
        raise Forbidden(N_("Khóa của học liệu chỉ dùng được cho chính người đang học"), code="not_own_actor", field="agent")


def _identity_of(person_id: UUID) -> str | None:
    return agent_identity(person_account(settings().base_url, person_id))


def _agent_identity(text: str) -> str | None:
    """Of a parameter; None where it is no agent, which its resource would say as well."""
    try:
        return agent_identity(msgspec.json.decode(text, type=dict[str, Any]))
    except (msgspec.DecodeError, KeyError, TypeError, AttributeError):
        return None


def _unauthorized() -> Response:
    message = _("Cần khóa truy cập xAPI còn hiệu lực (Basic: khóa và mật khẩu)")
    response = error_response(HTTPStatus.UNAUTHORIZED, code="credential_required", message=message)
    response.headers["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
    return response


def describe(response: Response) -> Response:
    """Every answer below /xapi/ tells its version, those about statements also how current it is."""
    if not request.path.startswith(PREFIX):
        return response
    response.headers[_VERSION_HEADER] = _answering()
    if request.path.rstrip("/") == f"{PREFIX}statements":
        response.headers[_CONSISTENT_HEADER] = timestamp(_consistent_through())
    return response


def _answering() -> Version:
    """The version of the answer: that of the request; where it names none that is spoken here, the one in which its key last spoke, so
    that a client can read why it is refused; of strangers what this deployment chose."""
    asked = spoken(request.headers.get(_VERSION_HEADER))
    if asked is not None:
        return asked
    given = request.authorization
    key = given.username if given is not None and given.type == "basic" else None
    return _memory().spoken.get(key or "", Version(settings().xapi_version))


@dataclass(slots=True)
class Memory:
    """What this process knows of what went before. `spoken`: by key the version in which it last spoke; of systems alone, which are few.
    `consistent`: a moment up to which everything stored could be read."""

    spoken: dict[str, Version] = field(default_factory=dict)
    consistent: datetime | None = None


def memory(app: Flask) -> Memory:
    found: Memory = app.extensions.setdefault("lms.lrs.memory", Memory())
    return found


def _memory() -> Memory:
    return memory(current_app)


def _consistent_through() -> datetime:
    """What was found out on the way; else what was known a moment ago, which stays true; else asked now."""
    known = _memory()
    if "xapi_consistent_through" in g:
        known.consistent = found = g.xapi_consistent_through
        return found  # type: ignore[no-any-return]
    at = now()
    if known.consistent is not None and at - known.consistent < A_MOMENT:
        return known.consistent
    try:
        with reading() as session:
            known.consistent = found = queries.consistent_through(session, at)
    except OperationalError:
        return known.consistent or at - _RECENTLY
    return found
