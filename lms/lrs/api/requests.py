"""What every resource asks of a request: its version, its credential's rights, its parameters, its body."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec
from flask import Response, g, request
from werkzeug.http import http_date

from lms.kit.errors import N_
from lms.lrs.guard import MAX_BODY
from lms.lrs.rules.documents import etag
from lms.lrs.rules.faults import BadRequest, TooLarge
from lms.lrs.rules.parameters import single_values
from lms.lrs.rules.versions import Version


def current_version() -> Version:
    """The version of the standard in which this request speaks (`guard.check_credential` found it out)."""
    version: Version = g.xapi_version
    return version


def parameters(known: Iterable[str]) -> dict[str, str]:
    """The query's parameters by name. Raises BadRequest for an unknown one and for one given twice."""
    return single_values(pairs(), known)


def pairs() -> Iterable[tuple[str, str]]:
    """The query's parameters as they stand there. Raises BadRequest for bytes that are no UTF-8 (Communication 1.4)."""
    try:
        unquote_to_bytes(request.query_string).decode()
    except UnicodeDecodeError:
        raise BadRequest(N_("Tham số của địa chỉ không phải văn bản UTF-8"), code="invalid_parameter") from None
    return request.args.items(multi=True)


def json_body() -> bytes:
    """The body of a request that must be JSON. Raises BadRequest."""
    if request.mimetype != "application/json":
        raise BadRequest(N_("Content-Type phải là application/json"), code="unsupported_content_type")
    return whole_body(request.max_content_length or MAX_BODY)


def whole_body(most: int) -> bytes:
    """The body, of at most so many octets. Raises TooLarge; where its length is told beforehand, before anything is read. Raises BadRequest
    where the client was gone before all had come.

    The framework would give what came within the limit without a word of the rest: of a body in chunks, and of one that was cut off."""
    request.max_content_length = most + 1
    body = request.get_data(cache=False)
    if len(body) > most:
        raise TooLarge(N_("Yêu cầu lớn hơn %(most)s byte"), code="too_large", most=most)
    if len(body) < (request.content_length or 0):
        raise BadRequest(N_("Nội dung gửi lên bị đứt giữa chừng"), code="cut_off")
    return body


def json_response(value: Any) -> Response:
    return Response(msgspec.json.encode(value), mimetype="application/json")


def tagged_response(body: bytes, updated_at: datetime | None = None) -> Response:
    """JSON with its tag (Communication 3.1), and when it was last changed; nothing to a reader who has it already."""
    response = Response(body, mimetype="application/json")
    response.set_etag(etag(body))
    if updated_at is not None:
        response.headers["Last-Modified"] = http_date(updated_at)
    response.make_conditional(request)
    return response
