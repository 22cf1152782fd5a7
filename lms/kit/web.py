"""What every response goes through: a request id, security headers, and errors of one shape."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any
from uuid import UUID

import structlog
from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import BadRequest, HTTPException

from lms.kit.actors import AccessDenied, NotFound
from lms.kit.errors import DomainError
from lms.kit.i18n import translated

log = structlog.get_logger()

# Nothing is allowed but what is listed; there is no inline script or style anywhere.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_INSISTING = (("Strict-Transport-Security", "max-age=31536000"),)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_MACHINE_PATHS = ("/api/", "/xapi/")


def init_web(app: Flask, *, secure: bool) -> None:
    app.before_request(_begin)
    app.after_request(_finish)
    app.extensions["lms.standing_headers"] = [*HEADERS.items(), *(_INSISTING if secure else ())]
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(AccessDenied, lambda error: error_response(403))
    app.register_error_handler(NotFound, lambda error: error_response(404))
    app.register_error_handler(
        CSRFError, lambda error: error_response(400, code="csrf", message=_("Trang đã để quá lâu. Tải lại trang rồi gửi lại."))
    )
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _defect)


def standing_headers(app: Flask) -> list[tuple[str, str]]:
    """Every answer has these, unless its view says otherwise."""
    found: list[tuple[str, str]] = app.extensions["lms.standing_headers"]
    return found


def request_id(given: str) -> str:
    """What whoever stands in front calls this request; else a name of ours."""
    return given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)


def wants_json() -> bool:
    """Programs get JSON errors: the API, the record store, and pages' own background calls."""
    return request.path.startswith(_MACHINE_PATHS) or request.is_json or request.accept_mimetypes.best == "application/json"


def error_response(status: int, *, code: str | None = None, message: str | None = None, field: str | None = None) -> Response:
    """The one way an error leaves: `{"error": {code, message, field?}}` for programs, the error page for people."""
    heading, explanation, next_step = _words(status)
    message = message or explanation
    code = code or _CODES.get(status, "error")
    if wants_json():
        error: dict[str, Any] = {"code": code, "message": message}
        if field:
            error["field"] = field
        response = jsonify(error=error)
    else:
        page = render_template(
            "error.html",
            code=status,
            heading=heading,
            explanation=message,
            safe=_("Những gì đã báo “Đã lưu” vẫn an toàn.") if status >= 500 else None,
            next_step=next_step,
            request_id=g.get("request_id"),
            page_has_errors=True,
        )
        response = Response(page)
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "10"
    return response


_CODES = {
    400: "bad_request",
    401: "sign_in_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    500: "internal_error",
    503: "unavailable",
}


def page_after() -> tuple[str, UUID] | None:
    """Where a list sorted by (key, id) goes on: `?after=KEY~ID` of the last row of the page before. Raises NotFound for a made-up one."""
    key, separator, identifier = request.args.get("after", "").rpartition("~")
    if not separator:
        return None
    try:
        return key, UUID(identifier)
    except ValueError as error:
        raise NotFound from error


def _words(status: int) -> tuple[str, str, str]:
    """Heading, explanation and next step of an error page."""
    words = {
        401: (_("Cần đăng nhập"), _("Trang này dành cho người đã đăng nhập."), _("Đăng nhập rồi mở lại trang.")),
        403: (
            _("Không có quyền"),
            _("Tài khoản này không được làm việc đó."),
            _("Nếu công việc cần quyền này, liên hệ đầu mối của cơ quan."),
        ),
        404: (
            _("Không tìm thấy"),
            _("Không có trang này, hoặc trang nằm ngoài phạm vi được giao."),
            _("Kiểm tra lại địa chỉ hoặc quay về trang đầu."),
        ),
        413: (_("Quá lớn"), _("Nội dung gửi lên vượt quá mức cho phép."), _("Chia nhỏ tệp rồi gửi lại.")),
        429: (_("Gửi quá nhiều lần"), _("Đã có quá nhiều yêu cầu trong thời gian ngắn."), _("Chờ ít phút rồi thử lại.")),
        500: (
            _("Có lỗi ở phía dịch vụ"),
            _("Yêu cầu chưa thực hiện được. Lỗi đã được ghi lại."),
            _("Thử lại; nếu vẫn lỗi, báo đầu mối kèm mã dưới đây."),
        ),
        503: (_("Tạm thời gián đoạn"), _("Dịch vụ đang bận hoặc đang khởi động lại."), _("Chờ vài giây rồi tải lại trang.")),
    }
    default = (_("Chưa thực hiện được"), _("Yêu cầu chưa đúng."), _("Kiểm tra lại thông tin rồi gửi lại."))
    return words.get(status, words[500] if status >= 500 else default)


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = request_id(request.headers.get("X-Request-Id", ""))
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id, remote_address=request.remote_addr)
    _refuse_nul()


def _refuse_nul() -> None:
    """No address of ours has the character NUL, and PostgreSQL takes no text that has one. Forms lose it as their text is tidied."""
    if "\x00" in request.path:
        raise NotFound
    if b"%00" in request.query_string:
        raise BadRequest


def _finish(response: Response) -> Response:
    headers = response.headers
    for name, value in standing_headers(current_app):
        headers.setdefault(name, value)
    if g.get("may_be_framed"):  # what says otherwise in its policy
        headers.pop("X-Frame-Options", None)
    if "request_id" in g:
        headers["X-Request-Id"] = g.request_id
        log.info(
            "request",
            method=request.method,
            path=request.path,
            status=response.status_code,
            milliseconds=round((time.perf_counter() - g.started) * 1000, 1),
        )
    if headers.get("Location", "").startswith(request.host_url):
        # The router writes whole addresses, with whatever host the request claims to have come to.
        headers["Location"] = "/" + headers["Location"].removeprefix(request.host_url).lstrip("/")
    if "Cache-Control" not in headers:
        # Pages show personal data and are read on shared machines.
        headers["Cache-Control"] = "no-store"
    return response


def _domain_error(error: DomainError) -> Response:
    log.warning("refused", code=error.code, reason=str(error))
    return error_response(error.status, code=error.code, message=translated(error), field=error.field)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error  # a redirect
    response = error_response(status)
    if error.response is None and (allowed := getattr(error, "valid_methods", None)):
        response.headers["Allow"] = ", ".join(allowed)
    return response


def _database_away(error: OperationalError) -> Response:
    log.error("database_unavailable", reason=str(error.orig))
    return error_response(503)


def _defect(error: Exception) -> Response:
    if current_app.testing:
        raise error
    log.exception("unhandled")
    return error_response(500)
