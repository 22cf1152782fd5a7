"""Names and identifiers of agencies, whatever has become of them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.vietnamese import fold

_BATCH = 500


def last_names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """The newest believed name of each agency among the identifiers. One statement per five hundred."""
    wanted = list(ids)
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.name)
            .where(AgencyVersion.agency_id.in_(wanted[start : start + _BATCH]), AgencyVersion.superseded_at.is_(None))
            .order_by(AgencyVersion.valid_from)
        )
        for agency_id, name in rows:
            found[agency_id] = name  # the newest comes last
    return found


def agencies_called(session: Session, text: str, limit: int) -> list[UUID]:
    """Agencies that bear or bore a name or code with words that begin as these do, marks or none; at most `limit`."""
    words = fold(text).split()
    if not words:
        return []
    spaced = literal(" ") + AgencyVersion.search_text
    conditions = [spaced.contains(f" {word}", autoescape=True) for word in words[:8]]
    found = select(AgencyVersion.agency_id).where(*conditions, AgencyVersion.superseded_at.is_(None)).distinct().limit(limit)
    return list(session.scalars(found))
