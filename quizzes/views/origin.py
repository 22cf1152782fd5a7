"""Where a press comes from, as fingerprints under the server's key: good for saying “the same” and for nothing else."""

from __future__ import annotations

import secrets
from datetime import timedelta

from flask import Response, after_this_request, current_app, request

from lms.kit.unit import vault
from quizzes.operations.attempts import Origin

_COOKIE = "lms_device"
_DAYS = 400
_LENGTH = 16


def origin() -> Origin:
    """This browser, told from others by a random number of its own, and the address it comes from. A browser without one is given one."""
    number = request.cookies.get(_COOKIE, "")
    if not (len(number) == 22 and number.isascii()):
        number = secrets.token_urlsafe(16)
        secure = bool(current_app.config.get("SESSION_COOKIE_SECURE"))

        @after_this_request
        def _give(response: Response) -> Response:
            age = timedelta(days=_DAYS)
            response.set_cookie(_COOKIE, number, max_age=age, path="/", httponly=True, samesite="Lax", secure=secure)
            return response

    fingerprint = vault().fingerprint
    return Origin(
        device=fingerprint(f"device {number}")[:_LENGTH],
        address=fingerprint(f"address {request.remote_addr}")[:_LENGTH],
    )
