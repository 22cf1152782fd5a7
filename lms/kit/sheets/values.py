"""What people write in a cell, as a value."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from lms.kit.sheets.cells import Cell

_DAY = re.compile(r"'?([0-9]{1,2})\s*[/.\-]\s*([0-9]{1,2})\s*[/.\-]\s*([0-9]{4}|[0-9]{2})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_FIRST_SERIAL, _LAST_SERIAL = 1, 73_050  # 01/01/1900 to 31/12/2099
_SERIAL_ORIGIN = date(1899, 12, 30)


def parse_day(cell: Cell) -> date | None:
    """A day from a date cell, day/month/year in figures, ISO, or Excel's serial number; None for an empty cell.

    Two-digit years are 1930–2029. Never month before day. Raises ValueError for anything else, and for days that do not exist.
    """
    if cell is None or cell == "":
        return None
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell).strip()
    if match := _DAY.fullmatch(text):
        day, month, year = (int(part) for part in match.groups())
        return date(year if year > 99 else year + (1900 if year >= 30 else 2000), month, day)
    if match := _ISO.fullmatch(text):
        return date(*(int(part) for part in match.groups()))
    if text.isdecimal() and text.isascii() and len(text) == 5 and _FIRST_SERIAL <= int(text) <= _LAST_SERIAL:
        return _SERIAL_ORIGIN + timedelta(days=int(text))
    raise ValueError(f"not a day: {text!r}")
