"""Official documents: laid out after Decree 30/2020, readable by machines and screen readers, the same bytes from the same body."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from zipfile import ZipFile

import docx
import pytest
import python_calamine

from lms.reports.documents import Form, Identity, Kind, Variant, identify, rebuild
from tests.reports.making_bodies import HOSTILE, MANIFEST, agency_body, all_below, province_body, without_anybody
from tests.reports.pdf_reading import Pdf, read_pdf


def near(value: float, within: float = 0.1) -> object:
    return pytest.approx(value, abs=within)


@lru_cache(maxsize=8)
def province(variant: Variant = Variant.FINAL) -> Pdf:
    return read_pdf(rebuild(Kind.PDF, province_body(), MANIFEST, variant=variant, below=all_below(withheld=2)))


def test_pages_are_a4_with_the_margins_of_the_decree() -> None:
    pdf = province()
    assert [(round(page.width), round(page.height)) for page in pdf.pages[:2]] == [(210, 297), (210, 297)]
    for page in pdf.pages:
        inside = [word for word in page.words if word.y > 15]
        assert min(word.x for word in inside) >= 30 - 0.1
        assert max(word.right for word in inside if not word.text.endswith(" ")) <= page.width - 15 + 0.1
        assert max(word.right for word in inside) <= page.width - 15 + 3  # a space at the end of a line may hang
        assert max(word.y for word in inside) <= page.height - 20
        assert min(word.y - word.size * 0.891 * 25.4 / 72 for word in inside) >= 20 - 0.1
    assert (round(pdf.pages[-1].width), round(pdf.pages[-1].height)) == (297, 210)


def test_the_national_name_and_motto_stand_above_right_with_a_line_as_long_as_the_motto() -> None:
    page = province().pages[0]
    name, motto = page.find("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM"), page.find("Độc lập - Tự do - Hạnh phúc")
    assert (name.font, name.size, motto.font, motto.size) == ("LiberationSerif-Bold", 12, "LiberationSerif-Bold", 13)
    assert name.x > 100
    assert name.x + name.width / 2 == near(motto.x + motto.width / 2)
    line = next(rule for rule in page.rules if rule.x == near(motto.x))
    assert line.width == near(motto.width)
    assert 0 < line.y - motto.y < 3


def test_the_issuer_stands_above_left_with_a_line_of_a_third_to_a_half() -> None:
    page = province().pages[0]
    above, issuer = page.find("UBND TỈNH THÁI NGUYÊN"), page.find("SỞ KHOA HỌC VÀ CÔNG NGHỆ")
    assert (above.font, issuer.font) == ("LiberationSerif", "LiberationSerif-Bold")
    assert above.y < issuer.y
    line = next(rule for rule in page.rules if rule.y > issuer.y and rule.x < 100)
    assert 1 / 3 <= line.width / issuer.width <= 1 / 2
    assert line.x + line.width / 2 == near(issuer.x + issuer.width / 2)


def test_number_and_date_are_blank_and_on_one_line() -> None:
    page = province().pages[0]
    number, place = page.find("Số:"), page.find("Thái Nguyên, ngày")
    assert number.text.split() == ["Số:", "/BC-SKHCN"]
    assert place.text.split() == ["Thái", "Nguyên,", "ngày", "tháng", "năm"]
    assert (number.font, number.size, place.font, place.size) == ("LiberationSerif", 13, "LiberationSerif-Italic", 13)
    assert number.y == near(place.y)


def test_kind_and_subject_are_bold_in_the_middle_over_a_line_of_a_third_to_a_half() -> None:
    page = province().pages[0]
    kind, subject = page.find("BÁO CÁO"), page.find("Kết quả kiểm tra định kỳ")
    assert (kind.font, kind.size, subject.size) == ("LiberationSerif-Bold", 14, 14)
    middle = 30 + 165 / 2
    assert kind.x + kind.width / 2 == near(middle)
    assert subject.x + subject.width / 2 == near(middle)
    line = next(rule for rule in page.rules if rule.y > subject.y)
    assert 1 / 3 <= line.width / subject.width <= 1 / 2


def test_text_is_14_points_justified_with_the_first_line_set_in() -> None:
    page = province().pages[0]
    first = page.find("được tổ chức trực tuyến")
    index = page.words.index(first)
    second, third = page.words[index + 1], page.words[index + 2]
    assert first.size == second.size == 14
    assert first.x == near(30 + 12.7)
    assert second.x == near(30)
    space = 14 * 0.25 * 25.4 / 72
    assert first.right - space == near(195, 0.5)
    assert second.right - space == near(195, 0.5)
    assert third.y - second.y == near(second.y - first.y)
    spacing = (second.y - first.y) / (25.4 / 72) / 14
    assert 1.149 <= spacing <= 1.149 * 1.5  # single to one and a half


def test_the_last_paragraph_is_justified_too_and_stands_with_the_signature() -> None:
    pdf = read_pdf(rebuild(Kind.PDF, agency_body(), MANIFEST))
    page = next(page for page in pdf.pages if "Nơi nhận:" in page.text)
    last = page.find("2. Tổ chức bồi dưỡng lại")
    assert last.right - 14 * 0.25 * 25.4 / 72 == near(195, 1)
    assert "./." in page.text


def test_paragraphs_are_at_least_six_points_apart() -> None:
    page = province().pages[0]
    end, start = page.find("theo cơ cấu tổ chức và nhóm"), page.find("Số liệu được chốt lúc")
    line = 14 * 1.322
    assert (start.y - end.y) / (25.4 / 72) - line >= 5.9


def test_page_numbers_stand_in_the_middle_of_the_top_margin_but_on_the_first_page() -> None:
    pages = province().pages
    assert not [word for word in pages[0].words if word.y < 20 and word.text.isdigit()]
    number = next(word for word in pages[1].words if word.y < 18)
    assert 5 < number.y < 15
    assert (number.text, number.size) == ("2", 14)
    assert number.x + number.width / 2 == near(30 + 165 / 2, 0.5)
    landscape = [page for page in pages if page.width > page.height]
    assert not [word for word in landscape[0].words if word.y < 20]  # each annex is numbered by itself


def test_the_text_ends_with_the_mark_of_an_official_paper() -> None:
    text = province().text
    assert text.count("./.") == 1
    assert text.index("./.") < text.index("Nơi nhận:")


def test_recipients_and_signer_are_set_as_the_decree_says_and_nothing_is_signed() -> None:
    pdf = province()
    page = next(page for page in pdf.pages if "Nơi nhận:" in page.text)
    label, first, last = page.find("Nơi nhận:"), page.find("- Như trên;"), page.find("- Lưu: VT.")
    signer = page.find("GIÁM ĐỐC")
    assert (label.font, label.size, first.size, last.size) == ("LiberationSerif-BoldItalic", 12, 11, 11)
    assert (signer.font, signer.size) == ("LiberationSerif-Bold", 14)
    assert signer.x > 105
    assert not [word for word in page.words if word.x > 105 and signer.y < word.y < signer.y + 30]


def test_sections_come_in_the_order_of_a_quarterly_report() -> None:
    text = province().text
    places = [
        text.index(part) for part in ("I. TÌNH HÌNH", "II. KẾT QUẢ", "III. ĐÁNH GIÁ", "IV. PHƯƠNG HƯỚNG", "Nơi nhận:", "Phụ lục BIỂU")
    ]
    assert places == sorted(places)


def test_figures_are_written_as_vietnamese_papers_write_them() -> None:
    text = province().text
    assert "688/858 người (80,2%) thuộc diện đã tham gia" in text
    assert "490/688 người (71,2%)" in text
    assert "08 giờ 30 phút, ngày 22 tháng 11 năm 2026" in text
    assert "vào ngày 05 tháng 10 năm 2026" in text
    assert "nghỉ thai sản: 1" in text
    assert "So với Quý III/2026" in text
    assert "do kết quả thực hiện +3,2 điểm phần trăm; do thay đổi thành phần người thuộc diện −1,1 điểm phần trăm" in text
    assert "Biết sau: thông tin về 3 người" in text
    assert "tỷ lệ đạt = số đạt ÷ số tham gia" in text
    assert "Đơn vị tính: người" in text


def test_the_annex_lies_across_and_refers_to_a_paper_whose_number_is_blank() -> None:
    annex = next(page for page in province().pages if page.width > page.height)
    label, title, reference = annex.find("Phụ lục"), annex.find("BIỂU TỔNG HỢP"), annex.find("(Kèm theo")
    assert (label.font, label.size) == ("LiberationSerif-Bold", 14)
    assert title.font == "LiberationSerif-Bold"
    assert reference.text.strip() == "(Kèm theo Báo cáo số ……/BC-SKHCN ngày …… tháng …… năm …… của Sở Khoa học và Công nghệ)"
    assert reference.font == "LiberationSerif-Italic"
    assert "Tổng cộng" in annex.text


def test_a_draft_says_so_on_every_page_and_a_final_one_does_not() -> None:
    assert all("DỰ THẢO" in page.text for page in province(Variant.DRAFT).pages)
    assert "DỰ THẢO" not in province().text


def test_it_is_archivable_and_accessible() -> None:
    pdf = province()
    assert "<pdfaid:part>2</pdfaid:part>" in pdf.xmp
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in pdf.xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in pdf.xmp
    assert pdf.root["/Lang"] == "vi"
    assert pdf.root["/MarkInfo"]["/Marked"]
    assert pdf.root["/ViewerPreferences"]["/DisplayDocTitle"]
    tags = pdf.tags()
    assert {"H1", "H2", "P", "Table", "TR", "TH", "TD", "Figure", "Caption"} <= set(tags)
    assert tags.count("Table") >= 5
    assert all("/FontDescriptor" in font["/DescendantFonts"][0].get_object() for font in pdf.fonts.values())
    assert all(
        "/FontFile2" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        or "/FontFile3" in font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        for font in pdf.fonts.values()
    )
    assert {name.partition("+")[2].partition("-")[0] for name in pdf.fonts} == {"LiberationSerif"}


def test_it_holds_no_program_and_no_way_out() -> None:
    content = rebuild(Kind.PDF, province_body(), MANIFEST)
    assert not [word for word in (b"/JavaScript", b"/JS", b"/Launch", b"/URI", b"/OpenAction", b"/EmbeddedFile") if word in content]


def test_names_are_never_read_as_markup() -> None:
    body = agency_body(3)
    text = read_pdf(rebuild(Kind.PDF, body, MANIFEST)).text
    assert " ".join(f"{HOSTILE} 3".split()) in text
    words = [cell.text for table in docx.Document(BytesIO(rebuild(Kind.DOCX, body, MANIFEST))).tables for cell in table._cells]
    assert f"{HOSTILE} 3" in words


@pytest.mark.parametrize("kind", list(Kind))
def test_the_same_body_gives_the_same_bytes_in_another_process(kind: Kind) -> None:
    program = (
        "import hashlib,sys,time; time.sleep(1.1)\n"
        "from lms.reports.documents import rebuild\n"
        "from tests.reports.making_bodies import MANIFEST, all_below, province_body\n"
        f"sys.stdout.write(hashlib.sha256(rebuild({kind.value!r}, province_body(), MANIFEST, below=all_below())).hexdigest())"
    )
    here = hashlib.sha256(rebuild(kind, province_body(), MANIFEST, below=all_below())).hexdigest()
    there = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert there == here


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("variant", list(Variant))
def test_a_file_says_what_it_was_made_from(kind: Kind, variant: Variant) -> None:
    body = agency_body()
    found = identify(rebuild(kind, body, MANIFEST, variant=variant))
    assert found is not None
    assert found[0] is kind
    assert (str(found[1].report), str(found[1].agency), found[1].variant) == (body.report.id, body.agency.id, variant)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF-1.7 congvu-lms:x", b"congvu", b"PK\x05\x06" + bytes(18)])
def test_any_other_file_says_nothing(content: bytes) -> None:
    assert identify(content) is None
    assert Identity.find(content.decode("latin-1")) is None


def test_an_agency_is_notified_and_may_report_itself_to_the_one_above() -> None:
    notice, report = (read_pdf(rebuild(Kind.PDF, agency_body(), MANIFEST, form=form)).text for form in (Form.NOTICE, Form.REPORT))
    assert "THÔNG BÁO" in notice
    assert "/TB-SKHCN" in notice
    assert "Kính gửi" not in notice
    assert "BÁO CÁO" in report
    assert "Kính gửi: Ủy ban nhân dân tỉnh Thái Nguyên" in report
    assert "ỦY BAN NHÂN DÂN XÃ ĐỒNG HỶ" in report


def test_the_public_sees_nothing_that_is_withheld() -> None:
    text = province(Variant.PUBLIC).text
    hidden = province_body().children[2].figures
    line = text[text.index("Trường THPT Chuyên 2") :][:75]
    assert "— Không công khai" in line
    assert f" {hidden.expected} " not in line
    assert "Biết sau" not in text
    alone = read_pdf(rebuild(Kind.PDF, agency_body(2, ("figures",)), MANIFEST, variant=Variant.PUBLIC)).text
    assert "không công khai vì số người được tính quá ít" in alone
    assert "người thuộc diện kiểm tra," not in alone
    book = python_calamine.CalamineWorkbook.from_filelike(
        BytesIO(rebuild(Kind.XLSX, province_body(), MANIFEST, variant=Variant.PUBLIC, below=all_below(withheld=2)))
    )
    row = next(row for row in book.get_sheet_by_index(0).to_python() if str(row[1]).endswith("Chuyên 2"))
    assert set(row[2:17]) == {"—"}


@pytest.mark.parametrize(
    ("withheld", "shown", "hidden"),
    [
        ("figures.participation", "Số người thuộc diện kiểm tra: 858 người", "688"),
        ("figures.outcome", "688/858 người (80,2%)", "490"),
        ("bands", "490/688 người (71,2%)", "Giỏi 245"),
        ("exclusions", "688/858 người (80,2%)", "nghỉ thai sản"),
        ("groups", "688/858 người (80,2%)", "Cán bộ lãnh đạo, quản lý các cấp 100 90"),
        ("competences", "688/858 người (80,2%)", "An toàn thông tin"),
        ("comparison.split", "Tỷ lệ đạt tăng", "do kết quả thực hiện"),
    ],
)
def test_each_thing_may_be_withheld_by_itself(withheld: str, shown: str, hidden: str) -> None:
    body = replace(province_body(), withheld=(withheld,))
    text = read_pdf(rebuild(Kind.PDF, body, MANIFEST, variant=Variant.PUBLIC, below=all_below())).text
    assert shown in text
    assert hidden not in text
    assert hidden in read_pdf(rebuild(Kind.PDF, body, MANIFEST, below=all_below())).text  # those entitled read all of it


def test_children_of_whom_nothing_is_known_are_hidden_from_the_public() -> None:
    book = rebuild(Kind.XLSX, province_body(), MANIFEST, variant=Variant.PUBLIC)
    rows = python_calamine.CalamineWorkbook.from_filelike(BytesIO(book)).get_sheet_by_index(0).to_python()
    assert all(set(row[2:17]) == {"—"} for row in rows if str(row[1]).startswith("Sở Nội vụ"))


def test_a_quarter_without_any_attempt_is_reported() -> None:
    text = read_pdf(rebuild(Kind.PDF, without_anybody(province_body()), MANIFEST)).text
    assert "không có người nào" in text
    assert "Chưa đủ số liệu để đánh giá" in text


def test_the_draft_for_the_office_has_the_same_layout_and_can_be_edited() -> None:
    file = docx.Document(BytesIO(rebuild(Kind.DOCX, province_body(), MANIFEST)))
    page, annex = file.sections[0], file.sections[-1]
    assert (page.page_width.mm, page.page_height.mm) == (near(210), near(297))
    margins = [round(value.mm) for value in (page.top_margin, page.bottom_margin, page.left_margin, page.right_margin)]
    assert margins == [20, 20, 30, 15]
    assert annex.page_width.mm == near(297)
    assert page.different_first_page_header_footer
    assert file.styles["Normal"].font.name == "Times New Roman"
    text = "\n".join(paragraph.text for paragraph in file.paragraphs)
    assert "./." in text
    body = next(paragraph for paragraph in file.paragraphs if "được tổ chức trực tuyến" in paragraph.text)
    assert body.paragraph_format.first_line_indent.mm == near(12.7)
    assert file.core_properties.language == "vi-VN"


def test_the_workbook_adds_up_and_takes_no_formula() -> None:
    content = rebuild(Kind.XLSX, province_body(), MANIFEST)
    rows = python_calamine.CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    body = [row for row in rows if isinstance(row[2], float | int) and row[1] != "Tổng cộng"]
    total = next(row for row in rows if row[1] == "Tổng cộng")
    for column in (2, 3, 4, 5, 7, 9, 10, 12, 13, 14, 15):
        assert sum(row[column] for row in body) == total[column]
    with ZipFile(BytesIO(content)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        book = archive.read("xl/workbook.xml").decode()
    assert "<f>" not in sheet
    assert 'orientation="landscape"' in sheet
    assert 'paperSize="9"' in sheet
    assert 'state="frozen"' in sheet
    assert "_xlnm.Print_Titles" in book


def test_the_topmost_report_lists_every_agency_under_it() -> None:
    deeper = (*all_below(), agency_body(7))
    pdf = read_pdf(rebuild(Kind.PDF, province_body(), MANIFEST, below=deeper))
    assert "Phụ lục II" in pdf.text
    second = next(page for page in pdf.pages if "Phụ lục II" in page.text)
    assert not [word for word in second.words if word.y < 20]
