"""Reading what is known of an agent."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.accounts.queries.records import records_of
from lms.lrs.models import Statement, StatementTerm
from lms.lrs.rules.terms import TermKind, term

_LOOKED_AT = 50  # newest statements of an agent in which a name is looked for


def bodies_naming(session: Session, identity: str) -> list[str]:
    """The newest statements whose actor or object is somebody (`rules.terms.agent_identity`), as they were received."""
    found = (
        select(Statement.body)
        .join_from(StatementTerm, Statement, Statement.position == StatementTerm.position)
        .where(StatementTerm.term == term(TermKind.AGENT, identity), Statement.voided.is_(False))
        .order_by(StatementTerm.position.desc())
        .limit(_LOOKED_AT)
    )
    return list(session.scalars(found))


def records_beside(session: Session, person_id: UUID) -> list[UUID]:
    """All records of the person to whom this record belongs, the one that stands first."""
    standing = person_id
    while (into := session.scalar(select(Person.merged_into_id).where(Person.id == standing))) is not None:
        standing = into
    return records_of(session, standing)
