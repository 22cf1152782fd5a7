"""Laws past their validity (laws.yaml): named as a basis after their end, or without saying that they have ended."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from functools import cache

from courses.checking.findings import Findings
from courses.checking.references import references
from courses.checking.standards import Law, Standards
from courses.checking.written import Passage, WrittenCourse
from lms.kit.errors import N_

# Said of what no longer holds, or held when something was done.
PAST = re.compile(
    r"hết hiệu lực|thay thế|(?:được|bị|đã) thay|không còn (?:hiệu lực|áp dụng|viện dẫn|dùng|là căn cứ)|bãi bỏ|đã hết|trước đây|trước ngày|"
    r"khi ấy|lúc ấy|đến hết|(?:quy định|luật|văn bản|căn cứ|nghị định|số hiệu|chuẩn) cũ|cũ và mới|chuyển tiếp|còn hiệu lực|giai đoạn trước|"
    r"nào đã hết|luật nào còn|\bthay (?:luật|nghị định|quyết định|thông tư|NĐ|QĐ)",
    re.IGNORECASE,
)
AS_BASIS = frozenset(("legal",))


def named_in(text: str, laws: tuple[Law, ...]) -> Iterator[Law]:
    """The laws a text names, by number or by a name nothing else has."""
    if "/" not in text and "Luật" not in text:  # most texts name none
        return
    found = list(references(text))
    for law in laws:
        if any(law_number.is_same(one) for law_number in _numbers(law) for one in found) or _names(law).search(text):
            yield law


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    """Items' `legal_basis` is checked with the items; a source says itself what it is."""
    ended = tuple(law for law in standards.laws if law.ended(on))
    around: dict[tuple[str, str, int], list[str]] = defaultdict(list)
    for passage in course.passages:
        around[_surroundings(passage)].append(passage.text)
    for passage in course.passages:
        if passage.region in ("legal_basis", "sources"):
            continue
        for law in named_in(passage.text, ended):
            if not PAST.search(" ".join(around[_surroundings(passage)])):
                _tell(passage, law, findings)


def _surroundings(passage: Passage) -> tuple[str, str, int]:
    """Where it must be said that a law has ended: a list of bases says it itself, a text in its section."""
    if passage.region in AS_BASIS:
        return passage.file, passage.region, passage.block
    return passage.file, "", passage.section


def _tell(passage: Passage, law: Law, findings: Findings) -> None:
    assert law.valid_to is not None
    values = {"law": f"{law.title} ({law.number})", "ended": f"{law.valid_to:%d/%m/%Y}", "other": law.replaced_by or "…"}
    if passage.region in AS_BASIS:
        message = N_("%(law)s hết hiệu lực từ %(ended)s: không còn là căn cứ; xem %(other)s.")
        findings.error(passage.file, passage.line, message, **values)
    else:
        message = N_("%(law)s hết hiệu lực từ %(ended)s: nói rõ điều ấy ở đây, hoặc dẫn %(other)s.")
        findings.notice(passage.file, passage.line, message, **values)


@cache
def _numbers(law: Law) -> tuple:  # type: ignore[type-arg]
    return tuple(references(f"Luật {law.number}"))


@cache
def _names(law: Law) -> re.Pattern[str]:
    names = "|".join(map(re.escape, law.aliases))
    return re.compile(rf"(?<!\w)(?:{names})(?!\w)" if names else r"(?!)")
