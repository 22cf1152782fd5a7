"""A province to measure on: agencies, people with passwords, bundled courses and questions, quarters that are over and an open one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from click.testing import CliRunner
from flask import Flask
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from courses.models import Course, CourseVersion, Lesson
from lms.accounts.models import Account
from lms.accounts.rules.passwords import hash_password
from lms.commands import build_cli
from lms.kit.actors import SERVICE, Role
from lms.kit.clock import Quarter, local_date, now
from lms.kit.db import Base, Database
from lms.maintenance import schema
from lms.privacy.notice import VERSION
from lms.privacy.operations.notices import note_all_read
from quizzes.operations.history import record_sittings
from quizzes.queries.attempts import papers_of_round
from quizzes.queries.rounds import round_by_code
from quizzes.sample import sample_sitting
from tests.factories import LONG_AGO, grant, make_agency, make_people, make_person

PASSWORD = "mat-khau-de-do-1234"
ROOT_CODE = "H55"
AGENCY_CODE = "H55.1"
COURSE = "nen-tang-chuyen-doi-so"
GROUPS = ("N1", "N2", "N2", "N2", "N3", "N4", "N4", "N5")
TOOK_PART = 0.88
QUESTIONS = 30


@dataclass(frozen=True, slots=True)
class Province:
    """Where a journey begins. `learners`: login names of people who have not begun anything."""

    learners: list[str]
    department: str
    focal_point: str
    open_quarter: Quarter
    past_quarter: Quarter
    lesson: str


def prepare_schema(database: Database) -> None:
    if schema.newest_revision(database) is None:
        Base.metadata.create_all(database.engine)
    else:
        schema.upgrade(database)


def load_province(app: Flask, *, people: int = 1000, agencies: int = 60, past_quarters: int = 2, seed: int = 1) -> Province:
    """Fill an empty database that has its schema."""
    database: Database = app.extensions["lms.database"]
    at = now()
    current = Quarter.of(local_date(at, app.extensions["lms.settings"].zone))
    past = [current.previous()]
    while len(past) < past_quarters:
        past.append(past[-1].previous())
    with database.transaction() as session:
        learners = _load_people(session, people, agencies)
    run_command(app, "courses", "load")
    run_command(app, "questions", "import")
    for number, quarter in enumerate(reversed(past)):
        _hold_round(app, quarter, Random(seed + number))
    _open_round(app, current, local_date(at, app.extensions["lms.settings"].zone))
    return Province(
        learners=learners,
        department="quantri",
        focal_point="daumoi",
        open_quarter=current,
        past_quarter=past[0],
        lesson=_first_lesson(app),
    )


def run_command(app: Flask, *arguments: str) -> None:
    """One of the service's own commands. Raises RuntimeError with what it printed."""
    with app.app_context():
        result = CliRunner().invoke(build_cli(app), arguments)
    if result.exit_code != 0:
        raise RuntimeError(f"lms {' '.join(arguments)}: {result.output}") from result.exception


def _load_people(session: Session, people: int, agencies: int) -> list[str]:
    root = make_agency(session, "Ủy ban nhân dân tỉnh", code=ROOT_CODE, kind="province", block="khac")
    tree = [make_agency(session, "Sở Số 1", parent=root, code=AGENCY_CODE)]
    for number in range(2, agencies):
        parent = tree[0] if number % 10 == 2 else root  # a few units below the first department, the others side by side
        code = f"{AGENCY_CODE}.{number}" if parent == tree[0] else f"{ROOT_CODE}.{number}"
        tree.append(make_agency(session, f"Cơ quan số {number}", parent=parent, code=code))
    make_person(session, "Quản Trị", agency=root, login="quantri", password=PASSWORD)
    grant(session, _person(session, "quantri"), Role.DEPARTMENT)
    make_person(session, "Đầu Mối", agency=tree[0], login="daumoi", password=PASSWORD)
    grant(session, _person(session, "daumoi"), Role.FOCAL_POINT, tree[0])
    ids: list[UUID] = []
    for number, agency in enumerate(tree):
        share = people // len(tree) + (number < people % len(tree))
        ids += make_people(session, agency, [{"group_code": GROUPS[one % len(GROUPS)]} for one in range(share)])
    password_hash = hash_password(PASSWORD)  # one for all: a thousand would take a minute
    logins = [f"nguoi{number}" for number in range(len(ids))]
    session.execute(
        insert(Account),
        [
            {"person_id": person_id, "login_name": login, "password_hash": password_hash, "activated_at": LONG_AGO, "failures": 0}
            for person_id, login in zip(ids, logins, strict=True)
        ],
    )
    note_all_read(session, session.scalars(select(Account.person_id)).all(), VERSION, LONG_AGO)  # what they meet every day is measured
    return logins


def _person(session: Session, login: str) -> UUID:
    return session.scalars(select(Account.person_id).where(Account.login_name == login)).one()


def _create_round(app: Flask, quarter: Quarter, opens: datetime | date, closes: datetime | date) -> None:
    window = ("--opens", f"{opens:%Y-%m-%d}", "--closes", f"{closes:%Y-%m-%d}", "--questions", str(QUESTIONS), "--minutes", "45")
    run_command(app, "rounds", "create", str(quarter), *window)
    run_command(app, "rounds", "open", str(quarter))


def _hold_round(app: Flask, quarter: Quarter, random: Random) -> None:
    """A quarter that is over: most people sat it, some twice as good as others."""
    database: Database = app.extensions["lms.database"]
    opens = quarter.first_day + timedelta(days=60)
    _create_round(app, quarter, opens, quarter.last_day)
    begins = datetime.combine(opens, datetime.min.time(), app.extensions["lms.settings"].zone) + timedelta(hours=8)
    with database.transaction() as session:
        round_id = round_by_code(session, str(quarter)).id
        papers = papers_of_round(session, round_id)
        sitters = session.scalars(select(Account.person_id).order_by(Account.login_name)).all()
        sittings = [
            sample_sitting(
                papers,
                person_id,
                ability=random.uniform(0.2, 0.95),
                started_at=begins + timedelta(minutes=random.randrange(20_000)),
                minutes=random.randint(8, 40),
                random=random,
            )
            for person_id in sitters
            if random.random() < TOOK_PART
        ]
        record_sittings(session, SERVICE, round_id, sittings, now(), tells_answers=False)  # or the worker would have its hands full
    run_command(app, "rounds", "close", str(quarter))


def _open_round(app: Flask, quarter: Quarter, today: date) -> None:
    _create_round(app, quarter, today - timedelta(days=1), today + timedelta(days=14))


def _first_lesson(app: Flask) -> str:
    database: Database = app.extensions["lms.database"]
    with database.reading() as session:
        return session.scalars(
            select(Lesson.slug)
            .join(CourseVersion, CourseVersion.id == Lesson.version_id)
            .join(Course, Course.id == CourseVersion.course_id)
            .where(Course.slug == COURSE, CourseVersion.superseded_at.is_(None), Lesson.ordinal == 1)
        ).one()
