"""Who approves what, when it is published by itself, and agencies that are reminded by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from lms.accounts.models import Account, Person
from lms.kit.actors import SERVICE, Actor
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.queue import run_due
from lms.mail.models import Message
from lms.mail.writing import digest
from lms.reports import operations
from lms.reports.models import Report, ReportState, Verdict
from lms.reports.notices import next_steps
from lms.reports.operations.planning import plan_report
from lms.reports.rules.approving import Approval, SecondPerson, approval
from lms.results.models import Activity
from lms.results.operations import lock_activity
from tests.mail.test_letters import box, port
from tests.reports.making import ACTIVITY, CLOSED, Province, make_province, the_activity
from tests.reports.telling import province as reachable
from tests.reports.telling import telling
from tests.reports.test_consultation_and_publication import consult, say

__all__ = ["box", "port", "reachable", "telling"]
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
NEXT_WEEK = CLOSED + timedelta(days=7)


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


def build(database: Database, actor: Actor) -> UUID:
    with database.transaction() as session:
        return operations.build_report(session, actor, the_activity(session), CLOSED)


def approve(database: Database, actor: Actor, report: UUID, rule: SecondPerson = SecondPerson.AUTO) -> str:
    """What the audit says of who stood by it."""
    with database.transaction() as session:
        operations.approve_report(session, actor, report, CLOSED, rule=rule, zone=ZONE)
    with database.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reports.approve_report")).one()
        return str(entry.details["second_person"])


def only(database: Database, province: Province, login: str) -> None:
    """Everybody else of the department loses the account."""
    with database.transaction() as session:
        other = province.actors["quantri2" if login == "quantri" else "quantri"].person_id
        session.execute(update(Account).where(Account.person_id == other).values(disabled_at=CLOSED))


PEOPLE = st.sampled_from([None, UUID(int=1), UUID(int=2)])


@given(rule=st.sampled_from(SecondPerson), built=PEOPLE, approver=PEOPLE, deciders=st.integers(0, 5))
def test_nobody_alone_stands_by_own_figures_where_another_could(
    rule: SecondPerson, built: UUID | None, approver: UUID | None, deciders: int
) -> None:
    answer = approval(rule, built, approver, deciders)
    if built is not None and built == approver and deciders >= 2 and rule is not SecondPerson.NEVER:
        assert answer is Approval.REFUSED
    if built is None or built != approver:
        assert answer is Approval.BY_ANOTHER
    if answer is Approval.REFUSED:
        assert rule is SecondPerson.ALWAYS or deciders >= 2


def test_who_built_a_report_does_not_approve_it_where_another_may(province: Province, database: Database) -> None:
    report = build(database, province.actors["quantri"])
    with pytest.raises(Conflict) as refused:
        approve(database, province.actors["quantri"], report)
    assert refused.value.code == "second_person"
    assert approve(database, province.actors["quantri2"], report) == "another"


def test_where_only_one_may_the_audit_says_that_one_did_both(province: Province, database: Database) -> None:
    only(database, province, "quantri")
    report = build(database, province.actors["quantri"])
    with pytest.raises(Conflict):
        approve(database, province.actors["quantri"], report, SecondPerson.ALWAYS)
    assert approve(database, province.actors["quantri"], report) == "alone_for_want"


def test_a_province_may_do_without_the_second_person(province: Province, database: Database) -> None:
    assert approve(database, province.actors["quantri"], build(database, province.actors["quantri"]), SecondPerson.NEVER) == "alone"


def test_what_is_planned_is_published_at_that_moment_once_it_is_approved(app: Flask, province: Province, database: Database) -> None:
    moment = NEXT_WEEK
    with database.transaction() as session:
        plan_report(session, SERVICE, ACTIVITY, freezes=False, consults=False, days=3, publish_at=moment, at=CLOSED)
    report = build(database, province.actors["quantri"])
    public = app.test_client()
    with time_machine.travel(CLOSED, tick=False) as clock:
        run_due(app)
        approve(database, province.actors["quantri2"], report)
        run_due(app)
        clock.move_to(moment - timedelta(seconds=1))
        run_due(app)
        assert public.get("/public/2026-Q4.json").status_code == 404
        clock.move_to(moment)
        run_due(app)
        assert public.get("/public/2026-Q4.json").status_code == 200
        with database.reading() as session:
            assert session.get_one(Report, report).published_at == moment


def test_a_moment_that_is_over_is_not_planned_and_one_that_passed_unapproved_publishes_nothing(
    app: Flask, province: Province, database: Database
) -> None:
    def plan(at: datetime) -> None:
        with database.transaction() as session:
            plan_report(session, SERVICE, ACTIVITY, freezes=False, consults=False, days=3, publish_at=CLOSED, at=at)

    with pytest.raises(DomainError) as past:
        plan(CLOSED)
    assert past.value.field == "day"
    plan(CLOSED - timedelta(days=1))
    plan(CLOSED)  # the rest of a plan may still be changed
    report = build(database, SERVICE)
    approve(database, SERVICE, report)
    with time_machine.travel(NEXT_WEEK, tick=False):
        run_due(app)
    with database.reading() as session:
        found = session.get_one(Report, report)
        assert (found.state, found.publish_at) == (ReportState.APPROVED, None)


def test_what_was_set_for_a_moment_is_cancelled_and_stays_approved(app: Flask, province: Province, database: Database) -> None:
    report = build(database, SERVICE)
    approve(database, SERVICE, report)
    with database.transaction() as session:
        operations.schedule_publication(session, SERVICE, report, NEXT_WEEK, CLOSED)
    with database.transaction() as session:
        operations.cancel_publication(session, SERVICE, report, CLOSED)
    with pytest.raises(Conflict) as nothing, database.transaction() as session:
        operations.cancel_publication(session, SERVICE, report, CLOSED)
    assert nothing.value.code == "not_scheduled"
    with time_machine.travel(NEXT_WEEK, tick=False):
        run_due(app)
    with database.reading() as session:
        assert session.get_one(Report, report).state == ReportState.APPROVED


def test_a_publication_that_could_not_take_place_says_why_where_it_was_set(
    app: Flask, province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    report = build(database, SERVICE)
    approve(database, SERVICE, report)
    with database.transaction() as session:
        operations.schedule_publication(session, SERVICE, report, NEXT_WEEK, CLOSED)
        # another quarter became public since these figures were frozen: what may not be seen of them has to be decided anew
        session.add(Activity(key="quarterly-test:2026-Q3", period="20263", title="Quý III", counted_on=CLOSED.date(), registered_at=CLOSED))
        session.flush()
        other = Report(activity="quarterly-test:2026-Q3", period="20263", revision=1, state="superseded", manifest={}, built_at=CLOSED)
        other.published_at = CLOSED + timedelta(hours=1)
        session.add(other)
    with time_machine.travel(NEXT_WEEK, tick=False):
        run_due(app)
        page = sign_in("quantri").get("/manage/reports/2026-Q4/").get_data(as_text=True)
    assert "Chưa công bố được lúc" in page
    assert "Chốt lại để xét lại" in page


def remind(database: Database, report: UUID, at: datetime = CLOSED) -> operations.reminding.Reminded:
    with database.transaction() as session:
        return operations.remind_silent(session, SERVICE, report, digest, zone=ZONE, at=at)


def test_the_silent_are_reminded_once_a_day_and_those_who_spoke_never(telling: Flask, reachable: Province, database: Database) -> None:
    report = build(database, SERVICE)
    consult(database, report)
    say(database, reachable, report, "xa", Verdict.CONFIRM)
    assert remind(database, report) == operations.reminding.Reminded(1, 2)  # the head and the focal point of the one that is left
    with pytest.raises(Conflict) as again:
        remind(database, report)
    assert again.value.code == "reminded"
    assert remind(database, report, CLOSED + timedelta(days=1)).letters == 2
    with database.reading() as session:
        [body] = set(session.scalars(select(Message.body)))
    assert f"/manage/reports/2026-Q4/{reachable.agencies['H55.1']}" in body
    say(database, reachable, report, "daumoi", Verdict.CONFIRM)
    with pytest.raises(Conflict) as spoken:
        remind(database, report, CLOSED + timedelta(days=2))
    assert spoken.value.code == "all_spoke"


def test_nobody_is_reminded_whom_no_letter_reaches_or_when_time_is_up(telling: Flask, reachable: Province, database: Database) -> None:
    report = build(database, SERVICE)
    with pytest.raises(Conflict):
        remind(database, report)
    until = consult(database, report)
    with pytest.raises(Conflict):
        remind(database, report, until)
    with database.transaction() as session:
        session.execute(update(Person).values(email=None))
    with pytest.raises(DomainError) as nobody:
        remind(database, report)
    assert nobody.value.code == "no_address"


def test_the_button_reminds_and_those_asked_see_it_on_their_first_page(
    app: Flask, province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    app.extensions["lms.settings"] = replace(app.extensions["lms.settings"], smtp_url="smtp://127.0.0.1:1")
    report = build(database, SERVICE)
    consult(database, report)
    with database.transaction() as session:
        session.execute(update(Person).values(email=Person.full_name + "@tinh.gov.vn"))
    with time_machine.travel(CLOSED, tick=False):
        department = sign_in("quantri")
        assert "Nhắc các cơ quan chưa có ý kiến" in department.get("/manage/reports/2026-Q4/").text
        assert department.post("/manage/reports/2026-Q4/remind").status_code == 303
        assert department.post("/manage/reports/2026-Q4/remind").status_code == 409
        address = f"/manage/reports/2026-Q4/{province.agencies['H55.1']}"
        head = sign_in("thutruong")
        assert address in head.get("/").text
        assert address not in sign_in("xa").get("/").text
        assert head.post("/manage/reports/2026-Q4/remind").status_code == 403
        say(database, province, report, "thutruong", Verdict.CONFIRM)
        assert address not in head.get("/").text


def test_without_a_mail_server_the_button_is_not_there_and_says_why(
    app: Flask, province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    consult(database, build(database, SERVICE))
    with time_machine.travel(CLOSED, tick=False):
        department = sign_in("quantri")
        assert "LMS_SMTP_URL" in department.get("/manage/reports/2026-Q4/").text
        refused = department.post("/manage/reports/2026-Q4/remind")
    assert refused.status_code == 409
    assert "LMS_SMTP_URL" in refused.text


def test_the_department_is_told_what_is_locked_and_not_frozen_and_what_moment_passed(province: Province, database: Database) -> None:
    def told(at: datetime) -> set[str]:
        with database.reading() as session:
            return {notice.key.partition(":")[0] for notice in next_steps(session, at, ZONE)}

    assert told(CLOSED) == set()
    with database.transaction() as session:
        lock_activity(session, ACTIVITY, CLOSED)
    assert told(CLOSED) == {"freeze"}
    with database.reading() as session:
        people = {notice.person_id for notice in next_steps(session, CLOSED, ZONE)}
    assert people == {province.actors[login].person_id for login in ("quantri", "quantri2")}
    report = build(database, SERVICE)
    assert told(CLOSED) == set()
    approve(database, SERVICE, report)
    with database.transaction() as session:
        operations.schedule_publication(session, SERVICE, report, NEXT_WEEK, CLOSED)
    assert told(NEXT_WEEK) == set()
    assert told(NEXT_WEEK + timedelta(minutes=11)) == {"overdue"}
