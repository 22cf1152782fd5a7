"""Forgetting somebody in the record store: their statements stay, under a name from which nothing leads back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.kit.errors import N_, Conflict
from lms.lrs.models import Statement, StatementTerm
from lms.lrs.outbox import EACH, OutboxEntry
from lms.lrs.queries import authority_term, chunks, statements_about
from lms.lrs.rules.forgetting import account, renamed, renamed_head
from lms.lrs.rules.terms import TermKind, agent_identity, term


def forget_agent(session: Session, known_as: Collection[str], base_url: str, name: str) -> int:
    """Let everyone known as one of these be the account `name` in every stored statement: in its text, its index and as its actor.
    Returns how many statements were found under them."""
    replacement = account(base_url, name)
    identity = agent_identity(replacement) or ""
    positions = statements_about(session, known_as)
    for part in chunks(positions):
        _rewrite(session, part, known_as, replacement)
    for kind in (TermKind.AGENT, TermKind.RELATED_AGENT):
        _move_terms(session, [term(kind, known) for known in known_as], term(kind, identity))
    return len(positions)


def _rewrite(session: Session, positions: Sequence[UUID], known_as: Collection[str], replacement: dict[str, Any]) -> None:
    columns = (Statement.position, Statement.body, Statement.head, Statement.rebuilt)
    for position, body, head, rebuilt in session.execute(select(*columns).where(Statement.position.in_(positions))).all():
        new_head, new_body = renamed_head(head, known_as, replacement), renamed(body, known_as, replacement)
        actor = agent_identity(msgspec.json.decode(new_body)["actor"])
        session.execute(
            update(Statement)
            .where(Statement.position == position)
            .values(
                body=new_body,
                actor=None if actor is None else term(TermKind.AGENT, actor),
                head=new_head,
                authority=authority_term(msgspec.json.decode(f"{{{new_head}}}")["authority"]),
                rebuilt=None if rebuilt is None else renamed(rebuilt, known_as, replacement),
            )
        )


def _move_terms(session: Session, old: Sequence[UUID], new: UUID) -> None:
    places = select(StatementTerm.position).where(StatementTerm.term.in_(old)).distinct()
    held = set(session.scalars(select(StatementTerm.position).where(StatementTerm.term == new)))
    rows = [{"term": new, "position": place} for place in session.scalars(places) if place not in held]
    session.execute(delete(StatementTerm).where(StatementTerm.term.in_(old)))
    if rows:
        session.execute(insert(StatementTerm.__table__), rows)  # type: ignore[arg-type]


def drop_notes_about(session: Session, ids: Collection[str]) -> None:
    """See that no statement about these is still to be built. What was set aside is given up; raises Conflict while something waits:
    the worker stores it within seconds."""
    unstored = select(OutboxEntry.id, OutboxEntry.reference, OutboxEntry.set_aside_at).where(OutboxEntry.stored_at.is_(None))
    wanted = [id_.encode() for id_ in ids]
    about = [row for row in session.execute(unstored) if any(id_ in msgspec.json.encode(row.reference) for id_ in wanted)]
    if any(row.set_aside_at is None for row in about):
        raise Conflict(N_("Kho dữ liệu học tập còn đang ghi việc học của người này. Chờ một phút rồi thử lại."), code="statements_waiting")
    for row in about:
        others = [event for event in row.reference.get(EACH, ()) if not any(id_ in msgspec.json.encode(event) for id_ in wanted)]
        if others:
            kept = {**row.reference, EACH: others}
            session.execute(update(OutboxEntry).where(OutboxEntry.id == row.id).values(reference=kept))
        else:
            session.execute(delete(OutboxEntry).where(OutboxEntry.id == row.id))
