"""Makes what tests need, with defaults that agree with one another."""

from __future__ import annotations

from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER, Agency, AgencyClosure, AgencyCode, AgencyVersion
from lms.kit.ids import uuid7
from lms.kit.vietnamese import fold, sort_key

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_agency(
    session: Session,
    name: str,
    *,
    parent: UUID | None = None,
    code: str | None = None,
    kind: str = "department",
    block: str = "so_nganh",
    level: str = "tinh",
    valid_from: date = date(2020, 1, 1),
) -> UUID:
    """An agency that exists from `valid_from` on, below `parent`, with its rows of the closure; `code` is in scheme qd20."""
    agency_id = uuid7()
    session.add(Agency(id=agency_id, created_at=LONG_AGO))
    session.flush()
    session.add(
        AgencyVersion(
            agency_id=agency_id,
            name=name,
            kind=kind,
            block=block,
            level=level,
            parent_id=parent,
            sort_key=sort_key(name),
            search_text=fold(f"{name} {code or ''}"),
            valid_from=valid_from,
            recorded_at=LONG_AGO,
        )
    )
    if code is not None:
        session.add(AgencyCode(agency_id=agency_id, scheme="qd20", code=code, valid_from=valid_from, recorded_at=LONG_AGO))
    above = session.scalars(
        select(AgencyClosure).where(AgencyClosure.descendant_id == parent, AgencyClosure.valid_to > valid_from)
    ).all()  # no rows for a root: nothing equals null
    session.add(AgencyClosure(ancestor_id=agency_id, descendant_id=agency_id, valid_from=valid_from, valid_to=FOREVER, depth=0))
    session.add_all(
        AgencyClosure(
            ancestor_id=row.ancestor_id,
            descendant_id=agency_id,
            valid_from=max(row.valid_from, valid_from),
            valid_to=row.valid_to,
            depth=row.depth + 1,
        )
        for row in above
    )
    session.flush()
    return agency_id
