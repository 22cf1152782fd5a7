"""The bundled courses are held to account like any other: a complete one has no error."""

from __future__ import annotations

from datetime import date

import pytest

from courses.authoring.package_files import course_folders
from courses.check_command import BUNDLED, findings_of
from courses.checking.written import WrittenCourse, read_written
from quizzes.checking import check_items

# The day as of which they were last compared with the law; a day that goes on would let old content fail by itself.
COMPARED_ON = date(2026, 11, 22)
COURSES = [course for course in map(read_written, course_folders(BUNDLED)) if course.complete]


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """All of them at once: items are compared between courses."""
    found, _counts = findings_of(COURSES, [check_items], COMPARED_ON)
    return [str(one) for one in found if one.error]


@pytest.mark.parametrize("course", COURSES, ids=lambda course: course.label)
def test_a_complete_course_has_no_errors(course: WrittenCourse, errors: list[str]) -> None:
    assert [error for error in errors if error.startswith(f"{course.label}/")] == []


def test_the_courses_together_owe_nothing(errors: list[str]) -> None:
    assert [error for error in errors if error.startswith("curriculum.yaml")] == []
