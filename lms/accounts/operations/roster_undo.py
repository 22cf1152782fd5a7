"""Taking a roster import back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Table, delete, or_, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, ActivationCode, Person, PersonApart, Posting
from lms.accounts.operations.people import BATCH
from lms.accounts.operations.roster_changes import (
    Change,
    discard_changes,
    kept_changes,
    put_back_rows,
    put_back_values,
    still_standing,
)
from lms.accounts.queries.roster import people_named
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.db import Base
from lms.kit.errors import N_, Conflict
from lms.kit.imports import DoneImport
from lms.kit.imports.models import ImportRun
from lms.kit.imports.operations import KEEP_FILES
from lms.kit.imports.rules import ImportState

NAMED = 10  # people named in a refusal
# Made with each person, and of no meaning without them.
_OWN_TABLES = (ActivationCode.__table__, Account.__table__, Posting.__table__)


def undo_roster(session: Session, actor: Actor, run: DoneImport, at: datetime) -> Mapping[str, int]:
    """Put back what an import changed. Raises Conflict where somebody it entered has begun to work here, naming them; what was changed
    again since the import stays, and the run says whose."""
    batches = take_back(session, actor, run.id, at)
    session.execute(update(ImportRun).where(ImportRun.id == run.id).values(details={"kept": batches.kept_names(session)}))
    return {"removed": len(batches.removed), "restored": batches.restored, "kept": len(batches.kept)}


class TakenBack:
    """What taking back came to: who was removed, how many were restored, and who was changed since and stays (with the columns)."""

    def __init__(self) -> None:
        self.removed: list[UUID] = []
        self.restored = 0
        self.kept: dict[UUID, list[str]] = {}

    def kept_names(self, session: Session) -> list[dict[str, Any]]:
        people = people_named(session, list(self.kept)[:500])
        return [{"name": name, "code": code, "fields": self.kept[person_id]} for person_id, (name, code) in people.items()]


def take_back(session: Session, actor: Actor, run_id: UUID, at: datetime) -> TakenBack:
    """Undo every stored batch of a run, the last one first. Raises Conflict as `undo_roster` does."""
    result = TakenBack()
    for changes in kept_changes(session, run_id, backwards=True):
        new = [change.person_id for change in changes if change.outcome == "new"]
        _refuse_busy(session, new)
        _remove(session, new)
        result.removed += new
        standing = still_standing(session, [change.person_id for change in changes])
        kept: dict[UUID, list[str]] = {
            change.person_id: ["gone"] for change in changes if change.outcome != "new" and change.person_id not in standing
        }
        known = [change for change in changes if change.outcome != "new" and change.person_id in standing]
        kept |= put_back_values(session, [change for change in known if change.after])
        for person_id in put_back_rows(session, [change for change in known if change.rows_before or change.rows_after]):
            kept.setdefault(person_id, []).append("posts")
        result.kept |= kept
        result.restored += len({change.person_id for change in known} - set(kept))
        _record(session, actor, run_id, changes, at)
    return result


def _record(session: Session, actor: Actor, run_id: UUID, changes: Sequence[Change], at: datetime) -> None:
    by_outcome: dict[str, list[str]] = {}
    for change in changes:
        by_outcome.setdefault(change.outcome, []).append(str(change.person_id))
    audit.record(session, actor, "accounts.undo_roster_batch", run_id, at, people=by_outcome)


def _refuse_busy(session: Session, person_ids: Sequence[UUID]) -> None:
    """Raises Conflict naming those who have an account in use or something recorded about them."""
    busy: set[UUID] = set()
    for start in range(0, len(person_ids), BATCH):
        part = person_ids[start : start + BATCH]
        busy |= set(session.scalars(select(Account.person_id).where(Account.person_id.in_(part), Account.activated_at.is_not(None))))
        for column in _references():
            busy |= set(session.scalars(select(column).where(column.in_(part)).distinct()))
    if busy:
        names = sorted(f"{name} ({code})" for name, code in people_named(session, list(busy)[:NAMED]).values())
        raise Conflict(
            N_("Không hoàn tác được: %(count)s người do lần nhập này thêm đã kích hoạt tài khoản hoặc đã bắt đầu làm bài: %(names)s."),
            code="people_busy",
            count=len(busy),
            names=", ".join(names) + ("…" if len(busy) > NAMED else ""),
        )


def _references() -> list[Column[Any]]:
    """Columns of other tables that say something about a person: whatever their package, they name the person's row."""
    targets = {Person.__table__.c.id, Account.__table__.c.person_id}
    return [
        column
        for table in Base.metadata.sorted_tables
        if table not in (*_OWN_TABLES, PersonApart.__table__)
        for column in table.columns
        if column.name == "person_id" or any(key.column in targets for key in column.foreign_keys)
        if column.type.python_type is UUID
    ]


def _remove(session: Session, person_ids: Sequence[UUID]) -> None:
    for start in range(0, len(person_ids), BATCH):
        part = person_ids[start : start + BATCH]
        for table in _OWN_TABLES:
            assert isinstance(table, Table)
            session.execute(delete(table).where(table.c.person_id.in_(part)))
        session.execute(delete(PersonApart).where(or_(PersonApart.one_id.in_(part), PersonApart.other_id.in_(part))))
        session.execute(delete(Person).where(Person.id.in_(part)))


def discard_old_changes(session: Session, at: datetime) -> None:
    """Throw away what batches changed in imports older than their files are kept."""
    under_way = (ImportState.APPLYING, ImportState.UNDOING)
    old = select(ImportRun.id).where(ImportRun.kind == "roster", ImportRun.created_at < at - KEEP_FILES, ImportRun.state.not_in(under_way))
    discard_changes(session, old)
