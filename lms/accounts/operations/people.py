"""Writing people and the posts they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.accounts.models import Account, Person, PositionGroup, Posting
from lms.accounts.operations.heirs import settle_postings
from lms.accounts.operations.roles import end_roles_left_behind
from lms.accounts.rules import people as rules
from lms.accounts.rules.groups import STARTING_GROUPS
from lms.accounts.rules.people import NewPerson
from lms.agencies.models import FOREVER
from lms.kit import audit
from lms.kit.actors import SERVICE, Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.secrets import Vault, vault_of
from lms.kit.vietnamese import fold, name_sort_key

BATCH = 500


def ensure_position_groups(session: Session) -> None:
    """Add those of the plan's five groups that are missing; a group renamed by the province stays as it is."""
    present = set(session.scalars(select(PositionGroup.code)))
    rows = [
        {"code": group.code, "name_vi": group.name_vi, "name_en": group.name_en, "ordinal": ordinal}
        for ordinal, group in enumerate(STARTING_GROUPS, start=1)
        if group.code not in present
    ]
    if rows:
        session.execute(insert(PositionGroup), rows)


def create_person(session: Session, actor: Actor, person: NewPerson, at: datetime) -> UUID:
    """Enter one person with their post and an account still to be activated. Raises Conflict where a code, login name or identity
    number is taken, DomainError where a value cannot be."""
    (person_id,) = bulk_create_people(session, [person], at, actor=actor)
    return person_id


def bulk_create_people(session: Session, rows: Sequence[NewPerson], at: datetime, *, actor: Actor = SERVICE) -> list[UUID]:
    """Enter many people at once; their ids in the order of `rows`. All or none: raises as `create_person` does."""
    ensure_position_groups(session)
    codes = _staff_codes(session, rows)
    logins = [rules.login_name(row.login_name or code) for row, code in zip(rows, codes, strict=True)]
    keys = vault_of(session)
    prints = [keys.fingerprint(row.identity_number) if row.identity_number else None for row in rows]
    _refuse_taken(session, Person.staff_code, codes, N_("Mã cán bộ %(value)s đã có người dùng."), "staff_code_taken")
    _refuse_taken(session, Account.login_name, logins, N_("Tên đăng nhập %(value)s đã có người dùng."), "login_taken")
    numbers = [number for number in prints if number is not None]
    _refuse_taken(session, Person.identity_fingerprint, numbers, N_("Số CCCD này đã có trong hồ sơ của một người khác."), "identity_taken")
    ids = [uuid7() for _row in rows]
    _insert(
        session,
        Person,
        [
            {"id": person_id, "identity_fingerprint": print_, "created_at": at, **_person_values(keys, row, code, login)}
            for person_id, row, code, login, print_ in zip(ids, rows, codes, logins, prints, strict=True)
        ],
    )
    _insert(session, Posting, [_posting_values(person_id, row) for person_id, row in zip(ids, rows, strict=True)])
    _insert(
        session,
        Account,
        [
            {"person_id": person_id, "login_name": login, "password_hash": row.password_hash, "activated_at": row.activated_at}
            for person_id, login, row in zip(ids, logins, rows, strict=True)
        ],
    )
    settle_postings(session, actor, {row.agency_id for row in rows}, at)
    if len(rows) == 1:
        audit.record(session, actor, "accounts.create_person", ids[0], at, staff_code=codes[0])
    elif rows:
        audit.record(session, actor, "accounts.create_people", codes[0], at, count=len(rows), last=codes[-1])
    return ids


def open_posting(
    session: Session,
    actor: Actor,
    person_id: UUID,
    *,
    agency_id: UUID,
    group_code: str,
    on: date,
    at: datetime,
    job_title: str | None = None,
    it_duty: str = "none",
    absence: str | None = None,
) -> UUID:
    """Give a person another primary post from day `on`; the one held until then ends that day. A post that began on the same day is
    replaced. Raises Conflict where a later post is already entered."""
    later = session.scalar(
        select(Posting.valid_from).where(Posting.person_id == person_id, Posting.is_primary, Posting.valid_from > on).limit(1)
    )
    if later is not None:
        raise Conflict(
            N_("Đã có vị trí công tác bắt đầu ngày %(day)s, sau ngày này. Chọn ngày muộn hơn."),
            code="later_posting",
            field="on",
            day=f"{later:%d/%m/%Y}",
        )
    before = session.scalar(
        select(Posting.agency_id).where(Posting.person_id == person_id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on)
    )
    close_postings(session, [person_id], on)
    if before is not None and before != agency_id:
        end_roles_left_behind(session, actor, {person_id: agency_id}, on=on, at=at)
    posting_id = uuid7()
    session.execute(
        insert(Posting).values(
            id=posting_id,
            person_id=person_id,
            agency_id=agency_id,
            group_code=group_code,
            job_title=job_title,
            it_duty=it_duty,
            absence=absence,
            is_primary=True,
            valid_from=on,
            valid_to=FOREVER,
        )
    )
    settle_postings(session, actor, [agency_id], at)
    audit.record(session, actor, "accounts.open_posting", person_id, at, agency=str(agency_id), group=group_code, on=on.isoformat())
    return posting_id


def move_person(session: Session, actor: Actor, person_id: UUID, *, agency_id: UUID, on: date, at: datetime) -> UUID:
    """Move a person with group, title and duties to another agency from day `on`. Raises DomainError for one who holds no post."""
    held = session.execute(
        select(Posting.group_code, Posting.job_title, Posting.it_duty).where(
            Posting.person_id == person_id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on
        )
    ).first()
    if held is None:
        raise DomainError(N_("Người này không giữ vị trí nào vào ngày chuyển."), code="no_posting", field="on")
    return open_posting(
        session,
        actor,
        person_id,
        agency_id=agency_id,
        group_code=held.group_code,
        job_title=held.job_title,
        it_duty=held.it_duty,
        on=on,
        at=at,
    )


def close_postings(session: Session, person_ids: Sequence[UUID], on: date) -> None:
    """End the primary posts of these people on day `on`; posts that would then have lasted no day are removed."""
    for start in range(0, len(person_ids), BATCH):
        held = (Posting.person_id.in_(person_ids[start : start + BATCH]), Posting.is_primary, Posting.valid_to > on)
        session.execute(delete(Posting).where(*held, Posting.valid_from == on))
        session.execute(update(Posting).where(*held, Posting.valid_from < on).values(valid_to=on))


def leave(session: Session, actor: Actor, person_id: UUID, *, on: date, at: datetime) -> None:
    """End a person's post without another one: from day `on` they are counted nowhere."""
    close_postings(session, [person_id], on)
    audit.record(session, actor, "accounts.leave", person_id, at, on=on.isoformat())


def _staff_codes(session: Session, rows: Sequence[NewPerson]) -> list[str]:
    """Each row's code, made where there is none."""
    missing = sum(row.staff_code is None for row in rows)
    following = iter(range(_next_number(session), 10_000_000) if missing else ())
    return [rules.staff_code(row.staff_code) if row.staff_code else rules.generated_staff_code(next(following)) for row in rows]


def _next_number(session: Session) -> int:
    # One who enters people locks the first group's row, so that two of them never make the same code.
    session.execute(select(PositionGroup.code).order_by(PositionGroup.code).limit(1).with_for_update(key_share=True))
    first, last = rules.generated_staff_code(0), rules.generated_staff_code(9_999_999)
    highest = session.scalar(
        select(func.max(Person.staff_code)).where(Person.staff_code.between(first, last), func.length(Person.staff_code) == len(first))
    )
    return int(highest[1:]) + 1 if highest else 1


def _refuse_taken(session: Session, column: InstrumentedAttribute[Any], values: Collection[str], message: str, code: str) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    taken = twice or [found for part in _parts(list(values)) for found in session.scalars(select(column).where(column.in_(part)))]
    if taken:
        raise Conflict(message, code=code, value=taken[0])


def _person_values(keys: Vault, row: NewPerson, code: str, login: str) -> dict[str, Any]:
    name = rules.full_name(row.full_name)
    return {
        "staff_code": code,
        "full_name": name,
        "sort_key": name_sort_key(name),
        "search_text": rules.search_text(name, code, login),
        "name_key": fold(name),
        "birth_date": row.birth_date,
        "birth_year": row.birth_date.year if row.birth_date else row.birth_year,
        "sex": row.sex,
        "email": row.email,
        "phone_sealed": keys.seal(row.phone) if row.phone else None,
        "identity_sealed": keys.seal(row.identity_number) if row.identity_number else None,
        "qualification": row.qualification,
        "it_qualification": row.it_qualification,
        "it_major": row.it_major,
    }


def _posting_values(person_id: UUID, row: NewPerson) -> dict[str, Any]:
    return {
        "id": uuid7(),
        "person_id": person_id,
        "agency_id": row.agency_id,
        "group_code": row.group_code,
        "job_title": row.job_title,
        "it_duty": row.it_duty,
        "absence": row.absence,
        "is_primary": True,
        "valid_from": row.valid_from,
        "valid_to": FOREVER,
    }


def _insert(session: Session, model: type[Any], values: Sequence[dict[str, Any]]) -> None:
    table = model.__table__  # past the unit of work, which would look at each row's columns
    for part in _parts(values):
        session.execute(insert(table), part)


def _parts(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))
