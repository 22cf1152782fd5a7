"""`/xapi/activities/state`, `/xapi/activities/profile`, `/xapi/agents/profile`: documents that programs keep here (Communication 2.2, 2.3,
2.6, 2.7, 3.1)."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from flask import Response, request
from sqlalchemy.exc import IntegrityError
from werkzeug.http import http_date

from lms.kit.access import guarded_by
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import N_
from lms.kit.unit import reading, transaction
from lms.lrs import operations
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import current_version, parameters, tagged_response, whole_body
from lms.lrs.guard import current_credential
from lms.lrs.operations.documents import Sent
from lms.lrs.queries.documents import document, document_list
from lms.lrs.rules import values
from lms.lrs.rules.concurrency import Preconditions, tags
from lms.lrs.rules.credentials import may_read_documents, may_write_documents
from lms.lrs.rules.documents import CONTENT_QUOTA, MAX_DOCUMENT, Address, DocumentKind, address, single
from lms.lrs.rules.faults import Conflict, Forbidden

_METHODS = ("GET", "PUT", "POST", "DELETE")
_TRIES = 3  # a writer of the same new document was faster: once more, now meeting it
_ANY_TYPE = "application/octet-stream"
# A document is whatever somebody sent: a browser that is led to it runs nothing of it.
_INERT = "default-src 'none'; sandbox"


@blueprint.route("/activities/state", methods=_METHODS)
@guarded_by("xapi")
def state() -> Response:
    return _answer(DocumentKind.STATE)


@blueprint.route("/activities/profile", methods=_METHODS)
@guarded_by("xapi")
def activity_profile() -> Response:
    return _answer(DocumentKind.ACTIVITY_PROFILE)


@blueprint.route("/agents/profile", methods=_METHODS)
@guarded_by("xapi")
def agent_profile() -> Response:
    return _answer(DocumentKind.AGENT_PROFILE)


def _answer(kind: DocumentKind) -> Response:
    _require_scope(kind)
    registration = () if kind.is_profile else ("registration",)
    known = (*kind.context_parameters, *registration, kind.id_parameter)
    match request.method:
        case "PUT" | "POST":
            return _store(single(address(kind, parameters(known), current_version())))
        case "DELETE":
            found = address(kind, parameters(known), current_version())
            return _delete(single(found) if kind.is_profile else found)
        case _:
            given = parameters((*known, "since"))
            found = address(kind, given, current_version())
            since = values.moment(given["since"], "since", spaced=True) if "since" in given else None
            if found.id is not None:  # `since` beside an id is checked and means nothing
                return _one(found)
            with reading() as session:
                listed = document_list(session, found, since)
            return tagged_response(msgspec.json.encode(listed.ids), listed.updated_at)


def _require_scope(kind: DocumentKind) -> None:
    may = may_read_documents if request.method in ("GET", "HEAD") else may_write_documents
    if not may(current_credential().scopes, is_profile=kind.is_profile):
        raise Forbidden(N_("Khóa truy cập này không được phép dùng tài liệu loại này"), code="scope_missing")


def _one(found: Address) -> Response:
    with reading() as session:
        stored = document(session, found.key)
    if stored is None:
        raise NotFound
    response = Response(stored.content, content_type=stored.content_type)
    response.set_etag(stored.etag)
    response.headers["Last-Modified"] = http_date(stored.updated_at)
    response.headers["Content-Security-Policy"] = _INERT
    response.make_conditional(request)
    return response


def _store(found: Address) -> Response:
    most = min(request.max_content_length or MAX_DOCUMENT, MAX_DOCUMENT)  # the credential's may be less
    quota = None if current_credential().person_id is None else CONTENT_QUOTA
    sent = Sent(whole_body(most), request.headers.get("Content-Type") or _ANY_TYPE, _preconditions(), quota)
    for _attempt in range(_TRIES):
        try:
            with transaction() as session:
                if request.method == "PUT":
                    operations.put_document(session, found, sent, current_version(), now())
                else:
                    operations.post_document(session, found, sent, now())
            return Response(status=HTTPStatus.NO_CONTENT)
        except IntegrityError:
            continue
    raise Conflict(N_("Một bên khác đang ghi cùng tài liệu này; hãy gửi lại"), code="concurrent_write")


def _delete(found: Address) -> Response:
    with transaction() as session:
        if found.id is None:
            operations.delete_documents(session, found, _preconditions())
        else:
            operations.delete_document(session, found, _preconditions())
    return Response(status=HTTPStatus.NO_CONTENT)


def _preconditions() -> Preconditions:
    return Preconditions(tags(request.headers.get("If-Match")), tags(request.headers.get("If-None-Match")))
