"""What the parsing process hands back."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from lms.kit.sheets.cells import Cell, Row

LENGTH_BYTES = 4
"""The child writes each sheet behind its length, then the summary, then the summary's length: the end is read first."""
_DAY, _MOMENT = 1, 2


class RawSheet(msgspec.Struct, array_like=True):
    name: str
    rows: list[Row]
    merged: list[tuple[int, int, int, int]] = []
    hidden: bool = False
    hidden_columns: list[int] = []
    widths: dict[int, float] = {}
    fonts: dict[int, dict[int, str]] = {}


class Refusal(msgspec.Struct, array_like=True):
    """A DomainError on its way to the other process."""

    message: str
    code: str
    too_large: bool
    values: dict[str, str]


class Summary(msgspec.Struct, array_like=True):
    """How parsing ended; `rows` counts those of all sheets that are not empty."""

    sheets: int = 0
    rows: int = 0
    refusal: Refusal | None = None


def packed_day(day: date) -> msgspec.msgpack.Ext:
    """A day, or a moment, among cells on their way."""
    code = _MOMENT if isinstance(day, datetime) else _DAY
    return msgspec.msgpack.Ext(code, day.isoformat().encode())


def _day(code: int, data: memoryview) -> Cell:
    text = bytes(data).decode()
    return datetime.fromisoformat(text) if code == _MOMENT else date.fromisoformat(text)


SHEETS = msgspec.msgpack.Decoder(RawSheet, ext_hook=_day)
