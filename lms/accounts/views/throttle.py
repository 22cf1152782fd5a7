"""Slowing down those who guess: counted failures per address, and per name that is nobody's.

Names of people are counted in their account. A name that does not exist is counted here the same way, so that the two cannot be
told apart from outside.
"""

from __future__ import annotations

from typing import cast

from flask import current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, RateLimitItemPerSecond
from werkzeug.exceptions import TooManyRequests

from lms.accounts.rules import lockout
from lms.accounts.rules.tokens import token_hash

_SECONDS = int(lockout.LOCK.total_seconds())
_PER_ADDRESS: RateLimitItem = RateLimitItemPerSecond(lockout.FAILURES_PER_ADDRESS, _SECONDS, namespace="sign-in-address")
_PER_NAME: RateLimitItem = RateLimitItemPerSecond(lockout.FAILURES_BEFORE_LOCK, _SECONDS, namespace="sign-in-name")


def refuse_flood() -> None:
    """Raises TooManyRequests for an address with too many failures of late."""
    if not _limiter().limiter.test(_PER_ADDRESS, _address()):
        raise TooManyRequests


def count_failure() -> None:
    _limiter().limiter.hit(_PER_ADDRESS, _address())


def unknown_name_is_locked(name: str) -> bool:
    return not _limiter().limiter.test(_PER_NAME, token_hash(name))


def count_unknown_name(name: str) -> bool:
    """True where this failure was the one that locks."""
    _limiter().limiter.hit(_PER_NAME, token_hash(name))
    return unknown_name_is_locked(name)


def _limiter() -> Limiter:
    return cast(Limiter, current_app.extensions["lms.limiter"])


def _address() -> str:
    return request.remote_addr or "unknown"
