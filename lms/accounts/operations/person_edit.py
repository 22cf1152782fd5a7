"""Changing what is known about one person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person
from lms.accounts.rules import people as rules
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict
from lms.kit.secrets import Vault, vault_of
from lms.kit.vietnamese import fold, name_sort_key

PLAIN = ("full_name", "birth_date", "birth_year", "sex", "email", "qualification", "it_qualification", "it_major")
SEALED = {"phone": "phone_sealed", "identity_number": "identity_sealed"}


def edit_person(session: Session, actor: Actor, person_id: UUID, changes: Mapping[str, Any], at: datetime) -> frozenset[str]:
    """Store what is known better now: any of `PLAIN`, and `phone` and `identity_number` in legible form (None: not known any more).
    Returns the names of what really changed; nothing is written where nothing did. Raises NotFound; DomainError for a name left empty;
    Conflict where the identity number is another person's, without saying whose."""
    locked = select(Person).where(Person.id == person_id).with_for_update().execution_options(populate_existing=True)
    person = session.execute(locked).scalar_one_or_none()
    if person is None or person.merged_into_id is not None or person.erased_at is not None:
        raise NotFound
    keys = vault_of(session)
    old = {name: getattr(person, name) for name in PLAIN} | {
        name: keys.unseal(getattr(person, column)) if getattr(person, column) else None for name, column in SEALED.items()
    }
    new = {name: value for name, value in changes.items() if value != old[name]}
    if "full_name" in new:
        new["full_name"] = rules.full_name(new["full_name"] or "")
    if new.get("birth_date") and new["birth_date"].year != old["birth_year"]:
        new["birth_year"] = new["birth_date"].year
    if not new:
        return frozenset()
    if number := new.get("identity_number"):
        refuse_taken_identity(session, keys, number, person_id)
    try:
        with session.begin_nested():
            session.execute(update(Person).where(Person.id == person_id).values(**_stored(session, keys, person, new)))
    except IntegrityError as error:  # somebody entered the same number a moment ago
        raise identity_taken() from error
    session.expire(person)
    audit.record(session, actor, "accounts.edit_person", person_id, at, before=told({n: old[n] for n in new}), after=told(new))
    return frozenset(new)


def refuse_taken_identity(session: Session, keys: Vault, number: str, person_id: UUID | None = None) -> None:
    """Raises Conflict where the number is on another person's record."""
    holder = session.scalar(select(Person.id).where(Person.identity_fingerprint == keys.fingerprint(number)))
    if holder is not None and holder != person_id:
        raise identity_taken()


def identity_taken() -> Conflict:
    return Conflict(
        N_("Số CCCD này đã có trong hồ sơ của một người khác. Kiểm tra lại số; nếu đúng, báo cơ quan chủ trì để gộp hai hồ sơ."),
        code="identity_taken",
        field="identity_number",
    )


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """For the audit: plain values, personal numbers masked."""
    return {name: _plain(name, value) for name, value in sorted(values.items())}


def name_values(session: Session, person: Person, full_name: str) -> dict[str, Any]:
    """What is stored beside a name: how it sorts, and how it is found."""
    login = session.scalar(select(Account.login_name).where(Account.person_id == person.id)) or ""
    return {
        "full_name": full_name,
        "sort_key": name_sort_key(full_name),
        "search_text": rules.search_text(full_name, person.staff_code, login),
        "name_key": fold(full_name),
    }


def _stored(session: Session, keys: Vault, person: Person, new: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: value for name, value in new.items() if name in PLAIN}
    if "full_name" in values:
        values |= name_values(session, person, values["full_name"])
    for name, column in SEALED.items():
        if name in new:
            values[column] = keys.seal(new[name]) if new[name] else None
    if "identity_number" in new:
        values["identity_fingerprint"] = keys.fingerprint(new["identity_number"]) if new["identity_number"] else None
    return values


def _plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in SEALED:
        return rules.masked(value)
    return value.isoformat() if isinstance(value, date) else value
