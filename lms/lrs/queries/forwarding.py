"""How far the outside stores are, and what comes next for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.agencies.models import AgencyClosure
from lms.kit.clock import local_date
from lms.lrs.models import ContentPiece, ForwardFault, ForwardTarget, Statement, StatementContent
from lms.lrs.queries import chunks, consistent_through
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.rendering import exact

WINDOW = 400  # statements looked at in one step


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A statement on its way: `text` is sent as it is. `contents` are the hashes of the files that came with it, `version` is what it says
    it is of."""

    position: UUID
    id: UUID
    text: str
    contents: tuple[bytes, ...] = ()
    version: str = "1.0.0"


@dataclass(frozen=True, slots=True)
class Window:
    """The next step of a target: what goes out, and the position it is at afterwards (None: there is nothing new)."""

    statements: list[Outgoing]
    end: UUID | None


@dataclass(frozen=True, slots=True)
class TargetState:
    """A target as its page shows it. `waiting` counts what is stored here and not done with there, before filters; `oldest` is when the
    first of it was stored."""

    name: str
    endpoint: str
    username: str
    version: str
    verbs: list[Any]
    agency_id: UUID | None
    sent: int
    sent_at: datetime | None
    failures: int
    failing_since: datetime | None
    error: str | None
    retry_at: datetime | None
    paused_at: datetime | None
    waiting: int
    oldest: datetime | None
    faults: int


@dataclass(frozen=True, slots=True)
class FaultRow:
    id: UUID
    statement_id: UUID
    status: int
    reason: str
    set_aside_at: datetime


COUNTED_UP_TO = 100_000  # of what waits: beyond this the exact number tells nobody anything


def due_targets(session: Session, at: datetime) -> list[str]:
    """Names of the targets that may be sent to now."""
    found = select(ForwardTarget.name).where(
        ForwardTarget.paused_at.is_(None),
        or_(ForwardTarget.retry_at.is_(None), ForwardTarget.retry_at <= at),
        or_(ForwardTarget.lease_until.is_(None), ForwardTarget.lease_until < at),
    )
    return list(session.scalars(found.order_by(ForwardTarget.name)))


def next_window(session: Session, target: ForwardTarget, zone: ZoneInfo, at: datetime) -> Window:
    """What comes after a target's cursor and is safe to send: nothing can be stored before it any more.

    Must be read in a writing transaction: on SQLite that is what keeps writers out between their clock and their commit.
    """
    bound = first_position(consistent_through(session, at))
    text = (Statement.body, Statement.head, Statement.rebuilt)
    columns = (Statement.position, Statement.id, Statement.verb, Statement.timestamp, Statement.version, *text)
    rows = session.execute(
        select(*columns).where(Statement.position > target.cursor, Statement.position < bound).order_by(Statement.position).limit(WINDOW)
    ).all()
    if not rows:
        return Window([], None)
    wanted = [row for row in rows if not target.verbs or row.verb in target.verbs]
    if target.agency_id is not None:
        there = _people_of(session, target.agency_id, {row.position: (row.body, local_date(row.timestamp, zone)) for row in wanted})
        wanted = [row for row in wanted if row.position in there]
    contents = contents_of(session, [row.position for row in wanted])
    outgoing = [
        Outgoing(row.position, row.id, exact(row.body, row.head, row.rebuilt), tuple(contents.get(row.position, ())), row.version)
        for row in wanted
    ]
    return Window(outgoing, rows[-1].position)


def contents_of(session: Session, positions: Sequence[UUID]) -> dict[UUID, list[bytes]]:
    """Hashes of what came with the statements at these positions."""
    found: dict[UUID, list[bytes]] = {}
    for part in chunks(positions):
        brought = select(StatementContent.position, StatementContent.sha2).where(StatementContent.position.in_(part))
        for position, sha2 in session.execute(brought.order_by(StatementContent.sha2)):
            found.setdefault(position, []).append(sha2)
    return found


def content_pieces(session: Session, sha2: bytes) -> list[int]:
    """Numbers of a content's pieces, in order."""
    return list(session.scalars(select(ContentPiece.number).where(ContentPiece.sha2 == sha2).order_by(ContentPiece.number)))


def content_piece(session: Session, sha2: bytes, number: int) -> bytes:
    return session.scalars(select(ContentPiece.data).where(ContentPiece.sha2 == sha2, ContentPiece.number == number)).one()


def _people_of(session: Session, agency_id: UUID, said: dict[UUID, tuple[str, date]]) -> set[UUID]:
    """Positions of the statements whose actor is a person of this agency, or of one below it, on the day of the statement."""
    people = {position: person for position, (body, _day) in said.items() if (person := _person(session, body)) is not None}
    spans: dict[UUID, list[tuple[date, date]]] = {}
    for part in chunks(set(people.values())):
        found = (
            select(Posting.person_id, Posting.valid_from, Posting.valid_to, AgencyClosure.valid_from, AgencyClosure.valid_to)
            .join(AgencyClosure, AgencyClosure.descendant_id == Posting.agency_id)
            .where(AgencyClosure.ancestor_id == agency_id, Posting.person_id.in_(part))
        )
        for person, begins, ends, joined, left in session.execute(found):
            spans.setdefault(person, []).append((max(begins, joined), min(ends, left)))
    return {
        position for position, person in people.items() if any(begins <= said[position][1] < ends for begins, ends in spans.get(person, ()))
    }


class _Account(msgspec.Struct):
    home: str = msgspec.field(name="homePage")
    name: str = ""


class _Actor(msgspec.Struct):
    account: _Account | None = None


class _Said(msgspec.Struct):
    actor: _Actor


def _person(session: Session, body: str) -> UUID | None:
    account = msgspec.json.decode(body, type=_Said).actor.account
    if account is None or account.home != session.info["base_url"]:
        return None
    try:
        return UUID(account.name)
    except ValueError:
        return None


def targets(session: Session) -> list[TargetState]:
    """All targets with how far each is."""
    counted = select(ForwardFault.target, func.count()).group_by(ForwardFault.target)
    faults = {row.target: row[1] for row in session.execute(counted)}
    return [
        _state(session, target, faults.get(target.name, 0))
        for target in session.scalars(select(ForwardTarget).order_by(ForwardTarget.name))
    ]


def _state(session: Session, target: ForwardTarget, faults: int) -> TargetState:
    ahead = select(Statement.position).where(Statement.position > target.cursor)
    waiting = session.scalar(select(func.count()).select_from(ahead.limit(COUNTED_UP_TO).subquery())) or 0
    oldest = session.scalar(select(Statement.stored).where(Statement.position > target.cursor).order_by(Statement.position).limit(1))
    return TargetState(
        name=target.name,
        endpoint=target.endpoint,
        username=target.username,
        version=target.version,
        verbs=target.verbs,
        agency_id=target.agency_id,
        sent=target.sent,
        sent_at=target.sent_at,
        failures=target.failures,
        failing_since=target.failing_since,
        error=target.error,
        retry_at=target.retry_at,
        paused_at=target.paused_at,
        waiting=waiting,
        oldest=oldest,
        faults=faults,
    )


def faults_of(session: Session, target: str, limit: int = 50) -> list[FaultRow]:
    """The last that were set aside, newest first."""
    columns = (ForwardFault.id, ForwardFault.statement_id, ForwardFault.status, ForwardFault.reason, ForwardFault.set_aside_at)
    found = select(*columns).where(ForwardFault.target == target).order_by(ForwardFault.position.desc()).limit(limit)
    return [FaultRow(*row) for row in session.execute(found)]
