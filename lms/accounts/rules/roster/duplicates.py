"""Rows of one file that clash with each other. Of each row only a few numbers are kept, so that files may be long: 32 bytes a row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from lms.accounts.rules.roster.person import RosterLine
from lms.kit.errors import N_
from lms.kit.vietnamese import same_name_key

_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Clash:
    """Why a row is refused: a template and its values."""

    message: str
    values: Mapping[str, str | int] = field(default_factory=dict)


class SeenRows:
    """Remembers by what each row may be confused with another, as numbers that differ where the texts do. Nought: nothing given."""

    def __init__(self) -> None:
        self._sheets: dict[str, int] = {}
        self._sheet, self._row = array("H"), array("I")
        self._code, self._number, self._alike = array("Q"), array("Q"), array("Q")

    def add(self, line: RosterLine) -> None:
        self._sheet.append(self._sheets.setdefault(line.sheet, len(self._sheets)))
        self._row.append(line.row)
        self._code.append(hash(line.staff_code) & _MASK if line.staff_code else 0)
        self._number.append(hash(line.identity_number) & _MASK if line.identity_number else 0)
        alike = (same_name_key(line.full_name), line.birth_date or line.birth_year, line.agency_id)
        self._alike.append(hash(alike) & _MASK)

    def __len__(self) -> int:
        return len(self._row)

    def place_of(self, index: int) -> tuple[str, int]:
        """Sheet and row of a line."""
        return list(self._sheets)[self._sheet[index]], self._row[index]

    def clashes(self) -> dict[int, Clash]:
        """Index of a refused row → why. A staff code belongs to the first row that gives it; of one CCCD number given twice neither row
        can be believed; people alike whom no identifier tells apart are refused together."""
        refused: dict[int, Clash] = {}
        for first, *others in _groups(self._code):
            for index in others:
                refused[index] = self._clash(N_("mã cán bộ %(code)s trùng với dòng %(row)s: mỗi mã chỉ của một người"), index, first)
        for group in _groups(self._number):
            rows = [index for index in group if index not in refused]
            for index, other in zip(rows[1:], rows, strict=False):
                refused.setdefault(index, self._clash(N_("số CCCD trùng với dòng %(row)s: mỗi số chỉ của một người"), index, other))
            if len(rows) > 1:
                refused.setdefault(rows[0], self._clash(N_("số CCCD trùng với dòng %(row)s: mỗi số chỉ của một người"), rows[0], rows[1]))
        for rows in _groups(self._alike):
            for index in rows:
                alike = next((other for other in rows if other != index and not self._are_two(index, other)), None)
                if alike is not None and index not in refused:
                    refused[index] = self._clash(
                        N_("cùng họ tên, ngày sinh, đơn vị với dòng %(row)s; thêm mã cán bộ hoặc số CCCD cho cả hai dòng để phân biệt"),
                        index,
                        alike,
                    )
        return refused

    def _are_two(self, index: int, other: int) -> bool:
        """Do identifiers prove that two rows mean two people?"""
        codes = self._code[index], self._code[other]
        numbers = self._number[index], self._number[other]
        return (all(codes) and codes[0] != codes[1]) or (all(numbers) and numbers[0] != numbers[1])

    def _clash(self, message: str, index: int, other: int) -> Clash:
        where: str | int = self._row[other]
        if self._sheet[index] != self._sheet[other]:
            where = f"{self._row[other]} ({list(self._sheets)[self._sheet[other]]})"
        return Clash(message, {"row": where})


def _groups(keys: array[int]) -> Iterable[list[int]]:
    """Indices with the same key, two or more together, in order."""
    ordered = sorted(keys)
    twice = {key for key, following in pairwise(ordered) if key == following and key}
    if not twice:
        return []
    groups: dict[int, list[int]] = {}
    for index, key in enumerate(keys):
        if key in twice:
            groups.setdefault(key, []).append(index)
    return list(groups.values())
