"""Reading what people send, and writing what opens in an old Excel."""

from __future__ import annotations

import unicodedata
import zipfile
from datetime import date, datetime
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lms.kit.errors import DomainError
from lms.kit.sheets import Column, Sheet, cell_text, error_copy, find_header, read_workbook, sheet, table_workbook
from lms.kit.sheets.header import label_key
from lms.kit.sheets.text import separator
from lms.kit.sheets.values import parse_day
from lms.kit.sheets.writer import csv_text
from tests.kit.workbooks import write_ods

NFD = "Nguye\u0302\u0303n Va\u0306n"  # Nguyễn Văn as macOS writes it


def moment(*parts: int) -> datetime:
    """As cells hold it: of no zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001


def read(content: bytes, tmp_path: Path, name: str = "a.xlsx") -> list[Sheet]:
    path = tmp_path / "file"
    path.write_bytes(content)
    return read_workbook(path, name)


def test_values_come_out_tidy_with_the_row_numbers_of_excel(tmp_path: Path) -> None:
    stream = BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    page = workbook.add_worksheet("Trang 1")
    day = workbook.add_format({"num_format": "dd/mm/yyyy"})
    page.write_string(2, 0, f"\u00a0 {NFD}\u200b  A\nn ")
    page.write_number(2, 1, 12)
    page.write_number(2, 2, 1.5)
    page.write_datetime(2, 3, moment(2026, 11, 22), day)
    page.write_datetime(4, 3, moment(2026, 11, 22, 7, 5), workbook.add_format({"num_format": "dd/mm/yyyy hh:mm"}))
    page.write_string(4, 0, "=1+1")
    page.set_row(4, None, None, {"hidden": True})
    page.set_column(5, 6, None, None, {"hidden": True})
    page.write_string(4, 6, "x")
    workbook.add_worksheet("Ẩn").hide()
    workbook.close()
    first, hidden = read(stream.getvalue(), tmp_path)
    assert [(row.number, row.cells) for row in first.rows] == [
        (3, ("Nguyễn Văn A n", 12, 1.5, date(2026, 11, 22))),
        (5, ("=1+1", None, None, moment(2026, 11, 22, 7, 5), None, None, "x")),
    ]
    assert first.hidden_rows == [5]
    assert first.hidden_columns == (5, 6)
    assert (hidden.name, hidden.hidden) == ("Ẩn", True)


def test_merged_header_cells_are_spread_when_asked(tmp_path: Path) -> None:
    stream = BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    page = workbook.add_worksheet()
    page.merge_range("B1:C1", "Ngày sinh")
    page.write_row("B2", ["Nam", "Nữ"])
    page.merge_range("A1:A2", "Họ và tên")
    workbook.close()
    (read_sheet,) = read(stream.getvalue(), tmp_path)
    assert read_sheet.rows[0].cells == ("Họ và tên", "Ngày sinh")
    assert read_sheet.spread(read_sheet.rows[0]).cells == ("Họ và tên", "Ngày sinh", "Ngày sinh")
    assert read_sheet.spread(read_sheet.rows[1]).cells == ("Họ và tên", "Nam", "Nữ")


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_csv_of_any_encoding_and_separator(tmp_path: Path, mark: str, encoding: str) -> None:
    text = mark.join(["Họ và tên", "Đơn vị", "Năm"]) + "\r\n" + mark.join(["Nông Văn Dũng", '"Phòng ""A"""', "1971"]) + "\r\n"
    (read_sheet,) = read(text.encode(encoding), tmp_path, "ds.csv")
    assert [row.cells for row in read_sheet.rows] == [("Họ và tên", "Đơn vị", "Năm"), ("Nông Văn Dũng", 'Phòng "A"', "1971")]


def test_csv_in_windows_1258_comes_out_composed(tmp_path: Path) -> None:
    # As Windows writes it: the letter with its hat or breve, then the tone as a character of its own.
    content = b"Ho\xf2 v\xe0 t\xean;Ng\xe0y sinh\r\nNguy\xea\xden V\xe3n Th\xe0nh;02/09/1971\r\n"
    (read_sheet,) = read(content, tmp_path, "ds.csv")
    assert read_sheet.rows[1].cells == ("Nguyễn Văn Thành", "02/09/1971")


def test_a_comma_inside_names_does_not_win_over_the_separator() -> None:
    assert separator('Sở, ban, ngành;Tên\n"A, B, C";x\nD, E;y\n') == ";"


def test_an_ods_with_a_million_empty_rows_is_read(tmp_path: Path) -> None:
    rows = (
        '<table:table-row><table:table-cell office:value-type="string"><text:p>Họ tên</text:p></table:table-cell>'
        '<table:table-cell office:value-type="float" office:value="7"><text:p>7</text:p></table:table-cell>'
        '<table:table-cell table:number-columns-repeated="16000"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    path = write_ods(tmp_path / "a.ods", f'<table:table table:name="Trang">{rows}</table:table>')
    (read_sheet,) = read_workbook(path)
    assert [row.cells for row in read_sheet.rows] == [("Họ tên", 7)]


def test_a_table_reads_back_as_it_was_written(tmp_path: Path) -> None:
    columns = [Column("Mã", 10), Column("Tên", 30), Column("Số", 8, "integer"), Column("Ngày", 12, "date")]
    rows = [("00123", "=HYPERLINK(1)", 1985, date(2025, 7, 1)), ("@x", "-1", None, None)]
    content = table_workbook(columns, rows, sheet_name="Bảng [1]: tên/rất dài quá ba mươi mốt ký tự", title="BẢNG")
    (read_sheet,) = read(content, tmp_path)
    assert [row.cells for row in read_sheet.rows] == [
        ("BẢNG",),
        ("Mã", "Tên", "Số", "Ngày"),
        ("00123", "=HYPERLINK(1)", 1985, date(2025, 7, 1)),
        ("@x", "-1"),
    ]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        page, styles = archive.read("xl/worksheets/sheet1.xml").decode(), archive.read("xl/styles.xml").decode()
    assert "<f>" not in page
    assert 'quotePrefix="1"' in styles
    assert 'orientation="landscape"' in page
    assert 'paperSize="9"' in page
    assert 'state="frozen"' in page
    assert "_xlnm.Print_Titles" in archive_text(content, "xl/workbook.xml")


def archive_text(content: bytes, part: str) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        return archive.read(part).decode()


# What a cell of an uploaded sheet can hold after cleaning.
words = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x1EF9, exclude_categories=["Cs", "Cc", "Cn", "Cf", "Zs", "Mn"]), min_size=1, max_size=12
)
values = st.one_of(st.none(), words, st.integers(-(10**9), 10**9), st.dates(date(1930, 1, 1), date(2090, 1, 1)))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(values, min_size=1, max_size=4), min_size=1, max_size=6))
def test_an_error_copy_keeps_every_cell_where_it_was(tmp_path: Path, rows: list[list[str | int | date | None]]) -> None:
    tidy = [[unicodedata.normalize("NFC", cell) if isinstance(cell, str) else cell for cell in row] for row in rows]
    before = sheet("Trang", tidy)
    if not before.rows:
        return
    last = before.rows[-1].number
    (after,) = read(error_copy([before], {"Trang": {last: "Sửa dòng này"}}), tmp_path)
    kept = {row.number: row.cells[: before.width] for row in after.rows}
    for row in before.rows:
        assert [kept[row.number][i] if i < len(kept[row.number]) else None for i in range(len(row.cells))] == list(row.cells)
    assert next(row for row in after.rows if row.number == last)[before.width] == "Sửa dòng này"


def test_an_error_copy_of_an_error_copy_has_one_column_of_errors(tmp_path: Path) -> None:
    original = sheet("S", [("Mã", "Tên"), ("1", "A")])
    once = read(error_copy([original], {"S": {2: "Một"}}), tmp_path)
    (twice,) = read(error_copy(once, {"S": {2: "Hai"}}), tmp_path)
    assert [row.cells for row in twice.rows] == [("Mã", "Tên", "Lỗi"), ("1", "A", "Hai")]


def test_the_header_is_found_by_its_words_below_a_preamble_and_above_the_column_numbers() -> None:
    page = sheet(
        "S",
        [
            ("ỦY BAN NHÂN DÂN TỈNH",),
            ("DANH SÁCH ĐƠN VỊ",),
            ("STT", "MÃ  ĐƠN VỊ (*)", "Tên đơn vị", "Ghi chú"),
            ("(1)", "(2)", "(3)", "(4)"),
            (1, "H55", "Tỉnh", None),
        ],
    )
    header = find_header(page, {"code": ["Mã đơn vị"], "name": ["Tên đơn vị", "Đơn vị"]}, ["code", "name"], "f.xlsx")
    assert (header.first_row, header.data_row, dict(header.columns)) == (3, 5, {"code": 1, "name": 2})
    assert header.unknown == ("STT", "Ghi chú")
    assert [row.number for row in header.data(page)] == [5]


def test_a_missing_column_is_named_with_what_was_found() -> None:
    with pytest.raises(DomainError) as caught:
        find_header(sheet("S", [("Mã đơn vị", "Số nhà")]), {"code": ["Mã đơn vị"], "name": ["Tên đơn vị"]}, ["code", "name"], "f.xlsx")
    assert "thiếu cột: Tên đơn vị" in str(caught.value)
    assert "Số nhà" in str(caught.value)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("5/7/1985", date(1985, 7, 5)),
        ("05-07-85", date(1985, 7, 5)),
        ("'05.07.2015", date(2015, 7, 5)),
        ("05/07/15", date(2015, 7, 5)),
        ("2025-07-01", date(2025, 7, 1)),
        (45839, date(2025, 7, 1)),
        ("45839", date(2025, 7, 1)),
        (date(2025, 7, 1), date(2025, 7, 1)),
        (moment(2025, 7, 1, 8), date(2025, 7, 1)),
        (None, None),
    ],
)
def test_days_as_people_write_them(cell: str | int | date | None, day: date | None) -> None:
    assert parse_day(cell) == day


@pytest.mark.parametrize("cell", ["31/02/1975", "7/31/1985", "1985", "hôm nay", 12])
def test_what_is_no_day_is_refused(cell: str | int) -> None:
    with pytest.raises(ValueError, match=r"day|month"):
        parse_day(cell)


def test_small_helpers() -> None:
    assert label_key("  Mã  ĐƠN VỊ (*) ") == "ma don vi"
    assert [cell_text(cell) for cell in (None, 1985, 1.5, date(2025, 7, 1), True)] == ["", "1985", "1.5", "01/07/2025", "TRUE"]
    assert [csv_text(text) for text in ("=1", "+1", "a", "\tx")] == ["'=1", "'+1", "a", "'\tx"]
