"""Identifiers that sort by the time they were made (RFC 9562, version 7)."""

import os
import time
from uuid import UUID

_VERSION, _VARIANT = 0x7 << 76, 0x2 << 62
_RANDOM = (1 << 62) - 1


def uuid7() -> UUID:
    """A new identifier: 48 bits of Unix milliseconds, the fraction of the millisecond in the next 12 (section 6.2, method 3), so that what
    one process makes sorts as it was made, then 62 random bits."""
    milliseconds, rest = divmod(time.time_ns(), 1_000_000)
    fraction = (rest << 12) // 1_000_000
    random = int.from_bytes(os.urandom(8), "big") & _RANDOM
    return UUID(int=milliseconds << 80 | _VERSION | fraction << 64 | _VARIANT | random)
