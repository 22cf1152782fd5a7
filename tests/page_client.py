"""A browser for tests: each POST carries the CSRF token of its session, as a page's form would."""

from __future__ import annotations

import secrets
from typing import Any

from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.test import TestResponse


class PageClient(FlaskClient):
    """`open(..., method="POST")` sends a POST without the token."""

    def post(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs["headers"] = {**dict(kwargs.get("headers") or {}), "X-CSRFToken": self.csrf_token()}
        return super().post(*args, **kwargs)

    def csrf_token(self) -> str:
        with self.session_transaction() as cookie:
            raw = cookie.setdefault("csrf_token", secrets.token_hex(20))
        signer = URLSafeTimedSerializer(str(self.application.secret_key), salt="wtf-csrf-token")
        return str(signer.dumps(raw))
