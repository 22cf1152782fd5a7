"""Is what could not be confirmed said to be so, where it is cited?"""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

UNCERTAIN = re.compile(
    r"nguồn thứ cấp|cần đối chiếu|phải đối chiếu|chưa đối chiếu|đối chiếu (?:lại|bản gốc|với bản gốc)|cần kiểm tra|chưa kiểm chứng|"
    r"chưa xác nhận|báo chí (?:nêu|đưa|viết)|theo báo chí|đã đăng báo|theo các hướng dẫn|hướng dẫn mới nhất|theo bản tóm tắt|"
    r"được nêu|nguồn nêu|tra (?:lại|bản gốc|tình trạng)|bản tóm lược|bản chính thức|"
    r"chưa (?:tìm )?thấy|không nêu rõ|chưa rõ|chưa chắc",
    re.IGNORECASE,
)


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    if course.content is None:
        return
    doubtful = {source.id for source in course.content.sources if source.verify}
    for lesson in course.lessons:
        for line in lesson.lines:
            cited = [source for source in doubtful if f"[^{source}]" in line.text]
            said = " ".join(other.text for other in lesson.lines if other.block == line.block)
            if cited and not UNCERTAIN.search(said):
                message = N_("Nguồn [^%(id)s] chưa xác nhận: đoạn này phải nói rõ (“theo nguồn thứ cấp”, “cần đối chiếu”).")
                findings.notice(lesson.file, line.number, message, id=sorted(cited)[0])


def unconfirmed(course: WrittenCourse) -> list[tuple[str, str]]:
    """Sources marked `verify`, id and text."""
    return [] if course.content is None else [(source.id, source.text) for source in course.content.sources if source.verify]
