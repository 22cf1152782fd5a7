"""The demonstration's six sign-ins, one per role, and a password for everybody else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, Posting
from lms.accounts.operations import grant_role
from lms.accounts.rules.passwords import hash_password
from lms.agencies.models import Agency, AgencyVersion
from lms.kit.actors import SERVICE, Role
from lms.kit.unit import reading

SIX: Mapping[str, str] = {
    "hocvien": "học viên / learner",
    "cntt": "cán bộ chuyên trách CNTT / IT officer",
    "daumoi": "đầu mối của cơ quan / agency focal point",
    "thutruong": "thủ trưởng cơ quan / head of agency",
    "soanthao": "người biên soạn / author",
    "quantri": "cơ quan chủ trì / department",
}
MANAGED = "Sở Khoa học và Công nghệ"


def is_empty() -> bool:
    with reading() as session:
        return session.scalar(select(Agency.id).limit(1)) is None


def the_six() -> frozenset[UUID]:
    with reading() as session:
        return frozenset(session.scalars(select(Account.person_id).where(Account.login_name.in_(SIX))))


def activate_everyone(session: Session, password: str, at: datetime) -> None:
    """Every account gets the demonstration's password; its hash is made once, for a thousand would take half a minute."""
    session.execute(update(Account).values(password_hash=hash_password(password), activated_at=at))


def name_the_six(session: Session, today: date, at: datetime) -> None:
    """Give six people of one department the sign-in names and roles of the demonstration."""
    agency_id, members = _managed(session, today)
    it_officer = next(person for person, duty in members if duty != "none")
    head, learner, focal_point, author, department = [person for person, _ in members if person != it_officer][:5]
    chosen = dict(zip(SIX, (learner, it_officer, focal_point, head, author, department), strict=True))
    for login, person_id in chosen.items():
        session.execute(update(Account).where(Account.person_id == person_id).values(login_name=login))
        session.execute(update(Person).where(Person.id == person_id).values(search_text=Person.search_text + f" {login}"))
    roles = {"daumoi": (Role.FOCAL_POINT, agency_id), "thutruong": (Role.HEAD, agency_id), "soanthao": (Role.AUTHOR, None)}
    for login, (role, over) in {**roles, "quantri": (Role.DEPARTMENT, None)}.items():
        grant_role(session, SERVICE, chosen[login], role, over, on=today, at=at)


def _managed(session: Session, today: date) -> tuple[UUID, list[tuple[UUID, str]]]:
    """The department the six work in, and its staff with their IT duty, its head first; after them everybody else, for it may be small."""
    agency_id = session.scalars(
        select(AgencyVersion.agency_id).where(AgencyVersion.name == MANAGED, AgencyVersion.superseded_at.is_(None)).limit(1)
    ).one()
    members = session.execute(
        select(Posting.person_id, Posting.it_duty)
        .join(Person, Person.id == Posting.person_id)
        .where(Posting.is_primary, Posting.valid_from <= today, Posting.valid_to > today, Posting.absence.is_(None))
        .order_by(Posting.agency_id != agency_id, Posting.it_duty != "none", Person.staff_code)
    )
    return agency_id, [(person, duty) for person, duty in members]
