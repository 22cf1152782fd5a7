"""Letters that only look right: leftovers of VNI and TCVN3, UTF-8 read as something else, letters of other scripts."""

from __future__ import annotations

import re
from datetime import date

from courses.authoring.problems import odd_characters
from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

# UTF-8 bytes shown as Latin letters (Ã¡, áº¡, Ä‘), and what could not be read at all.
_GARBLED = re.compile("[ÃÂÄÆ][\u0080-\u00bf\u2018\u201c\u2021]|á[º»][\u0080-\u00bf\u2018-\u2026\u0160-\u0178]|\ufffd")
# VNI writes đ as ñ and marks as ø ù û õ ï â after the vowel (“ñöôïc”); TCVN3 puts signs inside words (“NguyÔn V¨n”, “®­îc”).
_VNI = re.compile(r"[A-Za-z]*(?:ñ[öôaeoiuyïâêà]|[aeouyôöâê][øûïëÿ])\w*")
_TCVN3 = re.compile(r"(?:[A-Za-z][®¨©ª«¬¯µ¸¹¶·¾»¼½¿][a-zA-Z]*|[®¨©ª«][a-zÀ-ÿ]+)")
_OTHER_SCRIPT = re.compile("[\u0400-\u04ff\u0500-\u052f\uff21-\uff5a\u0131\u00f0\u00d0\u0251\u0261]")
_GREEK_IN_WORD = re.compile("[A-Za-zÀ-ỹ][\u0370-\u03ff]|[\u0370-\u03ff][A-Za-zÀ-ỹ]")
ODD = {
    "nfc": N_("Chữ có dấu viết rời (Unicode tổ hợp): đổi sang Unicode dựng sẵn (NFC)."),
    "hidden": N_("Dòng này có ký tự ẩn: xoá và gõ lại."),
}
FAULTS = (
    (_GARBLED, N_("Chữ hỏng vì đọc sai bảng mã: “%(text)s”. Gõ lại.")),
    (_VNI, N_("Chữ còn ở bảng mã VNI: “%(text)s”. Đổi sang Unicode.")),
    (_TCVN3, N_("Chữ còn ở bảng mã TCVN3 (ABC): “%(text)s”. Đổi sang Unicode.")),
    (_OTHER_SCRIPT, N_("Có chữ của bảng chữ khác trông giống chữ Việt: “%(text)s”. Gõ lại.")),
    (_GREEK_IN_WORD, N_("Có chữ Hy Lạp lẫn trong từ: “%(text)s”. Gõ lại.")),
)


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for name, text in course.files.items():
        if name.endswith("/questions.yaml"):  # the loader looks after the others
            for line, kind in odd_characters(text):
                findings.error(course.path(name), line, ODD[kind])
    for passage in course.passages:
        for pattern, message in FAULTS:
            if match := pattern.search(passage.text):
                around = passage.text[max(0, match.start() - 8) : match.end() + 8].strip()
                findings.error(passage.file, passage.line, message, text=around)
