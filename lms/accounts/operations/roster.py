"""Importing a roster: deciding what it would change, and changing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, Posting
from lms.accounts.operations.people import BATCH, bulk_create_people, close_postings, ensure_position_groups
from lms.accounts.operations.roles import end_roles_left_behind
from lms.accounts.queries.roster import group_names, known_people, roster_agencies
from lms.accounts.rules.people import NewPerson, search_text
from lms.accounts.rules.roster.lines import read_roster
from lms.accounts.rules.roster.person import RosterLine
from lms.accounts.rules.roster.plan import Outcome, RosterPlan, Step, plan_digest, plan_roster
from lms.agencies.models import FOREVER
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.ids import uuid7
from lms.kit.imports.rules import Checked, Finding, fingerprint_of
from lms.kit.secrets import vault_of
from lms.kit.sheets import Sheet
from lms.kit.vietnamese import name_sort_key


@dataclass(frozen=True, slots=True)
class RosterCheck:
    """What a roster would change on a day, and what is wrong with it."""

    plan: RosterPlan
    findings: Sequence[Finding]
    people: int
    as_of: date

    def checked(self) -> Checked:
        counts = {outcome.value: self.plan.count(outcome) for outcome in Outcome}
        return Checked(
            counts=counts,
            rows=sum(counts.values()) - counts[Outcome.UNCHANGED],
            fingerprint=fingerprint_of(plan_digest(self.plan)),
            findings=self.findings,
        )


def check_roster(session: Session, sheets: Sequence[Sheet], file_name: str, as_of: date) -> RosterCheck:
    """Read and plan without writing. Seven statements, however long the roster. Raises DomainError where no sheet is a roster."""
    agencies = roster_agencies(session, as_of)
    reading = read_roster(sheets, agencies, group_names(session), as_of, file_name)
    keys = vault_of(session)
    plan = plan_roster(reading, known_people(session, as_of, keys), agencies, keys.fingerprint, as_of)
    order = {sheet.name: position for position, sheet in enumerate(sheets)}
    findings = sorted([*reading.findings, *plan.findings], key=lambda finding: (order[finding.sheet], finding.row, finding.column or 0))
    return RosterCheck(plan, findings, reading.people, as_of)


def apply_roster(session: Session, actor: Actor, check: RosterCheck, at: datetime) -> Mapping[str, int]:
    """Do what was planned; faulty rows are not part of the plan. Returns the counts."""
    ensure_position_groups(session)
    steps = check.plan.steps
    new = [step.line for step in steps if step.outcome is Outcome.NEW]
    if new:
        bulk_create_people(session, [_new_person(line, check.as_of) for line in new], at, actor=actor)
    known = [step for step in steps if step.person_id is not None]
    _change_people(session, [step for step in known if step.person])
    _open_posts(session, [step for step in known if step.post is not None], check.as_of)
    moved = {step.person_id: step.line.agency.id for step in known if step.outcome is Outcome.MOVED and step.person_id is not None}
    end_roles_left_behind(session, actor, moved, on=check.as_of, at=at)
    for step in known:
        if step.outcome is not Outcome.UNCHANGED:
            audit.record(
                session,
                actor,
                f"accounts.roster_{step.outcome.value}",
                step.person_id,
                at,
                fields=sorted([*step.person, *(step.post or ())]),
                row=step.line.row,
            )
    counts = {outcome.value: check.plan.count(outcome) for outcome in Outcome}
    return counts


def _new_person(line: RosterLine, as_of: date) -> NewPerson:
    return NewPerson(
        full_name=line.full_name,
        agency_id=line.agency.id,
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


def _change_people(session: Session, steps: Sequence[Step]) -> None:
    """Store what changes about people, those with the same columns together."""
    keys = vault_of(session)
    logins = _login_names(session, [step.person_id for step in steps if step.person_id])
    by_columns: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for step in steps:
        assert step.person_id is not None
        values: dict[str, Any] = {"id": step.person_id, **step.person}
        if number := values.pop("identity_number", None):
            values |= {"identity_sealed": keys.seal(number), "identity_fingerprint": keys.fingerprint(number)}
        if phone := values.pop("phone", None):
            values["phone_sealed"] = keys.seal(phone)
        if {"full_name", "staff_code"} & set(values):
            old_name, old_code, login = logins[step.person_id]
            name, code = values.get("full_name", old_name), values.get("staff_code", old_code)
            values |= {"sort_key": name_sort_key(name), "search_text": search_text(name, code, login)}
        by_columns.setdefault(tuple(sorted(values)), []).append(values)
    for rows in by_columns.values():
        session.execute(update(Person), rows)


def _login_names(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str, str]]:
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
        {
            "id": uuid7(),
            "person_id": step.person_id,
            "is_primary": True,
            "valid_from": as_of,
            "valid_to": FOREVER,
            **step.post,
        }
        for step in steps
        if step.post is not None
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(Posting), rows[start : start + BATCH])
