"""What an outside store's answer means, and when to ask it again."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from lms.kit.errors import N_, DomainError

BATCH = 100  # statements of one request
MAX_BYTES = 512 * 1024  # of one request, unless one statement alone is larger
OPENS_AT = 5  # failures in a row after which the circuit is open: one statement goes to try, and no batch before it came through
_FIRST_WAIT = timedelta(seconds=2)
_LONGEST_WAIT = timedelta(minutes=10)


class Answer(StrEnum):
    """What became of a request."""

    STORED = "stored"
    PARTLY_KNOWN = "known"  # 409: some of it is there already; of one statement alone: it is
    REFUSED = "refused"  # for what it says: sent again it would be refused again
    LATER = "later"  # the store or the way to it is in trouble, or does not know us


_REFUSED = frozenset({400, 411, 413, 414, 415, 422, 431})


def meaning(status: int) -> Answer:
    """Of an HTTP status. What says nothing about the statements (401, 403, 404, 429, redirections, 5xx) is a trouble that passes or that
    somebody mends: nothing may be skipped for it."""
    if 200 <= status < 300:
        return Answer.STORED
    if status == 409:
        return Answer.PARTLY_KNOWN
    return Answer.REFUSED if status in _REFUSED else Answer.LATER


def takes(version: str, of_statement: str) -> bool:
    """Can a store that is spoken to in this version take a statement of that one? The standard has no way to make one of 2.0 fit 1.0.x,
    and we change nothing that others said."""
    return not of_statement.startswith("2.") or version.startswith("2.")


def is_open(failures: int) -> bool:
    """Has the store failed so often in a row that it gets no more than a trial?"""
    return failures >= OPENS_AT


def wait_after(failures: int, chance: float, asked: float | None = None) -> timedelta:
    """How long to leave a store alone after so many failures in a row: doubled each time, up to ten minutes, a random half of it off
    (`chance` from 0 to 1), so that many who wait do not return at one moment. Never less than it `asked` for (seconds)."""
    full: timedelta = min(_FIRST_WAIT * 2 ** min(max(failures - 1, 0), 20), _LONGEST_WAIT)
    waited = full * (0.5 + chance / 2)
    return max(waited, min(timedelta(seconds=asked), timedelta(hours=1))) if asked is not None and asked > 0 else waited


def endpoint_of(text: str) -> str:
    """The address of a store, ending with a slash; without the resource if somebody gave one. Raises DomainError."""
    parts = urlsplit(text.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username or parts.password:
        raise DomainError(N_("Địa chỉ kho xAPI bắt đầu bằng https:// và không kèm tên, mật khẩu hay tham số"), field="endpoint")
    return text.strip().removesuffix("/").removesuffix("/statements") + "/"
