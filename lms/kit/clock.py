"""One clock (always aware UTC), the province's days, and the quarter, which everything in this service turns around."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ROMAN = ("I", "II", "III", "IV")


def now() -> datetime:
    """The present moment, aware, in UTC. Read at the edges (views, commands, jobs) and passed on as `at`."""
    return datetime.now(UTC)


def local_midnight(day: date, zone: ZoneInfo) -> datetime:
    """The UTC moment at which a day begins in the province."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def local_date(moment: datetime, zone: ZoneInfo) -> date:
    """The province's calendar day of a UTC moment."""
    return moment.astimezone(zone).date()


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """A calendar quarter (quý) of the province. Written `2026-Q4` in addresses, `20264` in feeds, `Quý IV/2026` for people."""

    year: int
    number: int

    def __post_init__(self) -> None:
        if not (1900 <= self.year <= 9998 and 1 <= self.number <= 4):
            raise ValueError(f"no such quarter: {self.year}-Q{self.number}")

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Read `2026-Q4`. Raises ValueError for anything else."""
        match = re.fullmatch(r"([0-9]{4})-Q([1-4])", text)
        if match is None:
            raise ValueError(f"not a quarter: {text!r}, write it as 2026-Q4")
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def from_code(cls, code: str) -> Quarter:
        """Read the period code `20264`. Raises ValueError for anything else."""
        return cls(int(code[:4]), int(code[4:]))

    @classmethod
    def of(cls, day: date) -> Quarter:
        return cls(day.year, (day.month + 2) // 3)

    @property
    def code(self) -> str:
        """Period code of the provincial data standard, YYYYQ."""
        return f"{self.year}{self.number}"

    @property
    def label(self) -> str:
        return f"Quý {ROMAN[self.number - 1]}/{self.year}"

    @property
    def first_day(self) -> date:
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last_day(self) -> date:
        return self.next().first_day - timedelta(days=1)

    def begins(self, zone: ZoneInfo) -> datetime:
        return local_midnight(self.first_day, zone)

    def ends(self, zone: ZoneInfo) -> datetime:
        """The first moment that is no longer in the quarter."""
        return self.next().begins(zone)

    def next(self) -> Quarter:
        return Quarter(self.year + self.number // 4, self.number % 4 + 1)

    def previous(self) -> Quarter:
        return Quarter(self.year - (self.number == 1), (self.number - 2) % 4 + 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"
