"""The process in which a spreadsheet is parsed: `python -m lms.kit.sheets.child FILE NAME` writes its sheets to standard output.

It may use only so much memory and processor time; whatever the file does to it, the service goes on.
"""

from __future__ import annotations

import csv
import gc
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import python_calamine

from lms.kit.errors import DomainError, TooLarge
from lms.kit.sheets import guard, text
from lms.kit.sheets.cells import Row
from lms.kit.sheets.guard import SheetFacts
from lms.kit.sheets.kinds import FileKind, damaged, file_kind
from lms.kit.sheets.wire import LENGTH_BYTES, RawSheet, Refusal, Summary, packed_day
from lms.kit.vietnamese import clean

MEMORY_BYTES = 768 * 1024 * 1024  # address space, of which the interpreter takes a tenth
CPU_SECONDS = 30

_SOFT_HYPHEN = "\ue0ad"  # of the private use area, for as long as the text is tidied
# Whatever `_tidy` might change in cells joined by \uffff, which it does not: any character but the common ones that need nothing, and
# spaces at a cell's ends or two together.
_UNTIDY = re.compile("[^ -~\u00c0-\u024f\u1e00-\u1eff\u2013\u2014\u2018-\u201d\u2026\uffff]| (?: |\uffff|$)|(?:^|\uffff) |_x000[Dd]_")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]|_x000[Dd]_")


def main(path: str, name: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # nothing here is a cycle, and walking over millions of cells takes half the time
    output = sys.stdout.buffer
    summary = Summary()
    try:
        for sheet in read(Path(path), name):
            summary.sheets += 1
            summary.rows += len(sheet.rows)
            frame = msgspec.msgpack.encode(sheet)
            output.write(len(frame).to_bytes(LENGTH_BYTES, "big") + frame)
    except DomainError as error:
        values = {key: str(value) for key, value in error.values.items()}
        summary.refusal = Refusal(error.message, error.code, isinstance(error, TooLarge), values)
    frame = msgspec.msgpack.encode(summary)
    output.write(frame + len(frame).to_bytes(LENGTH_BYTES, "big"))
    output.flush()


def read(path: Path, name: str) -> Iterator[RawSheet]:
    """The sheets of a file, one at a time. Raises DomainError."""
    guard.check_size(path, name)
    kind = file_kind(path, name)
    if kind is FileKind.CSV:
        yield _csv_sheet(path, name)
        return
    facts: dict[str, SheetFacts] = {}
    if kind in (FileKind.XLSX, FileKind.ODS):
        facts = guard.check_archive(path, name, kind)
    yield from _workbook_sheets(path, name, _facts_by_sheet(path, facts) if facts else {})


def _csv_sheet(path: Path, name: str) -> RawSheet:
    try:
        rows = text.rows(text.decode(path.read_bytes(), name))
    except csv.Error as error:
        raise damaged(name) from error
    width = max((len(row) for row in rows), default=0)
    if len(rows) > guard.MAX_ROWS or width > guard.MAX_COLUMNS:
        raise guard.too_many(name, len(rows), width)
    if len(rows) * width > guard.MAX_CELLS:
        raise guard.too_many_cells(name)
    numbered = ((number, _row(row)) for number, row in enumerate(rows, 1))
    return RawSheet(Path(name).stem, [Row(number, tuple(cells)) for number, cells in numbered if cells])


def _workbook_sheets(path: Path, name: str, facts: dict[str, SheetFacts]) -> Iterator[RawSheet]:
    try:
        with python_calamine.load_workbook(path) as workbook:
            for meta in workbook.sheets_metadata:
                if meta.typ is python_calamine.SheetTypeEnum.WorkSheet:
                    hidden = meta.visible is not python_calamine.SheetVisibleEnum.Visible
                    yield _sheet(workbook.get_sheet_by_name(meta.name), name, hidden, facts.get(meta.name, SheetFacts()))
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise damaged(name) from error


def _sheet(sheet: Any, name: str, hidden: bool, facts: SheetFacts) -> RawSheet:
    if sheet.end is not None:
        last_row, last_column = sheet.end[0] + 1, sheet.end[1] + 1
        if last_row > guard.MAX_ROWS or last_column > guard.MAX_COLUMNS:
            raise guard.too_many(name, last_row, last_column)
        if last_row * last_column > guard.MAX_CELLS:
            raise guard.too_many_cells(name)
    left = sheet.start[1] if sheet.start else 0
    rows: list[Row] = []
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = _row(values)
        if cells:
            rows.append(Row(number, (*[None] * left, *cells), number in facts.hidden_rows))
    merged = [
        (first[0] + 1, first[1], last[0] + 1, last[1])
        for first, last in sheet.merged_cell_ranges or []
        if first[0] < guard.MAX_ROWS and first[1] < guard.MAX_COLUMNS
    ]
    return RawSheet(clean(sheet.name), rows, merged, hidden, sorted(facts.hidden_columns), facts.widths, facts.fonts)


def _row(values: list[Any]) -> list[Any]:
    """Cells up to the last that holds something; empty for an empty row."""
    cells = [(value or None) if type(value) is str else _cell(value) for value in values]
    if _UNTIDY.search("\uffff".join([cell for cell in cells if type(cell) is str])):
        cells = [(_tidy(cell) or None) if type(cell) is str else cell for cell in cells]
    while cells and cells[-1] is None:
        cells.pop()
    return cells


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if isinstance(value, datetime):
        midnight = value.time() == time()
        return packed_day(value.date() if midnight else value.replace(microsecond=0))
    if isinstance(value, date):
        return packed_day(value)
    if isinstance(value, time):
        return f"{value:%H:%M}" if value.second == 0 else f"{value:%H:%M:%S}"
    assert isinstance(value, timedelta)
    return str(value)


@lru_cache(maxsize=20_000)  # titles, agencies and given values come back row after row
def _tidy(value: str) -> str:
    """Tidy text without control characters; a line break inside a cell becomes a space."""
    # In TCVN3 the soft hyphen is the letter ư; tidying would take it away before the encoding is recognised.
    kept = _CONTROL.sub(" ", value).replace("\u00ad", _SOFT_HYPHEN)
    return clean(kept).replace(_SOFT_HYPHEN, "\u00ad")


def _facts_by_sheet(path: Path, facts: dict[str, SheetFacts]) -> dict[str, SheetFacts]:
    """Worksheet parts under their sheets' names; the XML was checked by the guard and holds no document type."""
    main, relations = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}", "xl/_rels/workbook.xml.rels"
    relation_id = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        if not {"xl/workbook.xml", relations} <= names:
            return {}
        targets = {
            element.get("Id"): element.get("Target", "").removeprefix("/xl/").removeprefix("/")
            for element in ElementTree.fromstring(archive.read(relations))  # noqa: S314
        }
        workbook = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    return {
        element.get("name", ""): facts[f"xl/{targets[element.get(relation_id)]}"]
        for element in workbook.iter(f"{main}sheet")
        if element.get(relation_id) in targets and f"xl/{targets[element.get(relation_id)]}" in facts
    }


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
