"""Persons in what this package keeps, and in what the kit keeps for all: audit, imports, jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person
from lms.accounts.queries.records import records_of
from lms.kit.audit import AuditEntry
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.kit.imports.models import ImportRun
from lms.kit.secrets import vault_of
from lms.privacy.models import DataRequest, NoticeRead
from lms.privacy.operations.requests import close_requests_of

_OWN, _OTHER = N_("chính mình"), N_("người có thẩm quyền hoặc hệ thống")
# What a finding or a change of an import may say of people; matched by name, for a row of a file carries no id.
_TOLD = ("findings", "details", "decisions", "result", "undo_result")
# Who asked for an import, by name.
_NAMED = (("created_by", "created_by_name"), ("confirmed_by", "confirmed_by_name"), ("undo_by", "undo_by_name"))


class NoticesAndRequests:
    """Notices read, requests made, and traces in audit and imports."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """Of entries about the person all that they say; of what the person did to others only what and when. Others are not named."""
        reads = session.execute(
            select(NoticeRead.version, NoticeRead.read_at).where(NoticeRead.person_id == person_id).order_by(NoticeRead.read_at)
        )
        return [
            PersonalSection(N_("Thông báo đã đọc"), (N_("Bản"), N_("Đọc lúc")), [tuple(row) for row in reads]),
            PersonalSection(
                N_("Yêu cầu về dữ liệu cá nhân"),
                (
                    N_("Loại"),
                    N_("Mục"),
                    N_("Giá trị đề nghị"),
                    N_("Lý do"),
                    N_("Gửi lúc"),
                    N_("Tình trạng"),
                    N_("Trả lời"),
                    N_("Trả lời lúc"),
                ),
                _requests(session, person_id),
            ),
            PersonalSection(
                N_("Nhật ký thao tác"),
                (N_("Lúc"), N_("Người thực hiện"), N_("Hành động"), N_("Chi tiết"), N_("Địa chỉ mạng")),
                _entries(session, person_id),
            ),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Of notices the earlier reading. Requests that wait about the absorbed record and were asked of the kept one too are
        withdrawn; all others move."""
        return {"notices": _merge_reads(session, kept, absorbed), "requests": _merge_requests(session, kept, absorbed)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Empty requests, and take the name out of imports. The audit is not edited: it goes when its time is over."""
        records = records_of(session, person_id)
        close_requests_of(session, records, at)
        for column, name in _NAMED:
            by = getattr(ImportRun, column).in_(records)
            session.execute(update(ImportRun).where(by).values({name: pseudonym}))
        _forget_in_imports(session, _called(session, records), pseudonym)


def _requests(session: Session, person_id: UUID) -> list[tuple[Any, ...]]:
    keys = vault_of(session)
    rows = session.scalars(select(DataRequest).where(DataRequest.person_id == person_id).order_by(DataRequest.made_at))
    return [
        (
            row.kind,
            row.field or None,
            keys.unseal(row.proposed_sealed) if row.proposed_sealed else None,
            row.reason,
            row.made_at,
            row.state,
            row.answer,
            row.answered_at,
        )
        for row in rows
    ]


def _entries(session: Session, person_id: UUID) -> list[tuple[Any, ...]]:
    records = records_of(session, person_id)  # entries are never edited: those about an absorbed record stay its own
    subjects = {str(record) for record in records}
    rows = session.execute(
        select(AuditEntry.at, AuditEntry.actor_id, AuditEntry.action, AuditEntry.subject, AuditEntry.details, AuditEntry.remote_address)
        .where(or_(AuditEntry.subject.in_(subjects), AuditEntry.actor_id.in_(records)))
        .order_by(AuditEntry.at, AuditEntry.id)
    )
    return [
        (
            row.at,
            _OWN if row.actor_id in records else _OTHER,
            row.action,
            row.details if row.subject in subjects else None,
            row.remote_address if row.actor_id in records else None,
        )
        for row in rows
    ]


def _merge_reads(session: Session, kept: UUID, absorbed: UUID) -> int:
    own = {row.version: row.read_at for row in session.scalars(select(NoticeRead).where(NoticeRead.person_id == kept))}
    theirs = session.execute(select(NoticeRead.version, NoticeRead.read_at).where(NoticeRead.person_id == absorbed)).all()
    for version, read_at in theirs:
        one = (NoticeRead.person_id == absorbed, NoticeRead.version == version)
        if version not in own:
            session.execute(update(NoticeRead).where(*one).values(person_id=kept))
            continue
        same = (NoticeRead.person_id == kept, NoticeRead.version == version)
        session.execute(update(NoticeRead).where(*same).values(read_at=min(read_at, own[version])))
        session.execute(delete(NoticeRead).where(*one))
    return len(theirs)


def _merge_requests(session: Session, kept: UUID, absorbed: UUID) -> int:
    waits = DataRequest.state.in_(("open", "granted"))
    pending = session.execute(select(DataRequest.kind, DataRequest.field).where(DataRequest.person_id == kept, waits)).all()
    for kind, field in pending:
        twice = (DataRequest.person_id == absorbed, waits, DataRequest.kind == kind, DataRequest.field == field)
        session.execute(
            update(DataRequest).where(*twice).values(state="withdrawn", answer=None, answered_by=None, answered_at=None, done_at=None)
        )
    moved = update(DataRequest).where(DataRequest.person_id == absorbed).values(person_id=kept)
    return len(session.execute(moved.returning(DataRequest.id)).all())


def _called(session: Session, records: Collection[UUID]) -> list[str]:
    """What these records are called, as a file might call them, longest first."""
    rows = session.execute(
        select(Person.full_name, Person.staff_code, Person.email, Account.login_name)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Person.id.in_(records))
    )
    return sorted({name for row in rows for name in row if name}, key=len, reverse=True)


def _forget_in_imports(session: Session, names: Sequence[str], pseudonym: str) -> None:
    """One run at a time: there are few, and a database's own idea of small letters is not ours."""
    columns = [getattr(ImportRun, name) for name in _TOLD]
    for run_id in session.scalars(select(ImportRun.id)).all():
        row = session.execute(select(*columns).where(ImportRun.id == run_id)).one()
        values = {name: _without(getattr(row, name), names, pseudonym) for name in _TOLD}
        if any(values[name] != getattr(row, name) for name in _TOLD):
            session.execute(update(ImportRun).where(ImportRun.id == run_id).values(values))


def _without(value: Any, names: Sequence[str], pseudonym: str) -> Any:
    """A JSON value in which no text names the person."""
    if isinstance(value, str):
        for name in names:
            value = _replaced(value, name, pseudonym)
        return value
    if isinstance(value, list):
        return [_without(entry, names, pseudonym) for entry in value]
    if isinstance(value, dict):
        return {_without(key, names, pseudonym): _without(entry, names, pseudonym) for key, entry in value.items()}
    return value


def _replaced(text: str, name: str, pseudonym: str) -> str:
    """In whatever case the file wrote it."""
    place = text.casefold().find(name.casefold())
    while place >= 0:
        text = text[:place] + pseudonym + text[place + len(name) :]
        place = text.casefold().find(name.casefold(), place + len(pseudonym))
    return text


follower = NoticesAndRequests()
