"""`/xapi/statements`: storing statements and finding them (Communication 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import Response, g, request, url_for
from sqlalchemy.exc import IntegrityError
from werkzeug.http import http_date, parse_accept_header

from lms.kit.access import guarded_by
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import N_
from lms.kit.unit import reading, settings, transaction
from lms.lrs import operations, queries
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import json_body, json_response, parameters
from lms.lrs.guard import current_credential
from lms.lrs.queries import StatementPage, StoredStatement
from lms.lrs.rules.credentials import Scope, authority_of, may_read_all, may_read_own, may_write
from lms.lrs.rules.faults import BadRequest, Conflict, Forbidden
from lms.lrs.rules.parameters import CURSOR, Format, StatementQuery, statement_query
from lms.lrs.rules.reading import Received, read_many, read_one
from lms.lrs.rules.rendering import canonical, ids_only
from lms.lrs.rules.values import uuid

_TRIES = 2  # a writer of the same id was faster: once more, now comparing with what it stored
_BOUNDARY = "xapi-statements-b1c6f2a0"


@blueprint.put("/statements")
@guarded_by("xapi")
def put_statement() -> Response:
    _require_write()
    given = parameters(("statementId",))
    if "statementId" not in given:
        raise BadRequest(N_("Thiếu tham số statementId"), code="missing_parameter", field="statementId")
    statement_id = uuid(given["statementId"], "statementId")
    received = read_one(json_body())
    own = received.values.get("id")
    if own is not None and UUID(own) != statement_id:
        raise BadRequest(N_("statementId khác với id ghi trong phát biểu"), code="conflicting_id", field="statementId")
    _store([replace(received, id=statement_id)])
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/statements")
@guarded_by("xapi")
def post_statements() -> Response:
    _require_write()
    parameters(())
    return json_response([str(statement_id) for statement_id in _store(read_many(json_body()))])


@blueprint.get("/statements")
@guarded_by("xapi")
def get_statements() -> Response:
    authority = _readable_authority()
    query = statement_query(request.args.items(multi=True))
    at = now()
    with reading() as session:
        g.xapi_consistent_through = queries.consistent_through(session, at)
        if query.statement_id is not None:
            found = queries.statement_by_id(session, query.statement_id, voided=query.voided, authority=authority)
            if found is None:
                raise NotFound
            return _one(query, found)
        page = queries.statement_page(session, query.selection, authority)
    return _many(query, page)


def _require_write() -> None:
    if not may_write(current_credential().scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép ghi phát biểu"), code="scope_missing")


def _readable_authority() -> UUID | None:
    """None: this credential may read all; else the authority whose statements it may read."""
    credential = current_credential()
    if may_read_all(credential.scopes):
        return None
    if not may_read_own(credential.scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép đọc phát biểu"), code="scope_missing")
    return queries.authority_term(authority_of(settings().base_url, credential.key, credential.label))


def _store(received: Sequence[Received]) -> list[UUID]:
    credential = current_credential()
    authority = authority_of(settings().base_url, credential.key, credential.label)
    for _attempt in range(_TRIES):
        try:
            with transaction() as session:
                operations.take_turn(session, received)
                return operations.store_statements(session, received, authority, now(), voids_others=Scope.ALL in credential.scopes)
        except IntegrityError:
            continue
    raise Conflict(N_("Một bên khác đang ghi cùng phát biểu này; hãy gửi lại"), code="concurrent_write")


def _one(query: StatementQuery, found: StoredStatement) -> Response:
    body = _rendered(query.format, found)
    response = _multipart(body) if query.attachments else Response(body, mimetype="application/json")
    response.headers["Last-Modified"] = http_date(found.stored)
    _vary(query, response)
    return response


def _many(query: StatementQuery, page: StatementPage) -> Response:
    statements = ",".join(_rendered(query.format, found) for found in page.statements)
    more = msgspec.json.encode(_more(page)).decode()
    body = f'{{"statements":[{statements}],"more":{more}}}'
    response = _multipart(body) if query.attachments else Response(body, mimetype="application/json")
    _vary(query, response)
    return response


def _more(page: StatementPage) -> str:
    """The path of the next page: the same parameters, and where to go on. It never expires. Empty at the end."""
    if page.last is None:
        return ""
    asked = {**request.args.to_dict(), CURSOR: str(page.last)}
    return f"{url_for('xapi.get_statements')}?{urlencode(asked)}"


def _rendered(wanted: Format, found: StoredStatement) -> str:
    match wanted:
        case Format.EXACT:
            return found.text
        case Format.IDS:
            return msgspec.json.encode(ids_only(msgspec.json.decode(found.text))).decode()
        case Format.CANONICAL:
            return msgspec.json.encode(canonical(msgspec.json.decode(found.text), _languages())).decode()


def _languages() -> list[str]:
    return [tag for tag, quality in parse_accept_header(request.headers.get("Accept-Language", "")) if quality > 0]


def _vary(query: StatementQuery, response: Response) -> None:
    if query.format is Format.CANONICAL:
        response.headers["Vary"] = "Accept-Language"


def _multipart(body: str) -> Response:
    """`attachments=true` is answered in parts (Communication 2.1.3); no statement here has attachments of its own to add."""
    text = f"--{_BOUNDARY}\r\nContent-Type: application/json\r\n\r\n{body}\r\n--{_BOUNDARY}--\r\n"
    return Response(text, content_type=f"multipart/mixed; boundary={_BOUNDARY}")
