"""Keeping the closure true to the believed versions, in the transaction that changes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.agencies.operations.versions import name_of
from lms.agencies.queries import agency_names
from lms.agencies.rules.closure import Ancestry, CycleError, ParentMissingError, ParentSpan, ancestry, by_agency
from lms.kit.errors import N_, DomainError

BATCH = 1000


def rebuild_closure(session: Session) -> tuple[int, int]:
    """Make the closure of all agencies follow from their believed versions. Returns how many rows were taken away and added.

    Raises DomainError where the versions make no tree; an import checks that before.
    """
    return refresh_closure(session, None)


def refresh_closure(session: Session, agencies: Iterable[UUID] | None) -> tuple[int, int]:
    """The same for the rows above some agencies, whose own place or whose ancestors' place changed."""
    session.flush()
    spans = by_agency(
        ParentSpan(*row)
        for row in session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.parent_id, AgencyVersion.valid_from, AgencyVersion.valid_to).where(
                AgencyVersion.superseded_at.is_(None)
            )
        )
    )
    chosen = set(spans) if agencies is None else set(agencies)
    wanted = {
        (row.ancestor, row.descendant, row.valid_from): row
        for agency_id in chosen
        if agency_id in spans
        for row in _ancestry(session, agency_id, spans)
    }
    stored = _stored_closure(session, None if agencies is None else chosen)
    stale = [key for key, row in stored.items() if wanted.get(key) != row]
    fresh = [row for key, row in wanted.items() if stored.get(key) != row]
    _replace_closure(session, stale, fresh)
    return len(stale), len(fresh)


def _replace_closure(session: Session, stale: list[tuple[UUID, UUID, date]], fresh: list[Ancestry[UUID]]) -> None:
    by_descendant: dict[tuple[UUID, date], list[UUID]] = {}
    for ancestor, descendant, valid_from in stale:
        by_descendant.setdefault((descendant, valid_from), []).append(ancestor)
    for (descendant, valid_from), ancestors in by_descendant.items():
        session.execute(
            delete(AgencyClosure).where(
                AgencyClosure.descendant_id == descendant, AgencyClosure.valid_from == valid_from, AgencyClosure.ancestor_id.in_(ancestors)
            )
        )
    rows = [
        {
            "ancestor_id": row.ancestor,
            "descendant_id": row.descendant,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "depth": row.depth,
        }
        for row in fresh
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(AgencyClosure), rows[start : start + BATCH])


def _stored_closure(session: Session, agencies: set[UUID] | None) -> dict[tuple[UUID, UUID, date], Ancestry[UUID]]:
    statement = select(
        AgencyClosure.ancestor_id, AgencyClosure.descendant_id, AgencyClosure.valid_from, AgencyClosure.valid_to, AgencyClosure.depth
    )
    if agencies is None:
        rows = session.execute(statement).all()
    else:
        ids = list(agencies)
        rows = [
            row
            for start in range(0, len(ids), 500)
            for row in session.execute(statement.where(AgencyClosure.descendant_id.in_(ids[start : start + 500])))
        ]
    return {(row[0], row[1], row[2]): Ancestry(*row) for row in rows}


def _ancestry(session: Session, agency_id: UUID, spans: Mapping[UUID, Sequence[ParentSpan[UUID]]]) -> list[Ancestry[UUID]]:
    try:
        return ancestry(agency_id, spans)
    except CycleError as error:
        ids = [one for one in error.agencies if isinstance(one, UUID)]
        names = agency_names(session, ids, error.day)
        raise DomainError(
            N_("Từ ngày %(day)s đơn vị nằm dưới chính nó: %(path)s. Chọn đơn vị chủ quản khác."),
            code="cycle",
            field="parent",
            day=f"{error.day:%d/%m/%Y}",
            path=" → ".join(names.get(one, str(one)) for one in (*ids, ids[0])),
        ) from error
    except ParentMissingError as error:
        raise DomainError(
            N_("Đơn vị chủ quản %(parent)s không tồn tại vào ngày %(day)s. Chọn ngày hoặc đơn vị khác."),
            code="parent_missing",
            field="parent",
            parent=name_of(session, UUID(str(error.parent)), error.day),
            day=f"{error.day:%d/%m/%Y}",
        ) from error
