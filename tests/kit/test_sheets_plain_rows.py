"""Rows that are skipped without being parsed: what is skipped hides nothing from the guard."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from lms.kit.errors import DomainError
from lms.kit.sheets import guard, read_workbook
from lms.kit.sheets.guard import SheetFacts
from lms.kit.sheets.kinds import FileKind

SHEET = "xl/worksheets/sheet1.xml"
ROW = '<row r="2"><c r="A2" t="inlineStr"><is><t>x</t></is></c></row>'
FAR = '<row r="900000"><c r="A900000"><v>1</v></c></row>'
HEAD = '<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def workbook(path: Path, sheet: str | bytes) -> Path:
    whole = path.with_suffix(".whole.xlsx")
    book = xlsxwriter.Workbook(str(whole))
    book.add_worksheet("DS")
    book.close()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for part in source.namelist():
            target.writestr(part, (sheet if part == SHEET else source.read(part)))
    return path


def facts(path: Path) -> SheetFacts:
    return guard.check_archive(path, path.name, FileKind.XLSX)[SHEET]


@pytest.mark.parametrize(
    "body",
    [
        f"<sheetData>{ROW}{FAR}</sheetData>",
        f"<sheetData>{ROW}<!-- {ROW} -->{FAR}</sheetData>",
        # A comment that an eager reader would see end where it does not, or not end where it does.
        f'<!-- <sheetData><row r="2"><c r="A2"><v>--><sheetData>{FAR}</sheetData><!-- </v></c></row>-->',
        f'<!-- <sheetData><row r="2"><c r="A2"><v>1</v></c></row>--><sheetData>{FAR}</sheetData><!-- -->',
        f"<sheetData ></sheetData ><!-- <sheetData>{ROW}--><sheetData>{FAR}</sheetData>",
        f"<cols><![CDATA[<sheetData>]]></cols><sheetData>{ROW}<row r='900000'><c r='A900000'><v>1</v></c></row></sheetData>",
        f'<sheetData>{ROW}<row r="3"><c r="A900000"><v>1</v></c></row></sheetData>',
        f'<sheetData>{ROW}<row r="3"><c r="XFD3"><v>1</v></c></row></sheetData>',
        f'<sheetData>{ROW}<row r="3"><c r="A3"><v>1</v></c><c r="IV3"><v>1</v></c></row></sheetData>',
        f"<sheetData>{ROW}</sheetData><sheetData>{FAR}</sheetData>",
        '<sheetData><row r="50000"><c r="A50000"><v>1</v></c></row><row><c><v>1</v></c></row></sheetData>',
    ],
)
def test_a_cell_beyond_the_limits_is_found_wherever_it_hides(tmp_path: Path, body: str) -> None:
    with pytest.raises(DomainError) as refused:
        facts(workbook(tmp_path / "far.xlsx", f"{HEAD}{body}</worksheet>"))
    assert refused.value.code in ("too_many_rows", "too_many_columns")


@pytest.mark.parametrize("inside", ['<row r="2"><c r="A2"><v>&lol;</v></c></row>', '<row r="2"><c r="A2"></row>', "<row r=2/>", "<row "])
def test_markup_that_is_not_well_formed_is_refused_below_plain_rows_too(tmp_path: Path, inside: str) -> None:
    with pytest.raises(DomainError) as refused:
        facts(workbook(tmp_path / "torn.xlsx", f"{HEAD}<sheetData>{ROW}{inside}</sheetData></worksheet>"))
    assert refused.value.code == "damaged_workbook"


def test_a_document_type_before_plain_rows_is_refused(tmp_path: Path) -> None:
    sheet = f'<?xml version="1.0"?><!DOCTYPE worksheet [<!ENTITY a "b">]>{HEAD.partition("?>")[2]}<sheetData>{ROW}</sheetData></worksheet>'
    with pytest.raises(DomainError) as refused:
        facts(workbook(tmp_path / "dtd.xlsx", sheet))
    assert refused.value.code == "unsafe_workbook"


def test_hidden_rows_are_seen_among_plain_ones(tmp_path: Path) -> None:
    rows = [f'<row r="{number}"><c r="A{number}"><v>{number}</v></c></row>' for number in range(1, 1000)]
    rows[699] = rows[699].replace('<row r="700"', "<row r='700' hidden='1'")
    assert facts(workbook(tmp_path / "hidden.xlsx", HEAD + "<sheetData>" + "".join(rows) + "</sheetData></worksheet>")).hidden_rows == {700}


def test_rows_cut_anywhere_by_the_chunks_are_read_alike(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = f"{HEAD}<sheetData>{''.join(ROW.replace('2', str(n)) for n in range(1, 40))}</sheetData></worksheet>"
    path = workbook(tmp_path / "chunks.xlsx", sheet)
    monkeypatch.setattr(guard, "CHUNK", len(HEAD) + 40)
    assert facts(path) == SheetFacts()
    assert len(read_workbook(path)[0].rows) == 39


def test_bytes_that_are_no_letters_are_refused(tmp_path: Path) -> None:
    sheet = f"{HEAD}<sheetData>{ROW}</sheetData></worksheet>".encode().replace(b"<t>x", b"<t>\xff\xfe\xc3(")
    with pytest.raises(DomainError) as refused:
        read_workbook(workbook(tmp_path / "bytes.xlsx", sheet))
    assert refused.value.code == "damaged_workbook"
