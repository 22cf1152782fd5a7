"""Durations (Data 4.6, IEEE 9274.1.1 4.2.7): kept as they were written, compared to a hundredth of a second and no closer."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal

_TOO_PRECISE = re.compile(r"([.,][0-9]{2})[0-9]+(?=S)")
_PARTS = re.compile(r"([0-9]+(?:[.,][0-9]+)?)([YMWDHS])")
_HUNDREDTH = Decimal("0.01")
_IN_MONTHS = {"Y": 12, "M": 1}
_IN_DAYS = {"W": 7, "D": 1}
_IN_SECONDS = {"H": 3600, "M": 60, "S": 1}


def truncated(duration: str) -> str:
    """The same text without what is finer than a hundredth of a second."""
    return _TOO_PRECISE.sub(r"\1", duration)


def measured(duration: str) -> str:
    """How long it is: one text for all spellings of the same months, days and seconds. None of these is a fixed number of another."""
    date, _separator, time = duration[1:].partition("T")
    months, days = _sum(date, _IN_MONTHS), _sum(date, _IN_DAYS)
    seconds = _sum(time, _IN_SECONDS).quantize(_HUNDREDTH, ROUND_DOWN) if len(time) < 24 else truncated(time)
    return f"{months} {days} {seconds}"


def _sum(text: str, units: dict[str, int]) -> Decimal:
    found = (Decimal(amount.replace(",", ".")) * units[unit] for amount, unit in _PARTS.findall(text) if unit in units)
    return sum(found, Decimal(0)).normalize()
