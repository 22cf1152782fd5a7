"""What `lms courses check` finds in questions and in the tests planned from them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from courses.checking.findings import Finding
from courses.checking.standards import read_standards
from courses.checking.written import read_written
from quizzes.checking import check_items
from quizzes.checking.competencies import is_place
from quizzes.checking.options import turned_round
from quizzes.rules.remarks import names_other_options
from tests.courses.written_courses import Change, blueprint, written_course

TODAY = date(2026, 11, 22)
MODULE = "01-phan-1"
QUESTIONS = f"{MODULE}/questions.yaml"
ERROR, NOTICE = True, False
Items = list[dict[str, Any]]


def found(*folders: Path) -> list[Finding]:
    findings, _counts = check_items([read_written(folder) for folder in folders], read_standards(), TODAY)
    return list(findings)


def rewritten(folder: Path, change: Callable[[Items], None], *modules: int) -> Path:
    """The sound course with the items of some modules (all where none is named) changed."""
    course = written_course(folder)
    for number in modules or range(1, 7):
        path = course / f"{number:02d}-phan-{number}" / "questions.yaml"
        document = yaml.safe_load(path.read_text())
        change(document["items"])
        path.write_text(yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=200))
    return course


def first(folder: Path, **values: Any) -> list[Finding]:
    """What is found where the first item of the course has other values; None takes one away."""

    def change(items: Items) -> None:
        items[0].update(values)
        items[0] = {name: value for name, value in items[0].items() if value is not None}

    return found(rewritten(folder, change, 1))


def has(findings: list[Finding], text: str, *, error: bool) -> bool:
    return any(one.error == error and text in str(one) for one in findings)


def test_sound_questions_give_no_findings_and_are_counted_by_level_and_kind(tmp_path: Path) -> None:
    findings, counts = check_items([read_written(written_course(tmp_path))], read_standards(), TODAY)
    assert [str(one) for one in findings] == []
    assert counts == {"mau": {"Câu hỏi": 91, "NB": 36, "TH": 31, "VD": 24, "Một lựa chọn": 91}}


@pytest.mark.parametrize(
    ("values", "expected", "error"),
    [
        ({"explanation": None}, "thiếu “explanation”", ERROR),
        ({"explanation": "Xem bài."}, "lời giải thích quá ngắn", NOTICE),
        ({"lesson": None}, "chưa có “lesson”", ERROR),
        ({"lesson": "khong-co"}, "không có bài “khong-co”", ERROR),
        ({"lesson": "bai-2-1"}, "ở phần khác (02-phan-2)", ERROR),
        ({"competency": None}, "chưa có “competency”", ERROR),
        ({"competency": "DigComp: 5.2"}, "không phải năng lực có phiên bản", ERROR),
        ({"competency": "DigComp 2.2: 1.4"}, "không phải năng lực có phiên bản", ERROR),
        ({"stem": "Việc nào không thuộc phần việc của quầy?"}, "từ phủ định “không” chưa in đậm", NOTICE),
        ({"legal_basis": "Luật Dữ liệu số 60/2024/QH15"}, "không có “valid_from”", ERROR),
        ({"valid_from": date(2025, 7, 1)}, "không có “legal_basis”", ERROR),
        ({"explanation": "Điều này do Luật Dữ liệu số 60/2024/QH15 quy định."}, "nêu văn bản mà không có “legal_basis”", NOTICE),
        ({"legal_basis": "Luật Dữ liệu số 60/2024/QH15", "valid_from": date(2024, 7, 1)}, "có hiệu lực trước căn cứ", NOTICE),
        ({"legal_basis": "Nghị định số 13/2023/NĐ-CP", "valid_from": date(2023, 7, 1)}, "còn hiệu lực sau khi căn cứ hết", ERROR),
        (
            {"legal_basis": "Nghị định số 13/2023/NĐ-CP", "valid_from": date(2023, 7, 1), "valid_to": date(2026, 1, 1)},
            "đã hết hiệu lực: sửa theo văn bản mới",
            ERROR,
        ),
    ],
)
def test_a_fault_of_one_item_is_told(tmp_path: Path, values: dict[str, Any], expected: str, error: bool) -> None:
    assert has(first(tmp_path, **values), expected, error=error)


def test_a_finding_names_the_line_of_its_item(tmp_path: Path) -> None:
    course = rewritten(tmp_path, lambda items: items[1].update(lesson="khong-co"), 1)
    lines = (course / QUESTIONS).read_text().splitlines()
    (finding,) = (one for one in found(course) if "khong-co" in str(one))
    assert "TT1-1-002" in lines[finding.line - 1]


def test_options_without_reasons_and_options_about_options_are_told(tmp_path: Path) -> None:
    def without_why(items: Items) -> None:
        del items[0]["options"][0]["why"]

    def all_of_them(items: Items) -> None:
        items[0]["options"][0]["text"] = "Tất cả các đáp án trên"

    def short(items: Items) -> None:
        items[0]["options"][0]["why"] = "Sai."

    assert has(found(rewritten(tmp_path / "a", without_why, 1)), "cần “id”, “text” và “why”", error=ERROR)
    assert has(found(rewritten(tmp_path / "b", all_of_them, 1)), "nhắc tới phương án khác", error=ERROR)
    assert has(found(rewritten(tmp_path / "c", short, 1)), "lý do “Sai.” chưa nói vì sao", error=NOTICE)


@pytest.mark.parametrize("text", ["Tất cả các đáp án trên", "Cả A và B", "Cả hai phương án trên đều đúng", "Không phương án nào đúng"])
def test_options_that_speak_of_others_are_known(text: str) -> None:
    assert names_other_options(text)


@pytest.mark.parametrize(
    "text",
    [
        "Nộp cả hai thủ tục để cái nào xong trước thì dùng",
        "Trong tất cả phản ánh, máy đoán đúng bao nhiêu?",
        "Cả phòng cùng xem",
        "Bỏ cả hai phương án và mời thêm nhà cung cấp",
    ],
)
def test_options_that_only_sound_like_it_are_left_alone(text: str) -> None:
    assert not names_other_options(text)


@pytest.mark.parametrize(
    ("stem", "word"),
    [
        ("Việc nào không thuộc thẩm quyền của xã?", "không"),
        ("Việc nào **không** thuộc thẩm quyền của xã?", None),
        ("Vì sao không nên gửi mật khẩu qua thư?", None),
        ("Hồ sơ không đủ giấy. Cán bộ làm việc nào trước?", None),
        ("Hồ sơ này có hợp lệ không?", None),
    ],
)
def test_only_a_question_that_is_turned_round_needs_bold(stem: str, word: str | None) -> None:
    assert turned_round(stem) == word


def test_a_key_that_is_much_longer_or_mostly_the_longest_is_told(tmp_path: Path) -> None:
    def lengthen(items: Items) -> None:
        for item in items:
            for option in item["options"]:
                option["text"] += " và ghi vào sổ của phòng" if option["id"] in item["key"] else ""

    findings = found(rewritten(tmp_path, lengthen))
    assert has(findings, "Đáp án đúng dài nhất ở 100% số câu một lựa chọn, không nên quá 30%", error=ERROR)
    assert has(findings, "Câu TT1-1-001: đáp án đúng dài", error=NOTICE)


def test_keys_that_stand_mostly_at_one_place_are_told(tmp_path: Path) -> None:
    def at_b(items: Items) -> None:
        for item in items:
            item["key"] = ["b"]

    assert has(found(rewritten(tmp_path, at_b)), "Vị trí đáp án không đều: A 0, B 91, C 0, D 0", error=ERROR)


def test_levels_and_numbers_that_are_owed_are_told(tmp_path: Path) -> None:
    def all_easy(items: Items) -> None:
        for item in items:
            item["level"] = "NB"
        del items[10:]

    findings = found(rewritten(tmp_path, all_easy))
    assert has(findings, "Khóa học có 60 câu hỏi, cần ít nhất 90", error=ERROR)
    assert has(findings, "Mức NB chiếm 100,0%, cần 40% ± 3 điểm", error=ERROR)


def test_what_all_courses_owe_together_is_told_once_all_are_there(tmp_path: Path) -> None:
    course = read_written(written_course(tmp_path))
    standards = read_standards()
    alone, _counts = check_items([course], replace(standards, courses=frozenset({"TT1", "TT2"}), items_in_all=100), TODAY)
    assert list(alone) == []
    whole, _counts = check_items([course], replace(standards, courses=frozenset({"TT1"}), items_in_all=100), TODAY)
    assert [str(one) for one in whole] == ["curriculum.yaml:1: Cả chương trình có 91 câu hỏi, cần ít nhất 100."]


def test_items_that_read_alike_are_told_within_a_course_and_between_courses(tmp_path: Path) -> None:
    def repeat(items: Items) -> None:
        items[3] = {**items[2], "code": "TT1-1-004", "level": items[3]["level"], "key": items[3]["key"]}

    assert has(found(rewritten(tmp_path / "a", repeat, 1)), "Câu TT1-1-004 giống câu TT1-1-003 (100%)", error=ERROR)
    one, other = written_course(tmp_path / "b"), written_course(tmp_path / "c")
    copied = other.rename(tmp_path / "c" / "khac")
    findings = found(one, copied)
    assert sum("giống câu" in str(finding) for finding in findings) == 91
    assert {finding.course for finding in findings} == {"khac"}


def test_a_code_used_twice_in_a_course_and_a_topic_of_another_module_are_told(tmp_path: Path) -> None:
    course = rewritten(tmp_path, lambda items: items[0].update(code="TT1-1-001"), 2)
    (course / "03-phan-3/questions.yaml").write_text(
        (course / "03-phan-3/questions.yaml").read_text().replace("topic: TT1.3", "topic: TT1.4")
    )
    findings = found(course)
    assert has(findings, "Mã TT1-1-001 đã dùng ở mau/01-phan-1/questions.yaml", error=ERROR)
    assert has(findings, "“topic” là TT1.4, ở phần này phải là TT1.3", error=ERROR)


@pytest.mark.parametrize(
    ("change", "expected", "error"),
    [
        (("NB: 2", "NB: 5"), "Bài kiểm tra có 48% câu mức NB", ERROR),
        (("NB: 2", "NB: 7"), "Ngân hàng câu hỏi không đủ cho ma trận đề", ERROR),
        (("NB: 2", "NB: 3"), "có 6 câu cho 3 câu mỗi đề: nên có ít nhất 9", NOTICE),
        (("- topic: TT1.3\n  NB: 1\n  TH: 1\n  VD: 1\n", ""), "Bài kiểm tra có 17 câu, cần từ 20 đến 30", ERROR),
        (("- topic: TT1.3\n  NB: 1\n  TH: 1\n  VD: 1\n", ""), "không có câu nào của phần TT1.3", ERROR),
        (("topic: TT1.3", "topic: TT1.9"), "Không có phần TT1.9", ERROR),
        (("  bai-1-1:\n  - 'DigComp 2.2: 5.2'\n", ""), "Mục “frameworks” thiếu bài “bai-1-1”", ERROR),
        (("  - 'DigComp 2.2: 5.2'", "  - 'DigComp 5.2'"), "không phải năng lực có phiên bản", ERROR),
    ],
)
def test_a_test_that_cannot_be_what_it_should_is_told(tmp_path: Path, change: tuple[str, str], expected: str, error: bool) -> None:
    assert has(found(written_course(tmp_path, {"blueprint.yaml": change})), expected, error=error)


def test_a_bank_too_small_for_twenty_different_forms_is_told(tmp_path: Path) -> None:
    rules: dict[str, Change] = {
        "blueprint.yaml": blueprint()
        .replace("NB: 2", "NB: 6")
        .replace("NB: 1", "NB: 6")
        .replace("TH: 1", "TH: 5")
        .replace("VD: 1", "VD: 4")
    }
    assert has(found(written_course(tmp_path, rules)), "đề khác nhau trong 20 đề", error=ERROR)


@pytest.mark.parametrize(
    ("tag", "known"),
    [
        ("DigComp 2.2: 2.6", True),
        ("DigComp 3.0: 5.4", True),
        ("NICE v2.0.0: PD", True),
        ("UNESCO 2022: U3", True),
        ("QĐ 757/QĐ-BKHCN 1.0: sử dụng thiết bị số", True),
        ("TT 02/2025/TT-BGDĐT: miền 6", True),
        ("DigComp 2.2: 3.5", False),
        ("NICE: PD", False),
        ("UNESCO: U3", False),
        ("kỹ năng số", False),
    ],
)
def test_places_in_frameworks_have_a_version_and_exist(tag: str, known: bool) -> None:
    assert is_place(tag) == known
