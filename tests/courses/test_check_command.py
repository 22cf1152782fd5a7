"""`lms courses check`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask

from courses.check_command import table, told
from courses.checking.findings import Finding
from courses.cli import courses_group
from tests.courses.written_courses import written_course


def check(app: Flask, *folders: Path) -> Result:
    with app.app_context():
        return CliRunner().invoke(courses_group, ["check", *map(str, folders)])


def test_a_sound_course_ends_well_with_a_table_of_what_there_is(app: Flask, tmp_path: Path) -> None:
    result = check(app, written_course(tmp_path))
    assert result.exit_code == 0, result.output
    rows = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in result.output.splitlines() if line.strip()}
    assert rows.items() >= {"Khóa học": "mau", "Phần": "6", "Câu hỏi": "91", "NB": "36", "Một lựa chọn": "91", "Lỗi": "0"}.items()


def test_errors_are_told_with_file_and_line_and_end_with_exit_1(app: Flask, tmp_path: Path) -> None:
    result = check(app, written_course(tmp_path, {"01-phan-1/01-bai-1-1.md": ("::: example", "::: case"), "blueprint.yaml": None}))
    assert result.exit_code == 1
    assert "mau/01-phan-1/01-bai-1-1.md:1: lỗi: Bài chưa có ví dụ" in result.output
    assert "mau/blueprint.yaml:1: lỗi: " in result.output


def test_notices_alone_end_well(app: Flask, tmp_path: Path) -> None:
    result = check(app, written_course(tmp_path, {"01-phan-1/01-bai-1-1.md": ("Một tổ có", "Thôi nào! Một tổ có")}))
    assert result.exit_code == 0
    assert ": lưu ý: Dấu chấm than" in result.output


def test_sources_that_are_not_confirmed_are_listed(app: Flask, tmp_path: Path) -> None:
    result = check(app, written_course(tmp_path, {"course.yaml": ("ngày 30/11/2024", "ngày 30/11/2024\n    verify: true")}))
    assert "mau: chưa xác nhận [^luat] Luật Dữ liệu số 60/2024/QH15 ngày 30/11/2024" in result.output


def test_several_folders_are_compared_with_one_another(app: Flask, tmp_path: Path) -> None:
    other = written_course(tmp_path / "b").rename(tmp_path / "b" / "khac")
    result = check(app, written_course(tmp_path / "a"), other)
    assert result.exit_code == 1
    assert "khac/01-phan-1/questions.yaml:3: lỗi: Câu TT1-1-001 giống câu TT1-1-001 (100%)." in result.output


def test_a_folder_without_courses_is_told(app: Flask, tmp_path: Path) -> None:
    result = check(app, tmp_path)
    assert result.exit_code == 1
    assert "không có khóa học nào" in result.output


def test_every_column_is_as_wide_as_what_stands_in_it(app: Flask) -> None:
    with app.app_context():
        lines = table(["mot", "rat-dai-ten"], {"mot": {"Bài": 7}, "rat-dai-ten": {"Bài": 12}})
        assert lines == ["", "Khóa học    mot  rat-dai-ten  Cộng", "Bài           7           12    19"]


def test_a_finding_without_values_keeps_its_signs(app: Flask) -> None:
    with app.app_context():
        assert told(Finding("mau/x.md", 3, "Thiếu hình.", {}, error=False)) == "mau/x.md:3: lưu ý: Thiếu hình."
