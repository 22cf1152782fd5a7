"""Which spans of time the store is cut into: months of UTC, as ranges of `position`. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from lms.kit.errors import N_, DomainError
from lms.lrs.rules.positions import first_position

AHEAD = 3  # months that have their own partition before they begin
_MONTH = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Month:
    year: int
    month: int

    @classmethod
    def of(cls, at: datetime) -> Month:
        utc = at.astimezone(UTC)
        return cls(utc.year, utc.month)

    @classmethod
    def at(cls, position: UUID) -> Month:
        """The month in which this position lies."""
        return cls.of(datetime.fromtimestamp((position.int >> 80) / 1000, UTC))

    @classmethod
    def parse(cls, text: str) -> Month:
        """`2026-11`. Raises DomainError."""
        found = _MONTH.fullmatch(text)
        if found is None or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1970:
            raise DomainError(N_("%(month)s không phải là một tháng; viết như 2026-11"), code="no_such_month", month=text)
        return cls(int(found[1]), int(found[2]))

    @property
    def next(self) -> Month:
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    @property
    def begin(self) -> UUID:
        """The position where it begins."""
        return first_position(datetime(self.year, self.month, 1, tzinfo=UTC))

    @property
    def suffix(self) -> str:
        """Of the names of its partitions: `xapi_statement_2026_11`."""
        return f"{self.year:04}_{self.month:02}"

    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def months_until(first: Month, last: Month) -> list[Month]:
    """All of them, both included; none where `last` is earlier."""
    found = []
    while first <= last:
        found.append(first)
        first = first.next
    return found


def ahead(at: datetime) -> Month:
    """The last month that should have a partition of its own now."""
    month = Month.of(at)
    for _ in range(AHEAD):
        month = month.next
    return month
