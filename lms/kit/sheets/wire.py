"""What the parsing process hands back."""

from __future__ import annotations

import msgspec

RawCell = str | int | float | bool | None | tuple[str, str]
"""Days and moments travel as ("date", "2026-11-22") and ("datetime", "2026-11-22T07:05:00")."""


class RawRow(msgspec.Struct, array_like=True):
    number: int
    cells: list[RawCell]
    hidden: bool = False


class RawSheet(msgspec.Struct, array_like=True):
    name: str
    rows: list[RawRow]
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


LENGTH_BYTES = 4
"""The child writes each sheet behind its length, then the summary, then the summary's length: the end is read first."""
