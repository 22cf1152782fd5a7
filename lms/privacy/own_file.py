"""A person's own file, for programs (JSON) and for reading (XLSX)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from lms.kit.following import PersonalSection
from lms.kit.sheets import new_workbook

Translate = Callable[[str], str]
LONGEST_CELL = 32_000  # a cell of a workbook holds no more


def write_json(stream: IO[bytes], sections: Iterable[PersonalSection], person_id: UUID, at: datetime, _: Translate) -> None:
    """`{"person", "made_at", "sections": [{"heading", "rows": [{column: value}]}]}`; moments in UTC. A row is a line, and only one row is
    held at a time."""
    head = msgspec.json.encode({"person": str(person_id), "made_at": at.isoformat()}).removesuffix(b"}")
    stream.write(head + b', "sections": [')
    for number, section in enumerate(sections):
        columns = [_(column) for column in section.columns]
        stream.write((b"," if number else b"") + b'\n{"heading": ' + msgspec.json.encode(_(section.heading)) + b', "rows": [')
        for line, row in enumerate(section.rows):
            told = dict(zip(columns, map(_plain, row), strict=True))
            stream.write((b"," if line else b"") + b"\n  " + msgspec.json.encode(told))
        stream.write(b"]}")
    stream.write(b"\n]}\n")


def write_workbook(stream: IO[bytes], sections: Iterable[PersonalSection], zone: ZoneInfo, title: str, _: Translate) -> None:
    """One sheet a section, moments in the province's time; nothing in it is a formula. Rows do not pile up in memory."""
    workbook = new_workbook(stream, large=True)
    font = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
    heading = workbook.add_format({**font, "bold": True, "font_size": 14})
    header = workbook.add_format({**font, "bold": True, "border": 1, "bg_color": "#E7EEF7", "text_wrap": True})
    cell = workbook.add_format({**font, "border": 1, "text_wrap": True})
    for number, section in enumerate(sections, start=1):
        sheet = workbook.add_worksheet(f"{number}. {_(section.heading)}".translate(_FORBIDDEN)[:31])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.write_string(0, 0, f"{title} – {_(section.heading)}", heading)
        for index, column in enumerate(section.columns):
            sheet.write_string(2, index, _(column), header)
            sheet.set_column(index, index, 24)
        sheet.freeze_panes(3, 0)
        for line, row in enumerate(section.rows, start=3):
            for index, value in enumerate(row):
                sheet.write_string(line, index, _readable(value, zone, _)[:LONGEST_CELL], cell)
        if not section.rows:
            sheet.write_string(3, 0, _("Không có dòng nào."), cell)
    workbook.close()


_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def _plain(value: Any) -> Any:
    """What JSON knows."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    return value


def _readable(value: Any, zone: ZoneInfo, _: Translate) -> str:
    """As people write it."""
    match value:
        case None:
            text = ""
        case bool():
            text = _("Có") if value else _("Không")
        case datetime():
            text = f"{value.astimezone(zone):%d/%m/%Y %H:%M:%S}"
        case date():
            text = f"{value:%d/%m/%Y}"
        case Mapping() | list():
            text = msgspec.json.encode(value).decode()
        case Decimal():
            text = str(value).replace(".", ",")
        case other:
            text = str(other)
    return text
