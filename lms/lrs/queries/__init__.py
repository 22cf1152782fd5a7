"""Every read of the record store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Boolean, ColumnElement, Select, func, literal, literal_column, or_, select, text, tuple_, union_all
from sqlalchemy.orm import Session

from lms.accounts.models import Account
from lms.kit.clock import local_midnight
from lms.lrs.models import Credential, Statement, StatementId, StatementTerm
from lms.lrs.outbox import OutboxEntry
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.rendering import exact
from lms.lrs.rules.terms import TermKind, agent_identity, term

# PostgreSQL advisory locks of this package.
LOCK_SPACE = 0x78415049
LOCK_WRITERS = 1
LOCK_OUTBOX = 2
LOCK_PARTITIONS = 3

_CHUNK = 500  # values in one IN list
_CAUTION = timedelta(seconds=1)  # for writers whose clock is not ours

Value = TypeVar("Value")
Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """A statement as it is given back; `text` is its JSON in exact format."""

    id: UUID
    position: UUID
    stored: datetime
    text: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """Some statements in order; `last` is the position after which the next page begins, None at the end."""

    statements: list[StoredStatement]
    last: UUID | None


@dataclass(frozen=True, slots=True)
class KnownStatement:
    """What must be known of a stored statement to compare with it, refer to it or void it. Without `authority`, `body` and `head` it
    stands in a partition that is detached."""

    id: UUID
    position: UUID
    target_id: UUID | None
    is_voider: bool | None
    authority: UUID | None
    body: str | None
    head: str | None


@dataclass(frozen=True, slots=True)
class CredentialRow:
    """`quiet`: nobody was storing statements when this row was asked for by its key."""

    key: str
    secret_hash: bytes
    label: str
    scopes: list[Any]
    created_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    person_id: UUID | None = None
    expires_at: datetime | None = None
    requests_per_minute: int | None = None
    max_body: int | None = None
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class OutboxState:
    """How far the turning of events into statements is behind. `oldest` is when the first waiting one happened."""

    waiting: int
    oldest: datetime | None
    set_aside: list[OutboxEntry]


GIVEN = (Statement.id, Statement.position, Statement.stored, Statement.body, Statement.head, Statement.rebuilt)
_OF_STATEMENT = (Statement.is_voider, Statement.authority, Statement.body, Statement.head)
_KNOWN = (StatementId.id, StatementId.position, StatementId.target_id, *_OF_STATEMENT)
_STOOD = select(*_KNOWN).outerjoin_from(StatementId, Statement, Statement.position == StatementId.position)


def authority_term(authority: Mapping[str, Any]) -> UUID:
    """The key under which an authority's statements are found; a pair of members (OAuth) is known by its account."""
    identity = agent_identity(authority)
    if identity is None:
        identity = " ".join(sorted(filter(None, map(agent_identity, authority["member"]))))
    return term(TermKind.RELATED_AGENT, identity)


def statement_by_id(
    session: Session, statement_id: UUID, *, voided: bool, authority: Mapping[str, Any] | None = None
) -> StoredStatement | None:
    """A statement that is voided or is not, as asked; with `authority` only one of its own."""
    found = select(*GIVEN).join_from(StatementId, Statement, Statement.position == StatementId.position)
    found = found.where(StatementId.id == statement_id, Statement.voided.is_(voided))
    if authority is not None:
        found = found.where(Statement.authority == authority_term(authority))
    row = session.execute(found).one_or_none()
    return None if row is None else stored(row)


def stored(row: Any) -> StoredStatement:
    """Of a row of GIVEN."""
    return StoredStatement(row.id, row.position, row.stored, exact(row.body, row.head, row.rebuilt))


def statements_near(session: Session, ids: Collection[UUID]) -> tuple[dict[UUID, KnownStatement], dict[UUID, KnownStatement]]:
    """Those of these ids that are stored, voided or not, and the stored statements whose object is one of these; each by its own id."""
    known: dict[UUID, KnownStatement] = {}
    pointing: dict[UUID, KnownStatement] = {}
    for chunk in chunks(ids):
        wanted = frozenset(chunk)
        for row in session.execute(_STOOD.where(or_(StatementId.id.in_(chunk), StatementId.target_id.in_(chunk)))):
            found = KnownStatement(*row)
            if found.id in wanted:
                known[found.id] = found
            if found.target_id in wanted:
                pointing[found.id] = found
    return known, pointing


def statements_known(session: Session, ids: Collection[UUID]) -> dict[UUID, KnownStatement]:
    """Those of these ids that are stored."""
    rows = [row for chunk in chunks(ids) for row in session.execute(_STOOD.where(StatementId.id.in_(chunk)))]
    return {row.id: KnownStatement(*row) for row in rows}


def terms_missing(session: Session, pairs: Collection[tuple[UUID, UUID]]) -> list[tuple[UUID, UUID]]:
    """Those of these pairs (term, position) that are not there."""
    key = tuple_(StatementTerm.term, StatementTerm.position)
    missing = set(pairs)
    for chunk in chunks(pairs):
        missing -= {
            (row.term, row.position) for row in session.execute(select(StatementTerm.term, StatementTerm.position).where(key.in_(chunk)))
        }
    return sorted(missing)


def consistent_through(session: Session, at: datetime) -> datetime:
    """Everything stored before this moment is readable now. `at` is the present, read before this is asked.

    PostgreSQL shows who is storing (`operations.take_turn`) and since when. On SQLite a writer holds the database between reading the
    clock and committing, which takes milliseconds.
    """
    if session.get_bind().dialect.name != "postgresql":
        return at
    oldest = session.execute(
        text(
            "SELECT min(a.xact_start) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted"
            " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            " AND l.classid = :space AND l.objid = :writers AND l.objsubid = 2"
        ),
        {"space": LOCK_SPACE, "writers": LOCK_WRITERS},
    ).scalar_one()
    return at if oldest is None else min(at, oldest - _CAUTION)


def credential(session: Session, key: str) -> CredentialRow | None:
    row = session.execute(_credentials().add_columns(quiet(session.get_bind().dialect.name)).where(Credential.key == key)).one_or_none()
    return None if row is None else CredentialRow(*row)


def quiet(dialect: str) -> ColumnElement[bool]:
    """Is nobody storing at this moment? Only the lock of all writers that can be had at once, and is given back at once, proves it; a look
    at who holds which lock (`consistent_through`) costs ten times as much. On SQLite see there."""
    if dialect != "postgresql":
        return literal_column("1", Boolean())
    lock = f"({LOCK_SPACE}, {LOCK_WRITERS})"
    return literal_column(f"CASE WHEN pg_try_advisory_lock{lock} THEN pg_advisory_unlock{lock} ELSE FALSE END", Boolean())


def credentials(session: Session) -> list[CredentialRow]:
    """All that outside systems ever had, newest first; not the keys of learners' content."""
    systems = _credentials().where(Credential.person_id.is_(None))
    return [CredentialRow(*row) for row in session.execute(systems.order_by(Credential.created_at.desc(), Credential.key))]


def may_sign_in(session: Session, person_id: UUID) -> bool:
    """Has this person an account that is open?"""
    return session.scalar(select(literal(1)).where(Account.person_id == person_id, Account.disabled_at.is_(None))) is not None


def _credentials() -> Rows:
    return select(
        Credential.key,
        Credential.secret_hash,
        Credential.label,
        Credential.scopes,
        Credential.created_at,
        Credential.revoked_at,
        Credential.last_used_at,
        Credential.person_id,
        Credential.expires_at,
        Credential.requests_per_minute,
        Credential.max_body,
    )


def volumes(session: Session, days: Sequence[date], zone: ZoneInfo) -> dict[date, dict[str, int]]:
    """How many statements were stored on each of these days of the province, by verb; voided ones count, they were stored."""
    counts: dict[date, dict[str, int]] = {day: {} for day in days}
    parts = [
        select(literal(index).label("day"), Statement.verb, func.count())
        .where(Statement.position >= first_position(local_midnight(day, zone)))
        .where(Statement.position < first_position(local_midnight(day + timedelta(days=1), zone)))
        .group_by(Statement.verb)
        for index, day in enumerate(days)
    ]
    for index, verb, count in session.execute(union_all(*parts)):
        counts[days[index]][verb] = count
    return counts


def outbox_state(session: Session) -> OutboxState:
    """Waiting entries, and the last fifty that were set aside."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxEntry.happened_at)).where(OutboxEntry.stored_at.is_(None), OutboxEntry.set_aside_at.is_(None))
    ).one()
    aside = select(OutboxEntry).where(OutboxEntry.stored_at.is_(None), OutboxEntry.set_aside_at.is_not(None))
    return OutboxState(waiting, oldest, list(session.scalars(aside.order_by(OutboxEntry.id.desc()).limit(50))))


def chunks(given: Iterable[Value]) -> Iterator[list[Value]]:
    """Lists short enough for an IN."""
    entries = iter(given)
    while chunk := list(islice(entries, _CHUNK)):
        yield chunk


def statements_about(session: Session, known_as: Collection[str]) -> list[UUID]:
    """Where the statements stand in which somebody known as one of these (`rules.terms.agent_identity`) is named, in order, voided or
    not; those that refer to such a statement are among them."""
    keys = [term(kind, identity) for identity in known_as for kind in (TermKind.AGENT, TermKind.RELATED_AGENT)]
    found = {
        place for part in chunks(keys) for place in session.scalars(select(StatementTerm.position).where(StatementTerm.term.in_(part)))
    }
    return sorted(found)


def bodies_at(session: Session, positions: Collection[UUID]) -> list[tuple[datetime, datetime, bool, str]]:
    """(timestamp, stored, voided, text as received) of the statements at these positions, in order."""
    rows = [
        row
        for part in chunks(positions)
        for row in session.execute(
            select(Statement.position, Statement.timestamp, Statement.stored, Statement.voided, Statement.body).where(
                Statement.position.in_(part)
            )
        )
    ]
    return [(row.timestamp, row.stored, row.voided, row.body) for row in sorted(rows, key=lambda row: row.position)]
