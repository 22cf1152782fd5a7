"""Nothing brings an erased person back: no import taken back, no transfer approved, no list or figure of days to come."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts import operations as accounts
from lms.accounts.models import Leave, Person, PersonApart, Posting, RosterBatch, TransferRequest
from lms.accounts.operations import Wish
from lms.accounts.operations.postings import held_posts
from lms.accounts.operations.roster_changes import Change, keep_changes, kept_changes, posts_and_roles
from lms.accounts.operations.roster_undo import take_back
from lms.accounts.queries import head_counts
from lms.accounts.rules.transfers import Kind
from lms.agencies.models import FOREVER
from lms.kit.actors import EVERYWHERE, SERVICE, NotFound
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.kit.ids import uuid7
from lms.kit.imports.models import ImportRun
from lms.privacy.operations import NewRequest, answer_request, erase_person, make_request
from lms.privacy.rules.requests import RequestKind
from quizzes.queries.audience import roster
from tests.factories import make_person
from tests.privacy.making import Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round, row_of
from tests.quizzes.making import AT, ZONE

ON = AT.date()
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def known(app: Flask, database: Database) -> Known:
    with database.transaction() as session:
        agency = make_world(session)
        person = make_known(session, agency, 1, "Đặng Thị Kim Chi")
        open_the_round(session)
        live(session, person)
    drain(app)
    return person


def twin_of(session: Session, known: Known, name: str = "Đặng Thị Kim Chi") -> UUID:
    agency = session.scalars(select(Posting.agency_id).where(Posting.person_id == known.id)).one()
    return make_person(session, name, agency=agency)


def erase(database: Database, known: Known) -> None:
    with database.transaction() as session:
        leave_service(session, known.id)
        erase_person(session, SERVICE, known.id, ON, AT)


def test_an_import_taken_back_writes_no_name_onto_the_erased(database: Database, known: Known) -> None:
    with database.transaction() as session:
        run = session.scalars(select(ImportRun.id)).one()
        before = {"full_name": "Đặng Kim Chi", "email": known.names[3], "it_qualification": None}
        rows = posts_and_roles(session, [known.id])[known.id]
        session.execute(update(Posting).where(Posting.person_id == known.id).values(job_title=None, valid_to=ON - DAY))
        now_rows = posts_and_roles(session, [known.id])[known.id]
        after = {"full_name": "Đặng Thị Kim Chi", "email": None, "it_qualification": None}
        keep_changes(session, run, [Change(known.id, "changed", "s", 2, before, after, rows, now_rows)], AT)
        other = twin_of(session, known, "Vũ Văn Yên")
        stored = {"email": None}
        keep_changes(session, run, [Change(other, "changed", "s", 3, {"email": "yen@x.vn"}, stored)], AT)
    erase(database, known)
    with database.reading() as session:
        left = [change.person_id for changes in kept_changes(session, run) for change in changes]
        assert left == [other], "what could be put back is gone, and only that"
    with database.transaction() as session:
        take_back(session, SERVICE, run, AT)
    with database.reading() as session:
        assert list(occurrences(session, (*known.names, "Đặng Kim Chi"))) == []
        assert row_of(session, other)[0].email == "yen@x.vn"


def test_an_import_taken_back_leaves_a_merged_record_alone(database: Database, known: Known) -> None:
    with database.transaction() as session:
        run = session.scalars(select(ImportRun.id)).one()
        twin = twin_of(session, known)
        accounts.merge_persons(session, SERVICE, known.id, twin, {}, at=AT)
        keep_changes(session, run, [Change(twin, "changed", "s", 2, {"email": "cu@x.vn"}, {"email": None})], AT)
    with database.transaction() as session:
        result = take_back(session, SERVICE, run, AT)
    assert result.kept == {twin: ["gone"]}
    with database.reading() as session:
        assert session.get_one(Person, twin).email is None


def test_a_transfer_that_waits_about_the_erased_is_closed_and_nothing_gives_them_a_post(database: Database, known: Known) -> None:
    with database.transaction() as session:
        wish = Wish(known.id, Kind.NOT_OURS, None, ON + DAY)
        request = accounts.request_transfer(session, SERVICE, wish, today=ON, at=AT)
    erase(database, known)
    with database.reading() as session:
        row = session.get_one(TransferRequest, request)
        assert (row.state, row.note, row.reason) == ("closed", None, None)
    with pytest.raises(Conflict), database.transaction() as session:
        accounts.approve_transfer(session, SERVICE, request, today=ON, at=AT)
    with pytest.raises(NotFound), database.transaction() as session:
        held_posts(session, known.id)


def test_who_takes_up_a_post_soon_is_not_erased(database: Database, known: Known) -> None:
    with database.transaction() as session:
        leave_service(session, known.id)
        post = session.scalars(select(Posting)).first()
        assert post is not None
        values = {"agency_id": post.agency_id, "group_code": post.group_code, "valid_from": ON + 30 * DAY, "valid_to": FOREVER}
        session.execute(insert(Posting).values(id=uuid7(), person_id=known.id, **values))
    with pytest.raises(Conflict, match="sắp giữ"), database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)


def test_figures_of_past_days_stay_and_no_list_of_a_round_names_the_erased(database: Database, known: Known) -> None:
    past, today = ON - 60 * DAY, ON

    def counted(day: object) -> int:
        with database.reading() as session:
            return sum(row.count for row in head_counts(session, EVERYWHERE, day))  # type: ignore[arg-type]

    with database.transaction() as session:
        leave_service(session, known.id)
    before = counted(past)
    assert before >= 1
    with database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)
    assert counted(past) == before, "a number without a name"
    with database.reading() as session:
        assert known.id not in {row.person_id for row in roster(session, past)}
        assert known.id not in {row.person_id for row in roster(session, today)}


def test_marks_and_leaves_of_the_erased_are_gone(database: Database, known: Known) -> None:
    with database.transaction() as session:
        twin = twin_of(session, known)
        accounts.mark_apart(session, SERVICE, known.id, twin, at=AT)
    erase(database, known)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PersonApart)) == 0
        assert session.scalar(select(func.count()).select_from(Leave).where(Leave.person_id == known.id)) == 0
        assert session.scalar(select(func.count()).select_from(RosterBatch)) == 0


def test_no_request_is_entered_for_a_merged_or_erased_record(database: Database, known: Known) -> None:
    with database.transaction() as session:
        twin = twin_of(session, known)
        accounts.merge_persons(session, SERVICE, known.id, twin, {}, at=AT)
    erase(database, known)
    for person in (twin, known.id):
        with pytest.raises(NotFound), database.transaction() as session:
            make_request(session, known.actor, person, NewRequest(RequestKind.ERASURE, "hết mục đích"), AT, zone=ZONE)


def test_a_request_answered_twice_at_once_is_answered_once(database: Database, known: Known) -> None:
    with database.transaction() as session:
        request = make_request(session, known.actor, known.id, NewRequest(RequestKind.COPY, "bản sao"), AT, zone=ZONE)
    with database.transaction() as session:
        answer_request(session, SERVICE, request, grant=True, answer="Đã gửi.", at=AT)
    with pytest.raises(Conflict), database.transaction() as session:
        answer_request(session, SERVICE, request, grant=False, answer="Không.", at=AT)
