"""When wrong passwords close a door for a while. Accounts are locked by name, whether the name exists or not, so that the lock tells
nothing; addresses are slowed far later, because a whole province may leave its network through one."""

from __future__ import annotations

from datetime import datetime, timedelta

FAILURES_BEFORE_LOCK = 5
LOCK = timedelta(minutes=10)
UNKNOWN_NAMES_KEPT = timedelta(days=30)  # after the last try
FAILURES_PER_ADDRESS = 100  # in LOCK


def is_locked(locked_until: datetime | None, at: datetime) -> bool:
    return locked_until is not None and at < locked_until
