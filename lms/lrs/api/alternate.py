"""The alternate request syntax (Communication 1.3), for clients that can only POST forms: `POST …?method=PUT` with headers, parameters and
content as form fields. Version 1.0.x alone has it.

It is undone before the request is routed, so that no resource knows of it. What does not follow the syntax is left as it came; then the
resource refuses it, since no POST has a parameter `method`.
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from lms.lrs.guard import MAX_BODY, PREFIX
from lms.lrs.rules.versions import Version, spoken

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = frozenset(("GET", "HEAD", "PUT", "POST", "DELETE"))
_FORM = "application/x-www-form-urlencoded"
_CONTENT = "content"
_VERSION = "HTTP_X_EXPERIENCE_API_VERSION"
# These fields are headers (1.3.s3.b6); Content-Length is that of the content, which is counted here.
_HEADERS = {
    "Authorization": "HTTP_AUTHORIZATION",
    "X-Experience-API-Version": _VERSION,
    "Content-Type": "CONTENT_TYPE",
    "Content-Length": "CONTENT_LENGTH",
    "If-Match": "HTTP_IF_MATCH",
    "If-None-Match": "HTTP_IF_NONE_MATCH",
}
_OF_CONTENT = ("CONTENT_TYPE", "CONTENT_LENGTH")
_MAX_FORM = MAX_BODY  # who sends it is known only when it is read: it may name its key itself


class AlternateSyntax:
    """Wraps the application: a request in the alternate syntax goes on as the request it stands for."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "POST" and environ.get("QUERY_STRING", "").startswith("method="):
            environ = _meant(environ)
        return self.application(environ, start_response)


def _meant(environ: WSGIEnvironment) -> WSGIEnvironment:
    """The request that is meant; the same where this is not the alternate syntax after all."""
    method = environ["QUERY_STRING"].removeprefix("method=")
    in_chunks = not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated")  # then its end is found by reading
    length = str(_MAX_FORM) if in_chunks else environ.get("CONTENT_LENGTH") or "0"
    is_form = environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() in ("", _FORM)
    ours = environ.get("PATH_INFO", "").startswith(PREFIX) and spoken(environ.get(_VERSION)) is not Version.V2
    if not (ours and is_form and method in _METHODS and length.isdecimal() and int(length) <= _MAX_FORM):
        return environ
    form = environ["wsgi.input"].read(_MAX_FORM + 1 if in_chunks else int(length))
    if len(form) > _MAX_FORM:
        return {**environ, "wsgi.input": BytesIO()}
    fields = _fields(form)
    headers = {_HEADERS[name]: value for name, value, _pair in fields if name in _HEADERS}
    content = [value for name, value, _pair in fields if name == _CONTENT]
    if len(content) > 1 or spoken(headers.get(_VERSION, b"").decode("latin-1")) is Version.V2:
        return {**environ, "wsgi.input": BytesIO(form)}
    return _rewritten(environ, method, headers, content[0] if content else None, [pair for name, _value, pair in fields if _is_query(name)])


def _is_query(name: str) -> bool:
    return name not in _HEADERS and name != _CONTENT


def _rewritten(
    environ: WSGIEnvironment, method: str, headers: dict[str, bytes], content: bytes | None, query: list[bytes]
) -> WSGIEnvironment:
    result: dict[str, Any] = {key: value for key, value in environ.items() if key not in _OF_CONTENT}
    for key, value in headers.items():
        if key not in _OF_CONTENT:
            result[key] = value.decode("latin-1")
    result["REQUEST_METHOD"] = method
    result["QUERY_STRING"] = b"&".join(query).decode("latin-1")
    result["wsgi.input"] = BytesIO(content or b"")
    if content is not None:
        result["CONTENT_LENGTH"] = str(len(content))
        result["CONTENT_TYPE"] = headers.get("CONTENT_TYPE", b"application/json").decode("latin-1")
    return result


def _fields(form: bytes) -> list[tuple[str, bytes, bytes]]:
    """(name, value, the pair as it was written) of each field, in order."""
    fields = []
    for pair in form.split(b"&"):
        if pair:
            name, _equals, value = pair.partition(b"=")
            fields.append((_unquoted(name).decode("utf-8", "replace"), _unquoted(value), pair))
    return fields


def _unquoted(text: bytes) -> bytes:
    return unquote_to_bytes(text.replace(b"+", b" "))
