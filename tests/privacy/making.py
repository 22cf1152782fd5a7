"""People with something in every corner of the service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from flask import Flask
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from courses import operations as courses
from lms.accounts import operations as accounts
from lms.accounts.models import Account, Person, Posting, SignIn
from lms.accounts.operations import NewPerson
from lms.kit.actors import SERVICE, Actor
from lms.kit.db import Base
from lms.kit.ids import uuid7
from lms.kit.imports.models import ImportRun
from lms.lrs.jobs import store_outbox
from lms.lrs.operations import store_statements
from lms.lrs.rules.reading import from_values
from quizzes.models import Response
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.queries.attempts import attempt_by_id
from tests.courses.making import FIRST, SECOND, publish
from tests.factories import make_agency
from tests.quizzes.making import AT, QUARTER, fill_bank, keys_of, make_round, right_and_wrong

BASE = "http://127.0.0.1:8000"


@dataclass(frozen=True)
class Known:
    """A person and everything they are called."""

    id: UUID
    actor: Actor
    names: tuple[str, ...]


def make_world(session: Session) -> UUID:
    """A province with a course and an open round yet to be expected; returns an agency."""
    root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
    agency = make_agency(session, "Sở Nội vụ", parent=root, code="H55.1")
    publish(session)
    fill_bank(session)
    return agency


def make_known(session: Session, agency: UUID, number: int, name: str) -> Known:
    """Somebody with all personal numbers."""
    code, login, email = f"CB7000{number}", f"dang.nhap.{number}", f"thu.rieng.{number}@tinh.example.vn"
    phone, identity = f"+8491234567{number}", f"01908500012{number}"
    person_id = accounts.create_person(
        session,
        SERVICE,
        NewPerson(
            full_name=name,
            agency_id=agency,
            valid_from=date(2024, 1, 1),
            staff_code=code,
            login_name=login,
            email=email,
            phone=phone,
            identity_number=identity,
            birth_date=date(1985, 3, 7),
            job_title="Chủ tịch Hội đồng thử nghiệm",
        ),
        AT,
    )
    return Known(person_id, Actor(person_id, name, login), (name, code, login, email, phone, identity, "Chủ tịch Hội đồng thử nghiệm"))


def open_the_round(session: Session) -> UUID:
    return make_round(session, attempts_allowed=5)


def live(session: Session, person: Known, *, right: int = 3, lessons: tuple[str, ...] = (FIRST, SECOND)) -> None:
    """Study, sit, sign in, hold a slip, be in another system's statements and in a roster's findings."""
    for lesson in lessons:
        courses.complete_lesson(session, person.actor, "khoa-thu", lesson, AT)
    begun = start_attempt(session, person.actor, QUARTER, AT)
    keys = keys_of(session, attempt_by_id(session, begun.attempt_id).form_id)
    for slot, answer in list(right_and_wrong(keys, right).items()):
        session.add(Response(attempt_id=begun.attempt_id, slot=slot, answer=answer, takeover=1, sequence=slot, saved_at=AT))
    session.flush()
    submit_attempt(session, person.actor, begun.attempt_id, AT + timedelta(minutes=5))
    session.add(
        SignIn(
            token_hash=uuid4().hex,
            person_id=person.id,
            created_at=AT,
            expires_at=AT + timedelta(days=1),
            remote_address="10.0.0.7",
            user_agent="Trình duyệt",
        )
    )
    accounts.issue_codes(session, SERVICE, [person.id], AT)
    name, email = person.names[0], person.names[3]
    foreign = {
        "id": str(uuid4()),
        "actor": {"objectType": "Group", "member": [{"mbox": f"mailto:{email}", "name": name}]},
        "verb": {"id": "http://example.vn/v"},
        "object": {"objectType": "Activity", "id": "http://example.vn/o"},
        "context": {"instructor": {"account": {"homePage": BASE, "name": str(person.id)}, "name": name}},
    }
    authority = {"objectType": "Agent", "account": {"homePage": "http://other.example.vn", "name": "he-thong"}}
    store_statements(session, from_values([foreign]), authority, AT)
    session.execute(
        insert(ImportRun).values(
            id=uuid7(),
            kind="roster",
            file_name="ds.xlsx",
            file_size=1,
            file_sha256="0",
            options={},
            state="checked",
            counts={},
            rows=1,
            faulty_rows=1,
            remarked_rows=0,
            findings=[{"value": name.upper(), "message": f"trùng với {name}"}],
            fingerprint="",
            created_by=person.id,
            created_by_name=name,
            created_at=AT,
        )
    )


def drain(app: Flask, at: datetime = AT) -> None:
    with app.app_context():
        store_outbox(at)


def leave_service(session: Session, person_id: UUID) -> None:
    session.execute(update(Posting).where(Posting.person_id == person_id).values(valid_to=AT.date() - timedelta(days=1)))


def occurrences(
    session: Session, needles: tuple[str, ...], *, but: frozenset[str] = frozenset({"audit_entry"})
) -> Iterator[tuple[str, str]]:
    """(table.column, text) of every stored text in which one of these stands, in whatever case."""
    for table in Base.metadata.sorted_tables:
        if table.name in but:
            continue
        for row in session.execute(select(table)).mappings():
            for column, value in row.items():
                told = _told(value).casefold()
                for needle in needles:
                    if needle.casefold() in told:
                        yield f"{table.name}.{column.name if hasattr(column, 'name') else column}", needle


def _told(value: Any) -> str:
    if isinstance(value, bytes) or value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value, enc_hook=str).decode()


def references_to(session: Session, person_id: UUID) -> dict[str, int]:
    """How many rows of each table and column point to a person."""
    found: dict[str, int] = {}
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if any(key.column.table.name == "person" for key in column.foreign_keys):
                count = len(session.execute(select(column).where(column == person_id)).all())
                if count:
                    found[f"{table.name}.{column.name}"] = count
    return found


def row_of(session: Session, person_id: UUID) -> tuple[Person, Account]:
    return session.get_one(Person, person_id), session.get_one(Account, person_id)
