"""Files that are not what they say, or that would eat the machine: refused in words, and the service goes on."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lms.kit.errors import DomainError, TooLarge
from lms.kit.sheets import read_workbook
from lms.kit.sheets import reader as reader_module
from tests.kit.workbooks import MAIN, inline, worksheet, write_long_xlsx, write_ods, write_xlsx

Maker = Callable[[Path], Path]


def refused(path: Path, name: str = "danh-sach.xlsx") -> DomainError:
    with pytest.raises(DomainError) as caught:
        read_workbook(path, name)
    assert caught.value.field == "file"
    assert name in str(caught.value)
    return caught.value


def test_six_kilobytes_that_span_the_whole_grid_are_refused(tmp_path: Path) -> None:
    rows = f'<row r="1">{inline("A1", "x")}</row><row r="1048576">{inline("XFD1048576", "x")}</row>'
    error = refused(write_xlsx(tmp_path / "a.xlsx", worksheet(rows)))
    assert isinstance(error, TooLarge)
    assert "50.000 dòng" in str(error)


def test_references_that_lie_about_their_row_are_refused(tmp_path: Path) -> None:
    rows = f'<row r="1">{inline("A1", "x")}{inline("A1048576", "x")}</row>'
    assert refused(write_xlsx(tmp_path / "a.xlsx", worksheet(rows))).code == "too_many_rows"


def test_a_worksheet_under_another_name_is_guarded_too(tmp_path: Path) -> None:
    rows = f'<row r="1048576">{inline("XFD1048576", "x")}</row>'
    relations = (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" '
        'Target="hidden/elsewhere.xml"/></Relationships>'
    )
    path = write_xlsx(
        tmp_path / "a.xlsx",
        worksheet(f'<row r="1">{inline("A1", "x")}</row>'),
        {"xl/hidden/elsewhere.xml": worksheet(rows), "xl/_rels/workbook.xml.rels": relations},
    )
    assert refused(path).code == "too_many_rows"


def test_too_many_columns_are_named(tmp_path: Path) -> None:
    error = refused(write_xlsx(tmp_path / "a.xlsx", worksheet(f'<row r="1">{inline("XFD1", "x")}</row>')))
    assert "16.384" in str(error)
    assert "200 cột" in str(error)


def test_cells_that_are_only_coloured_do_not_count(tmp_path: Path) -> None:
    rows = f'<row r="1">{inline("A1", "x")}</row><row r="1048576"><c r="XFD1048576" s="0"/></row>'
    (sheet,) = read_workbook(write_xlsx(tmp_path / "a.xlsx", worksheet(rows, before='<dimension ref="A1:XFD1048576"/>')))
    assert [(row.number, row.cells) for row in sheet.rows] == [(1, ("x",))]


@pytest.mark.parametrize("declare", [True, False], ids=["declared", "undeclared"])
def test_a_workbook_of_400000_rows_hears_the_limit(tmp_path: Path, declare: bool) -> None:
    error = refused(write_long_xlsx(tmp_path / "a.xlsx", 400_000 if declare else 60_000, declare=declare))
    assert isinstance(error, TooLarge)
    assert error.code == "too_many_rows"
    assert "50.000 dòng" in str(error)
    assert ("400.000" in str(error)) == declare


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/media/image1.png"])
def test_a_bomb_of_zeros_is_refused_before_anything_reads_it(tmp_path: Path, part: str) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(""), {part: bytes(300 * 1024 * 1024)})
    assert path.stat().st_size < 1_000_000
    error = refused(path)
    assert isinstance(error, TooLarge)
    assert error.code == "workbook_bomb"


@pytest.mark.parametrize("endless", ["0", '<worksheet a="'], ids=["text", "tag"])
def test_a_bomb_that_never_ends_its_first_tag_is_refused_without_reading_it_to_the_end(tmp_path: Path, endless: str) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(""), {"xl/worksheets/sheet1.xml": endless + "0" * (300 * 1024 * 1024)})
    assert refused(path).code == "workbook_bomb"


def test_a_tag_of_many_megabytes_is_damage(tmp_path: Path) -> None:
    noise = random.Random(1).randbytes(2_000_000).hex()  # packs to half: no bomb
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(""), {"xl/worksheets/sheet1.xml": f'<worksheet a="{noise}"/>'})
    assert refused(path).code == "damaged_workbook"


def test_a_hundred_thousand_parts_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(write_xlsx(path, worksheet("")), "a") as archive:
        for index in range(3_000):
            archive.writestr(f"xl/media/{index}.bin", b"")
    assert refused(path).code == "too_many_parts"


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/evil.dtd">',
        '<!DOCTYPE worksheet [<!ENTITY secret SYSTEM "file:///etc/passwd">]>',
    ],
    ids=["laughs", "outside", "file"],
)
def test_a_document_type_is_refused(tmp_path: Path, doctype: str) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(f'<row r="1">{inline("A1", "x")}</row>', doctype=doctype))
    assert refused(path).code == "unsafe_workbook"


def test_a_document_type_in_the_shared_texts_is_refused(tmp_path: Path) -> None:
    shared = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY a "x">]><sst xmlns="{MAIN}"><si><t>&a;</t></si></sst>'
    assert refused(write_xlsx(tmp_path / "a.xlsx", worksheet(""), {"xl/sharedStrings.xml": shared})).code == "unsafe_workbook"


def test_a_truncated_workbook_is_damaged(tmp_path: Path) -> None:
    whole = write_xlsx(tmp_path / "whole.xlsx", worksheet(f'<row r="1">{inline("A1", "x")}</row>')).read_bytes()
    for keep in (10, len(whole) // 2, len(whole) - 10):
        path = tmp_path / "cut.xlsx"
        path.write_bytes(whole[:keep])
        assert refused(path).code == "damaged_workbook"


def test_damaged_compressed_data_is_damage(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{number}">{inline(f"A{number}", str(number * 7919))}</row>' for number in range(1, 200))
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(rows))
    content = bytearray(path.read_bytes())
    start = content.find(b"xl/worksheets/sheet1.xml") + 200
    content[start : start + 50] = b"\x00" * 50
    path.write_bytes(content)
    assert refused(path).code == "damaged_workbook"


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"<html><body><table><tr><td>Ho ten</td></tr></table></body></html>", "trang HTML"),
        ("\ufeff<!DOCTYPE html><html></html>".encode(), "trang HTML"),
        (b"%PDF-1.7\n%...", "PDF"),
        (b"MZ\x90\x00" + bytes(100), "chương trình"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "ảnh PNG"),
        (b"just some words", "văn bản thuần"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "WordDocument".encode("utf-16-le"), "Word"),
    ],
    ids=["html", "html5", "pdf", "exe", "png", "text", "doc"],
)
def test_what_is_no_workbook_is_named(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "a"
    path.write_bytes(content)
    error = refused(path)
    assert error.code == "not_a_workbook"
    assert found in str(error)


def test_a_zip_that_is_no_workbook_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../etc/passwd", "slip")
    assert "tệp nén ZIP" in str(refused(path))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")
    assert "văn bản Word" in str(refused(path))


def test_an_encrypted_workbook_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512) + "EncryptedPackage".encode("utf-16-le"))
    assert "mật khẩu" in str(refused(path))


def test_nothing_at_all_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"")
    assert refused(path).code == "empty_file"
    assert refused(write_xlsx(path, worksheet(""))).code == "empty_file"


def test_more_than_twenty_megabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    with path.open("wb") as file:
        file.truncate(21 * 1024 * 1024)
    assert "20 MB" in str(refused(path))


def test_an_ods_that_repeats_a_value_over_the_grid_is_refused(tmp_path: Path) -> None:
    cell = '<table:table-cell office:value-type="string" table:number-columns-repeated="16384"><text:p>x</text:p></table:table-cell>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-row>'
    error = refused(write_ods(tmp_path / "a.ods", f'<table:table table:name="S">{row}</table:table>'), "a.ods")
    assert error.code == "too_many_rows"


def test_too_many_cells_within_the_limits_of_rows_and_columns_are_refused(tmp_path: Path) -> None:
    rows = f'<row r="1">{inline("A1", "x")}</row><row r="50000">{inline("GR50000", "x")}</row>'
    assert refused(write_xlsx(tmp_path / "a.xlsx", worksheet(rows))).code == "too_many_cells"


def test_a_long_csv_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n" * 50_001)
    assert refused(path, "a.csv").code == "too_many_rows"


def test_a_parser_that_dies_or_hangs_takes_nothing_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_xlsx(tmp_path / "a.xlsx", worksheet(f'<row r="1">{inline("A1", "x")}</row>'))
    monkeypatch.setattr(reader_module, "SECONDS", 0.001)
    assert refused(path).code == "workbook_too_heavy"
    monkeypatch.undo()
    dies = tmp_path / "dies"
    dies.write_text("#!/bin/sh\nkill -9 $$\n")
    dies.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(dies))
    assert refused(path).code == "workbook_too_heavy"


def test_a_workbook_with_macros_is_refused_by_what_it_holds_not_by_its_name(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "ds.xlsx", worksheet(inline("A1", "Họ và tên")))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf\x11\xe0")
    for name in ("ds.xlsm", "ds.xlsx"):
        refusal = refused(path, name)
        assert (refusal.code, "macro" in str(refusal)) == ("macros", True)
