"""Postings go on where their agency does: carried into the heir when it ends, and at once where they are entered in one that has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, Uuid, and_, exists, func, insert, literal, null, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Posting, PostingMove
from lms.agencies.queries import agency_names
from lms.agencies.queries.lineage import Ending, endings_of
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.db import RandomId
from lms.kit.errors import N_, DomainError

POSTING_KEYS = [column.key for column in Posting.__table__.columns]
_MOVE_KEYS = ("id", "event_id", "from_agency_id", "to_agency_id", "is_continued", "posting_id", "continued_id")
_QUIETLY = {"synchronize_session": False}


def lasting_beyond(agencies: Iterable[UUID], on: date) -> Any:
    """Postings of agencies that would last beyond the day."""
    return and_(Posting.agency_id.in_(list(agencies)), Posting.valid_to > on)


def move_postings(session: Session, event_id: UUID, on: date, heirs: Mapping[UUID, UUID]) -> int:
    """Close what is open on the day and open it again in the heir; what begins later only changes its agency. Returns how many.

    The rows stay in the database: thirty thousand people move in a few statements for each agency that ends."""
    moved = 0
    for ended, heir in heirs.items():
        beyond = lasting_beyond([ended], on)
        values = [literal(one, Uuid()) for one in (event_id, ended, heir)]
        # A row for each posting that moves. One that goes on gets its posting below, which is to have the id of this row.
        goes_on = select(RandomId(), *values, literal(True), null(), Posting.id).where(beyond, Posting.valid_from < on)
        changes = select(RandomId(), *values, literal(False), Posting.id, null()).where(beyond, Posting.valid_from >= on)
        moved += session.scalar(select(func.count()).select_from(Posting).where(beyond)) or 0
        for rows in (goes_on, changes):
            session.execute(insert(PostingMove).from_select(_MOVE_KEYS, rows, include_defaults=False))
        session.execute(update(Posting).where(beyond, Posting.valid_from >= on).values(agency_id=heir), execution_options=_QUIETLY)
        _go_on(session, event_id, on, ended)
    return moved


def settle_postings(
    session: Session, actor: Actor, agencies: Iterable[UUID], at: datetime, *, recorded_before: datetime | None = None
) -> None:
    """A paper that comes late may put people into an agency whose end is recorded already: they go on in its heir from that day, and
    in the heir's. Raises DomainError where it has none. `recorded_before`: only ends that were recorded before that moment."""
    session.flush()
    waiting = set(agencies)
    while waiting:
        endings = sorted(endings_of(session, waiting).items(), key=lambda one: one[1].on)
        waiting = set()
        for agency_id, ending in endings:
            if recorded_before is not None and ending.recorded_at >= recorded_before:
                continue
            if session.scalar(select(Posting.id).where(lasting_beyond([agency_id], ending.on)).limit(1)) is None:
                continue
            heir = _heir(session, agency_id, ending)
            moved = move_postings(session, ending.event_id, ending.on, {agency_id: heir})
            audit.record(session, actor, "accounts.follow_agencies", ending.event_id, at, on=ending.on.isoformat(), postings=moved, roles=0)
            waiting.add(heir)


def _heir(session: Session, agency_id: UUID, ending: Ending) -> UUID:
    if ending.heir is None:
        raise DomainError(
            N_("%(agency)s giải thể từ ngày %(day)s. Ghi ngày kết thúc vị trí công tác trước ngày đó, hoặc chọn cơ quan khác."),
            code="agency_ends",
            field="agency",
            agency=agency_names(session, [agency_id], ending.on).get(agency_id, str(agency_id)),
            day=f"{ending.on:%d/%m/%Y}",
        )
    return ending.heir


def _go_on(session: Session, event_id: UUID, on: date, ended: UUID) -> None:
    """The second halves of postings noted as going on. Those of which the first half is closed already have theirs."""
    own = and_(PostingMove.event_id == event_id, PostingMove.from_agency_id == ended, PostingMove.is_continued)
    new = {Posting.id: PostingMove.id, Posting.agency_id: PostingMove.to_agency_id, Posting.valid_from: literal(on, Date)}
    columns = [getattr(Posting, key) for key in POSTING_KEYS]
    halves = select(*(new.get(column, column) for column in columns)).join(PostingMove, PostingMove.continued_id == Posting.id)
    session.execute(insert(Posting).from_select(POSTING_KEYS, halves.where(own, Posting.valid_to > on), include_defaults=False))
    made = and_(own, PostingMove.posting_id.is_(None), exists().where(Posting.id == PostingMove.id))
    session.execute(update(PostingMove).where(made).values(posting_id=PostingMove.id), execution_options=_QUIETLY)
    first = select(PostingMove.continued_id).where(own)
    session.execute(update(Posting).where(Posting.id.in_(first), Posting.valid_to > on).values(valid_to=on), execution_options=_QUIETLY)
