"""Does the course have all its parts: modules, lessons, and in each lesson what helps to learn?"""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse, WrittenLesson
from lms.kit.errors import N_

LESSONS = (3, 5)
CHECKS = (2, 3)
CARD = "Thẻ ghi nhớ"
# Blocks every lesson has at least once.
NEEDED = {
    "figure": N_("Bài chưa có hình (::: figure)."),
    "example": N_("Bài chưa có ví dụ làm đến cùng (::: example)."),
    "action": N_("Bài chưa có thông điệp hành động (::: action)."),
}
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯạ-ỹẠ-Ỹ]")


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    least, most = standards.modules
    if not least <= len(course.modules) <= most:
        message = N_("Khóa học có %(count)s phần, cần từ %(least)s đến %(most)s.")
        findings.error(course.path("course.yaml"), 1, message, count=len(course.modules), least=least, most=most)
    for module in course.modules:
        lessons = [lesson for lesson in course.lessons if lesson.module == module]
        if not LESSONS[0] <= len(lessons) <= LESSONS[1]:
            message = N_("Phần có %(count)s bài, cần từ %(least)s đến %(most)s.")
            findings.error(course.path(f"{module}/module.yaml"), 1, message, count=len(lessons), least=LESSONS[0], most=LESSONS[1])
        if f"{module}/questions.yaml" not in course.files:
            findings.error(course.path(f"{module}/questions.yaml"), 1, N_("Phần chưa có tệp câu hỏi questions.yaml."))
        for lesson in lessons:
            _lesson(lesson, findings)
        if lessons:
            _last_lesson(lessons[-1], findings)
    if "blueprint.yaml" not in course.files:
        findings.error(course.path("blueprint.yaml"), 1, N_("Khóa học chưa có ma trận bài kiểm tra cuối khóa (blueprint.yaml)."))
    _english(course, findings)


def blocks_named(lesson: WrittenLesson, region: str) -> int:
    """How many blocks of a kind a lesson has."""
    return len({line.block for line in lesson.lines if line.region == region})


def _lesson(lesson: WrittenLesson, findings: Findings) -> None:
    for region, message in NEEDED.items():
        if not blocks_named(lesson, region):
            findings.error(lesson.file, 1, message)
    if not blocks_named(lesson, "warning"):
        findings.notice(lesson.file, 1, N_("Bài chưa có lỗi thường gặp (::: warning)."))
    checks = blocks_named(lesson, "check")
    if checks < CHECKS[0]:
        findings.error(lesson.file, 1, N_("Bài có %(count)s câu tự kiểm tra, cần ít nhất %(least)s."), count=checks, least=CHECKS[0])
    elif checks > CHECKS[1]:
        findings.notice(
            lesson.file, 1, N_("Bài có %(count)s câu tự kiểm tra; nhiều hơn %(most)s dễ làm nản."), count=checks, most=CHECKS[1]
        )


def _last_lesson(lesson: WrittenLesson, findings: Findings) -> None:
    if not blocks_named(lesson, "checklist"):
        findings.error(lesson.file, 1, N_("Bài cuối của phần chưa có danh sách việc (::: checklist)."))
    heading = next((line for line in lesson.lines if re.fullmatch(rf"#+ {CARD}\s*", line.text)), None)
    if heading is None:
        findings.error(lesson.file, 1, N_("Bài cuối của phần chưa có mục “## Thẻ ghi nhớ”."))
    elif sum(line.section == heading.section and line.text.lstrip().startswith("|") for line in lesson.lines) < 3:
        findings.error(lesson.file, heading.number, N_("“Thẻ ghi nhớ” cần một bảng (Khi … | Thì …)."))


def _english(course: WrittenCourse, findings: Findings) -> None:
    """The loader asks for English; here it must not be Vietnamese once more."""
    content = course.content
    if content is None:
        return
    texts = [("course.yaml", text) for text in (content.title, content.summary, *content.outcomes)]
    folders = dict(zip((module.slug for module in content.modules), course.modules, strict=False))
    texts += [(f"{folders[module.slug]}/module.yaml", text) for module in content.modules for text in (module.title, *module.outcomes)]
    for name, text in texts:
        if text["en"] == text["vi"] or _VIETNAMESE.search(text["en"]):
            line = course.line_of(name, text["en"][:40])
            findings.error(course.path(name), line, N_("Bản tiếng Anh còn là tiếng Việt: “%(text)s”."), text=text["en"][:60])
