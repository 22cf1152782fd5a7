"""The thirteen habits of office spreadsheets, one test for each, in the order the domain lists them."""

from __future__ import annotations

import tempfile
import unicodedata
from datetime import date
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest

from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency
from lms.accounts.rules.roster.header import SYNONYMS, find_roster_header
from lms.accounts.rules.roster.lines import ReadingOptions, read_roster
from lms.accounts.rules.roster.person import RosterReading
from lms.accounts.workbook import template_workbook
from lms.kit.sheets import Cell, MergedRange, Row, Sheet, error_copy, read_workbook, sheet
from tests.kit.biff import write_xls
from tests.kit.workbooks import write_ods

AGENCIES = AgencyIndex([KnownAgency(UUID(int=1), "Sở Nội vụ", "so_nganh"), KnownAgency(UUID(int=2), "UBND xã Đông Ngũ", "xa_phuong")])
GROUPS = {f"N{number}": f"Nhóm {number}" for number in range(1, 6)}
HEADER: tuple[Cell, ...] = ("STT", "Họ và tên", "Ngày sinh", "Đơn vị công tác", "Chức vụ")
AN: tuple[Cell, ...] = (1, "Nguyễn Văn An", "05/07/1985", "Sở Nội vụ", "Chuyên viên")


def reading(*sheets: Sheet) -> RosterReading:
    return read_roster(sheets, AGENCIES, GROUPS, ReadingOptions(date(2026, 11, 22)), "ds.xlsx")


def of(*rows: tuple[Cell, ...]) -> RosterReading:
    return reading(sheet("DS", rows))


def remarks(result: RosterReading) -> str:
    return "\n".join(finding.message % finding.values for finding in result.findings)


def test_rule_1_the_header_is_found_by_its_words_below_a_preamble() -> None:
    preamble: list[tuple[Cell, ...]] = [
        ("UBND TỈNH THÁI NGUYÊN", None, None, "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"),
        ("SỞ NỘI VỤ", None, None, "Độc lập - Tự do - Hạnh phúc"),
        ("DANH SÁCH CÁN BỘ, CÔNG CHỨC",),
        ("(Kèm theo Công văn số 12/SNV ngày 05 tháng 11 năm 2026)",),
    ]
    assert [line.row for line in of(*preamble, HEADER, AN).lines] == [6]


def test_rules_2_and_3_a_merged_header_is_flattened_and_a_birth_date_under_nu_tells_the_sex() -> None:
    rows = [
        Row(1, ("STT", "Họ và tên", "Ngày, tháng, năm sinh", None, "Đơn vị công tác")),
        Row(2, (None, None, "Nam", "Nữ", None)),
        Row(3, (1, "Nguyễn Văn An", "05/07/1985", None, "Sở Nội vụ")),
        Row(4, (2, "Lê Thị Bé", None, "06/08/1990", "Sở Nội vụ")),
    ]
    found = reading(Sheet("DS", rows, [MergedRange(1, 2, 1, 3), MergedRange(1, 1, 2, 1)]))
    assert [(line.sex, line.birth_date) for line in found.lines] == [("male", date(1985, 7, 5)), ("female", date(1990, 8, 6))]


def test_rule_4_a_row_of_column_numbers_is_skipped() -> None:
    assert [line.full_name for line in of(HEADER, ("(1)", "(2)", "(3)", "(4)", "(5)"), AN).lines] == ["Nguyễn Văn An"]


def test_rule_5_a_row_that_names_an_agency_holds_for_those_below() -> None:
    found = of(HEADER[:3], ("I", "UBND XÃ ĐÔNG NGŨ"), AN[:3], ("II", "Sở Nội vụ"), (1, "Lê Thị Bé", "1990"))
    assert [line.agency_id.int for line in found.lines] == [2, 1]


def test_rule_6_numbering_restarts_and_hidden_rows_are_read_and_reported() -> None:
    rows = [Row(1, HEADER), Row(2, AN), Row(3, ("1.1", "Lê Thị Bé", *AN[2:]), hidden=True), Row(4, ("IV", "Hà Văn Tú", *AN[2:]))]
    found = reading(Sheet("DS", rows))
    assert len(found.lines) == 3
    assert "Dòng đang bị ẩn" in remarks(found)


@pytest.mark.parametrize("end", ["Tổng cộng: 1 người", "NGƯỜI LẬP BIỂU", "THỦ TRƯỞNG ĐƠN VỊ"])
def test_rule_7_totals_and_signatures_end_the_list_and_who_stands_below_is_reported(end: str) -> None:
    found = of(HEADER, AN, (None, "Cộng"), (2, "Lê Thị Bé", *AN[2:]), (None, end), (3, "Vũ Thị Sót", *AN[2:]))
    assert [line.full_name for line in found.lines] == ["Nguyễn Văn An", "Lê Thị Bé"]
    assert "nằm sau phần tổng cộng" in remarks(found)


def test_rule_8_each_sheet_is_read_with_its_own_header() -> None:
    found = reading(
        sheet("Sở Nội vụ", [HEADER[:3], AN[:3]]), sheet("Đông Ngũ", [("Họ tên", "Năm sinh", "Cơ quan"), ("Lê Thị Bé", 1990, "Xã Đông Ngũ")])
    )
    assert [(line.sheet, line.agency_id.int) for line in found.lines] == [("Sở Nội vụ", 1), ("Đông Ngũ", 2)]


@pytest.mark.parametrize("kind", ["xls", "ods", "csv utf-8-sig", "csv utf-16", "csv cp1258"])
def test_rule_8_real_files_of_every_kind_say_the_same(tmp_path: Path, kind: str) -> None:
    rows = [HEADER[1:], ("Nguyễn Thị Ánh", "05/07/1985", "Sở Nội vụ", "Phó Trưởng phòng")]
    path = tmp_path / f"ds.{kind.split(maxsplit=1)[0]}"
    if kind == "xls":
        write_xls(path, {"Danh sách": rows})
    elif kind == "ods":
        lines = (
            "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row)
            for row in rows
        )
        write_ods(
            path, f'<table:table table:name="DS">{"".join(f"<table:table-row>{line}</table:table-row>" for line in lines)}</table:table>'
        )
    else:
        content = "\n".join(";".join(map(str, row)) for row in rows)
        encoding = kind.split()[1]
        path.write_bytes(_decomposed(content).encode(encoding) if encoding == "cp1258" else content.encode(encoding))
    (line,) = reading(*read_workbook(path)).lines
    assert (line.full_name, line.job_title, line.agency_id.int) == ("Nguyễn Thị Ánh", "Phó Trưởng phòng", 1)


def _decomposed(text: str) -> str:
    """Letters as Windows-1258 has them: those with a mark of their own whole, tones behind them."""
    result = ""
    for char in text:
        try:
            char.encode("cp1258")
            result += char
        except UnicodeEncodeError:
            decomposed = unicodedata.normalize("NFD", char)
            tones = [mark for mark in decomposed if mark in "\u0300\u0301\u0303\u0309\u0323"]
            base = unicodedata.normalize("NFC", "".join(mark for mark in decomposed if mark not in tones))
            result += base + "".join(tones)
    return result


def test_rule_9_ditto_nothing_and_stray_spaces() -> None:
    found = of(HEADER, AN, (2, " Lê\u00a0Thị\nBé ", "1990", "nt", "''"), (3, "Hà Văn Tú", "-", "nt", "Không"))
    assert [(line.full_name, line.job_title, line.birth_year) for line in found.lines] == [
        ("Nguyễn Văn An", "Chuyên viên", 1985),
        ("Lê Thị Bé", "Chuyên viên", 1990),
        ("Hà Văn Tú", None, None),
    ]


@pytest.mark.parametrize("field", ["full_name", "agency", "phone", "identity", "job_title", "birth", "sex", "email"])
def test_rule_10_a_column_goes_by_many_names(field: str) -> None:
    for label in SYNONYMS[field]:
        header = [label, "Mã cán bộ", "Ghi chú"] if field == "full_name" else ["Họ và tên", label, "Ghi chú"]
        found = find_roster_header(sheet("DS", [header]))
        assert found is not None
        assert field in found.columns


def test_rule_11_sensitive_columns_are_dropped_said_and_not_given_back() -> None:
    labels = ("Dân tộc", "Tôn giáo", "Đảng viên", "Quê quán", "LLCT")
    rows = sheet("DS", [(*HEADER, *labels), (*AN[:2], "31/02/1985", *AN[3:], "Kinh", "Không có", "Có", "Huế", "Cao cấp")])
    found = reading(rows)
    for label in labels:
        assert f"Cột “{label}” là dữ liệu nhạy cảm: đã bỏ qua, không lưu." in remarks(found)
    withheld = {name: set(columns) for name, columns in found.dropped.items()}
    assert withheld == {"DS": {5, 6, 7, 8, 9}}
    copy = error_copy([rows], {"DS": {2: "ngày không có thật"}}, only_faulty=True, withheld=withheld)
    assert "Huế" not in str(_cells(copy))


def _cells(content: bytes) -> list[tuple[Cell, ...]]:
    with tempfile.NamedTemporaryFile(suffix=".xlsx") as file:
        file.write(BytesIO(content).getvalue())
        file.flush()
        return [row.cells for row in read_workbook(Path(file.name))[0].rows]


def test_rule_12_the_error_file_has_the_layout_of_the_sender() -> None:
    rows = sheet("DS", [("SỞ NỘI VỤ",), HEADER, ("I", "Phòng Tổ chức"), AN, (2, "Lê Thị Bé", "31/02/1990", "Sở Nội vụ", "Kế toán")])
    copy = error_copy([rows], {"DS": {5: "31/02/1990 không có thật"}}, only_faulty=True)
    assert _cells(copy) == [
        ("SỞ NỘI VỤ",),
        (*HEADER, "Lỗi"),
        ("I", "Phòng Tổ chức"),
        (2, "Lê Thị Bé", "31/02/1990", "Sở Nội vụ", "Kế toán", "31/02/1990 không có thật"),
    ]


def test_rule_13_what_we_give_out_holds_identifiers_as_text_and_no_formula() -> None:
    copy = error_copy([sheet("DS", [HEADER, ("=1+1", "019085000123")])], {"DS": {2: "=SUM(A1)"}})
    assert _cells(copy)[1] == ("=1+1", "019085000123", None, None, None, "=SUM(A1)")
    assert b"<f>" not in copy
    assert _cells(template_workbook(lambda text: text))
