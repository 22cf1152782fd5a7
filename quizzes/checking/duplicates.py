"""Items that read alike, within a course and between courses, found as the bank finds them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from courses.checking.findings import Findings
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse, WrittenItem
from quizzes.rules.duplicates import ALIKE, likeness, reading, sketch

NEARLY_THE_SAME = 0.75


def check(banks: Sequence[BankOfCourse], findings: Findings) -> None:
    items = [item for bank in banks for item in bank.items]
    readings = [reading(item.draft.stem, item.draft.body) for item in items]
    by_band: dict[int, list[int]] = defaultdict(list)
    for place, text in enumerate(readings):
        for band in sketch(text).bands:
            by_band[band].append(place)
    pairs = {pair for places in by_band.values() for pair in combinations(places, 2)}
    for one, other in sorted(pairs):
        alike = likeness(readings[one], readings[other])
        if alike >= ALIKE:
            _tell(items[one], items[other], alike, findings)


def _tell(one: WrittenItem, other: WrittenItem, alike: float, findings: Findings) -> None:
    tell = findings.error if alike >= NEARLY_THE_SAME else findings.notice
    message = N_("Câu %(code)s giống câu %(other)s (%(share)s%%).")
    tell(other.file, other.line, message, code=other.draft.code, other=one.draft.code, share=round(alike * 100))
