"""Writing people and the posts they hold."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.accounts.models import PositionGroup
from lms.accounts.rules.groups import STARTING_GROUPS


def ensure_position_groups(session: Session) -> None:
    """Add those of the plan's five groups that are missing; a group renamed by the province stays as it is."""
    present = set(session.scalars(select(PositionGroup.code)))
    rows = [
        {"code": group.code, "name_vi": group.name_vi, "name_en": group.name_en, "ordinal": ordinal}
        for ordinal, group in enumerate(STARTING_GROUPS, start=1)
        if group.code not in present
    ]
    if rows:
        session.execute(insert(PositionGroup), rows)
