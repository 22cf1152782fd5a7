"""One row of a sheet, understood column by column; all that is wrong with it is collected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from enum import Enum, StrEnum
from typing import Final, Literal, TypeVar

from lms.agencies.rules.events import Code
from lms.agencies.rules.kinds import (
    BLOCK_NAMES,
    KIND_NAMES,
    LEVEL_NAMES,
    AgencyKind,
    Block,
    CodeScheme,
    Level,
    block_from,
    kind_from,
    level_from,
)
from lms.agencies.rules.refs import Ref, parse_ref, scheme_of
from lms.kit.errors import N_
from lms.kit.imports.rules import Finding
from lms.kit.sheets.cells import Cell, Row, cell_text
from lms.kit.sheets.header import Header
from lms.kit.sheets.values import parse_day
from lms.kit.vietnamese import clean, fold

LONGEST_NAME = 300
EARLIEST, LATEST = date(1945, 9, 2), date(2099, 12, 31)
EMPTY_WORD = "(trống)"  # what a field that is to become empty says; an empty cell says nothing

# Columns of further codes, of schemes other than the one by which the agency is named.
CODE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    CodeScheme.QD20: ("Mã định danh khác",),
    CodeScheme.DVHC: ("Mã ĐVHC", "Mã đơn vị hành chính", "Mã hành chính"),
    CodeScheme.QCVN102: ("Mã QCVN 102", "Mã định danh cũ", "Mã theo QCVN 102:2016"),
    CodeScheme.LOCAL: ("Mã nội bộ",),
}

Word = TypeVar("Word", bound=StrEnum)


class Emptied(Enum):
    """The field is to become empty."""

    YES = True


EMPTIED: Final = Emptied.YES
Said = str | Literal[Emptied.YES] | None
"""What a cell that may empty a field says; None: nothing."""


def finding_at(
    header: Header,
    labels: Mapping[str, Sequence[str]],
    where: tuple[str, int, str],
    *,
    value: str,
    message: str,
    summary: str,
    values: Mapping[str, str | int],
    blocking: bool = True,
) -> Finding:
    """Something about a cell: sheet, row and column (by field)."""
    sheet, row, column = where
    return Finding(
        sheet=sheet,
        row=row,
        message=message,
        summary=summary,
        values=dict(values),
        column=header.columns.get(column),
        label=header.labels.get(column, labels[column][0]),
        value=value,
        blocking=blocking,
    )


class LineReader:
    """Reads the cells of one row by field. `troubles` are what is wrong with it."""

    def __init__(self, header: Header, labels: Mapping[str, Sequence[str]], sheet: str, row: Row) -> None:
        self.header, self.labels, self.sheet, self.row = header, labels, sheet, row
        self.troubles: list[Finding] = []

    def cell(self, column: str) -> Cell:
        return self.row[self.header.columns[column]] if column in self.header.columns else None

    def text(self, column: str) -> str:
        return clean(cell_text(self.cell(column)))

    def trouble(self, column: str, message: str, summary: str, **values: str | int) -> None:
        where = (self.sheet, self.row.number, column)
        self.troubles.append(
            finding_at(self.header, self.labels, where, value=self.text(column), message=message, summary=summary, values=values)
        )

    def ref(self, column: str) -> Ref | None:
        """The agency that a code names; None where the cell is empty."""
        text = self.text(column)
        ref = parse_ref(text) if text else None
        if text and (ref is None or (isinstance(ref, Code) and not ref.code)):
            self.bad_code(column, text)
            return None
        return ref

    def bad_code(self, column: str, text: str) -> None:
        if text.isdecimal():
            self.trouble(
                column,
                N_("Mã đơn vị hành chính phải đủ 2, 3 hoặc 5 chữ số; phần mềm bảng tính có thể đã bỏ số 0 ở đầu"),
                N_("Định dạng cột mã là văn bản và viết đủ số 0 ở đầu"),
            )
        else:
            self.trouble(column, N_("Mã không đúng dạng; ví dụ đúng: H55, H55.242"), N_("Sửa mã đơn vị cho đúng dạng"))

    def codes(self) -> tuple[Code, ...]:
        """The further codes, of one column per scheme."""
        found: list[Code] = []
        for scheme in CODE_COLUMNS:
            for text in filter(None, (part.strip() for part in self.text(scheme).upper().split(";"))):
                if scheme != CodeScheme.LOCAL and scheme_of(text) != scheme:
                    self.bad_code(scheme, text)
                else:
                    found.append(Code(scheme, text))
        return tuple(found)

    def name(self, column: str) -> str:
        name = self.text(column)
        if len(name) > LONGEST_NAME:
            self.trouble(column, N_("Tên đơn vị dài quá %(limit)s ký tự"), N_("Rút gọn tên đơn vị"), limit=LONGEST_NAME)
        return name

    def said(self, column: str) -> Said:
        text = self.text(column)
        return EMPTIED if fold(text) == fold(EMPTY_WORD) else text or None

    def kind(self, column: str) -> AgencyKind | None:
        return self.word(column, kind_from, KIND_NAMES)

    def block(self, column: str) -> Block | None:
        return self.word(column, block_from, BLOCK_NAMES)

    def level(self, column: str) -> Level | None:
        return self.word(column, level_from, LEVEL_NAMES)

    def word(self, column: str, meaning: Callable[[str], Word | None], names: Mapping[str, str]) -> Word | None:
        """One of the words a column knows; None where the cell is empty."""
        text = self.text(column)
        found = meaning(text) if text else None
        if text and found is None:
            known = ", ".join(names.values())
            self.trouble(column, N_("Không có “%(word)s”; chọn một trong: %(known)s"), N_("Sửa loại, khối, cấp"), word=text, known=known)
        return found

    def day(self, column: str) -> date | None:
        try:
            day = parse_day(self.cell(column))
        except ValueError:
            self.trouble(
                column,
                N_("%(label)s không đọc được hoặc không có thật; viết ngày/tháng/năm, ví dụ 01/07/2025"),
                N_("Nhập ngày đúng dạng ngày/tháng/năm"),
                label=self.labels[column][0],
            )
            return None
        if day is not None and not EARLIEST <= day <= LATEST:
            self.trouble(column, N_("%(label)s phải từ 02/09/1945 đến 31/12/2099"), N_("Sửa ngày"), label=self.labels[column][0])
        return day
