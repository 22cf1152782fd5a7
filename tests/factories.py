"""Makes what tests need, with defaults that agree with one another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from msgspec import structs
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, Posting, RoleGrant
from lms.accounts.operations import ensure_position_groups
from lms.accounts.rules.passwords import hash_password
from lms.agencies.models import FOREVER, AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.operations.projection import code_row, version_row
from lms.agencies.operations.stored_events import append_events
from lms.agencies.rules.events import Change, Code, Establishment, Event
from lms.agencies.rules.replay import replay
from lms.kit.actors import Role
from lms.kit.ids import uuid7
from lms.kit.vietnamese import fold, name_sort_key

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def make_agency(
    session: Session,
    name: str,
    *,
    parent: UUID | None = None,
    code: str | None = None,
    kind: str = "department",
    block: str = "so_nganh",
    level: str = "tinh",
    valid_from: date = date(2020, 1, 1),
) -> UUID:
    """An agency that exists from `valid_from` on, below `parent`, with its event and its rows of the closure; `code` is in scheme qd20."""
    agency_id = uuid7()
    codes = (Code("qd20", code),) if code is not None else ()
    founding = Establishment(agency=agency_id, name=name, kind=kind, block=block, level=level, parent=parent, codes=codes)
    tree = replay([Event(uuid7(), valid_from, 1, structs.replace(founding, parent=None))])
    version, spans = structs.replace(tree.versions[agency_id][0], parent=parent), tree.codes.get(agency_id, ())
    session.flush()
    append_events(
        session,
        [(Event(uuid7(), valid_from, 1, founding), Change(valid_from, founding))],
        LONG_AGO,
        replaces={},
        import_run_id=None,
    )
    session.execute(insert(AgencyVersion).values(version_row(version, spans, LONG_AGO)))
    for span in spans:
        session.execute(insert(AgencyCode).values(code_row(span, LONG_AGO)))
    above = session.scalars(
        select(AgencyClosure).where(AgencyClosure.descendant_id == parent, AgencyClosure.valid_to > valid_from)
    ).all()  # no rows for a root: nothing equals null
    itself = AgencyClosure(
        ancestor_id=agency_id, descendant_id=agency_id, valid_from=valid_from, valid_to=FOREVER, depth=0, recorded_at=LONG_AGO
    )
    session.add(itself)
    session.add_all(
        AgencyClosure(
            ancestor_id=row.ancestor_id,
            descendant_id=agency_id,
            valid_from=max(row.valid_from, valid_from),
            valid_to=row.valid_to,
            depth=row.depth + 1,
            recorded_at=LONG_AGO,
        )
        for row in above
    )
    session.flush()
    return agency_id


def make_person(
    session: Session,
    full_name: str = "Nguyễn Văn An",
    *,
    agency: UUID,
    group: str = "N2",
    staff_code: str | None = None,
    login: str | None = None,
    password: str | None = None,
    activated: bool = True,
    birth_date: date | None = None,
    job_title: str | None = None,
    it_duty: str = "none",
    qualification: str | None = None,
    it_qualification: str | None = None,
    absence: str | None = None,
    valid_from: date = date(2020, 1, 1),
) -> UUID:
    """A person with a primary post in `agency` since `valid_from` and an account; without a password only `sign_in` gets in."""
    ensure_position_groups(session)
    person_id = uuid7()
    code = staff_code or f"KHAC{person_id.hex[-10:].upper()}"
    session.add(
        Person(
            id=person_id,
            staff_code=code,
            full_name=full_name,
            sort_key=name_sort_key(full_name),
            search_text=fold(f"{full_name} {code} {login or ''}"),
            birth_date=birth_date,
            birth_year=birth_date.year if birth_date else None,
            qualification=qualification,
            it_qualification=it_qualification,
            created_at=LONG_AGO,
        )
    )
    session.flush()
    session.add(
        Posting(
            person_id=person_id,
            agency_id=agency,
            group_code=group,
            job_title=job_title,
            it_duty=it_duty,
            absence=absence,
            valid_from=valid_from,
        )
    )
    session.add(
        Account(
            person_id=person_id,
            login_name=login or code.lower(),
            password_hash=hash_password(password) if password else None,
            activated_at=LONG_AGO if activated else None,
        )
    )
    session.flush()
    return person_id


def make_people(session: Session, agency: UUID, people: Sequence[dict[str, Any]]) -> list[UUID]:
    """Many people of one agency in a few statements: `it_duty, qualification, it_qualification, group_code, absence` as wanted."""
    ensure_position_groups(session)
    ids = [uuid7() for _ in people]
    key, search = name_sort_key("Nguyễn Văn An"), fold("Nguyễn Văn An")
    persons = [
        {
            "id": person_id,
            "staff_code": f"KHAC{person_id.hex[-10:].upper()}",
            "full_name": "Nguyễn Văn An",
            "sort_key": key,
            "search_text": search,
            "qualification": person.get("qualification"),
            "it_qualification": person.get("it_qualification"),
            "it_major": False,
            "created_at": LONG_AGO,
        }
        for person_id, person in zip(ids, people, strict=True)
    ]
    postings = [
        {
            "id": uuid7(),
            "person_id": person_id,
            "agency_id": agency,
            "group_code": person.get("group_code", "N2"),
            "it_duty": person.get("it_duty", "none"),
            "absence": person.get("absence"),
            "is_primary": True,
            "valid_from": date(2020, 1, 1),
            "valid_to": FOREVER,
        }
        for person_id, person in zip(ids, people, strict=True)
    ]
    if people:
        session.execute(insert(Person), persons)
        session.execute(insert(Posting), postings)
    return ids


def grant(session: Session, person: UUID, role: Role, agency: UUID | None = None, *, valid_from: date = date(2020, 1, 1)) -> None:
    """Give a role over an agency and all below it; without an agency over the whole province."""
    session.add(RoleGrant(person_id=person, role=role.value, agency_id=agency, valid_from=valid_from))
    session.flush()
