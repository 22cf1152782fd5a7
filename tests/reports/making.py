"""A province with a closed quarter, for tests of frozen reports."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.actors import Actor, Role
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.models import Report
from lms.results.models import Activity, Expectation
from lms.results.operations import record_outcome
from lms.results.queries import ActivityRow, activity_of_period
from tests.factories import grant, make_agency, make_people, make_person

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)  # Friday
CLOSED = datetime(2026, 11, 23, 3, tzinfo=UTC)  # Monday
DAY = date(2026, 10, 1)
ACTIVITY = "quarterly-test:2026-Q4"


@dataclass
class Province:
    root: UUID
    agencies: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, list[UUID]] = field(default_factory=dict)
    actors: dict[str, Actor] = field(default_factory=dict)


def make_province(session: Session) -> Province:
    """A department of 20 (18 took part, 15 passed, 2 excluded), a commune of 10 (all passed) and one of 8 (4 passed)."""
    root = make_agency(session, "Ủy ban nhân dân tỉnh", code="H55", kind="province")
    province = Province(root)
    session.execute(insert(Activity).values(key=ACTIVITY, period="20264", title="Kiểm tra Quý IV/2026", counted_on=DAY, registered_at=AT))
    for code, name, block, expected, took_part, passed, excluded in (
        ("H55.1", "Sở Nội vụ", "so_nganh", 20, 18, 15, 2),
        ("H55.101", "Ủy ban nhân dân xã Ba Bể", "xa_phuong", 10, 10, 10, 0),
        ("H55.102", '=HYPERLINK("http://evil.example";"Xã")', "xa_phuong", 8, 8, 4, 0),
    ):
        agency = make_agency(session, name, parent=root, code=code, block=block)
        province.agencies[code] = agency
        province.people[code] = expect(session, agency, expected, took_part, passed, excluded)
    for login, role, over in (
        ("quantri", Role.DEPARTMENT, None),
        ("quantri2", Role.DEPARTMENT, None),
        ("thutruong", Role.HEAD, province.agencies["H55.1"]),
        ("daumoi", Role.FOCAL_POINT, province.agencies["H55.1"]),
        ("xa", Role.FOCAL_POINT, province.agencies["H55.101"]),
    ):
        person = make_person(session, agency=root, login=login)
        grant(session, person, role, over)
        province.actors[login] = Actor(person, login, login)
    return province


def expect(session: Session, agency: UUID, expected: int, took_part: int, passed: int, excluded: int = 0, at: datetime = AT) -> list[UUID]:
    people = make_people(session, agency, [{"group_code": "N1" if number % 2 else "N2"} for number in range(expected + excluded)])
    version = session.scalars(select(AgencyVersion.id).where(AgencyVersion.agency_id == agency)).first()
    session.execute(
        insert(Expectation),
        [
            {
                "id": uuid7(),
                "activity": ACTIVITY,
                "period": "20264",
                "recorded_at": at,
                "person_id": person,
                "agency_id": agency,
                "agency_version_id": version,
                "group_code": "N1" if number % 2 else "N2",
                "excluded_because": None if number < expected else "maternity",
            }
            for number, person in enumerate(people)
        ],
    )
    for number, person in enumerate(people[:took_part]):
        finish(session, person, passed=number < passed, at=at)
    return people


def finish(session: Session, person: UUID, *, passed: bool, at: datetime, source: UUID | None = None) -> UUID:
    return record_outcome(
        session,
        activity=ACTIVITY,
        period="20264",
        person_id=person,
        source_id=source or uuid7(),
        attempts=1,
        score=Decimal("80.5") if passed else Decimal(40),
        passed=passed,
        occurred_at=at,
        at=at,
    )


def the_activity(session: Session) -> ActivityRow:
    activity = activity_of_period(session, "20264")
    assert activity is not None
    return activity


def revisions(database: Database) -> list[tuple[int, str]]:
    with database.reading() as session:
        return [(row.revision, row.state) for row in session.scalars(select(Report).order_by(Report.revision))]
