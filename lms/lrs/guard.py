"""The door of the record store: which credential is asking, and what every answer of it carries."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g, request
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from lms.kit.clock import now
from lms.kit.unit import reading, transaction
from lms.kit.web import error_response
from lms.lrs import operations, queries
from lms.lrs.queries import CredentialRow
from lms.lrs.rules.credentials import is_key, matches
from lms.lrs.rules.rendering import timestamp
from lms.lrs.rules.versions import LATEST, negotiated, spoken

PREFIX = "/xapi/"
MAX_BODY = 1024 * 1024

_VERSION_HEADER = "X-Experience-API-Version"
_CONSISTENT_HEADER = "X-Experience-API-Consistent-Through"
_RECENTLY = timedelta(minutes=5)


def check_credential() -> Response | None:
    """Before each resource but About: a key in use with its secret, and a version we speak."""
    request.max_content_length = MAX_BODY
    if request.endpoint == "xapi.about":
        return None
    given = request.authorization
    if given is None or given.type != "basic" or not is_key(given.username or ""):
        return _unauthorized()
    at = now()
    with reading() as session:
        found = queries.credential(session, given.username or "")
    known = matches(given.password or "", found.secret_hash if found else bytes(32))
    if found is None or not known or found.revoked_at is not None:
        return _unauthorized()
    if found.last_used_at is None or found.last_used_at < at - timedelta(hours=1):
        with transaction() as session:
            operations.note_use(session, found.key, at)
    g.xapi_credential = found
    g.xapi_version = negotiated(request.headers.get(_VERSION_HEADER))
    return None


def current_credential() -> CredentialRow:
    found: CredentialRow = g.xapi_credential
    return found


def _unauthorized() -> Response:
    message = _("Cần khóa truy cập xAPI còn hiệu lực (Basic: khóa và mật khẩu)")
    response = error_response(HTTPStatus.UNAUTHORIZED, code="credential_required", message=message)
    response.headers["WWW-Authenticate"] = 'Basic realm="xAPI", charset="UTF-8"'
    return response


def describe(response: Response) -> Response:
    """Every answer below /xapi/ tells its version, those about statements also how current it is."""
    if not request.path.startswith(PREFIX):
        return response
    response.headers[_VERSION_HEADER] = spoken(request.headers.get(_VERSION_HEADER)) or LATEST
    if request.path.rstrip("/") == f"{PREFIX}statements":
        response.headers[_CONSISTENT_HEADER] = timestamp(_consistent_through())
    return response


def _consistent_through() -> datetime:
    """What a view found out while it read; else asked now; with the database away what was last known, which stays true."""
    memory: dict[str, Any] = current_app.extensions.setdefault("lms.lrs.consistent", {})
    if "xapi_consistent_through" in g:
        memory["last"] = g.xapi_consistent_through
        return memory["last"]  # type: ignore[no-any-return]
    at = now()
    try:
        with reading() as session:
            memory["last"] = queries.consistent_through(session, at)
    except OperationalError:
        return memory.get("last", at - _RECENTLY)  # type: ignore[no-any-return]
    return memory["last"]  # type: ignore[no-any-return]
