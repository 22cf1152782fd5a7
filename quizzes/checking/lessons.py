"""Does every item lead back to a lesson that exists, in its own module?"""

from __future__ import annotations

from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    module_of = {lesson.slug: lesson.module for lesson in bank.course.lessons}
    asked = {item.draft.lesson for item in bank.items}
    for item in bank.items:
        code, lesson = item.draft.code, item.draft.lesson
        if lesson is None:
            findings.error(item.file, item.line, N_("Câu %(code)s chưa có “lesson”."), code=code)
        elif lesson not in module_of:
            findings.error(item.file, item.line, N_("Câu %(code)s: không có bài “%(lesson)s”."), code=code, lesson=lesson)
        elif module_of[lesson] != item.module:
            message = N_("Câu %(code)s: bài “%(lesson)s” ở phần khác (%(module)s).")
            findings.error(item.file, item.line, message, code=code, lesson=lesson, module=module_of[lesson])
    if bank.whole:
        for written in bank.course.lessons:
            if written.slug not in asked:
                findings.notice(written.file, 1, N_("Không câu hỏi nào dẫn về bài này."))
