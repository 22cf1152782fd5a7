"""Can a key be guessed without reading: by its length, by its place?"""

from __future__ import annotations

from collections import Counter
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse, WrittenItem
from quizzes.rules.assembly import key_class

MUCH_LONGER = 1.35
LONG_ENOUGH = 12  # characters; below, a ratio says nothing
OFTEN, TOO_OFTEN = 0.30, 0.38  # share of items whose key is the longest; by chance it is a quarter
ENOUGH = 24  # items from which shares are judged
# Chi-square with three degrees of freedom: passed by chance once in twenty, once in a hundred.
UNEVEN, VERY_UNEVEN = 7.81, 11.34
PLACES = "ABCD"


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    single = [item for item in bank.items if item.draft.kind == "single_choice"]
    for item in single:
        _much_longer(item, findings)
    if len(single) < ENOUGH:
        return
    share = sum(_is_longest(item) for item in single) / len(single)
    if share > OFTEN:
        tell = findings.error if share > TOO_OFTEN else findings.notice
        message = N_("Đáp án đúng dài nhất ở %(share)s%% số câu một lựa chọn, không nên quá %(most)s%%.")
        tell(bank.course.path("course.yaml"), 1, message, share=round(share * 100), most=round(OFTEN * 100))
    places = Counter(key_class("single_choice", item.draft.body, item.draft.key) for item in single)
    expected = len(single) / len(PLACES)
    uneven = sum((places[place] - expected) ** 2 for place in PLACES) / expected
    if uneven > UNEVEN:
        tell = findings.error if uneven > VERY_UNEVEN else findings.notice
        found = ", ".join(f"{place} {places[place]}" for place in PLACES)
        tell(bank.course.path("course.yaml"), 1, N_("Vị trí đáp án không đều: %(found)s."), found=found)


def lengths(item: WrittenItem) -> tuple[int, list[int]]:
    """Characters of the key and of the other options of a single choice."""
    options = {option["id"]: len(option["text"]) for option in item.draft.body["options"]}
    return options[item.draft.key[0]], [length for option, length in options.items() if option != item.draft.key[0]]


def _is_longest(item: WrittenItem) -> bool:
    key, others = lengths(item)
    return key > max(others)


def _much_longer(item: WrittenItem, findings: Findings) -> None:
    key, others = lengths(item)
    if key >= LONG_ENOUGH and key > MUCH_LONGER * max(others):
        message = N_("Câu %(code)s: đáp án đúng dài %(key)s ký tự, phương án khác nhiều nhất %(other)s.")
        findings.notice(item.file, item.line, message, code=item.draft.code, key=key, other=max(others))
