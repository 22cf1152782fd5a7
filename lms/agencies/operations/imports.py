"""An agency file into the tree: all of it in one transaction, and nothing a second time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER, Agency, AgencyCode
from lms.agencies.operations.closure import rebuild_closure
from lms.agencies.operations.versions import BATCH, FIELDS, Link, insert_versions, record_event, supersede_versions, version_row
from lms.agencies.queries import stored_agencies
from lms.agencies.rules.kinds import CodeScheme, Decision, EventKind
from lms.agencies.rules.plan import Plan, Ref, StoredVersion, plan_import
from lms.agencies.rules.sheet import read_lines
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7
from lms.kit.sheets import Sheet


def check_import(session: Session, sheets: Sequence[Sheet], file: str, as_of: date) -> Plan:
    """What a file would change; only reads. Lines without a date hold from `as_of`. Raises DomainError for the file as a whole."""
    return plan_import(read_lines(sheets, file), stored_agencies(session), as_of)


def apply_import(session: Session, actor: Actor, plan: Plan, at: datetime) -> dict[str, int]:
    """Carry a plan out. Returns how many agencies were added, changed and left as they were. Raises DomainError for a faulty plan."""
    checked = plan.checked()
    if checked.faulty_rows:
        raise DomainError(N_("Còn %(rows)s dòng lỗi; chưa ghi gì."), code="faulty_rows", rows=checked.faulty_rows)
    ids: dict[Ref, UUID] = {step.line.code: uuid7() for step in plan.establish}
    events: dict[tuple[EventKind, date, str | None], list[Link]] = {}
    _establish(session, plan, ids, events, at)
    _revise(session, plan, ids, events, at)
    for (kind, on, basis), links in sorted(events.items(), key=lambda item: (item[0][1], item[0][0])):
        record_event(session, kind, Decision(number=basis), links, on=on, at=at)
    if checked.rows:
        rebuild_closure(session)
        audit.record(session, actor, "agencies.import", "tree", at, **checked.counts)
    return dict(checked.counts)


def _establish(
    session: Session,
    plan: Plan,
    ids: Mapping[Ref, UUID],
    events: dict[tuple[EventKind, date, str | None], list[Link]],
    at: datetime,
) -> None:
    versions: list[dict[str, Any]] = []
    codes: list[dict[str, Any]] = []
    for step in plan.establish:
        agency_id = ids[step.line.code]
        values = {
            "name": step.name,
            "short_name": step.short_name,
            "kind": step.kind,
            "block": step.block,
            "level": step.level,
            "parent_id": _resolved(step.parent, ids),
            "legal_basis": step.legal_basis,
        }
        versions.append(version_row(agency_id, values, (step.on, FOREVER), at, step.line.code))
        codes.append(
            {
                "id": uuid7(),
                "agency_id": agency_id,
                "scheme": CodeScheme.QD20,
                "code": step.line.code,
                "valid_from": step.on,
                "valid_to": FOREVER,
                "recorded_at": at,
            }
        )
        events.setdefault((EventKind.ESTABLISH, step.on, step.legal_basis), []).append((None, agency_id))
    for start in range(0, len(codes), BATCH):
        batch = codes[start : start + BATCH]
        session.execute(insert(Agency), [{"id": row["agency_id"], "created_at": at} for row in batch])
    insert_versions(session, versions)
    for start in range(0, len(codes), BATCH):
        session.execute(insert(AgencyCode), codes[start : start + BATCH])


def _revise(
    session: Session,
    plan: Plan,
    ids: Mapping[Ref, UUID],
    events: dict[tuple[EventKind, date, str | None], list[Link]],
    at: datetime,
) -> None:
    codes = _current_codes(session, [step.agency_id for step in plan.revise])
    versions: list[dict[str, Any]] = []
    for step in plan.revise:
        before, code = step.before, codes.get(step.agency_id)
        if before.valid_from < step.on:
            versions.append(version_row(step.agency_id, _values(before), (before.valid_from, step.on), at, code))
        after = {**_values(step.after), "parent_id": _resolved(step.parent, ids)}
        versions.append(version_row(step.agency_id, after, (step.on, before.valid_to), at, code))
        basis = step.line.legal_basis
        events.setdefault((step.event, step.on, basis), []).append((step.agency_id, step.agency_id))
    supersede_versions(session, [step.before.id for step in plan.revise], at)
    insert_versions(session, versions)


def _values(version: StoredVersion) -> dict[str, Any]:
    return {field: getattr(version, field) for field in FIELDS}


def _resolved(parent: Ref | None, ids: Mapping[Ref, UUID]) -> UUID | None:
    return ids[parent] if isinstance(parent, str) else parent


def _current_codes(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    """One code of each agency, the latest: it is part of what search finds."""
    found: dict[UUID, str] = {}
    for start in range(0, len(ids), 500):
        for agency_id, code in session.execute(
            select(AgencyCode.agency_id, AgencyCode.code)
            .where(
                AgencyCode.agency_id.in_(ids[start : start + 500]),
                AgencyCode.scheme == CodeScheme.QD20,
                AgencyCode.superseded_at.is_(None),
            )
            .order_by(AgencyCode.valid_from)
        ):
            found[agency_id] = code
    return found
