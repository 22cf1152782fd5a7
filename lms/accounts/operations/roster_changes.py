"""What an import changed: kept sealed with each batch, and put back exactly."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, delete, func, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting, RoleGrant, RosterBatch
from lms.accounts.operations.people import BATCH
from lms.kit.secrets import Vault, vault_of

KEPT_TABLES: tuple[Table, ...] = (Posting.__table__, RoleGrant.__table__)  # type: ignore[assignment]
Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""Table → id → column → value."""


_FOLLOWING = frozenset({"identity_sealed", "sort_key", "search_text", "name_key"})  # never changed by themselves


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One person, before and after: columns of the person, and their posts and roles as whole rows."""

    person_id: UUID
    outcome: str
    sheet: str = ""
    row: int = 0
    before: Mapping[str, Any] = {}
    after: Mapping[str, Any] = {}
    rows_before: Rows = {}
    rows_after: Rows = {}

    @classmethod
    def of_new(cls, person_id: UUID, sheet: str, row: int) -> Change:
        return cls(person_id, "new", sheet, row)


def keep_changes(session: Session, run_id: UUID, changes: Sequence[Change], at: datetime) -> None:
    """Store what a batch changed, in its transaction."""
    counts: dict[str, int] = {}
    for change in changes:
        counts[change.outcome] = counts.get(change.outcome, 0) + 1
    ordinal = (session.scalar(select(func.max(RosterBatch.ordinal)).where(RosterBatch.run_id == run_id)) or 0) + 1
    sealed = _closed(vault_of(session), changes)
    session.execute(insert(RosterBatch).values(run_id=run_id, ordinal=ordinal, at=at, counts=counts, sealed=sealed))


def kept_changes(session: Session, run_id: UUID, *, backwards: bool = False) -> Iterable[list[Change]]:
    """Batch after batch; those thrown away are not among them."""
    order = RosterBatch.ordinal.desc() if backwards else RosterBatch.ordinal
    ordinals = session.scalars(
        select(RosterBatch.ordinal).where(RosterBatch.run_id == run_id, RosterBatch.sealed.is_not(None)).order_by(order)
    ).all()
    for ordinal in ordinals:
        sealed = session.scalars(select(RosterBatch.sealed).where(RosterBatch.run_id == run_id, RosterBatch.ordinal == ordinal)).one()
        yield _opened(vault_of(session), sealed)


def counts_of(session: Session, run_id: UUID) -> dict[str, int]:
    """How many of what all batches of a run changed."""
    total: dict[str, int] = {}
    for counts in session.scalars(select(RosterBatch.counts).where(RosterBatch.run_id == run_id)):
        for key, count in counts.items():
            total[key] = total.get(key, 0) + count
    return total


def values_of(session: Session, wanted: Mapping[UUID, Mapping[str, Any]]) -> dict[UUID, dict[str, Any]]:
    """The present values of some columns of some people."""
    found: dict[UUID, dict[str, Any]] = {}
    columns = sorted({name for values in wanted.values() for name in values})
    ids = list(wanted)
    for start in range(0, len(ids) if columns else 0, BATCH):
        table = Person.__table__
        rows = session.execute(select(table.c.id, *(table.c[name] for name in columns)).where(table.c.id.in_(ids[start : start + BATCH])))
        for row in rows.mappings():
            found[row["id"]] = {name: row[name] for name in wanted[row["id"]]}
    return found


def posts_and_roles(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, dict[str, dict[str, dict[str, Any]]]]:
    """Person → their rows in `KEPT_TABLES`."""
    found: dict[UUID, dict[str, dict[str, dict[str, Any]]]] = {}
    for start in range(0, len(person_ids), BATCH):
        for table in KEPT_TABLES:
            for row in session.execute(select(table).where(table.c.person_id.in_(person_ids[start : start + BATCH]))).mappings():
                rows = found.setdefault(row["person_id"], {}).setdefault(table.name, {})
                rows[str(row["id"])] = {name: _plain(value) for name, value in row.items()}
    return found


def still_standing(session: Session, person_ids: Sequence[UUID]) -> set[UUID]:
    """Those of some people who may be changed, locked in the order of their ids: a record that was merged into another or erased in the
    meantime is left alone."""
    found: set[UUID] = set()
    ids = sorted(set(person_ids))
    for start in range(0, len(ids), BATCH):
        rows = (
            select(Person.id)
            .where(Person.id.in_(ids[start : start + BATCH]), Person.merged_into_id.is_(None), Person.erased_at.is_(None))
            .order_by(Person.id)
            .with_for_update()
        )
        found |= set(session.scalars(rows))
    return found


def forget_changes(session: Session, person_ids: Collection[UUID]) -> None:
    """Take some people out of all that could still be put back."""
    people = set(person_ids)
    keys = vault_of(session)
    for run_id, ordinal in session.execute(select(RosterBatch.run_id, RosterBatch.ordinal).where(RosterBatch.sealed.is_not(None))).all():
        batch = (RosterBatch.run_id == run_id, RosterBatch.ordinal == ordinal)
        sealed = session.scalars(select(RosterBatch.sealed).where(*batch)).one()
        changes = _opened(keys, sealed)
        rest = [change for change in changes if change.person_id not in people]
        if len(rest) < len(changes):
            session.execute(update(RosterBatch).where(*batch).values(sealed=_closed(keys, rest)))


def put_back_values(session: Session, changes: Sequence[Change]) -> dict[UUID, list[str]]:
    """Give people's columns the values they had, where they still have those the import gave. Returns which were changed since."""
    now = values_of(session, {change.person_id: change.after for change in changes if change.after})
    kept: dict[UUID, list[str]] = {}
    for change in changes:
        present = now.get(change.person_id, {})
        same = [name for name, value in change.after.items() if _plain(present.get(name)) == _plain(value)]
        later = [
            name for name in change.after if name not in same and name not in ("identity_sealed", "sort_key", "search_text", "name_key")
        ]
        if later:
            kept[change.person_id] = later
        if same and change.person_id in now:
            values = {name: _stored(Person.__table__, name, change.before.get(name)) for name in same}  # type: ignore[arg-type]
            session.execute(update(Person).where(Person.id == change.person_id).values(**values))
    return kept


def put_back_rows(session: Session, changes: Sequence[Change]) -> set[UUID]:
    """Give people the posts and roles they had, where those are still as the import left them. Returns whose are not."""
    now = posts_and_roles(session, [change.person_id for change in changes])
    kept: set[UUID] = set()
    for change in changes:
        for table in KEPT_TABLES:
            before, after = change.rows_before.get(table.name, {}), change.rows_after.get(table.name, {})
            present = now.get(change.person_id, {}).get(table.name, {})
            touched = {key for key in {*before, *after} if before.get(key) != after.get(key)}
            if any(present.get(key) != after.get(key) for key in touched) or (touched and set(present) - set(after)):
                kept.add(change.person_id)
                continue
            gone = [UUID(key) for key in touched if key in after]
            if gone:
                session.execute(delete(table).where(table.c.id.in_(gone)))
            rows = [{name: _stored(table, name, value) for name, value in before[key].items()} for key in touched if key in before]
            if rows:
                session.execute(insert(table), rows)
    return kept


def discard_changes(session: Session, run_ids: Any) -> None:
    """Throw away what names people; the counts stay."""
    session.execute(update(RosterBatch).where(RosterBatch.run_id.in_(run_ids), RosterBatch.sealed.is_not(None)).values(sealed=None))


def _closed(keys: Vault, changes: Sequence[Change]) -> bytes:
    return keys.seal_bytes(zlib.compress(msgspec.msgpack.encode(list(changes)), 1))


def _opened(keys: Vault, sealed: bytes | None) -> list[Change]:
    assert sealed is not None
    return msgspec.msgpack.decode(zlib.decompress(keys.unseal_bytes(sealed)), type=list[Change])


def _plain(value: Any) -> Any:
    """A value as it comes back from the sealed form."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _stored(table: Table, column: str, value: Any) -> Any:
    """A kept value as its column takes it."""
    if value is None:
        return None
    kind = table.c[column].type.python_type
    if kind is UUID:
        return UUID(str(value))
    if kind is datetime:
        return value if isinstance(value, datetime) else datetime.fromisoformat(value)
    if kind is date:
        return value if isinstance(value, date) else date.fromisoformat(value)
    return value
