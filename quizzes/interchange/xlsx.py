"""Our question template: one row a question, a sheet that explains the columns, and lists to choose from in the cells."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from lms.kit.errors import N_, DomainError
from lms.kit.sheets import Header, Row, Sheet, cell_text, find_header, new_workbook, read_workbook
from lms.kit.sheets.legacy import to_unicode
from lms.kit.sheets.writer import Cells as CellWriter
from quizzes.interchange import xlsx_guide
from quizzes.interchange.document import (
    MOST_ITEMS,
    Entry,
    Finding,
    Loss,
    Parsed,
    Written,
    error,
    limited,
    lost,
    note,
    picture_name,
    shown_name,
    size_refusal,
    too_many_items,
)
from quizzes.interchange.leftovers import completed, leftovers
from quizzes.interchange.one_line import one_line
from quizzes.interchange.part_names import losses
from quizzes.interchange.xlsx_rows import CARRIED, COLUMNS, Cells, item_of, row_of
from quizzes.kinds.base import Problem
from quizzes.rules.bank import ItemDraft

SHEET = "Câu hỏi"
_NEEDED = ("stem", "key")
_LONGEST_CELL = 32_767
_MADE = datetime(2026, 1, 1)  # noqa: DTZ001 - a fixed day, so that equal items give equal files
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class XlsxFormat:
    name = "xlsx"
    label = N_("Bảng tính theo mẫu (.xlsx)")
    suffixes = (".xlsx", ".xls", ".ods", ".csv", ".tsv")
    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

    def recognises(self, data: bytes) -> bool:
        if data.startswith(b"PK"):
            return any(mark in data for mark in (b"xl/workbook", b"opendocument.spreadsheet"))
        first = data[:8192].split(b"\n", 1)[0]
        return data.startswith(_OLE) or any(separator in first and "Câu dẫn".encode() in first for separator in (b",", b";", b"\t"))

    def read(self, data: bytes) -> Parsed:
        if refused := size_refusal(data):
            return refused
        try:
            sheets = _sheets(data)
        except DomainError as failed:
            return Parsed(findings=(_as_finding(failed),))
        return _parsed(sheets)

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        rows: list[dict[str, object]] = []
        found: list[Loss] = []
        for item in items:
            row, findings = _row(item)
            found += [Loss(item.code, finding) for finding in findings]
            if row:
                rows.append(row)
        return Written(_workbook(rows), tuple(found))


def template() -> bytes:
    """The empty workbook to fill in, with an example of each kind."""
    return _workbook([_row(item)[0] for item in xlsx_guide.EXAMPLES])


def _as_finding(failed: DomainError) -> Finding:
    return Finding(error("").weight, Problem(failed.message, dict(failed.values)))


def _sheets(data: bytes) -> list[Sheet]:
    suffix = ".xlsx" if data.startswith(b"PK") else ".xls" if data.startswith(_OLE) else ".csv"
    with tempfile.NamedTemporaryFile(prefix="lms-questions-") as file:
        file.write(data)
        file.flush()
        return read_workbook(Path(file.name), f"cau-hoi{suffix}")


def _parsed(sheets: Sequence[Sheet]) -> Parsed:
    entries: list[Entry] = []
    findings: list[Finding] = []
    refused: DomainError | None = None
    for sheet in sheets:
        if sheet.name in xlsx_guide.SHEETS:
            continue
        plain, converted = to_unicode(sheet)
        try:
            header = find_header(plain, COLUMNS, _NEEDED, sheet.name)
        except DomainError as failed:
            refused = refused or failed
            findings.append(lost(N_("trang tính “%(sheet)s”: không có dòng tiêu đề của câu hỏi"), sheet=sheet.name))
            continue
        if converted:
            findings.append(
                note(N_("%(count)s ô viết bằng phông chữ cũ đã đổi sang Unicode; đọc lại trước khi nhập"), count=len(converted))
            )
        if header.unknown:
            findings.append(lost(N_("không dùng đến các cột: %(names)s"), names=", ".join(header.unknown[:20])))
        for row in header.data(plain):
            if len(entries) == MOST_ITEMS:
                return too_many_items()
            entries.append(_entry(header, row, len(entries) + 1))
    if not entries:
        return Parsed(findings=(_as_finding(refused) if refused else error(N_("không có dòng câu hỏi nào dưới dòng tiêu đề")),))
    return Parsed(limited(entries), tuple(findings))


def _entry(header: Header, row: Row, place: int) -> Entry:
    cells = Cells({field: row[column] for field, column in header.columns.items()})
    draft = item_of(cells)
    name = shown_name(cells.text("code") or cells.text("stem") or f"#{place}")
    rest = cell_text(cells.values.get("leftovers"))
    if draft is not None and rest:
        draft, held = completed(draft, rest)
        if not held:
            cells.findings.append(note(N_("câu đã được sửa; phần dữ liệu kèm theo không còn khớp nên không dùng")))
    return Entry(place, name, draft, tuple(cells.findings), row.number)


def _row(item: ItemDraft) -> tuple[dict[str, object], list[Finding]]:
    """The cells of an item and what they do not say; none where the template has no form for it."""
    if item.kind not in CARRIED:
        return {}, [error(N_("bảng tính không ghi được câu chọn vùng trên hình; dùng QTI hoặc JSON"))]
    bare = replace(item, body={name: value for name, value in item.body.items() if name != "picture"})
    row = row_of(bare)
    native = _read_again(row)
    found = [lost(N_("hình không ghi được vào bảng tính"))] if picture_name(item) else []
    if native is None:
        return {}, [error(N_("nội dung có dấu trùng với ký hiệu của bảng tính; dùng QTI hoặc JSON"))]
    rest = leftovers(bare, native)
    row["leftovers"] = one_line(rest)
    if any(isinstance(value, str) and len(value) > _LONGEST_CELL for value in row.values()):
        return {}, [error(N_("có đoạn dài hơn %(most)s ký tự, quá sức chứa của một ô"), most=_LONGEST_CELL)]
    return row, [*found, *losses(bare, native)]


def _read_again(row: Mapping[str, object]) -> ItemDraft | None:
    """The item these cells say without their leftovers."""
    return item_of(Cells({name: value or None for name, value in row.items()}))  # type: ignore[misc]


def _workbook(rows: Sequence[Mapping[str, object]]) -> bytes:
    stream = BytesIO()
    workbook = new_workbook(stream, large=True)
    workbook.set_properties({"created": _MADE})
    worksheet = workbook.add_worksheet(SHEET)
    xlsx_guide.lay_out(workbook, worksheet, len(rows))
    cells = CellWriter(workbook, xlsx_guide.CELL)
    for line, row in enumerate(rows, start=1):
        for column, name in enumerate(COLUMNS):
            value: Any = row.get(name)
            if value not in (None, ""):
                cells.write(worksheet, line, column, value, "date" if not isinstance(value, str) else "text")
    xlsx_guide.add_guides(workbook)
    workbook.close()
    return stream.getvalue()
