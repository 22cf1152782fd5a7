"""What a feature can tell of an activity it gave: how people did topic by topic. Reports ask for it when they are frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class CompetenceCell:
    """Answers of the people of one position group in one agency (its own staff) to the questions of one topic: `right` of `answered`, given
    by `people`. Only of people whose outcome counts."""

    agency_id: UUID
    group_code: str
    code: str
    name: str
    right: int
    answered: int
    people: int


CompetenceSource = Callable[[Session, str, datetime], Iterable[CompetenceCell] | None]
"""(session, key of the activity, as known when) → its cells; None for an activity of somebody else."""
