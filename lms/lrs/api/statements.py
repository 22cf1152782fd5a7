"""`/xapi/statements`: storing statements and finding them (Communication 2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import Response, g, request, url_for
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.http import http_date, parse_accept_header

from lms.kit.access import guarded_by
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import N_
from lms.kit.unit import reading, transaction
from lms.lrs import operations, queries
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.multipart import Given, ReadStatements, Sent, given_with, multipart_response, sent, what_fits
from lms.lrs.api.requests import json_response, pairs, parameters
from lms.lrs.guard import current_authority, current_credential, require_own_actors
from lms.lrs.queries import StatementPage, StoredStatement
from lms.lrs.queries.activities import Definitions, definitions
from lms.lrs.queries.pages import statement_page
from lms.lrs.rules.activities import activity_ids
from lms.lrs.rules.credentials import Scope, may_define, may_read_all, may_read_own, may_write
from lms.lrs.rules.faults import BadRequest, Conflict, Forbidden
from lms.lrs.rules.parameters import CURSOR, Format, StatementQuery, statement_query
from lms.lrs.rules.reading import Received, read_many, read_one
from lms.lrs.rules.rendering import canonical, ids_only
from lms.lrs.rules.values import uuid
from lms.lrs.rules.versions import Version

_TRIES = 2  # a writer of the same id was faster: once more, now comparing with what it stored


@blueprint.put("/statements")
@guarded_by("xapi")
def put_statement() -> Response:
    _require_write()
    given = parameters(("statementId",))
    if "statementId" not in given:
        raise BadRequest(N_("Thiếu tham số statementId"), code="missing_parameter", field="statementId")
    statement_id = uuid(given["statementId"], "statementId")
    with sent(_single(statement_id), now()) as brought:
        _store(brought)
    return Response(status=HTTPStatus.NO_CONTENT)


@blueprint.post("/statements")
@guarded_by("xapi")
def post_statements() -> Response:
    _require_write()
    parameters(())
    with sent(read_many, now()) as brought:
        return json_response([str(statement_id) for statement_id in _store(brought)])


@blueprint.get("/statements")
@guarded_by("xapi")
def get_statements() -> Response:
    authority = _readable_authority()
    query = statement_query(pairs())
    at = now()
    with reading() as session:
        if "xapi_consistent_through" not in g:
            g.xapi_consistent_through = queries.consistent_through(session, at)
        if query.statement_id is not None:
            found = queries.statement_by_id(session, query.statement_id, voided=query.voided, authority=authority)
            if found is None:
                raise NotFound
            given = given_with(session, found) if query.attachments else []
            return _one(query, found, given, _definitions(session, query, [found]))
        page, given = statement_page(session, query.selection, authority), []
        if query.attachments:
            page, given = what_fits(session, page)
        known = _definitions(session, query, page.statements)
    return _many(query, page, given, known)


def _single(statement_id: UUID) -> ReadStatements:
    """Reads the one statement of a PUT, which is to have this id."""

    def read(body: bytes, version: Version) -> list[Received]:
        received = read_one(body, version)
        if received.id not in (None, statement_id):
            raise BadRequest(N_("statementId khác với id ghi trong phát biểu"), code="conflicting_id", field="statementId")
        return [replace(received, id=statement_id)]

    return read


def _require_write() -> None:
    if not may_write(current_credential().scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép ghi phát biểu"), code="scope_missing")


def _readable_authority() -> dict[str, Any] | None:
    """None: this credential may read all; else the authority whose statements it may read."""
    credential = current_credential()
    if may_read_all(credential.scopes):
        return None
    if not may_read_own(credential.scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép đọc phát biểu"), code="scope_missing")
    return current_authority()


def _store(brought: Sent) -> list[UUID]:
    credential = current_credential()
    authority = current_authority()
    require_own_actors(received.values for received in brought.statements)
    for _attempt in range(_TRIES):
        try:
            with transaction() as session:
                operations.take_turn(session, brought.statements)
                return operations.store_statements(
                    session,
                    brought.statements,
                    authority,
                    now(),
                    voids_others=Scope.ALL in credential.scopes,
                    defines=may_define(credential.scopes),
                    contents=brought.contents,
                )
        except IntegrityError:
            continue
    raise Conflict(N_("Một bên khác đang ghi cùng phát biểu này; hãy gửi lại"), code="concurrent_write")


def _definitions(session: Session, query: StatementQuery, statements: Sequence[StoredStatement]) -> Definitions:
    """How all statements together define the activities in these, where the reader wants to know."""
    if query.format is not Format.CANONICAL:
        return {}
    return definitions(session, {activity for found in statements for activity in activity_ids(msgspec.json.decode(found.text))})


def _one(query: StatementQuery, found: StoredStatement, given: Sequence[Given], known: Definitions) -> Response:
    body = _rendered(query.format, found, known)
    response = multipart_response(body, given) if query.attachments else Response(body, mimetype="application/json")
    response.headers["Last-Modified"] = http_date(found.stored)
    _vary(query, response)
    return response


def _many(query: StatementQuery, page: StatementPage, given: Sequence[Given], known: Definitions) -> Response:
    statements = ",".join(_rendered(query.format, found, known) for found in page.statements)
    more = msgspec.json.encode(_more(page)).decode()
    body = f'{{"statements":[{statements}],"more":{more}}}'
    response = multipart_response(body, given) if query.attachments else Response(body, mimetype="application/json")
    if page.statements:
        response.headers["Last-Modified"] = http_date(max(found.stored for found in page.statements))
    _vary(query, response)
    return response


def _more(page: StatementPage) -> str:
    """The path of the next page: the same parameters, and where to go on. It never expires. Empty at the end."""
    if page.last is None:
        return ""
    asked = {**request.args.to_dict(), CURSOR: str(page.last)}
    return f"{url_for('xapi.get_statements')}?{urlencode(asked)}"


def _rendered(wanted: Format, found: StoredStatement, known: Definitions) -> str:
    match wanted:
        case Format.EXACT:
            return found.text
        case Format.IDS:
            return msgspec.json.encode(ids_only(msgspec.json.decode(found.text))).decode()
        case Format.CANONICAL:
            return msgspec.json.encode(canonical(msgspec.json.decode(found.text), _languages(), known)).decode()


def _languages() -> list[str]:
    return [tag for tag, quality in parse_accept_header(request.headers.get("Accept-Language", "")) if quality > 0]


def _vary(query: StatementQuery, response: Response) -> None:
    if query.format is Format.CANONICAL:
        response.headers["Vary"] = "Accept-Language"
