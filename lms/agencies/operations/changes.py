"""Changes of organisation: each is a dated version beside an event with its decision, and the closure follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER, Agency, AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.operations.closure import refresh_closure
from lms.agencies.operations.versions import (
    assign_code,
    code_on,
    exists_before,
    insert_versions,
    record_event,
    replace_version,
    span_on,
    spans_from,
    supersede_versions,
    version_row,
)
from lms.agencies.queries import agency_names
from lms.agencies.rules.kinds import Decision, EventKind
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7

NO_DECISION = Decision()


def establish_agency(
    session: Session,
    actor: Actor,
    *,
    name: str,
    kind: str,
    block: str,
    level: str,
    parent_id: UUID | None,
    on: date,
    at: datetime,
    code: str | None = None,
    short_name: str | None = None,
    decision: Decision = NO_DECISION,
) -> UUID:
    """A new agency from a day on; `code` in scheme qd20. Raises DomainError where the parent does not exist on every day from then,
    Conflict where the code is borne by another agency in these days."""
    agency_id = uuid7()
    session.execute(insert(Agency).values(id=agency_id, created_at=at))
    values = {"name": name, "short_name": short_name, "kind": kind, "block": block, "level": level, "parent_id": parent_id}
    insert_versions(session, [version_row(agency_id, {**values, "legal_basis": decision.number}, (on, FOREVER), at, code)])
    if code is not None:
        assign_code(session, agency_id, code, on=on, at=at)
    record_event(session, EventKind.ESTABLISH, decision, [(None, agency_id)], on=on, at=at)
    refresh_closure(session, [agency_id])
    audit.record(session, actor, "agencies.establish", agency_id, at, name=name, on=on.isoformat(), code=code)
    return agency_id


def rename_agency(
    session: Session,
    actor: Actor,
    agency_id: UUID,
    *,
    name: str,
    on: date,
    at: datetime,
    short_name: str | None = None,
    decision: Decision = NO_DECISION,
) -> None:
    """Another name from a day on; without `short_name` the agency keeps the one it has. Raises DomainError."""
    changes = {"name": name} | ({"short_name": short_name} if short_name is not None else {})
    _revise(session, agency_id, changes, decision, on=on, at=at)
    record_event(session, EventKind.RENAME, decision, [(agency_id, agency_id)], on=on, at=at)
    audit.record(session, actor, "agencies.rename", agency_id, at, name=name, on=on.isoformat())


def move_agency(
    session: Session,
    actor: Actor,
    agency_id: UUID,
    *,
    parent_id: UUID | None,
    on: date,
    at: datetime,
    decision: Decision = NO_DECISION,
) -> None:
    """Another parent from a day on, with all that is below. Raises DomainError: cycle, parent does not exist then."""
    _revise(session, agency_id, {"parent_id": parent_id}, decision, on=on, at=at)
    record_event(session, EventKind.MOVE, decision, [(agency_id, agency_id)], on=on, at=at)
    refresh_closure(session, _below_from(session, agency_id, on))
    audit.record(session, actor, "agencies.move", agency_id, at, parent=str(parent_id), on=on.isoformat())


def abolish_agency(session: Session, actor: Actor, agency_id: UUID, *, on: date, at: datetime, decision: Decision = NO_DECISION) -> None:
    """The agency no longer exists from a day on, nor do its codes. Raises DomainError while anything is below it in these days."""
    _refuse_while_parent(session, agency_id, on)
    _end(session, agency_id, on, at)
    record_event(session, EventKind.ABOLISH, decision, [(agency_id, None)], on=on, at=at)
    refresh_closure(session, [agency_id])
    audit.record(session, actor, "agencies.abolish", agency_id, at, on=on.isoformat())


def merge_agencies(
    session: Session,
    actor: Actor,
    predecessors: Sequence[UUID],
    *,
    into: UUID,
    on: date,
    at: datetime,
    decision: Decision = NO_DECISION,
) -> None:
    """The predecessors end on a day and live on in `into`, which takes over what was directly below them.

    Raises DomainError: merging into itself, an agency that does not exist that day, `into` below a predecessor.
    """
    if not predecessors or into in predecessors or len(set(predecessors)) != len(predecessors):
        raise DomainError(
            N_("Không thể sáp nhập một đơn vị vào chính nó. Chọn đơn vị tiếp nhận khác."), code="merge_into_itself", field="into"
        )
    span_on(session, into, on)
    moved: set[UUID] = set()
    for predecessor in predecessors:
        for child in _children_from(session, predecessor, on):
            if child not in predecessors:
                moved |= _below_from(session, child, on)
                _move_from(session, child, predecessor, into, on=on, at=at)
    for predecessor in predecessors:
        _end(session, predecessor, on, at)
    record_event(session, EventKind.MERGE, decision, [(predecessor, into) for predecessor in predecessors], on=on, at=at)
    refresh_closure(session, [*predecessors, into, *moved])
    audit.record(session, actor, "agencies.merge", into, at, predecessors=[str(one) for one in predecessors], on=on.isoformat())


def _revise(session: Session, agency_id: UUID, changes: Mapping[str, Any], decision: Decision, *, on: date, at: datetime) -> None:
    """From `on` until the end of the version that held that day the agency is as `changes` say."""
    span = span_on(session, agency_id, on)
    basis = {"legal_basis": decision.number} if decision.number else {}
    replace_version(session, span, {**changes, **basis}, begin=on, end=span.valid_to, at=at)


def _move_from(session: Session, child: UUID, old: UUID, new: UUID, *, on: date, at: datetime) -> None:
    """Wherever the child is below `old` from a day on, put it below `new`."""
    for span in spans_from(session, child, on):
        if span.values["parent_id"] == old:
            replace_version(session, span, {"parent_id": new}, begin=max(on, span.valid_from), end=span.valid_to, at=at)


def _end(session: Session, agency_id: UUID, on: date, at: datetime) -> None:
    held = span_on(session, agency_id, on)
    if held.valid_from == on and not exists_before(session, agency_id, on):
        raise DomainError(
            N_("%(agency)s được thành lập đúng ngày %(day)s nên không thể kết thúc trong ngày đó. Chọn ngày sau."),
            code="ends_at_birth",
            field="on",
            agency=held.values["name"],
            day=f"{on:%d/%m/%Y}",
        )
    spans = spans_from(session, agency_id, on)
    supersede_versions(session, [span.id for span in spans], at)
    code = code_on(session, agency_id, held.valid_from)
    if held.valid_from < on:
        insert_versions(session, [version_row(agency_id, held.values, (held.valid_from, on), at, code)])
    codes = session.execute(
        select(AgencyCode.id, AgencyCode.scheme, AgencyCode.code, AgencyCode.valid_from).where(
            AgencyCode.agency_id == agency_id, AgencyCode.superseded_at.is_(None), AgencyCode.valid_to > on
        )
    ).all()
    for code_id, scheme, own, valid_from in codes:
        session.execute(update(AgencyCode).where(AgencyCode.id == code_id).values(superseded_at=at))
        if valid_from < on:
            row = {"id": uuid7(), "agency_id": agency_id, "scheme": scheme, "code": own, "valid_from": valid_from, "valid_to": on}
            session.execute(insert(AgencyCode).values(**row, recorded_at=at))


def _refuse_while_parent(session: Session, agency_id: UUID, on: date) -> None:
    children = _children_from(session, agency_id, on)
    if children:
        names = agency_names(session, children, on)
        raise DomainError(
            N_("Còn đơn vị trực thuộc: %(names)s. Chuyển hoặc giải thể các đơn vị này trước."),
            code="has_children",
            names=", ".join(sorted(names.values())[:5]),
        )


def _children_from(session: Session, agency_id: UUID, on: date) -> list[UUID]:
    """Who is directly below an agency on a day or later."""
    return list(
        session.scalars(
            select(AgencyVersion.agency_id)
            .where(AgencyVersion.parent_id == agency_id, AgencyVersion.superseded_at.is_(None), AgencyVersion.valid_to > on)
            .distinct()
        )
    )


def _below_from(session: Session, agency_id: UUID, on: date) -> set[UUID]:
    """The agency and all that are below it on a day or later."""
    below = session.scalars(select(AgencyClosure.descendant_id).where(AgencyClosure.ancestor_id == agency_id, AgencyClosure.valid_to > on))
    return {agency_id, *below}
