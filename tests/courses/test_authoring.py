"""What an author may write, what it becomes, and what is said when it cannot be read."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from courses.authoring.markdown import TAGS, Surroundings, read_body
from courses.authoring.package_files import course_folders, parse_course, read_files
from courses.authoring.problems import Problems
from courses.cli import BUNDLED
from courses.rules import Callout, Check, Checklist, Figure, Prose
from tests.courses.making import EXAMPLES, VALID, changed, content

BROKEN = sorted((EXAMPLES / "broken").glob("*.yaml"))
NOTICES = {"html-shown-as-text", "figure-with-small-text"}


@pytest.mark.parametrize("example", BROKEN, ids=lambda path: path.stem)
def test_a_broken_example_is_told_with_file_line_and_how_to_mend_it(example: Path, tmp_path: Path) -> None:
    case = yaml.safe_load(example.read_text())
    course, problems = parse_course(read_files(changed(tmp_path, {case["file"]: (case["replace"], case["with"])})))
    told = [str(problem) for problem in problems]
    assert [line for line in told if line.startswith(f"mau/{case['expect']}")], told
    assert (course is not None) == (example.stem in NOTICES)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"01-mo-dau/module.yaml": None}, "mau/01-mo-dau/module.yaml:1: Thiếu tệp module.yaml"),
        ({"02-thuc-hanh/01-bai-ba.md": None}, "mau/02-thuc-hanh:1: Phần này chưa có bài nào"),
        ({"01-mo-dau/Bài ba.md": b"x"}, "mau/01-mo-dau/Bài ba.md:1: Tên “Bài ba” phải là hai chữ số"),
        ({"01-mo-dau/04-bai.md": b"x"}, "mau/01-mo-dau/04-bai.md:1: Số thứ tự 04 bị trùng hoặc nhảy cóc: ở đây cần 03."),
        ({"01-mo-dau/03-bai-ba.md": b"x"}, "mau/02-thuc-hanh/01-bai-ba.md:1: Tên “bai-ba” đã dùng cho 01-mo-dau/03-bai-ba.md"),
        ({"01-mo-dau/03-x.md": b"---\n\xff"}, "mau/01-mo-dau/03-x.md:2: Tệp không phải UTF-8"),
        ({"01-mo-dau/03-x.md": b"a" * 300_000}, "mau/01-mo-dau/03-x.md:1: Tệp dài hơn 256 KB"),
        ({"media/anh.png": b"x"}, "mau/media/anh.png:1: Hình phải là tệp .svg"),
        ({"media/to.svg": b"<svg viewBox='0 0 1 1'>" + b" " * 13_000 + b"</svg>"}, "mau/media/to.svg:1: Hình nặng"),
    ],
)
def test_files_that_do_not_belong_are_told(changes: dict[str, bytes | None], expected: str, tmp_path: Path) -> None:
    course, problems = parse_course(read_files(changed(tmp_path, changes)))
    told = [str(problem) for problem in problems]
    assert [line for line in told if line.startswith(expected)], told
    assert course is None


def test_all_problems_of_a_course_are_told_at_once(tmp_path: Path) -> None:
    folder = changed(tmp_path, {"course.yaml": ("periods: 2\n", ""), "01-mo-dau/01-bai-mot.md": ("::: legal", "::: luat")})
    _course, problems = parse_course(read_files(folder))
    assert [(problem.file, problem.line) for problem in problems] == [("mau/01-mo-dau/01-bai-mot.md", 16), ("mau/course.yaml", 1)]


def test_a_lesson_becomes_blocks_in_the_order_written() -> None:
    first = content().lessons[0]
    assert [type(block) for block in first.blocks] == [Prose, Callout, Figure, Check]
    prose, callout, figure, check = first.blocks
    assert "<strong>chữ đậm</strong>" in asdict(prose)["html"]
    assert asdict(callout) | {"html": ""} == {"callout": "legal", "title": "Căn cứ", "html": "", "kind": "callout"}
    assert isinstance(figure, Figure)
    assert (figure.caption, figure.alternative_html) == ("Một hình", "<p>Một đường thẳng.</p>")
    assert figure.sha256 == content().media[0].sha256
    assert isinstance(check, Check)
    assert [(option.text_html, option.correct) for option in check.options] == [("Đúng", True), ("Sai", False)]


def test_sources_are_numbered_by_first_mention() -> None:
    first = content().lessons[0]
    assert first.cites == ("luat2", "luat1")
    assert '<a href="#source-luat2">[1]</a>' in asdict(first.blocks[0])["html"]
    assert '<a href="#source-luat1">[2]</a>' in asdict(first.blocks[1])["html"]


def test_a_table_knows_its_headings_so_that_a_phone_can_show_its_rows_as_cards() -> None:
    html = asdict(content().lessons[0].blocks[0])["html"]
    cell = re.search(r"<td[^>]*>", html)
    assert cell is not None
    assert 'data-label="Số lượng"' in cell[0]
    assert 'class="numeric"' in cell[0]
    assert "style" not in html


def test_a_task_keeps_its_id_when_its_line_moves_and_not_when_its_words_change(tmp_path: Path) -> None:
    lines = "- [ ] Việc thứ nhất.\n- [ ] Việc thứ hai."
    other = "- [ ] Việc thứ hai.\n- [ ] Việc đã đổi."
    before = _tasks(VALID)
    after = _tasks(changed(tmp_path, {"01-mo-dau/02-bai-hai.md": (lines, other)}))
    assert before[1] == after[0]
    assert before[0] not in after


def _tasks(folder: Path) -> list[str]:
    return [task.id for block in content(folder).lessons[1].blocks if isinstance(block, Checklist) for task in block.tasks]


def test_order_is_the_order_of_the_digits() -> None:
    course = content()
    assert [module.slug for module in course.modules] == ["mo-dau", "thuc-hanh"]
    assert [lesson.slug for lesson in course.lessons] == ["bai-mot", "bai-hai", "bai-ba"]
    assert course == content()


def test_html_in_a_lesson_is_shown_as_text(tmp_path: Path) -> None:
    folder = changed(tmp_path, {"01-mo-dau/01-bai-mot.md": ("Đoạn mở đầu", "<script>alert(1)</script> <b onclick=x>Đoạn</b>")})
    html = asdict(content(folder).lessons[0].blocks[0])["html"]
    assert "&lt;script&gt;" in html
    assert "<script" not in html
    assert "<b" not in html


def test_the_hash_follows_the_course_and_not_its_questions(tmp_path: Path) -> None:
    first = read_files(VALID).content_hash
    questions = {"01-mo-dau/questions.yaml": b"topic: TT1.1", "CHANGES.md": b"x"}
    assert read_files(changed(tmp_path / "a", questions)).content_hash == first
    assert read_files(changed(tmp_path / "b", {"course.yaml": ("periods: 2", "periods: 3")})).content_hash != first
    assert read_files(changed(tmp_path / "c", {"media/hinh.svg": ("360 40", "360 50")})).content_hash != first


WORDS = [
    "<",
    ">",
    "&",
    "script",
    "<b>",
    "</p>",
    "[^luat1]",
    "[^x]",
    "[",
    "](",
    "javascript:alert(1)",
    ")",
    "![",
    "**",
    "`",
    "#",
    "stem:",
    "options:",
    "onclick=",
    "<svg/onload=x>",
    "<!--",
    "chữ",
]
BLOCKS = ["::: legal\n", "::: checklist a\n", '::: figure media/hinh.svg "x"\n', "\n:::\n", "```check\n", "\n```\n"]
LINES = ["\n", "\n\n", "  - text: a", "| a | b |\n|---|---|\n| c | d |", "- [ ] x", "# ", " ", '"']
markdown_pieces = st.sampled_from([*WORDS, *BLOCKS, *LINES])


@given(st.lists(st.one_of(markdown_pieces, st.text(max_size=8)), max_size=25).map("".join))
def test_whatever_is_written_only_harmless_html_comes_out(text: str) -> None:
    around = Surroundings(frozenset({"luat1"}), {"media/hinh.svg": "0" * 64})
    body = read_body("bai.md", text, 1, around, Problems())
    for block in body.blocks:
        for value in _html_of(asdict(block)):
            opened = re.findall(r"<([a-zA-Z0-9]+)([^>]*)>", value)
            assert {tag for tag, _ in opened} <= TAGS
            assert not [rest for _, rest in opened if re.search(r"\son\w+=|javascript:|style=", rest)]


def _html_of(values: object) -> list[str]:
    if isinstance(values, dict):
        return [text for key, value in values.items() for text in ([value] if key.endswith("html") else _html_of(value))]
    if isinstance(values, (list, tuple)):
        return [text for value in values for text in _html_of(value)]
    return []


@pytest.mark.parametrize("folder", course_folders(BUNDLED), ids=lambda path: path.name)
def test_every_bundled_course_reads_without_a_problem(folder: Path) -> None:
    course, problems = parse_course(read_files(folder))
    assert [str(problem) for problem in problems] == []
    assert course is not None
