"""Statements in the order of the store, for those who take them all."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.lrs.models import Statement, StatementId
from lms.lrs.queries.forwarding import Outgoing, contents_of
from lms.lrs.rules.rendering import exact


def position_of(session: Session, statement_id: UUID) -> UUID | None:
    return session.scalar(select(StatementId.position).where(StatementId.id == statement_id))


def statements_after(session: Session, after: UUID, bound: UUID, limit: int) -> list[Outgoing]:
    """The next statements after one position and before another, voided ones too."""
    columns = (Statement.position, Statement.id, Statement.body, Statement.head, Statement.rebuilt)
    found = select(*columns).where(Statement.position > after, Statement.position < bound).order_by(Statement.position).limit(limit)
    rows = session.execute(found).all()
    contents = contents_of(session, [row.position for row in rows])
    return [Outgoing(row.position, row.id, exact(row.body, row.head, row.rebuilt), tuple(contents.get(row.position, ()))) for row in rows]
