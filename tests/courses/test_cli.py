"""`lms courses load`."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from courses.authoring import package_files
from courses.cli import courses_group
from courses.models import Course, CourseVersion
from lms.kit.db import Database
from tests.courses.making import VALID, changed


def load(app: Flask, *arguments: str) -> Result:
    with app.app_context():
        return CliRunner().invoke(courses_group, ["load", *arguments])


def test_a_folder_of_courses_is_loaded_and_counted(app: Flask, database: Database, tmp_path: Path) -> None:
    shutil.copytree(VALID, tmp_path / "mot")
    result = load(app, str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "TT1: đã nạp phiên bản 1, 3 bài, 1 hình.\n")


def test_one_course_can_be_loaded_by_its_own_folder(app: Flask, database: Database) -> None:
    assert load(app, str(VALID)).exit_code == 0


def test_what_has_not_changed_is_not_even_parsed(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    load(app, str(VALID))
    monkeypatch.setattr(package_files, "read_yaml", None)
    result = load(app, str(VALID))
    assert (result.exit_code, result.stdout) == (0, "1 khóa học không thay đổi.\n")


def test_a_refused_course_is_told_with_file_and_line_and_the_others_are_loaded(app: Flask, database: Database, tmp_path: Path) -> None:
    shutil.copytree(VALID, tmp_path / "dung")
    broken = changed(tmp_path / "x", {"course.yaml": ("code: TT1\nslug: khoa-thu", "code: TT2\nslug: khoa-hai\nperiod: 1")})
    shutil.move(broken, tmp_path / "sai")
    result = load(app, str(tmp_path))
    assert result.exit_code == 1
    assert result.stderr.startswith("sai/course.yaml:3: Không có mục “period” ở đây.")
    assert result.stderr.endswith("1 khóa học chưa nạp được.\n")
    with database.reading() as session:
        assert session.scalars(select(Course.code)).all() == ["TT1"]


def test_two_courses_at_one_address_are_told_apart_by_name(app: Flask, database: Database, tmp_path: Path) -> None:
    shutil.copytree(VALID, tmp_path / "mot")
    shutil.move(changed(tmp_path / "x", {"course.yaml": ("code: TT1", "code: TT2")}), tmp_path / "nam")
    result = load(app, str(tmp_path))
    assert result.exit_code == 1
    assert "nam/course.yaml:1: Địa chỉ “khoa-thu” đang thuộc khóa học TT1." in result.stderr


def test_one_code_in_two_folders_is_refused(app: Flask, database: Database, tmp_path: Path) -> None:
    shutil.copytree(VALID, tmp_path / "mot")
    shutil.move(changed(tmp_path / "x", {"course.yaml": ("periods: 2", "periods: 3")}), tmp_path / "nam")
    result = load(app, str(tmp_path))
    assert result.exit_code == 1
    assert "nam/course.yaml:1: Mã TT1 đã dùng cho thư mục mot" in result.stderr
    with database.reading() as session:
        assert session.scalars(select(CourseVersion.periods)).all() == [2]


def test_a_notice_does_not_keep_a_course_out(app: Flask, database: Database, tmp_path: Path) -> None:
    folder = changed(tmp_path, {"01-mo-dau/01-bai-mot.md": ("Đoạn mở đầu", "<b>Đoạn</b> mở đầu")})
    result = load(app, str(folder))
    assert result.exit_code == 0
    assert "mau/01-mo-dau/01-bai-mot.md:8: (lưu ý) HTML không được nhận" in result.stderr


def test_a_folder_without_courses_is_told(app: Flask, database: Database, tmp_path: Path) -> None:
    result = load(app, str(tmp_path))
    assert result.exit_code == 1
    assert "không có khóa học nào" in result.stderr
