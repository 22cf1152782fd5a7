"""What one person's row says, cell by cell, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar, cast
from uuid import UUID

import msgspec

from lms.accounts.rules import people
from lms.accounts.rules.groups import derived_group
from lms.accounts.rules.roster import cells
from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency, looks_like_office
from lms.accounts.rules.roster.header import RosterHeader
from lms.kit.errors import N_, DomainError
from lms.kit.imports.rules import Finding
from lms.kit.sheets import Cell, Row, cell_text

Value = TypeVar("Value")

YOUNGEST, OLDEST = 15, 90
_NO_DIGIT = re.compile(r"\D")
_PHONE_SEPARATORS = re.compile(r"\s*[/;,]\s*|\s+-\s+|\s+hoặc\s+")


class RosterLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a person's row says. None: the roster does not say, so what is stored stays. `group_code` only where a column gives it;
    `derived_group` is what title and agency suggest. `index` counts the lines of a file."""

    index: int
    sheet: str
    row: int
    full_name: str
    agency_id: UUID
    derived_group: str
    staff_code: str | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    sex: str | None = None
    job_title: str | None = None
    group_code: str | None = None
    it_duty: str | None = None
    email: str | None = None
    phone: str | None = None
    identity_number: str | None = None
    qualification: str | None = None
    it_qualification: str | None = None
    it_major: bool | None = None
    absence: str | None = None


_REPEATING = ("sex", "group", "qualification", "it_duty", "birth", "birth_male", "birth_female")


@dataclass(slots=True)
class RosterReading:
    """All people's rows without a blocking finding, and every finding. `people` counts the faulty ones, too; `dropped`: sheet → columns of
    sensitive data. `keep` takes the lines; by default they are collected in `lines`."""

    lines: list[RosterLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    people: int = 0
    readable: int = 0
    dropped: dict[str, list[int]] = field(default_factory=dict)
    keep: Callable[[RosterLine], None] | None = None

    def add(self, line: RosterLine) -> None:
        self.readable += 1
        (self.keep or self.lines.append)(line)


@dataclass(slots=True)
class Place:
    """Where in a sheet the reader is: what it may look up, the section it is in, and the cells of the person above."""

    sheet: str
    header: RosterHeader
    agencies: AgencyIndex
    groups: Mapping[str, str]
    as_of: date
    reading: RosterReading
    capitalise: bool = False  # write names given in capitals with capital initials only
    section: KnownAgency | None = None
    section_text: str | None = None  # a section that names no known agency
    above: Sequence[Cell] = ()
    read: dict[str, dict[str, Any]] = field(default_factory=lambda: {key: {} for key in _REPEATING})
    """What cells that come back row after row were read as, by column; those with nothing to remark on only."""

    def remark(self, row: Row, message: str, **values: str) -> None:
        """Say something about a row that keeps nothing from being imported."""
        self.reading.findings.append(Finding(sheet=self.sheet, row=row.number, message=message, values=dict(values), blocking=False))


class PersonRow:
    """Reads one person's row, named `name`, into the reading of its place."""

    def __init__(self, place: Place, row: Row, name: str) -> None:
        self.place = place
        self.name = name
        self.row = row
        self.blocked = False
        self.columns = place.header.columns
        self.plain = cells.all_plain(row.cells)

    def read(self) -> None:
        place, columns = self.place, self.columns
        place.reading.people += 1
        name = self._try("full_name", cells.person_name, given=self.name)
        if name is not None and place.capitalise:
            name = self._with_initials(name)
        agency = self._agency()
        birth, sex = self._birth_and_sex()
        identity = self._identity(birth, sex)
        code = self._try("staff_code", lambda cell: people.staff_code(cells.text(cell) or ""))
        title = cells.text(self._meant("job_title"))
        group = self._try("group", lambda cell: cells.group_code(cell, place.groups))
        qualification = self._try("qualification", cells.qualification, blocking=False)
        duty = self._try("it_duty", lambda cell: cells.it_duty(cell, place.header.label("it_duty")), blocking=False)
        email = self._try("email", lambda cell: people.email_address(cells.text(cell) or ""), blocking=False)
        phone = self._phone()
        if self.row.hidden:
            place.remark(self.row, N_("Dòng đang bị ẩn trong tệp, vẫn được đọc. Xóa dòng nếu không nhập người này."))
        self._remember()
        if self.blocked or name is None or agency is None:
            return
        place.reading.add(
            RosterLine(
                index=place.reading.readable,
                sheet=place.sheet,
                row=self.row.number,
                full_name=name,
                agency_id=agency.id,
                derived_group=derived_group(title, agency.name, agency.block),
                staff_code=code,
                birth_date=birth.day if birth else None,
                birth_year=birth.year if birth else None,
                sex=sex,
                job_title=title[:200] if title else None,
                group_code=group,
                it_duty=duty,
                email=email,
                phone=phone,
                identity_number=identity,
                qualification=qualification,
                it_qualification=self._it_qualification() if "it_qualification" in columns else None,
                it_major=None if _OF_DEGREES.isdisjoint(columns) else self._studied_it() or None,
                absence=self._absence() if "note" in columns else None,
            )
        )

    # Fields

    def _with_initials(self, name: str) -> str:
        changed = cells.with_capital_initials(name)
        if changed != name:
            self._find("full_name", N_("họ tên viết hoa toàn bộ, sẽ ghi là “%(name)s”"), blocking=False, name=changed)
        return changed

    def _birth_and_sex(self) -> tuple[cells.Birth | None, str | None]:
        """The birth date stands under “Ngày sinh”, or under “Nam” or “Nữ” and then tells the sex."""
        sex = self._try("sex", cells.sex)
        for key, told in (("sex_male", "male"), ("sex_female", "female")):
            if key in self.columns and cells.is_mark(self._cell(key)):
                sex = told
        births: list[tuple[cells.Birth, str | None]] = []
        columns: tuple[tuple[str, str | None], ...] = (("birth_male", "male"), ("birth_female", "female"), ("birth", None))
        for key, implied in columns:
            birth = self._try(key, cells.birth) if key in self.columns else None
            if birth is None:
                continue
            if not YOUNGEST <= self.place.as_of.year - birth.year <= OLDEST:
                self._find(key, N_("năm sinh %(year)s không hợp lý với cán bộ đang công tác; kiểm tra lại"), year=birth.year)
                continue
            births.append((birth, implied))
        if len(births) > 1:
            self._find("birth_female", N_("có ngày sinh ở cả cột Nam và cột Nữ; chỉ để ở một cột"))
            return None, sex
        if not births:
            return None, sex
        return births[0][0], births[0][1] or sex

    def _identity(self, birth: cells.Birth | None, sex: str | None) -> str | None:
        written = cells.text(self._meant("identity"))
        if written is None:
            return None
        if len(written if written.isdecimal() else _NO_DIGIT.sub("", written)) == 9:
            self._find("identity", N_("CMND 9 số không còn dùng: bỏ trống, nhập số CCCD 12 số khi có"), blocking=False)
            return None
        read = self._attempt("identity", lambda cell: people.identity_number(written), written)
        if read is None:
            return None
        number, restored = read
        if restored:
            self._find(
                "identity",
                N_("số CCCD thiếu chữ số, đã thêm số 0 bị mất ở đầu: %(number)s; định dạng cột là văn bản để giữ số 0"),
                blocking=False,
                number=people.masked(number),
            )
        if birth is not None and people.identity_birth_year(number) != birth.year:
            self._find("identity", N_("năm sinh trong số CCCD khác cột ngày sinh; kiểm tra lại"), blocking=False)
        elif sex is not None and people.identity_sex(number) != sex:
            self._find("identity", N_("giới tính trong số CCCD khác với danh sách; kiểm tra lại"), blocking=False)
        return number

    def _absence(self) -> str | None:
        """Leave, secondment and the like stand in the notes; they take a person out of the denominator, so the reader is told."""
        told = cells.absence(self._meant("note"))
        if told:
            self._find("note", N_("ghi nhận vắng mặt theo ghi chú; người này không thuộc diện kiểm tra"), blocking=False)
        return told

    def _phone(self) -> str | None:
        written = cells.text(self._meant("phone"))
        if written is None:
            return None
        first = written if written.isdecimal() else next((part for part in _PHONE_SEPARATORS.split(written) if part), written)
        read = self._attempt("phone", lambda cell: people.phone_number(first), written, blocking=False)
        return read[0] if read else None

    def _it_qualification(self) -> str | None:
        return (cells.text(self._meant("it_qualification")) or "")[:60] or None

    def _studied_it(self) -> bool:
        """An IT degree, wherever it is written; a certificate (“Tin học B”) is none."""
        certificate = self._cell("it_qualification")
        try:
            degree = cells.names_it(certificate) and cells.qualification(certificate) is not None
        except DomainError:
            degree = False
        return degree or cells.names_it(self._cell("qualification")) or cells.names_it(self._cell("major"))

    def _agency(self) -> KnownAgency | None:
        """By code, by the row's own column within its section, by the section, by the sheet; else a finding with the closest names."""
        place = self.place
        code = cells.text(self._meant("agency_code")) if "agency_code" in self.columns else None
        if code:
            by_code = place.agencies.with_code(code)
            if by_code is None:
                self._find("agency_code", N_("không có cơ quan nào mang mã %(agency)s"), summary=_UNKNOWN_AGENCY, agency=code)
            return by_code
        text = cells.text(self._meant("agency"))
        if text is None:
            if place.section is None:
                self._no_agency(place.section_text)
            return place.section
        found = place.agencies.named(text, place.section)
        if len(found) == 1:
            return found[0]
        if not found and place.section is not None and looks_like_office(text):
            return place.section
        if found:
            choices = "; ".join(f"{agency.name} - {agency.parent_name}" if agency.parent_name else agency.name for agency in found[:5])
            self._find("agency", N_("có nhiều đơn vị tên “%(text)s”: %(choices)s; viết kèm cơ quan cấp trên"), text=text, choices=choices)
        else:
            self._no_agency(text)
        return None

    def _no_agency(self, text: str | None) -> None:
        if text is None:
            self._find(
                "agency", N_("chưa có đơn vị công tác: thêm cột “Đơn vị công tác” hoặc dòng tên đơn vị phía trên"), summary=_UNKNOWN_AGENCY
            )
            return
        closest = self.place.agencies.closest(text)
        if closest:
            likely = N_("không tìm thấy đơn vị “%(agency)s”; có phải: %(closest)s?")
            self._find("agency", likely, summary=_UNKNOWN_AGENCY, agency=text, closest="; ".join(closest))
        else:
            unknown = N_("không tìm thấy đơn vị “%(agency)s” trong danh mục; thêm đơn vị trước, hoặc sửa tên cho đúng")
            self._find("agency", unknown, summary=_UNKNOWN_AGENCY, agency=text)

    # Cells and findings

    def _cell(self, key: str) -> Cell:
        column = self.columns.get(key)
        return None if column is None else self.row[column]

    def _meant(self, key: str) -> Cell:
        """The cell with ditto marks filled in where repeating makes sense; a number, name or date is nobody else's."""
        column = self.columns.get(key)
        if column is None or column >= len(self.row.cells):
            return None
        cell: Cell = self.row.cells[column]
        if self.plain or not isinstance(cell, str):
            return cell
        return cells.meant(cell, None if key in _ONES_OWN else self._above(column))

    def _above(self, column: int) -> Cell:
        return self.place.above[column] if column < len(self.place.above) else None

    def _remember(self) -> None:
        """Keep this row's cells for dittos below."""
        row, above = self.row.cells, self.place.above
        if not self.plain:
            row = tuple(cells.meant(cell, self._above(column)) if isinstance(cell, str) else cell for column, cell in enumerate(row))
        self.place.above = row if len(row) >= len(above) else (*row, *above[len(row) :])

    def _try(self, key: str, read: Callable[[Cell], Value], *, blocking: bool = True, given: Cell = None) -> Value | None:
        """What the reader makes of a cell; None with a finding where it cannot, None where the cell is empty."""
        if given is None and key not in self.columns:
            return None
        cell = given if given is not None else self._meant(key)
        if cell is None:
            return None
        known = self.place.read.get(key)
        if known is None or type(cell) is not str:
            return self._attempt(key, read, cell, blocking=blocking)
        if cell in known:
            return cast(Value, known[cell])
        remarks = len(self.place.reading.findings)
        value = self._attempt(key, read, cell, blocking=blocking)
        if len(self.place.reading.findings) == remarks and len(known) < _REMEMBERED:
            known[cell] = value
        return value

    def _attempt(self, key: str, read: Callable[[Cell], Value], cell: Cell, *, blocking: bool = True) -> Value | None:
        try:
            return read(cell)
        except DomainError as problem:
            self._find(key, problem.message, blocking=blocking, summary=_SUMMARIES.get(key, ""), **problem.values)
            return None

    def _find(self, key: str, message: str, *, blocking: bool = True, summary: str = "", **values: str | int) -> None:
        column = self.columns.get(key)
        self.blocked = self.blocked or blocking
        self.place.reading.findings.append(
            Finding(
                sheet=self.place.sheet,
                row=self.row.number,
                column=column,
                label=self.place.header.labels.get(column, "") if column is not None else "",
                value="" if key == "identity" else cell_text(self._cell(key)),
                message=message,
                summary=summary,
                values=dict(values),
                blocking=blocking,
                code=UNKNOWN_AGENCY if "agency" in values and blocking else "",
            )
        )


_REMEMBERED = 20_000
_OF_DEGREES = frozenset({"qualification", "it_qualification", "major"})
_ONES_OWN = frozenset({"staff_code", "identity", "phone", "email", "birth", "birth_male", "birth_female"})
UNKNOWN_AGENCY = "unknown_agency"
_UNKNOWN_AGENCY = N_("Sửa tên đơn vị cho đúng danh mục")
_SUMMARIES: Mapping[str, str] = {
    "full_name": N_("Sửa họ và tên"),
    "birth": N_("Nhập ngày sinh đúng dạng ngày/tháng/năm"),
    "birth_male": N_("Nhập ngày sinh đúng dạng ngày/tháng/năm"),
    "birth_female": N_("Nhập ngày sinh đúng dạng ngày/tháng/năm"),
    "sex": N_("Viết giới tính là Nam hoặc Nữ"),
    "identity": N_("Nhập số CCCD đủ 12 chữ số"),
    "staff_code": N_("Sửa mã cán bộ"),
    "group": N_("Sửa nhóm đối tượng"),
}
