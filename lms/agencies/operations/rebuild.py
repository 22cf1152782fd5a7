"""Making versions, codes and closure anew from the believed events, where they have come apart."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyCode, AgencyVersion
from lms.agencies.operations.closure import refresh_closure
from lms.agencies.operations.projection import write_agencies
from lms.agencies.operations.refusals import Names, refusal_of
from lms.agencies.operations.stored_events import believed_events, lock_tree
from lms.agencies.rules.replay import replay
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.collector import without_collector


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """How many rows came to hold and no longer hold."""

    versions: int
    codes: int
    closure_begun: int
    closure_ended: int

    def __bool__(self) -> bool:
        return any(asdict(self).values())


def rebuild_agencies(session: Session, actor: Actor, at: datetime) -> Rebuilt:
    """Bring versions, codes and closure of all agencies to what replaying the believed events gives; what does not hold is kept as what
    was known until now. Nothing is written where all is well but the audit entry. Raises DomainError where the events make no tree.

    Nobody's posting or role changes: these follow events, and no event is new.
    """
    with without_collector():
        return _rebuild(session, actor, at)


def _rebuild(session: Session, actor: Actor, at: datetime) -> Rebuilt:
    lock_tree(session)
    events = believed_events(session)
    tree = replay(events.values())
    if tree.faults:
        raise refusal_of(tree.faults[0], Names([tree], events.values()), ())
    stored = {
        agency
        for model in (AgencyVersion, AgencyCode)
        for agency in session.scalars(select(model.agency_id).where(model.superseded_at.is_(None)))
    }
    versions, codes = write_agencies(session, tree, {*tree.versions, *stored}, at)
    ended, begun = refresh_closure(session, tree.parents(), None, at)
    rebuilt = Rebuilt(versions, codes, begun, ended)
    audit.record(session, actor, "agencies.rebuild", "tree", at, **asdict(rebuilt))
    return rebuilt
