"""Slowing down those who guess: counted failures per address. Those per name are counted in the database, whether it exists or not."""

from __future__ import annotations

from typing import cast

from flask import current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, RateLimitItemPerSecond
from werkzeug.exceptions import TooManyRequests

from lms.accounts.rules import lockout

_SECONDS = int(lockout.LOCK.total_seconds())
_PER_ADDRESS: RateLimitItem = RateLimitItemPerSecond(lockout.FAILURES_PER_ADDRESS, _SECONDS, namespace="sign-in-address")


def refuse_flood() -> None:
    """Raises TooManyRequests for an address with too many failures of late."""
    if not _limiter().limiter.test(_PER_ADDRESS, _address()):
        raise TooManyRequests


def count_failure() -> None:
    _limiter().limiter.hit(_PER_ADDRESS, _address())


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions["lms.limiter"])


def _address() -> str:
    return request.remote_addr or "unknown"
