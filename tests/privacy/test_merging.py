"""Two records become one, and nothing that was done is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from courses.models import Enrolment, LessonProgress
from lms.accounts.operations.merging import merge_persons
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.kit.following import followers_of
from lms.privacy.models import DataRequest, NoticeRead
from lms.privacy.operations import NewRequest, erase_person, make_request
from lms.privacy.operations.notices import read_notice
from lms.privacy.rules.requests import RequestKind
from lms.results.models import Expectation, Outcome
from quizzes.models import Attempt, Response
from quizzes.operations.attempts import start_attempt
from tests.courses.making import FIRST, SECOND, THIRD
from tests.privacy.making import Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round, references_to
from tests.quizzes.making import AT, QUARTER, ZONE

# What stays with the record that was absorbed: the signpost, its own closed account, sessions and slips, and what became of it.
LEFT = {"account.person_id", "sign_in.person_id", "activation_code.person_id", "person_merge.absorbed_id"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def two(app: Flask, database: Database) -> tuple[Known, Known]:
    with database.transaction() as session:
        agency = make_world(session)
        one = make_known(session, agency, 1, "Đặng Thị Kim Chi")
        other = make_known(session, agency, 2, "Đặng Kim Chi")
        open_the_round(session)
        live(session, one, right=2, lessons=(FIRST, SECOND))
        live(session, other, right=5, lessons=(SECOND, THIRD))
        for person in (one, other):
            read_notice(session, person.actor, "2026-11", AT)
            make_request(session, person.actor, person.id, NewRequest(RequestKind.COPY, "bản sao"), AT, zone=ZONE)
    drain(app)
    return one, other


def merged(database: Database, one: Known, other: Known) -> None:
    with database.transaction() as session:
        merge_persons(session, SERVICE, one.id, other.id, {}, at=AT)


def test_everything_done_belongs_to_the_record_kept(database: Database, two: tuple[Known, Known]) -> None:
    one, other = two
    counted = (Attempt, Response, LessonProgress, NoticeRead, DataRequest, Enrolment, Expectation)
    with database.reading() as session:
        before = {model: session.scalar(select(func.count()).select_from(model)) for model in counted}
    merged(database, one, other)
    with database.reading() as session:
        after = {model: session.scalar(select(func.count()).select_from(model)) for model in counted}
        assert (after[Attempt], after[Response]) == (before[Attempt], before[Response])
        assert after[DataRequest] == before[DataRequest]
        lessons = set(session.scalars(select(LessonProgress.lesson_slug).where(LessonProgress.person_id == one.id)))
        assert lessons == {FIRST, SECOND, THIRD}
        assert (after[Enrolment], after[Expectation], after[NoticeRead]) == (1, 1, 1)
        assert set(references_to(session, other.id)) <= LEFT
        assert sorted(session.scalars(select(Attempt.number).where(Attempt.person_id == one.id))) == [1, 2]


def test_the_higher_score_stands_and_counts_all_attempts(database: Database, two: tuple[Known, Known]) -> None:
    one, other = two
    with database.reading() as session:
        best = session.scalar(select(func.max(Outcome.score)))
        rows = session.scalar(select(func.count()).select_from(Outcome)) or 0
    merged(database, one, other)
    with database.reading() as session:
        standing = session.execute(select(Outcome.person_id, Outcome.score, Outcome.attempts).where(Outcome.superseded_by.is_(None))).all()
        assert [tuple(row) for row in standing] == [(one.id, best, 2)]
        assert session.scalar(select(func.count()).select_from(Outcome)) == rows + 1  # nothing is overwritten


def test_the_own_file_tells_what_both_records_did(database: Database, two: tuple[Known, Known]) -> None:
    one, other = two

    def rows(heading: str, *people: Known) -> int:
        with database.reading() as session:
            sections = [s for p in people for f in followers_of(session).persons for s in f.disclose(session, p.id)]
        return sum(len(section.rows) for section in sections if section.heading == heading)

    headings = ("Lượt làm bài", "Phiên đăng nhập", "Kho dữ liệu học tập xAPI")
    before = {heading: rows(heading, one, other) for heading in headings}
    merged(database, one, other)
    assert {heading: rows(heading, one) for heading in headings} == before


def test_nobody_is_merged_while_sitting(database: Database, two: tuple[Known, Known]) -> None:
    one, other = two
    with pytest.raises(Conflict, match="làm bài"), database.transaction() as session:
        start_attempt(session, other.actor, QUARTER, AT)
        merge_persons(session, SERVICE, one.id, other.id, {}, at=AT)


def test_one_who_was_two_is_forgotten_under_every_name(database: Database, two: tuple[Known, Known]) -> None:
    one, other = two
    merged(database, one, other)
    with database.transaction() as session:
        leave_service(session, one.id)
        erase_person(session, SERVICE, one.id, AT.date(), AT)
    with database.reading() as session:
        assert list(occurrences(session, one.names)) == []
        assert list(occurrences(session, other.names)) == []
