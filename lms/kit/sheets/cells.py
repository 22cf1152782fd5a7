"""What a workbook holds once it is read: plain values with the row numbers that Excel shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

import msgspec

# Text is NFC and tidy and never empty; whole numbers are int; a day without a time is a date; an empty cell is None.
Cell = str | int | float | bool | date | datetime | None


@dataclass(frozen=True, slots=True)
class MergedRange:
    """Cells joined into one; rows as in Excel (from 1), columns from 0, both ends included. The value stands in the first cell."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A row that is not wholly empty; `number` is the one Excel shows. Cells run from column A."""

    number: int
    cells: tuple[Any, ...]  # of Cell; as it comes out of the parsing process
    hidden: bool = False

    def __getitem__(self, column: int) -> Cell:
        """The value in a column (from 0); None beyond the row's end."""
        cell: Cell = self.cells[column] if column < len(self.cells) else None
        return cell

    @property
    def filled(self) -> int:
        """How many cells hold something."""
        return len(self.cells) - self.cells.count(None)


@dataclass(frozen=True)
class Sheet:
    """One worksheet. `hidden` sheets and rows are read like the others and marked: what becomes of them is the importer's choice.

    `widths`: column → width in characters, where the file says one. `fonts`: row → column → the old font (.VnTime, VNI-Times) a cell is
    set in; only cells in such fonts are named. Both are known of .xlsx only.
    """

    name: str
    rows: list[Row]
    merged: list[MergedRange] = field(default_factory=list)
    hidden: bool = False
    hidden_columns: tuple[int, ...] = ()
    widths: Mapping[int, float] = field(default_factory=dict)
    fonts: Mapping[int, Mapping[int, str]] = field(default_factory=dict)

    @property
    def hidden_rows(self) -> list[int]:
        return [row.number for row in self.rows if row.hidden]

    @cached_property
    def _by_number(self) -> dict[int, Row]:
        return {row.number: row for row in self.rows}

    def spread(self, row: Row) -> Row:
        """The row with the value of each merged range in all of its cells, as the eye reads a header of several rows."""
        cells = list(row.cells)
        for area in self.merged:
            if area.first_row <= row.number <= area.last_row:
                first = self._by_number.get(area.first_row)
                value = first[area.first_column] if first else None
                last = min(area.last_column, max(len(first.cells) if first else 0, len(cells), self.width) - 1)
                cells.extend([None] * (last + 1 - len(cells)))
                cells[area.first_column : last + 1] = [value] * (last + 1 - area.first_column)
        return Row(row.number, tuple(cells), row.hidden)

    @cached_property
    def width(self) -> int:
        return max((len(row.cells) for row in self.rows), default=0)


def sheet(name: str, rows: Iterable[Sequence[Cell]]) -> Sheet:
    """A sheet from plain values, numbered from 1; for generated data and tests."""
    return Sheet(name, [Row(number, tuple(cells)) for number, cells in enumerate(rows, 1) if any(cell is not None for cell in cells)])


def cell_text(cell: Cell) -> str:
    """The cell as a person reads it: 1985 without a decimal point, days as dd/mm/yyyy, nothing for an empty cell."""
    if cell is None or type(cell) is str:
        return cell or ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d/%m/%Y}"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    return str(cell)
