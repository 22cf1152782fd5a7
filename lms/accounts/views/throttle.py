"""Slowing down those who guess: failures are counted per address in the database, so that all processes count together. Those per name
are counted there, too, whether the name exists or not."""

from __future__ import annotations

from datetime import datetime

from flask import request
from werkzeug.exceptions import TooManyRequests

from lms.accounts import operations, queries
from lms.accounts.rules import lockout
from lms.accounts.rules.tokens import token_hash
from lms.kit.unit import reading, transaction


def address_hash() -> str:
    return token_hash(request.remote_addr or "unknown")


def refuse_after(failures: int) -> None:
    """Raises TooManyRequests for an address that failed so often of late."""
    if failures >= lockout.FAILURES_PER_ADDRESS:
        raise TooManyRequests


def refuse_flood(at: datetime) -> None:
    """The same where the address's failures are not known yet. One query."""
    with reading() as db:
        failures = queries.address_failures(db, address_hash(), at)
    refuse_after(failures)


def count_failure(at: datetime) -> None:
    with transaction() as db:
        operations.count_address(db, address_hash(), at)
