"""After a person is forgotten, nothing anywhere tells who they were; what is counted stays."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from courses import operations as courses
from courses.models import Enrolment, LessonProgress
from lms.accounts.rules.pseudonyms import account_name
from lms.kit.actors import SERVICE, Actor, NotFound
from lms.kit.db import Base, Database
from lms.kit.errors import Conflict
from lms.kit.ids import uuid7
from lms.lrs.models import Statement
from lms.lrs.queries import statements_about
from lms.lrs.rules.forgetting import identities
from lms.privacy.operations import NewRequest, answer_request, carry_out_erasure, erase_person, make_request
from lms.privacy.rules.requests import RequestKind
from lms.results.models import Expectation, Outcome
from quizzes.models import Attempt, Response
from quizzes.operations.attempts import start_attempt
from tests.courses.making import THIRD
from tests.privacy.making import Known, drain, leave_service, live, make_known, make_world, occurrences, open_the_round, row_of
from tests.quizzes.making import AT, QUARTER, ZONE

ON = AT.date()
COUNTED = (Expectation, Outcome, Attempt, Response, Enrolment, LessonProgress, Statement)


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
        new = NewRequest(RequestKind.CORRECTION, "tên tôi là Đặng Thị Kim Chi", "phone", "0912345679")
        make_request(session, person.actor, person.id, new, AT, zone=ZONE)
    drain(app)
    return person


def counts(database: Database) -> dict[str, int]:
    with database.reading() as session:
        return {model.__tablename__: session.scalar(select(func.count()).select_from(model)) or 0 for model in COUNTED}


def test_the_name_stands_nowhere_and_the_figures_stay(database: Database, known: Known) -> None:
    before = counts(database)
    with database.reading() as session:
        assert {place for place, _needle in occurrences(session, known.names)} >= {"person.full_name", "xapi_statement.body"}
    with database.transaction() as session:
        leave_service(session, known.id)
        pseudonym = erase_person(session, SERVICE, known.id, ON, AT)
    assert counts(database) == before
    with database.reading() as session:
        assert list(occurrences(session, known.names)) == []
        assert [place for place, _ in occurrences(session, (str(known.id),)) if place.startswith("xapi_statement.")] == []
        person, account = row_of(session, known.id)
        assert person.full_name == pseudonym
        assert (person.birth_date, person.birth_year, person.email, person.phone_sealed, person.identity_sealed) == (None,) * 5
        assert person.identity_fingerprint is None
        assert person.erased_at == AT
        assert account.disabled_at == AT
        assert account.password_hash is None


def test_statements_are_found_under_the_pseudonym_and_no_longer_under_the_person(app: Flask, database: Database, known: Known) -> None:
    def found(*names: str) -> int:
        with database.reading() as session:
            return len(statements_about(session, identities("http://127.0.0.1:8000", names, [])))

    before = found(str(known.id))
    assert before > 5
    with database.transaction() as session:
        leave_service(session, known.id)
        pseudonym = erase_person(session, SERVICE, known.id, ON, AT)
    assert found(str(known.id)) == 0
    assert found(account_name(pseudonym)) == before


def test_nobody_is_erased_in_service_or_while_sitting_or_twice(database: Database, known: Known) -> None:
    with pytest.raises(Conflict, match="vị trí công tác"), database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)
    with pytest.raises(Conflict, match="làm bài"), database.transaction() as session:
        leave_service(session, known.id)
        start_attempt(session, known.actor, QUARTER, AT)
        erase_person(session, SERVICE, known.id, ON, AT)
    with database.transaction() as session:
        leave_service(session, known.id)
        erase_person(session, SERVICE, known.id, ON, AT)
    with pytest.raises(NotFound), database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)


def test_a_refused_erasure_changes_nothing(database: Database, known: Known) -> None:
    with database.reading() as session:
        before = sorted(occurrences(session, known.names))
    with pytest.raises(Conflict), database.transaction() as session:
        leave_service(session, known.id)
        start_attempt(session, known.actor, QUARTER, AT)
        erase_person(session, SERVICE, known.id, ON, AT)
    with database.reading() as session:
        assert sorted(occurrences(session, known.names)) == before


def test_what_still_waits_to_be_stored_is_stored_first(app: Flask, database: Database, known: Known) -> None:
    with database.transaction() as session:
        leave_service(session, known.id)
        courses.complete_lesson(session, known.actor, "khoa-thu", THIRD, AT)
    with pytest.raises(Conflict, match="Chờ một phút"), database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)
    drain(app)
    with database.transaction() as session:
        erase_person(session, SERVICE, known.id, ON, AT)


def test_the_one_who_asks_does_not_carry_it_out(database: Database, known: Known) -> None:
    one, other = Actor(uuid7(), "Một", "mot"), Actor(uuid7(), "Hai", "hai")
    with database.transaction() as session:
        leave_service(session, known.id)
        request = make_request(session, one, known.id, NewRequest(RequestKind.ERASURE, "đã nghỉ việc"), AT, zone=ZONE)
    with pytest.raises(Conflict, match="chưa được chấp nhận"), database.transaction() as session:
        carry_out_erasure(session, other, request, ON, AT)
    with database.transaction() as session:
        answer_request(session, other, request, grant=True, answer="Sẽ xóa.", at=AT)
    with pytest.raises(Conflict, match="không tự thực hiện"), database.transaction() as session:
        carry_out_erasure(session, one, request, ON, AT)
    with database.transaction() as session:
        carry_out_erasure(session, other, request, ON, AT)
    with database.reading() as session:
        assert list(occurrences(session, known.names)) == []


# Every column that points to a person, and who sees to it when persons are merged or forgotten. A new one is decided here.
SEEN_TO = {
    "lms.accounts": {
        *("account.person_id", "activation_code.person_id", "authenticator.person_id", "federated_identity.person_id", "leave.person_id"),
        *("passkey.person_id", "past_password.person_id", "person.merged_into_id"),
        *("person_apart.one_id", "person_apart.other_id", "person_merge.absorbed_id", "person_merge.kept_id"),
        *("posting.person_id", "recovery_code.person_id", "role_grant.delegated_from", "role_grant.person_id"),
        *("sign_in.person_id", "sign_in_step.person_id", "transfer_request.person_id"),
    },
    "lms.mail": {"mail_message.person_id", "mail_told.person_id"},
    "lms.privacy": {"data_request.person_id", "notice_read.person_id"},
    "lms.results": {"expectation.person_id", "expectation_change.changed_by", "expectation_past.person_id", "outcome.person_id"},
    "lms.reports": {
        *("agency_verdict.said_by", "cross_tab_view.owner_id", "report_letter.person_id", "report_signed_file.stored_by"),
        "target.recorded_by",
    },
    "courses": {"checklist_tick.person_id", "enrolment.person_id", "lesson_progress.person_id"},
    "quizzes": {
        *("accommodation.ended_by", "accommodation.granted_by", "accommodation.person_id", "appeal.decided_by", "appeal.proposed_by"),
        *("attempt.person_id", "code_try.person_id", "essay_mark.marker_id", "item.owner_id", "item_report.answered_by"),
        *("item_review.by_id", "item_version.author_id", "late_arrival.brought_by", "list_proposal.decided_by"),
        *("list_proposal.person_id", "list_proposal.proposed_by", "make_up_place.person_id", "round_left_out.person_id"),
        *("ruling.decided_by", "ruling.proposed_by", "side_answer.person_id", "supervision.opened_by"),
    },
}


def test_somebody_sees_to_every_column_that_points_to_a_person() -> None:
    columns = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
    }
    assert columns == set().union(*SEEN_TO.values())
