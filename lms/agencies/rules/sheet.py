"""The agency sheet: its columns, and what each of its lines says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TypeVar

from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES, LEVEL_NAMES, AgencyKind, Block, Level, block_from, kind_from, level_from
from lms.kit.errors import N_, DomainError
from lms.kit.imports.rules import Finding
from lms.kit.sheets.cells import Cell, Row, Sheet, cell_text
from lms.kit.sheets.header import Header, find_header
from lms.kit.sheets.values import parse_day
from lms.kit.vietnamese import fold

# Field → labels it is known by. The first is ours, in the template and the export.
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("Mã đơn vị", "Mã định danh", "Mã cơ quan", "Mã định danh cơ quan", "Mã định danh điện tử", "Mã"),
    "name": ("Tên đơn vị", "Tên cơ quan", "Tên cơ quan, đơn vị", "Cơ quan, đơn vị", "Đơn vị", "Cơ quan"),
    "short_name": ("Tên viết tắt", "Viết tắt", "Tên ngắn", "Tên gọi tắt"),
    "kind": ("Loại", "Loại đơn vị", "Loại hình", "Loại hình đơn vị"),
    "block": ("Khối", "Khối đơn vị"),
    "level": ("Cấp", "Cấp hành chính", "Cấp đơn vị"),
    "parent_code": ("Mã đơn vị chủ quản", "Mã cơ quan chủ quản", "Mã đơn vị cấp trên", "Mã cấp trên", "Mã cha"),
    "valid_from": ("Ngày hiệu lực", "Hiệu lực từ", "Hiệu lực từ ngày", "Có hiệu lực từ"),
    "legal_basis": ("Văn bản căn cứ", "Căn cứ", "Căn cứ pháp lý", "Văn bản", "Quyết định"),
}
NEEDED = ("code", "name")
CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,6}){0,6}")
LONGEST_NAME = 300
EARLIEST, LATEST = date(1945, 9, 2), date(2099, 12, 31)

Word = TypeVar("Word", bound=StrEnum)

_FOOTERS = ("tong cong", "cong", "tong so", "nguoi lap", "thu truong", "ghi chu")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyLine:
    """A line that could be understood. Fields are None where the cell is empty; `given` names the columns the sheet has at all."""

    sheet: str
    row: int
    given: frozenset[str]
    code: str
    name: str
    short_name: str | None = None
    kind: AgencyKind | None = None
    block: Block | None = None
    level: Level | None = None
    parent_code: str | None = None
    valid_from: date | None = None
    legal_basis: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """All lines of a file in order, what is wrong with the others, the codes those others name, and the headers by sheet."""

    lines: list[AgencyLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    faulty_codes: set[str] = field(default_factory=set)
    headers: dict[str, Header] = field(default_factory=dict)

    def finding(self, line: AgencyLine, column: str, message: str, summary: str, values: Mapping[str, str | int]) -> Finding:
        """Trouble with a line that could be read."""
        return _finding(
            self.headers[line.sheet],
            (line.sheet, line.row, column),
            value=_value(line, column),
            message=message,
            summary=summary,
            values=values,
        )


def read_lines(sheets: Sequence[Sheet], file: str) -> Reading:
    """Understand every visible sheet that has the header. Raises DomainError where none has."""
    reading = Reading()
    missing: DomainError | None = None
    for sheet in sheets:
        if sheet.hidden or not sheet.rows:
            continue
        try:
            header = find_header(sheet, COLUMNS, NEEDED, file)
        except DomainError as error:
            missing = missing or error
            continue
        reading.headers[sheet.name] = header
        for row in header.data(sheet):
            if not _is_beside_the_point(header, row):
                _Line(header, sheet.name, row).read(reading)
    if not reading.headers:
        raise missing or DomainError(N_("Tệp %(file)s không có trang tính nào hiện ra."), code="empty_file", field="file", file=file)
    reading.findings.extend(_duplicates(reading))
    return reading


class _Line:
    """Understands one row; collects all that is wrong with it."""

    def __init__(self, header: Header, sheet: str, row: Row) -> None:
        self.header, self.sheet, self.row = header, sheet, row
        self.troubles: list[Finding] = []

    def read(self, reading: Reading) -> None:
        code, parent_code = self.code("code"), self.code("parent_code")
        if not code and not self.troubles:
            self.trouble("code", N_("Chưa có mã đơn vị"), N_("Điền mã đơn vị"))
        if parent_code and parent_code == code:
            self.trouble("parent_code", N_("Đơn vị không thể là chủ quản của chính mình"), N_("Sửa mã đơn vị chủ quản"))
        line = AgencyLine(
            sheet=self.sheet,
            row=self.row.number,
            given=frozenset(self.header.columns),
            code=code,
            name=self.name(),
            short_name=self.text("short_name") or None,
            kind=self.word("kind", kind_from, KIND_NAMES),
            block=self.word("block", block_from, BLOCK_NAMES),
            level=self.word("level", level_from, LEVEL_NAMES),
            parent_code=parent_code or None,
            valid_from=self.day("valid_from"),
            legal_basis=self.text("legal_basis") or None,
        )
        if self.troubles:
            reading.findings.extend(self.troubles)
            reading.faulty_codes.add(code)
        else:
            reading.lines.append(line)

    def text(self, column: str) -> str:
        return cell_text(self.cell(column))

    def cell(self, column: str) -> Cell:
        return self.row[self.header.columns[column]] if column in self.header.columns else None

    def trouble(self, column: str, message: str, summary: str, **values: str | int) -> None:
        where = (self.sheet, self.row.number, column)
        self.troubles.append(_finding(self.header, where, value=self.text(column), message=message, summary=summary, values=values))

    def code(self, column: str) -> str:
        code = self.text(column).upper().replace(" ", "")
        if code and not CODE.fullmatch(code):
            self.trouble(column, N_("Mã không đúng dạng; ví dụ đúng: H55, H55.242"), N_("Sửa mã đơn vị cho đúng dạng"))
        return code

    def name(self) -> str:
        name = self.text("name")
        if not name:
            self.trouble("name", N_("Chưa có tên đơn vị"), N_("Điền tên đơn vị"))
        elif len(name) > LONGEST_NAME:
            self.trouble("name", N_("Tên đơn vị dài quá %(limit)s ký tự"), N_("Rút gọn tên đơn vị"), limit=LONGEST_NAME)
        return name

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
                N_("Ngày hiệu lực không đọc được hoặc không có thật; viết ngày/tháng/năm, ví dụ 01/07/2025"),
                N_("Nhập ngày hiệu lực đúng dạng ngày/tháng/năm"),
            )
            return None
        if day is not None and not EARLIEST <= day <= LATEST:
            self.trouble(column, N_("Ngày hiệu lực phải từ 02/09/1945 đến 31/12/2099"), N_("Sửa ngày hiệu lực"))
        return day


def _is_beside_the_point(header: Header, row: Row) -> bool:
    """Nothing under our columns, or a total or signature line below the list."""
    texts = {field: cell_text(row[column]) for field, column in header.columns.items()}
    if not any(texts.values()):
        return True
    only = [text for text in texts.values() if text]
    return not CODE.fullmatch(texts["code"].upper()) and len(only) == 1 and fold(only[0]).startswith(_FOOTERS)


def _duplicates(reading: Reading) -> list[Finding]:
    first: dict[str, AgencyLine] = {}
    found: list[Finding] = []
    for line in reading.lines:
        other = first.setdefault(line.code, line)
        if other is not line:
            for one, two in ((line, other), (other, line)):
                where = f"{two.sheet}, {two.row}" if one.sheet != two.sheet else str(two.row)
                values = {"where": where}
                found.append(reading.finding(one, "code", N_("Mã đơn vị trùng dòng %(where)s"), N_("Sửa mã đơn vị trùng"), values))
    once: dict[tuple[str, int], Finding] = {}
    for finding in found:
        once.setdefault((finding.sheet, finding.row), finding)
    return list(once.values())


def _value(line: AgencyLine, column: str) -> str:
    value = getattr(line, column)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    names: Mapping[str, Mapping[str, str]] = {"kind": KIND_NAMES, "block": BLOCK_NAMES, "level": LEVEL_NAMES}
    return names[column][value] if column in names and value else str(value or "")


def _finding(
    header: Header, where: tuple[str, int, str], *, value: str, message: str, summary: str, values: Mapping[str, str | int]
) -> Finding:
    sheet, row, column = where
    return Finding(
        sheet=sheet,
        row=row,
        message=message,
        summary=summary,
        values=dict(values),
        column=header.columns.get(column),
        label=header.labels.get(column, COLUMNS[column][0]),
        value=value,
    )
