"""Importing a roster: changing what was planned, a chunk at a time, and remembering what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, Posting
from lms.accounts.operations.heirs import settle_postings
from lms.accounts.operations.people import BATCH, bulk_create_people, close_postings
from lms.accounts.operations.roles import end_roles_left_behind, end_roles_of_leavers
from lms.accounts.operations.roster_changes import Change, posts_and_roles, still_standing, values_of
from lms.accounts.rules.people import NewPerson, search_text
from lms.accounts.rules.roster.person import RosterLine
from lms.accounts.rules.roster.plan import Lookups, Outcome, RosterPlan, Step
from lms.agencies.models import FOREVER
from lms.kit.actors import Actor
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of
from lms.kit.vietnamese import fold, name_sort_key


def apply_plan(session: Session, actor: Actor, plan: RosterPlan, lookups: Lookups, at: datetime) -> list[Change]:
    """Do what one chunk's plan says. Returns what changed, as it was before and after. Raises Conflict where a code or number has been
    taken since the plan was made."""
    as_of = lookups.as_of
    new = [step.line for step in plan.steps if step.outcome is Outcome.NEW]
    ids = bulk_create_people(session, [_new_person(line, as_of) for line in new], at, actor=actor) if new else []
    lookups.meant.update((person_id.bytes, line.index) for person_id, line in zip(ids, new, strict=True))
    changes = [Change.of_new(person_id, line.sheet, line.row) for person_id, line in zip(ids, new, strict=True)]
    known = [step for step in plan.steps if step.person_id is not None and (step.person or step.post is not None)]
    return changes + _change_known(session, actor, known, as_of, at)


def close_leavers(session: Session, actor: Actor, person_ids: Sequence[UUID], on: date, at: datetime) -> list[Change]:
    """End the primary posts of those who are not in the file, and the roles they held over agencies."""
    before = posts_and_roles(session, person_ids)
    close_postings(session, person_ids, on)
    end_roles_of_leavers(session, actor, person_ids, on=on, at=at)
    session.flush()
    after = posts_and_roles(session, person_ids)
    return [
        Change(person_id, "left", rows_before=before.get(person_id, {}), rows_after=after.get(person_id, {})) for person_id in person_ids
    ]


def _change_known(session: Session, actor: Actor, steps: Sequence[Step], as_of: date, at: datetime) -> list[Change]:
    if not steps:
        return []
    # Who was merged or erased since the plan was made a moment ago is left alone; nobody is merged while the batch is written.
    standing = still_standing(session, [step.person_id for step in steps if step.person_id is not None])
    steps = [step for step in steps if step.person_id in standing]
    by_id = {step.person_id: step for step in steps if step.person_id is not None}
    stored = _new_values(session, [step for step in steps if step.person])
    posted = [person_id for person_id, step in by_id.items() if step.post is not None]
    values_before = values_of(session, stored)
    rows_before = posts_and_roles(session, posted)
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for person_id, values in stored.items():
        by_columns.setdefault(tuple(sorted(values)), []).append({"id": person_id, **values})
    for rows in by_columns.values():
        session.execute(update(Person), rows)
    _open_posts(session, [step for step in steps if step.post is not None], as_of)
    settle_postings(session, actor, {step.line.agency_id for step in by_id.values() if step.post is not None}, at)
    moved = {person_id: step.line.agency_id for person_id, step in by_id.items() if step.outcome is Outcome.MOVED}
    end_roles_left_behind(session, actor, moved, on=as_of, at=at)
    session.flush()
    rows_after = posts_and_roles(session, posted)
    return [
        Change(
            person_id,
            step.outcome.value,
            step.line.sheet,
            step.line.row,
            values_before.get(person_id, {}),
            stored.get(person_id, {}),
            rows_before.get(person_id, {}),
            rows_after.get(person_id, {}),
        )
        for person_id, step in by_id.items()
    ]


def _new_person(line: RosterLine, as_of: date) -> NewPerson:
    return NewPerson(
        full_name=line.full_name,
        agency_id=line.agency_id,
        valid_from=as_of,
        group_code=line.group_code or line.derived_group,
        staff_code=line.staff_code,
        job_title=line.job_title,
        it_duty=line.it_duty or "none",
        absence=line.absence or None,
        birth_date=line.birth_date,
        birth_year=line.birth_year,
        sex=line.sex,
        email=line.email,
        phone=line.phone,
        identity_number=line.identity_number,
        qualification=line.qualification,
        it_qualification=line.it_qualification,
        it_major=bool(line.it_major),
    )


def _new_values(session: Session, steps: Sequence[Step]) -> dict[UUID, dict[str, Any]]:
    """Person → columns as they will be stored."""
    keys = vault_of(session)
    names = _names(session, [step.person_id for step in steps if step.person_id and {"full_name", "staff_code"} & set(step.person)])
    stored: dict[UUID, dict[str, Any]] = {}
    for step in steps:
        assert step.person_id is not None
        values: dict[str, Any] = dict(step.person)
        if number := values.pop("identity_number", None):
            values |= {"identity_sealed": keys.seal(number), "identity_fingerprint": keys.fingerprint(number)}
        if phone := values.pop("phone", None):
            values["phone_sealed"] = keys.seal(phone)
        if {"full_name", "staff_code"} & set(values):
            old_name, old_code, login = names[step.person_id]
            name, code = values.get("full_name", old_name), values.get("staff_code", old_code)
            values |= {"sort_key": name_sort_key(name), "search_text": search_text(name, code, login), "name_key": fold(name)}
        stored[step.person_id] = values
    return stored


def _names(session: Session, person_ids: Sequence[UUID]) -> Mapping[UUID, tuple[str, str, str]]:
    found: dict[UUID, tuple[str, str, str]] = {}
    for start in range(0, len(person_ids), BATCH):
        rows = session.execute(
            select(Person.id, Person.full_name, Person.staff_code, Account.login_name)
            .join(Account, Account.person_id == Person.id)
            .where(Person.id.in_(person_ids[start : start + BATCH]))
        )
        found |= {row.id: (row.full_name, row.staff_code, row.login_name) for row in rows}
    return found


def _open_posts(session: Session, steps: Sequence[Step], as_of: date) -> None:
    """End the posts held until now and begin the new ones on the day of the roster."""
    close_postings(session, [step.person_id for step in steps if step.person_id], as_of)
    rows = [
        {"id": uuid7(), "person_id": step.person_id, "is_primary": True, "valid_from": as_of, "valid_to": FOREVER, **step.post}
        for step in steps
        if step.post is not None
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Posting), rows[start : start + BATCH])
