"""From sheets to people: which rows are persons, sections, totals or signatures, and what each person's row says.

A person's row is one that has a name and something else besides it. A section row names an agency (or an office inside it) for all rows
that follow. After the totals or the signatures nothing is read; what looks like a person there is reported, never dropped in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency, looks_like_agency, looks_like_office
from lms.accounts.rules.roster.header import RosterHeader, find_roster_header, likely_header, repeats_header
from lms.accounts.rules.roster.person import PersonRow, Place, RosterReading
from lms.kit.collector import without_collector
from lms.kit.errors import N_, DomainError
from lms.kit.imports.rules import Finding
from lms.kit.sheets import Row, Sheet, cell_text
from lms.kit.sheets.header import label_key
from lms.kit.sheets.legacy import Conversion, to_unicode
from lms.kit.vietnamese import clean

_SUBTOTAL = re.compile(r"^(cong|tong)( [a-z]{0,3}| don vi.*| phong.*)?$")
_END = re.compile(
    r"^(tong cong|tong so|nguoi lap|nguoi lap bieu|lap bieu|thu truong|noi nhan|xac nhan|tm |kt |tl |ky ten|danh sach nay co|an dinh)"
)
_PLACE_AND_DAY = re.compile(r"\bngay\b.*\bthang\b.*\bnam\b")
_ROMAN_OR_LETTER = re.compile(r"[IVXLC]+|[A-ZĐ]|[0-9]+(?:\.[0-9]+)+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How a file is to be read. `columns`: label as it compares → field, as a person chose; `capitalise`: see `Place`."""

    as_of: date
    columns: Mapping[str, str] = field(default_factory=dict)
    capitalise: bool = False


class MissingColumns(DomainError):  # noqa: N818 - reads as what it is where it is caught
    """No sheet has a header with names."""


def read_roster(
    sheets: Iterable[Sheet],
    agencies: AgencyIndex,
    groups: Mapping[str, str],
    options: ReadingOptions,
    file_name: str,
    *,
    reading: RosterReading | None = None,
) -> RosterReading:
    """Read every visible sheet. `groups`: code → name. Raises MissingColumns where no sheet has a header with names."""
    reading = reading or RosterReading()
    headed = 0
    labels: list[str] = []
    for original in sheets:
        sheet, conversions = to_unicode(original)
        header = find_roster_header(sheet, options.columns)
        if sheet.hidden or header is None:
            if sheet.rows:
                why = N_("Trang tính đang ẩn: không đọc.") if sheet.hidden else N_("Trang tính không có cột “Họ và tên”: không đọc.")
                reading.findings.append(Finding(sheet=sheet.name, row=sheet.rows[0].number, message=why, blocking=False))
                likely = likely_header(sheet)
                labels = labels or ([cell_text(cell) for cell in likely.cells if cell is not None] if likely else [])
            continue
        headed += 1
        reading.findings.extend(_conversion_findings(sheet.name, conversions, header))
        with without_collector():
            _SheetReader(sheet, Place(sheet.name, header, agencies, groups, options.as_of, reading, options.capitalise)).read()
    if not headed:
        raise MissingColumns(
            N_(
                "Không tìm thấy dòng tiêu đề trong %(file)s. Tệp có: %(found)s. Cần: cột “Họ và tên” và ít nhất hai cột khác như "
                "“Ngày sinh”, “Đơn vị công tác”, “Chức vụ”. Sửa dòng tiêu đề theo tệp mẫu rồi gửi lại."
            ),
            code="missing_columns",
            field="file",
            file=file_name,
            found=", ".join(f"“{label}”" for label in labels[:20]) or "—",
        )
    return reading


def _conversion_findings(sheet: str, conversions: Sequence[Conversion], header: RosterHeader) -> list[Finding]:
    """One remark per row, naming its first converted cell that is no sensitive one."""
    first: dict[int, Conversion] = {}
    for conversion in conversions:
        if conversion.column not in header.sensitive:
            first.setdefault(conversion.row, conversion)
    return [
        Finding(
            sheet=sheet,
            row=row,
            column=conversion.column,
            label=header.labels.get(conversion.column, ""),
            value=conversion.before[:200],
            message=N_("đã chuyển từ %(encoding)s: “%(before)s” → “%(after)s”"),
            values={"encoding": conversion.encoding.value, "before": conversion.before[:80], "after": conversion.after[:80]},
            blocking=False,
        )
        for row, conversion in first.items()
    ]


@lru_cache(maxsize=16_384)
def _could_name_a_person(text: str) -> tuple[bool, bool]:
    """Can this be the name in a person's row at all (no totals, no signatures), and does it not look like an agency's?"""
    key = label_key(text)
    return not _END.match(key) and not _SUBTOTAL.match(key), not looks_like_agency(text)


class _SheetReader:
    """Walks down one sheet, remembering the section it is in and the person above."""

    def __init__(self, sheet: Sheet, place: Place) -> None:
        self.sheet = sheet
        self.place = place
        self.header = place.header
        place.section = self._agency_of_sheet()
        self.ended = False
        besides = ("ordinal", "full_name", "family_name", "given_name")
        self.telling = [column for key, column in self.header.columns.items() if key not in besides]
        self.wide_rows = {
            area.first_row for area in sheet.merged if area.first_row == area.last_row and area.last_column - area.first_column >= 2
        }
        # “Họ và tên” over two columns: the given name stands in the second, which has no label of its own.
        labels, whole = self.header.labels, self.header.columns.get("full_name", -1)
        self.in_two_columns = whole >= 0 and labels.get(whole + 1, labels[whole]) == labels[whole]

    def read(self) -> None:
        self._report_sensitive()
        for row in self.sheet.rows:
            if row.number <= self.header.last_row or not row.filled or repeats_header(self.header, row):
                continue
            if self.ended:
                self._after_the_end(row)
                continue
            name = self.name_of(row)
            if self._is_person(row, name):
                PersonRow(self.place, row, name).read()
            elif self._ends(row):
                self.ended = True
            elif not self._is_subtotal(row):
                self._open_section(row)

    # What kind of row

    def _first_text(self, row: Row) -> str:
        return next((cell_text(cell) for cell in row.cells if isinstance(cell, str)), "")

    def _ends(self, row: Row) -> bool:
        texts = [label_key(cell) for cell in row.cells if isinstance(cell, str)]
        return any(_END.match(text) or _PLACE_AND_DAY.search(text) for text in texts)

    def _is_subtotal(self, row: Row) -> bool:
        return bool(_SUBTOTAL.match(label_key(self._first_text(row))))

    def _is_person(self, row: Row, name: str) -> bool:
        """A name, and a birth date, code, title or number besides it; or a name after a plain number in a row that names no agency."""
        if not name or row.number in self.wide_rows:
            return False
        a_name, no_agency = _could_name_a_person(name)
        if any(row[column] is not None for column in self.telling):
            return a_name and (no_agency or self._filled_besides_name(row) > 1)
        if _END.match(label_key(name)):
            return False
        ordinal = cell_text(row[self.header.columns["ordinal"]]) if "ordinal" in self.header.columns else ""
        return ordinal.rstrip(".").isdecimal() and not looks_like_agency(name)

    def _filled_besides_name(self, row: Row) -> int:
        skipped = {self.header.columns.get(key) for key in ("ordinal", "full_name", "family_name", "given_name")}
        return sum(cell is not None for column, cell in enumerate(row.cells) if column not in skipped)

    def name_of(self, row: Row) -> str:
        columns = self.header.columns
        if "full_name" in columns:
            name = cell_text(row[columns["full_name"]])
            if self.in_two_columns:
                following = row[columns["full_name"] + 1]
                name = f"{name} {cell_text(following)}" if isinstance(following, str) else name
            return clean(name)
        return clean(f"{cell_text(row[columns['family_name']])} {cell_text(row[columns['given_name']])}")

    # Sections

    def _agency_of_sheet(self) -> KnownAgency | None:
        """What the sheet's name or the lines above the header say; used where neither section nor column does."""
        above = [cell for row in self.sheet.rows if row.number < self.header.first_row for cell in row.cells if isinstance(cell, str)]
        for text in (self.sheet.name, *reversed(above)):
            found = self.place.agencies.named(text)
            if len(found) == 1:
                return found[0]
        return None

    def _open_section(self, row: Row) -> None:
        texts = [cell_text(cell) for cell in row.cells if isinstance(cell, str)]
        if texts and len(texts) > 1 and _ROMAN_OR_LETTER.fullmatch(texts[0].rstrip(".)")):
            texts = texts[1:]
        if not texts:
            return
        text = re.sub(r"^\s*(?:[IVXLC]+|[A-ZĐ]|[0-9]+(?:\.[0-9]+)*)\s*[.)\-/]\s*", "", texts[0])
        text = re.sub(r"\s*[:(][^)]*\)?\s*$", "", text) or text
        found = self.place.agencies.named(text, self.place.section)
        if len(found) == 1:
            self.place.section, self.place.section_text = found[0], None
        elif self.place.section is not None and looks_like_office(text):
            self.place.remark(
                row, N_("“%(office)s” không phải cơ quan trong danh mục: tính vào %(agency)s."), office=text, agency=self.place.section.name
            )
        elif looks_like_agency(text):
            self.place.section, self.place.section_text = None, text
        else:
            self.place.remark(row, N_("Dòng “%(text)s” không phải cán bộ, cũng không phải tên đơn vị: không đọc."), text=text[:80])

    def _after_the_end(self, row: Row) -> None:
        if self._is_person(row, self.name_of(row)) and self._filled_besides_name(row) >= 2:
            self.place.remark(row, N_("Dòng này nằm sau phần tổng cộng hoặc ký tên nên không được đọc. Chuyển lên trên nếu là cán bộ."))

    # Findings

    def _report_sensitive(self) -> None:
        if self.header.sensitive:
            self.place.reading.dropped[self.sheet.name] = list(self.header.sensitive)
        for column in self.header.sensitive:
            self.place.reading.findings.append(
                Finding(
                    sheet=self.sheet.name,
                    row=self.header.last_row,
                    column=column,
                    label=self.header.labels[column],
                    message=N_("Cột “%(label)s” là dữ liệu nhạy cảm: đã bỏ qua, không lưu."),
                    values={"label": self.header.labels[column]},
                    blocking=False,
                )
            )
