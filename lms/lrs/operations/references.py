"""Statements about statements. One that refers to another is found by the other's terms too (Communication 2.1.3), however long the
chain and whichever came first; a voider voids its target likewise, but never another voider (Data 2.3.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.kit.errors import N_
from lms.lrs import queries
from lms.lrs.models import Statement
from lms.lrs.queries import KnownStatement
from lms.lrs.rules.faults import Forbidden
from lms.lrs.rules.terms import statement_terms


@dataclass(slots=True)
class New:
    """A statement about to be stored. Its terms are kept as keys (`rules.terms.term_key`), as they are written: few are ever compared."""

    row: dict[str, Any]
    keys: set[str]

    @property
    def terms(self) -> set[UUID]:
        return {UUID(key) for key in self.keys}

    @terms.setter
    def terms(self, terms: set[UUID]) -> None:
        self.keys = {term.hex for term in terms}


@dataclass(slots=True)
class _Node:
    """A statement of a chain, new or stored: its terms, and where it points."""

    terms: set[UUID]
    target: UUID | None


def link_and_void(
    session: Session, fresh: Mapping[UUID, New], near: Mapping[UUID, KnownStatement], *, voids_others: bool
) -> list[tuple[UUID, UUID]]:
    """Complete the terms of new statements and mark what is voided.

    `near`: stored statements that refer to one of these. Returns the term rows (term, position) that statements stored earlier now need
    because what they refer to has come. Raises Forbidden.
    """
    pointing = _pointing(session, near)
    outside = {new.row["target_id"] for new in fresh.values()} - {None} - fresh.keys()
    targets, _ = queries.statements_near(session, outside) if outside else ({}, {})
    _void(session, fresh, pointing, targets, voids_others=voids_others)
    if not pointing and not any(new.row["target_id"] for new in fresh.values()):
        return []
    stored = _targets_of_targets(session, targets) | pointing
    nodes = {known.id: _Node(_own_terms(known), known.target_id) for known in stored.values()}
    nodes |= {statement_id: _Node(new.terms, new.row["target_id"]) for statement_id, new in fresh.items()}
    reached = {statement_id: _along(nodes, statement_id) for statement_id in (*fresh, *pointing)}
    for statement_id, new in fresh.items():
        new.terms = reached[statement_id]
    there = [known for known in pointing.values() if known.body is not None]  # what lies in a detached month is not found any more
    return queries.terms_missing(session, [(key, known.position) for known in there for key in reached[known.id]])


def _pointing(session: Session, near: Mapping[UUID, KnownStatement]) -> dict[UUID, KnownStatement]:
    """These, and stored statements that refer to them, and so on."""
    found = dict(near)
    frontier = set(near)
    while frontier:
        _known, nearer = queries.statements_near(session, frontier)
        frontier = nearer.keys() - found.keys()
        found |= nearer
    return found


def _targets_of_targets(session: Session, targets: Mapping[UUID, KnownStatement]) -> dict[UUID, KnownStatement]:
    """These, and what they refer to, and so on."""
    found = dict(targets)
    while ahead := {known.target_id for known in found.values() if known.target_id is not None} - found.keys():
        further = queries.statements_known(session, ahead)
        if not further:
            break
        found |= further
    return found


def _own_terms(known: KnownStatement) -> set[UUID]:
    """From its text: an index by place, for the few statements that others refer to, would have a row for each term of all."""
    if known.body is None or known.head is None:
        return set()
    return statement_terms(msgspec.json.decode(known.body), msgspec.json.decode(f"{{{known.head}}}")["authority"])


def _along(nodes: Mapping[UUID, _Node], start: UUID) -> set[UUID]:
    """All terms on the chain from here on; a chain may bite its own tail."""
    terms: set[UUID] = set()
    seen: set[UUID] = set()
    here: UUID | None = start
    while here is not None and here in nodes and here not in seen:
        seen.add(here)
        terms |= nodes[here].terms
        here = nodes[here].target
    return terms


def _void(
    session: Session,
    fresh: Mapping[UUID, New],
    pointing: Mapping[UUID, KnownStatement],
    targets: Mapping[UUID, KnownStatement],
    *,
    voids_others: bool,
) -> None:
    voiders = [new.row for new in fresh.values() if new.row["is_voider"]]
    if not voids_others:
        authorities = {known.id: known.authority for known in targets.values()} | {key: new.row["authority"] for key, new in fresh.items()}
        for row in voiders:
            if authorities.get(row["target_id"]) != row["authority"]:
                raise Forbidden(N_("Khóa truy cập này chỉ được hủy những phát biểu do chính nó đã lưu"), code="may_not_void")
    aimed_at = {row["target_id"] for row in voiders} | {known.target_id for known in pointing.values() if known.is_voider}
    for statement_id, new in fresh.items():
        new.row["voided"] = statement_id in aimed_at and not new.row["is_voider"]
    earlier = [known.position for known in targets.values() if known.id in aimed_at and not known.is_voider]
    for chunk in queries.chunks(earlier):
        session.execute(update(Statement).where(Statement.position.in_(chunk)).values(voided=True))
