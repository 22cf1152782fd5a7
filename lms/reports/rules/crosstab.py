"""Cross-tabs of the staff: rows × columns of people, each cell the size of one list; margins are sums. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from lms.kit.errors import N_

ALL = None  # stands for a margin: every row, or every column
Key = str | None
Place = tuple[Key, Key]
UNKNOWN = "-"  # no information on record


class Dimension(StrEnum):
    AGENCY = "agency"
    LEVEL = "level"
    BLOCK = "block"
    GROUP = "group"
    QUALIFICATION = "qualification"
    IT_DUTY = "it_duty"
    IT_MAJOR = "it_major"
    IT_QUALIFIED = "it_qualified"
    RESULT = "result"


DIMENSION_NAMES: Mapping[str, str] = {
    Dimension.AGENCY: N_("Cơ quan"),
    Dimension.LEVEL: N_("Cấp"),
    Dimension.BLOCK: N_("Khối"),
    Dimension.GROUP: N_("Nhóm đối tượng"),
    Dimension.QUALIFICATION: N_("Trình độ chuyên môn"),
    Dimension.IT_DUTY: N_("Nhiệm vụ CNTT"),
    Dimension.IT_MAJOR: N_("Chuyên ngành CNTT"),
    Dimension.IT_QUALIFIED: N_("Trình độ tin học"),
    Dimension.RESULT: N_("Kết quả của quý"),
}
RESULT_NAMES: Mapping[str, str] = {
    "passed": N_("Đạt"),
    "failed": N_("Không đạt"),
    "missing": N_("Chưa tham gia"),
    "excluded": N_("Miễn, hoãn"),
    "not_listed": N_("Không có trong danh sách của quý"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What a cross-tab is asked. `columns` None: only the sums of the rows. `agency`: an identifier, that agency and all below it."""

    rows: Dimension
    columns: Dimension | None = None
    filters: Mapping[Dimension, str] = field(default_factory=dict)
    agency: str | None = None
    quarter: str | None = None

    @property
    def asks_for_results(self) -> bool:
        return Dimension.RESULT in (self.rows, self.columns, *self.filters)

    def as_arguments(self) -> dict[str, str]:
        """For its address."""
        named = {"rows": self.rows.value, "columns": self.columns.value if self.columns else None, "agency": self.agency}
        found = {**named, "quarter": self.quarter, **{f"only_{name.value}": value for name, value in self.filters.items()}}
        return {name: value for name, value in found.items() if value}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Question:
        """What an address asks; what it does not know it leaves out, and rows are never the columns."""
        known = {dimension.value: dimension for dimension in Dimension}
        rows = known.get(arguments.get("rows", ""), Dimension.LEVEL)
        columns = known.get(arguments.get("columns", ""))
        filters: dict[Dimension, str] = {
            dimension: value
            for dimension in Dimension
            if dimension != Dimension.AGENCY and (value := arguments.get(f"only_{dimension.value}", ""))
        }
        return cls(rows, None if columns == rows else columns, filters, arguments.get("agency") or None, arguments.get("quarter") or None)


@dataclass(frozen=True, slots=True)
class CrossTab:
    """`counts` by (row, column), with `ALL` for margins: every row, every column, and everybody."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    counts: Mapping[Place, int]

    @classmethod
    def of(cls, counts: Iterable[tuple[str, str, int]], rows: Sequence[str], columns: Sequence[str]) -> CrossTab:
        """Rows and columns in the order given; those that are not named there come after, in order of their keys."""
        summed: dict[Place, int] = {(ALL, ALL): 0}
        for row, column, people in counts:
            for place in ((row, column), (row, ALL), (ALL, column), (ALL, ALL)):
                summed[place] = summed.get(place, 0) + people
        found_rows = {row for row, _column in summed if row is not None}
        found_columns = {column for _row, column in summed if column is not None}
        return cls(_ordered(found_rows, rows), _ordered(found_columns, columns), summed)

    def count(self, row: Key, column: Key) -> int:
        return self.counts.get((row, column), 0)

    def withheld(self, threshold: int) -> frozenset[Place]:
        """Which places those may not see who have no right of the people: small ones, and as many more as keep every line, its sum
        among its places, from giving one away; hidden inner places of a line stand for `threshold` people or more together.

        Where everybody are fewer than the threshold, nothing is seen.
        """
        lines = self._lines()
        every = {place for line in lines for place in line}
        if 0 < self.count(ALL, ALL) < threshold:
            return frozenset(every)
        hidden = {place for place in every if 0 < self.count(*place) < threshold}
        while True:
            for line in lines:
                gone = [place for place in line if place in hidden]
                inner = [place for place in gone if place != line[-1]]
                enough = not gone or (len(gone) > 1 and (line[-1] in hidden or sum(self.count(*place) for place in inner) >= threshold))
                rest = [place for place in line if place not in hidden]
                if not enough and rest:
                    hidden.add(min(rest, key=lambda place: (not self.count(*place), ALL in place, self.count(*place), str(place))))
                    break
            else:
                return frozenset(hidden)

    def _lines(self) -> list[list[Place]]:
        """Every row and column with its sum at the end, the sums among them."""
        rows: tuple[Key, ...] = (*self.rows, ALL)
        columns: tuple[Key, ...] = (*self.columns, ALL)
        return [[(row, column) for column in columns] for row in rows] + [[(row, column) for row in rows] for column in columns]


def _ordered(found: set[str], order: Sequence[str]) -> tuple[str, ...]:
    places = {key: place for place, key in enumerate(order)}
    return tuple(sorted(found, key=lambda key: (places.get(key, len(places)), key == UNKNOWN, key)))
