"""The roster as an agency really sends it: several sheets, preamble, merged header, section rows, totals, and careless cells.

Every carelessness here is one of the habits listed in DOMAIN 5.5; the people behind it are all importable.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from itertools import groupby
from random import Random
from typing import Any

import xlsxwriter

from lms.demo.province import DemoAgency, DemoPerson

SHEETS = (
    ("Khối sở, ngành", ("so_nganh", "su_nghiep", "truong_hoc")),
    ("Khối Đảng, đoàn thể", ("dang_doan_the",)),
    ("Khối xã, phường", ("xa_phuong", "khac")),
)
HEADER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("STT", ()),
    ("Mã cán bộ", ()),
    ("HỌ VÀ TÊN", ()),
    ("Ngày, tháng, năm sinh", ("Nam", "Nữ")),
    ("Dân tộc", ()),
    ("Chức vụ/\nChức danh", ()),
    ("Trình độ", ("CM", "LLCT", "Tin học", "NN")),
    ("Phụ trách CNTT", ()),
    ("Số CCCD", ()),
    ("SĐT", ()),
    ("Ghi chú", ()),
)
WIDTH = sum(max(1, len(parts)) for _, parts in HEADER)
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX")


def roster_workbook(people: Sequence[DemoPerson], places: Sequence[DemoAgency], random: Random) -> bytes:
    """The whole province's roster as one .xlsx."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    styles = {
        "bold": book.add_format({"bold": True, "align": "center", "text_wrap": True, "border": 1}),
        "plain": book.add_format({"border": 1}),
        "date": book.add_format({"border": 1, "num_format": "dd/mm/yyyy"}),
        "title": book.add_format({"bold": True, "align": "center"}),
        "italic": book.add_format({"italic": True, "align": "center"}),
        "section": book.add_format({"bold": True, "border": 1}),
    }
    block_of = {place.name: place.block for place in places}
    for title, blocks in SHEETS:
        members = [person for person in people if block_of[person.agency_name] in blocks]
        if members:
            _sheet(book.add_worksheet(title), title, members, styles, random)
    book.close()
    return target.getvalue()


def _sheet(sheet: Any, title: str, members: Sequence[DemoPerson], styles: dict[str, Any], random: Random) -> None:
    sheet.merge_range(0, 0, 0, 4, "UBND TỈNH THÁI NGUYÊN", styles["title"])
    sheet.merge_range(0, 6, 0, WIDTH - 1, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", styles["title"])
    sheet.merge_range(1, 6, 1, WIDTH - 1, "Độc lập - Tự do - Hạnh phúc", styles["title"])
    sheet.merge_range(3, 0, 3, WIDTH - 1, f"DANH SÁCH CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC – {title.upper()}", styles["title"])
    sheet.merge_range(4, 0, 4, WIDTH - 1, "(Kèm theo Công văn số      /SNV-CCVC ngày      tháng      năm      )", styles["italic"])
    _header(sheet, 6, styles)
    row = 9
    for number, (agency, group) in enumerate(groupby(members, key=lambda person: person.agency_name)):
        sheet.write_string(row, 0, ROMAN[number % len(ROMAN)], styles["section"])
        sheet.merge_range(row, 1, row, WIDTH - 1, agency.upper() if random.random() < 0.4 else f"{agency}  ", styles["section"])
        row += 1
        own = list(group)
        for position, person in enumerate(own, start=1):
            for column, value in enumerate(_cells(person, position, random)):
                _write(sheet, row, column, value, styles)
            row += 1
        if random.random() < 0.3:
            sheet.merge_range(row, 0, row, 2, "Cộng", styles["section"])
            sheet.write_number(row, 3, len(own), styles["section"])
            row += 1
    sheet.merge_range(row, 0, row, 2, "Tổng cộng", styles["section"])
    sheet.write_number(row, 3, len(members), styles["section"])
    sheet.write_string(row + 2, 1, "NGƯỜI LẬP BIỂU", styles["title"])
    sheet.write_string(row + 2, 9, "THỦ TRƯỞNG ĐƠN VỊ", styles["title"])


def _header(sheet: Any, row: int, styles: dict[str, Any]) -> None:
    column = 0
    for label, parts in HEADER:
        if parts:
            sheet.merge_range(row, column, row, column + len(parts) - 1, label, styles["bold"])
            for offset, part in enumerate(parts):
                sheet.write_string(row + 1, column + offset, part, styles["bold"])
        else:
            sheet.merge_range(row, column, row + 1, column, label, styles["bold"])
        column += max(1, len(parts))
    for number in range(WIDTH):
        sheet.write_string(row + 2, number, f"({number + 1})", styles["bold"])


def _cells(person: DemoPerson, position: int, random: Random) -> Iterator[Any]:
    yield str(position) if random.random() < 0.2 else position
    yield person.staff_code
    yield _careless_name(person.full_name, random)
    birth = _careless_date(person, random)
    yield birth if person.is_male else None
    yield None if person.is_male else birth
    yield random.choice(("Kinh", "Tày", "Nùng", "Dao"))
    yield person.job_title
    yield person.qualification
    yield random.choice(("TC", "SC", None))
    yield person.it_certificate or random.choice(("Không", "-", None))
    yield random.choice(("B", "B1", None))
    yield person.it_duty
    yield person.identity_number if random.random() < 0.9 else int(person.identity_number)
    yield _careless_phone(person.phone, random)
    yield person.note


def _careless_name(name: str, random: Random) -> str:
    chance = random.random()
    if chance < 0.05:
        return name.upper()
    if chance < 0.15:
        return name.replace(" ", "\u00a0", 1)
    return f" {name} " if chance < 0.2 else name


def _careless_date(person: DemoPerson, random: Random) -> Any:
    day, chance = person.birth_date, random.random()
    if chance < 0.5:
        return day
    if chance < 0.8:
        return f"{day:%d/%m/%Y}"
    return f"{day.day}/{day.month}/{day.year}" if chance < 0.95 else f"{day:%d-%m-%Y}"


def _careless_phone(phone: str, random: Random) -> Any:
    return random.choice((phone, phone, int(phone), f"{phone[:4]}.{phone[4:7]}.{phone[7:]}"))


def _write(sheet: Any, row: int, column: int, value: Any, styles: dict[str, Any]) -> None:
    if value is None:
        sheet.write_blank(row, column, None, styles["plain"])
    elif isinstance(value, str):
        sheet.write_string(row, column, value, styles["plain"])
    elif isinstance(value, int):
        sheet.write_number(row, column, value, styles["plain"])
    else:
        sheet.write_datetime(row, column, value, styles["date"])
