"""When wrong passwords close a door for a while. Accounts are locked by name, whether the name exists or not, so that the lock tells
nothing; addresses are slowed far later, because a whole province may leave its network through one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from lms.config import Settings

UNKNOWN_NAMES_KEPT = timedelta(days=30)  # after the last try
FAILURES_PER_ADDRESS = 100
ADDRESS_WINDOW = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Lock:
    """So many wrong tries in a row close a name for so long."""

    tries: int
    lasts: timedelta


def lock_of(settings: Settings) -> Lock:
    return Lock(settings.tries_before_lock, timedelta(minutes=settings.lock_minutes))


def is_locked(locked_until: datetime | None, at: datetime) -> bool:
    return locked_until is not None and at < locked_until
