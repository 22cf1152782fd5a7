"""What `lms courses check` finds in texts, figures and structure of courses."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.checking import check_texts, syllables
from courses.checking.findings import Finding
from courses.checking.references import references
from courses.checking.standards import Law, read_standards
from courses.checking.verified import unconfirmed
from courses.checking.written import read_written
from tests.courses.written_courses import CARD, CHECKLIST, FIGURE, Change, written_course

TODAY = date(2026, 11, 22)
FIRST = "01-phan-1/01-bai-1-1.md"
LAST = "01-phan-1/03-bai-1-3.md"
QUESTIONS = "01-phan-1/questions.yaml"
LEGAL = "Luật Dữ liệu số 60/2024/QH15, hiệu lực từ 01/7/2025.[^luat]"
SAID = "Một tổ có 12 hồ sơ"
ERROR, NOTICE = True, False


def found(folder: Path, changes: dict[str, Change] | None = None) -> list[Finding]:
    findings, _counts = check_texts([read_written(written_course(folder, changes))], read_standards(), TODAY)
    return list(findings)


def has(findings: list[Finding], place: str, text: str, *, error: bool) -> bool:
    return any(one.error == error and one.file == f"mau/{place}" and text in str(one) for one in findings)


def test_a_sound_course_gives_no_findings_and_is_counted(tmp_path: Path) -> None:
    findings, counts = check_texts([read_written(written_course(tmp_path))], read_standards(), TODAY)
    assert [str(one) for one in findings] == []
    assert counts["mau"].items() >= {"Phần": 6, "Bài": 18, "Hình": 1, "Câu tự kiểm tra": 36}.items()


@pytest.mark.parametrize(
    ("place", "change", "expected"),
    [
        (FIRST, ("::: example", "::: case"), "chưa có ví dụ"),
        (FIRST, ("::: action", "::: case"), "chưa có thông điệp hành động"),
        (FIRST, ("::: figure media/buoc.svg", "::: case Hình"), "chưa có hình"),
        (FIRST, ("```check\nstem: Việc nào nên làm ngay", "```\nstem: Việc nào nên làm ngay"), "1 câu tự kiểm tra, cần ít nhất 2"),
        (LAST, (CHECKLIST, ""), "chưa có danh sách việc"),
        (LAST, (CARD, ""), "chưa có mục “## Thẻ ghi nhớ”"),
        (LAST, (CARD, "## Thẻ ghi nhớ\n\nXem ngay.\n"), "cần một bảng"),
    ],
)
def test_a_lesson_lacks_a_part(tmp_path: Path, place: str, change: Change, expected: str) -> None:
    assert has(found(tmp_path, {place: change}), place, expected, error=ERROR)


def test_a_course_lacks_modules_lessons_questions_or_its_test(tmp_path: Path) -> None:
    gone: dict[str, Change] = {f"06-phan-6/{name}": None for name in ("module.yaml", "questions.yaml")}
    gone |= {f"06-phan-6/0{number}-bai-6-{number}.md": None for number in (1, 2, 3)}
    findings = found(tmp_path, {**gone, "blueprint.yaml": None, "05-phan-5/03-bai-5-3.md": None, QUESTIONS: None})
    assert has(findings, "course.yaml", "5 phần, cần từ 6 đến 8", error=ERROR)
    assert has(findings, "05-phan-5/module.yaml", "2 bài, cần từ 3 đến 5", error=ERROR)
    assert has(findings, QUESTIONS, "chưa có tệp câu hỏi", error=ERROR)
    assert has(findings, "blueprint.yaml", "chưa có ma trận", error=ERROR)


def test_english_that_is_vietnamese_is_told(tmp_path: Path) -> None:
    findings = found(tmp_path, {"course.yaml": ("en: A trial course", "en: Khoá thử")})
    assert has(findings, "course.yaml", "còn là tiếng Việt: “Khoá thử”", error=ERROR)


def test_what_the_loader_refuses_is_told_too(tmp_path: Path) -> None:
    assert has(found(tmp_path, {FIRST: ("minutes: 10", "minutes: mười")}), FIRST, "phải là số nguyên", error=ERROR)


def test_a_source_that_no_lesson_cites_is_told_on_its_line(tmp_path: Path) -> None:
    findings = found(tmp_path, {"course.yaml": ("glossary:", "  - id: thua\n    text: Nguồn thừa\nglossary:")})
    assert [(one.line, one.error) for one in findings if "“thua” không bài nào dẫn" in str(one)] == [(13, ERROR)]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("theo Nghị định số 278/2025/NĐ-CP", ERROR),
        ("theo Quyết định 749/QĐ-TTg", ERROR),
        ("theo Nghị quyết 57-NQ/TW", ERROR),
        ("theo Luật 148/2025", ERROR),
        ("theo Luật Lưu trữ năm 2024", ERROR),
        ("ai viết “Luật Lưu trữ” là nhầm", NOTICE),
        ("bỏ Nghị định 13/2023/NĐ-CP đã hết hiệu lực", NOTICE),
    ],
)
def test_a_document_named_without_a_source_is_told(tmp_path: Path, text: str, error: bool) -> None:
    assert has(found(tmp_path, {FIRST: (SAID, f"{SAID} {text}")}), FIRST, "chưa có nguồn", error=error)


@pytest.mark.parametrize(
    "text", ["ngày 22/11/2026", "tháng 11/2026", "tỷ lệ 2/3", "theo Luật 60/2024", "số 60/2024/QH15", "năm 2024 - 2025"]
)
def test_dates_shares_and_known_laws_need_no_source(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, {FIRST: (SAID, f"{SAID}, {text}")}) == []


def test_a_source_not_confirmed_must_be_said_to_be_so_and_is_listed(tmp_path: Path) -> None:
    unsure: dict[str, Change] = {"course.yaml": ("ngày 30/11/2024", "ngày 30/11/2024\n    verify: true")}
    assert has(found(tmp_path / "a", unsure), FIRST, "[^luat] chưa xác nhận", error=NOTICE)
    said = {**unsure, FIRST: ("01/7/2025.[^luat]", "01/7/2025, theo nguồn thứ cấp.[^luat]")}
    assert not has(found(tmp_path / "b", said), FIRST, "chưa xác nhận", error=NOTICE)
    assert unconfirmed(read_written(tmp_path / "b" / "mau")) == [("luat", "Luật Dữ liệu số 60/2024/QH15 ngày 30/11/2024")]


def test_a_figure_with_too_few_words_beside_it_is_told(tmp_path: Path) -> None:
    short = (
        "Hình có ba ô xếp từ trái sang phải, mỗi ô là một bước: nhận hồ sơ, xem hồ sơ, trả kết quả; mũi tên nối các ô với nhau.",
        "Ba ô.",
    )
    assert has(found(tmp_path, {FIRST: short}), FIRST, "Mô tả hình chỉ 2 từ", error=ERROR)


@pytest.mark.parametrize(
    ("drawing", "expected"),
    [
        (FIGURE.replace("#1f2933", "#cccccc"), "nhạt trên nền (tương phản 1,6"),
        (
            FIGURE.replace('<rect width="360" height="60" fill="#ffffff"/>', '<circle cx="60" cy="30" r="60" fill="#112233"/>'),
            "nhạt trên nền",
        ),
        (FIGURE.replace('x="20"', 'x="300"'), "tràn ra ngoài hình"),
        (FIGURE.replace('x="20"', 'x="350" text-anchor="middle"'), "tràn ra ngoài hình"),
    ],
)
def test_a_figure_that_is_hard_to_read_is_pointed_out(tmp_path: Path, drawing: str, expected: str) -> None:
    assert has(found(tmp_path, {"media/buoc.svg": drawing}), "media/buoc.svg", expected, error=NOTICE)


def test_words_in_a_drawing_are_held_to_the_same_spelling(tmp_path: Path) -> None:
    drawing = FIGURE.replace("Ba bước", "Số hóa\n ba bước")
    findings = found(tmp_path, {"media/buoc.svg": drawing})
    assert has(findings, "media/buoc.svg", "“hóa”: đặt dấu theo kiểu mới", error=ERROR)


def test_white_letters_on_a_dark_shape_are_well(tmp_path: Path) -> None:
    drawing = FIGURE.replace('fill="#ffffff"/>', 'fill="#112233"/>').replace("#1f2933", "#ffffff")
    assert found(tmp_path, {"media/buoc.svg": drawing}) == []


def test_lessons_are_as_long_as_one_reads_gladly(tmp_path: Path) -> None:
    written = read_written(written_course(tmp_path / "a"))
    text = written.files[FIRST]
    front, _, rest = text.partition("\n\n")
    paragraphs = rest.split("\n\n")
    short = "\n\n".join([front, *paragraphs[40:]])
    long = "\n\n".join([front, *paragraphs[:-9], *paragraphs[:45], *paragraphs[-9:]])
    assert has(found(tmp_path / "b", {FIRST: short}), FIRST, "cần ít nhất 700", error=ERROR)
    assert has(found(tmp_path / "c", {FIRST: long}), FIRST, "nên dưới 1200", error=NOTICE)
    assert has(found(tmp_path / "d", {FIRST: ("minutes: 10", "minutes: 30")}), FIRST, "không hợp với 30 phút", error=ERROR)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nhaân daân Ñöôïc môøi", "bảng mã VNI"),
        ("NguyÔn V¨n ®­îc mời", "bảng mã TCVN3"),
        ("đã Ä\u2018Æ°á»£c má»\u009di", "đọc sai bảng mã"),
        ("cơ quаn nhà nước", "bảng chữ khác"),
        ("số νăm", "chữ Hy Lạp lẫn trong từ"),
    ],
)
def test_letters_that_only_look_right_are_told(tmp_path: Path, text: str, expected: str) -> None:
    assert has(found(tmp_path, {FIRST: (SAID, f"{SAID}, {text}")}), FIRST, expected, error=ERROR)


def test_letters_in_pieces_are_told_in_questions_too(tmp_path: Path) -> None:
    assert has(found(tmp_path, {QUESTIONS: ("Bài học", "Ba\u0300i học")}), QUESTIONS, "viết rời", error=ERROR)


@pytest.mark.parametrize("word", ["đươc", "nghành", "ngiên", "giêt", "khõang", "hòan", "quỉ", "tàik"])
def test_what_no_syllable_can_be_is_told(tmp_path: Path, word: str) -> None:
    assert has(found(tmp_path, {FIRST: (SAID, f"{SAID} {word}")}), FIRST, f"“{word}” không phải một âm tiết", error=ERROR)


@pytest.mark.parametrize("word", ["hóa", "thủy", "ủy", "khỏe", "hòe"])
def test_tones_stand_where_the_new_style_puts_them(tmp_path: Path, word: str) -> None:
    assert has(found(tmp_path, {FIRST: (SAID, f"{SAID} {word}")}), FIRST, f"“{word}”: đặt dấu theo kiểu mới", error=ERROR)


@pytest.mark.parametrize(
    "text",
    [
        "hoá thuỷ uỷ khoẻ quý giếng gìn quyết khuỷu ngoằn huýt hươu ghế nghĩ yến quỳnh của mía",
        "UBND, CBCCVC, BCĐTW, QĐ, Wi-Fi, VNeID và Đắk Lắk",
        "lệnh `phisher --xóa` và trang https://vi-du.gov.vn/xóa",
        "file và internet",
    ],
)
def test_syllables_abbreviations_names_code_and_known_foreign_words_are_well(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, {FIRST: (SAID, f"{SAID} {text}")}) == []


def test_an_unknown_foreign_word_is_pointed_out_once_and_let_through_by_the_glossary(tmp_path: Path) -> None:
    twice: dict[str, Change] = {FIRST: (SAID, f"{SAID} gribble gribble"), LAST: (SAID, f"{SAID} gribble")}
    assert sum("gribble" in str(one) for one in found(tmp_path / "a", twice)) == 1
    known = {**twice, "course.yaml": ("glossary:", "glossary:\n  - {vi: sâu biển, en: gribble, meaning: Loài ăn gỗ.}")}
    assert found(tmp_path / "b", known) == []


@given(st.text(alphabet="abcdđeêghiklmnoơpqrstuưvxyàáảãạằếờợụ", min_size=1, max_size=9))
def test_any_word_is_judged(word: str) -> None:
    assert syllables.judged(word) in (syllables.FINE, syllables.IMPOSSIBLE, syllables.OLD_STYLE)


def test_words_are_those_of_the_glossary(tmp_path: Path) -> None:
    findings = found(tmp_path, {FIRST: (SAID, f"{SAID}, ai thi trượt thì làm bài thi lại")})
    assert has(findings, FIRST, "Viết “không đạt” thay cho “thi trượt”", error=ERROR)
    assert has(findings, FIRST, "Viết “bài kiểm tra” thay cho “bài thi”", error=NOTICE)


@pytest.mark.parametrize(
    ("text", "expected", "error"),
    [
        ("ngày 5/9/2026", "thêm số 0", ERROR),
        ("ngày 05/1/2026", "thêm số 0", ERROR),
        ("ngày 31/02/2026", "Không có ngày", ERROR),
        ("ngày 31/02/2026 gõ nhầm", "Không có ngày", NOTICE),
        ("ngày 05-09-2026", "viết dạng 22/11/2026", ERROR),
        ("ngày 05/09/26", "đủ bốn chữ số", ERROR),
        ("ngày 2026-09-05", "dạng của máy", NOTICE),
        ("tỷ lệ 86.2%", "sau dấu phẩy", ERROR),
        ("nặng 2.5 kg", "sau dấu phẩy", ERROR),
        ("đạt 86,2 %", "dấu phần trăm viết liền", ERROR),
        ("có 25,000 người", "bằng dấu chấm", ERROR),
        ("có 25000 người", "bằng dấu chấm", ERROR),
        ("ai viết “86.2%” là sai", "sau dấu phẩy", NOTICE),
        ("Nghị định số 60/NĐ-CP", "thiếu năm", ERROR),
        ("Quyết định 60/2024/ND-CP", "viết chữ Đ", ERROR),
        ("Quyết định 749 /QĐ-TTg", "bỏ dấu cách", ERROR),
        ("Nghị định số 60/2024/QH15", "không phải của loại văn bản này", ERROR),
        ("Luật 60/2024/QH13", "khoá Quốc hội không khớp", ERROR),
        ("Thôi nào! Xem", "Dấu chấm than", NOTICE),
        ('gọi là "xem"', "dấu ngoặc kép", NOTICE),
    ],
)
def test_dates_numbers_and_documents_are_written_as_they_are_in_vietnamese(tmp_path: Path, text: str, expected: str, error: bool) -> None:
    assert has(found(tmp_path, {FIRST: (SAID, f"{SAID}, {text}")}), FIRST, expected, error=error)


@pytest.mark.parametrize(
    "text", ["05/9/2026", "05/09/2026", "10/10", "TLS 1.3", "CB1.3", "1.985 người", "86,2%", "bản 2.0.0", "`2026-09-05`"]
)
def test_what_is_written_well_is_left_alone(tmp_path: Path, text: str) -> None:
    assert found(tmp_path, {FIRST: (SAID, f"{SAID}, {text}")}) == []


def test_a_law_past_its_validity_is_no_basis_and_is_named_only_as_ended(tmp_path: Path) -> None:
    old = "Luật An toàn thông tin mạng 2015"
    basis: dict[str, Change] = {FIRST: (LEGAL, f"{LEGAL} {old} quy định điều này.")}
    assert has(found(tmp_path / "a", basis), FIRST, "không còn là căn cứ; xem Luật An ninh mạng số 116/2025/QH15", error=ERROR)
    named: dict[str, Change] = {FIRST: (SAID, f"{old} nói vậy. {SAID}")}
    assert has(found(tmp_path / "b", named), FIRST, "nói rõ điều ấy ở đây", error=NOTICE)
    told: dict[str, Change] = {FIRST: (SAID, f"{old} đã hết hiệu lực từ 01/7/2026. {SAID}")}
    assert not any("hết hiệu lực từ" in str(one) for one in found(tmp_path / "c", told))


def test_a_law_holds_up_to_the_day_it_ends() -> None:
    law = Law("1/2020/QH14", "Luật", (), date(2020, 1, 1), date(2026, 7, 1), None)
    assert not law.ended(date(2026, 6, 30))
    assert law.ended(date(2026, 7, 1))


def test_documents_are_found_by_number_however_they_are_named() -> None:
    text = "Luật Dữ liệu 60/2024/QH15, NĐ 331/2026, Quyết định số 09/2025/QĐ-TTg, Công văn 557/BKHCN-CĐSQG, 01-KH/BCĐTW, 66.7/2025/NQ-CP"
    assert [one.written for one in references(text)] == [
        "60/2024/QH15",
        "331/2026",
        "09/2025/QĐ-TTg",
        "557/BKHCN-CĐSQG",
        "01-KH/BCĐTW",
        "66.7/2025/NQ-CP",
    ]


def test_the_standards_of_this_house_can_be_read_and_name_each_law_once() -> None:
    standards = read_standards()
    numbers = [law.number for law in standards.laws]
    assert len(numbers) == len(set(numbers))
    assert all(wording.preferred not in wording.forbidden for wording in standards.wordings)
    assert standards.owed("CB1") == 120
    assert standards.owed("CB3") == 90
