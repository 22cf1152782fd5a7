"""Reading what statements say of activities."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.lrs.models import ActivityDefinition
from lms.lrs.rules.activities import MAX_WORDINGS, activity_key, merged_definition

Definitions = dict[str, dict[str, Any]]  # by id of the activity


def wordings(session: Session, activity_id: str) -> list[str]:
    """How an activity has been defined, first to last; of more than MAX_WORDINGS the latest."""
    latest = (
        select(ActivityDefinition.definition)
        .where(ActivityDefinition.activity == activity_key(activity_id))
        .order_by(ActivityDefinition.position.desc(), ActivityDefinition.digest.desc())
        .limit(MAX_WORDINGS)
    )
    return list(session.scalars(latest))[::-1]


def definitions(session: Session, activity_ids: Collection[str]) -> Definitions:
    """The definition of each of these activities that has one (for statements in canonical format)."""
    if not activity_ids:
        return {}
    keys = {activity_key(activity_id): activity_id for activity_id in activity_ids}
    place = func.row_number().over(
        partition_by=ActivityDefinition.activity,
        order_by=(ActivityDefinition.position.desc(), ActivityDefinition.digest.desc()),
    )
    numbered = (
        select(ActivityDefinition.activity, ActivityDefinition.definition, place.label("place"))
        .where(ActivityDefinition.activity.in_(keys))
        .subquery()
    )
    found: dict[UUID, list[str]] = {}
    for row in session.execute(select(numbered).where(numbered.c.place <= MAX_WORDINGS).order_by(numbered.c.place.desc())):
        found.setdefault(row.activity, []).append(row.definition)
    return {keys[key]: msgspec.json.decode(merged_definition(texts) or b"{}") for key, texts in found.items()}
