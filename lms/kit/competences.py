"""What a feature can tell of an activity it gave: how people did topic by topic. Reports ask for it when they are frozen."""

from __future__ import annotations

from uuid import UUID

import msgspec


class CompetenceCell(msgspec.Struct, frozen=True, gc=False):
    """Answers of the people of one position group in one agency (its own staff) to the questions of one topic: `right` of `answered`, given
    by `people`. Only of people whose outcome counts."""

    agency_id: UUID
    group_code: str
    code: str
    name: str
    right: int
    answered: int
    people: int
