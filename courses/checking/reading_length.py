"""Is a lesson as long as a tired reader finishes gladly, and does it say how long it takes?"""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse, WrittenLesson
from lms.kit.errors import N_

WORDS = (700, 1200)
MOST_AT_ALL = 1500  # technical lessons run over; beyond this a lesson is two
MINUTES = (8, 12)
WORDS_A_MINUTE = (50, 150)  # with figures, sums and checks; nobody reads a lesson faster, nobody is to be rushed
# What is read through; a check is answered and code is tried.
READ = frozenset(("prose", "legal", "case", "action", "warning", "example", "checklist", "figure"))
_MARKS = re.compile(r"\[\^[^\]]*\]|\]\([^)]*\)|^\s*(?:- \[ \]|[-*#>]+|\d+\.)\s|[|*_`]|:?-{3,}:?")
_WORD = re.compile(r"\w[\w.,/:%–-]*|[=+×−]")


def words(lesson: WrittenLesson) -> int:
    """Words of a lesson's body: its text and blocks, figures' descriptions with it, without checks and code."""
    return sum(len(_WORD.findall(_MARKS.sub(" ", line.text))) for line in lesson.lines if line.region in READ)


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for lesson in course.lessons:
        count = words(lesson)
        if count < WORDS[0]:
            findings.error(lesson.file, 1, N_("Bài có %(count)s từ, cần ít nhất %(least)s."), count=count, least=WORDS[0])
        elif count > MOST_AT_ALL:
            findings.error(
                lesson.file, 1, N_("Bài có %(count)s từ, nhiều nhất %(most)s: tách thành hai bài."), count=count, most=MOST_AT_ALL
            )
        elif count > WORDS[1]:
            findings.notice(lesson.file, 1, N_("Bài có %(count)s từ, nên dưới %(most)s."), count=count, most=WORDS[1])
        if lesson.minutes is None:
            continue
        if not MINUTES[0] <= lesson.minutes <= MINUTES[1]:
            message = N_("Thời lượng %(minutes)s phút, nên từ %(least)s đến %(most)s.")
            findings.notice(lesson.file, 1, message, minutes=lesson.minutes, least=MINUTES[0], most=MINUTES[1])
        if not WORDS_A_MINUTE[0] <= count / lesson.minutes <= WORDS_A_MINUTE[1]:
            message = N_("%(count)s từ không hợp với %(minutes)s phút: mỗi phút đọc từ %(least)s đến %(most)s từ.")
            least, most = WORDS_A_MINUTE
            findings.error(lesson.file, 1, message, count=count, minutes=lesson.minutes, least=least, most=most)
