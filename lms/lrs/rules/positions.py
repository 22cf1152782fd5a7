"""A statement's place in the order of the store: by `stored`, then by its place in the batch, and never two the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = (1 << 48) - 1
MAX_BATCH = 1 << 20


def whole_milliseconds(at: datetime) -> datetime:
    """`stored` has milliseconds: no more is written, compared or promised."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def position(stored: datetime, index: int, salt: int) -> UUID:
    """Where the statement stands that is stored at this moment in this place of its batch."""
    return UUID(int=_position(stored, index, salt))


def position_key(stored: datetime, index: int, salt: int) -> str:
    """The same as 32 hexadecimal digits."""
    return f"{_position(stored, index, salt):032x}"


def _position(stored: datetime, index: int, salt: int) -> int:
    """48 bits of milliseconds, 20 of the place in the batch, 54 of `salt`, which tells batches of one millisecond apart.

    Shaped as a UUID of version 7, so that a database sorts it by time.
    """
    if not 0 <= index < MAX_BATCH:
        raise ValueError(f"no such place in a batch: {index}")
    value = _milliseconds(stored) << 80
    value |= 0x7 << 76 | (index >> 8) << 64
    value |= 0b10 << 62 | (index & 0xFF) << 54 | (salt & ((1 << 54) - 1))
    return value


def first_position(at: datetime) -> UUID:
    """Where statements stored at this millisecond or later begin."""
    return UUID(int=_milliseconds(at) << 80)


def first_position_after(at: datetime) -> UUID:
    """Where statements stored later than this moment begin."""
    return UUID(int=min(_milliseconds(at) + 1, _LATEST) << 80)


def _milliseconds(at: datetime) -> int:
    return min(max((at - _EPOCH) // _MILLISECOND, 0), _LATEST)
