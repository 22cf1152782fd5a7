"""Head-count statistics (thống kê nhân lực): staff by level and IT qualification, IT officers by duty and qualification.

Each table is made of cells; each cell is the size of one list of people, described by a `Selection`. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lms.accounts.queries import HeadCount
from lms.accounts.rules.people import QUALIFICATION_NAMES, ITDuty

IT_DUTIES = (ITDuty.FULL_TIME, ITDuty.PART_TIME, ITDuty.CONCURRENT)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which people a cell counts; None does not restrict. `it_staff`: any IT duty."""

    level: str | None = None
    it_duty: str | None = None
    it_staff: bool = False
    qualification: str | None = None
    it_qualified: bool | None = None

    def covers(self, row: HeadCount) -> bool:
        return (
            (self.level is None or row.level == self.level)
            and (self.it_duty is None or row.it_duty == self.it_duty)
            and (not self.it_staff or row.it_duty in IT_DUTIES)
            and (self.qualification is None or (row.qualification or "") == self.qualification)
            and (self.it_qualified is None or row.it_qualification == self.it_qualified)
        )

    def as_arguments(self) -> dict[str, str]:
        """For the address of the list behind the cell."""
        values = {
            "level": self.level,
            "it_duty": self.it_duty,
            "it_staff": "1" if self.it_staff else None,
            "qualification": self.qualification,
            "it_qualified": None if self.it_qualified is None else str(int(self.it_qualified)),
        }
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> Selection:
        return cls(
            level=arguments.get("level"),
            it_duty=arguments.get("it_duty"),
            it_staff=arguments.get("it_staff") == "1",
            qualification=arguments.get("qualification"),
            it_qualified={"0": False, "1": True}.get(arguments.get("it_qualified", "")),
        )


@dataclass(frozen=True, slots=True)
class Ratio:
    """A share with the two lists it opens to."""

    part: int
    whole: int
    part_selection: Selection
    whole_selection: Selection


def count(rows: Iterable[HeadCount], selection: Selection) -> int:
    return sum(row.count for row in rows if selection.covers(row))


def it_qualified_share(rows: list[HeadCount], level: str | None = None) -> Ratio:
    """Staff with an IT qualification on record among all staff, of one level or of all."""
    part, whole = Selection(level=level, it_qualified=True), Selection(level=level)
    return Ratio(count(rows, part), count(rows, whole), part, whole)


def levels(rows: Iterable[HeadCount]) -> list[str]:
    return sorted({row.level for row in rows})


def qualifications_of_it_staff(rows: Iterable[HeadCount]) -> list[str]:
    """The highest first; what the catalogue does not know, and no information, last."""
    known = list(QUALIFICATION_NAMES)
    present = {row.qualification or "" for row in rows if row.it_duty in IT_DUTIES}
    return sorted(present, key=lambda name: (known.index(name) if name in known else len(known), name == "", name))
