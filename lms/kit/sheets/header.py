"""Finding the header of a sheet made by people: by what its cells say, not by where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from lms.kit.errors import N_, DomainError
from lms.kit.sheets.cells import Row, Sheet, cell_text
from lms.kit.vietnamese import fold

SEARCHED_ROWS = 40
_NOT_WORDS = re.compile(r"[^0-9a-z]+")
_COLUMN_NUMBER = re.compile(r"\(?[0-9]{1,2}\)?|\([a-z]\)|[a-z]")


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are: field → column (from 0), field → label as written, and the first row of data."""

    columns: Mapping[str, int]
    labels: Mapping[str, str]
    first_row: int
    data_row: int
    unknown: tuple[str, ...]

    def data(self, sheet: Sheet) -> list[Row]:
        """The rows below the header."""
        return [row for row in sheet.rows if row.number >= self.data_row]


@lru_cache(maxsize=16_384)
def label_key(text: str) -> str:
    """`Mã  ĐƠN VỊ (*)` → `ma don vi`: labels compare without case, marks and punctuation."""
    return _NOT_WORDS.sub(" ", fold(text)).strip()


def find_header(sheet: Sheet, synonyms: Mapping[str, Sequence[str]], needed: Sequence[str], name: str) -> Header:
    """The row whose cells name most of the fields (and all of `needed`), with a row of column numbers below it skipped.

    `synonyms`: field → labels it is known by; the first is the one our template uses. Merged header cells are spread.
    Raises DomainError saying what was found and what is needed.
    """
    known = {label_key(label): field for field, labels in synonyms.items() for label in labels}
    best: Header | None = None
    for index, row in enumerate(sheet.rows[:SEARCHED_ROWS]):
        header = _match(sheet, index, row, known)
        if best is None or len(header.columns) > len(best.columns):
            best = header
    if best is None or not set(needed) <= set(best.columns):
        raise DomainError(
            N_("Trang tính “%(sheet)s” của %(file)s thiếu cột: %(missing)s. Tệp có: %(found)s. Sửa dòng tiêu đề theo tệp mẫu rồi gửi lại."),
            code="missing_columns",
            field="file",
            sheet=sheet.name,
            file=name,
            missing=", ".join(synonyms[field][0] for field in needed if best is None or field not in best.columns),
            found=", ".join([*best.labels.values(), *best.unknown][:20]) if best and (best.labels or best.unknown) else "—",
        )
    return best


def _match(sheet: Sheet, index: int, row: Row, known: Mapping[str, str]) -> Header:
    columns: dict[str, int] = {}
    labels: dict[str, str] = {}
    unknown: list[str] = []
    for column, cell in enumerate(sheet.spread(row).cells):
        text = cell_text(cell)
        field = known.get(label_key(text))
        if field is not None and field not in columns:
            columns[field], labels[field] = column, text
        elif text:
            unknown.append(text)
    below = sheet.rows[index + 1] if index + 1 < len(sheet.rows) else None
    skipped = below is not None and _numbers_columns(below)
    return Header(columns, labels, row.number, row.number + (2 if skipped else 1), tuple(unknown))


def _numbers_columns(row: Row) -> bool:
    """`(1) (2) (3)` below a header."""
    texts = [cell_text(cell).lower() for cell in row.cells if cell is not None]
    digits = [text.strip("()") for text in texts]
    counted = [int(text) for text in digits if text.isdecimal() and len(text) < 3]
    return len(texts) >= 3 and all(map(_COLUMN_NUMBER.fullmatch, texts)) and counted == sorted(counted) and len(counted) >= len(texts) - 2
