"""From a draft to what everybody reads: agencies are asked, the department approves, everything is published at one instant."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.kit.actors import SERVICE, Role
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import Job, JobRun, due_jobs
from lms.reports import operations
from lms.reports.jobs import life as jobs
from lms.reports.models import Report, ReportEvent, ReportState, Verdict
from lms.reports.notices import consultations
from lms.reports.operations.planning import freeze_what_is_locked, plan_report
from lms.reports.operations.publishing import publish_scheduled
from lms.reports.queries.consulting import consultation_of
from lms.reports.queries.life import tombstone
from lms.reports.queries.public import public_report
from lms.results.operations import lock_activity
from tests.reports.making import ACTIVITY, CLOSED, Province, finish, make_province, revisions, the_activity

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
AFTER = CLOSED + timedelta(days=5)


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


@pytest.fixture
def report(province: Province, database: Database) -> UUID:
    with database.transaction() as session:
        return operations.build_report(session, SERVICE, the_activity(session), CLOSED)


def consult(database: Database, report: UUID, days: int = 3) -> datetime:
    with database.transaction() as session:
        return operations.open_consultation(session, SERVICE, report, days, zone=ZONE, at=CLOSED)


def say(database: Database, province: Province, report: UUID, login: str, verdict: Verdict, text: str = "", at: datetime = CLOSED) -> UUID:
    agency = province.agencies["H55.101" if login == "xa" else "H55.1"]
    role = Role.HEAD if login == "thutruong" else Role.FOCAL_POINT
    with database.transaction() as session:
        actor = province.actors[login]
        return operations.say_verdict(session, actor, report, agency, verdict=verdict, text=text, said_as=role, at=at)


def approve_and_publish(database: Database, report: UUID, at: datetime = CLOSED) -> None:
    with database.transaction() as session:
        operations.approve_report(session, SERVICE, report, at)
    with database.transaction() as session:
        operations.publish_now(session, SERVICE, report, at)


def test_working_days_are_counted_and_silence_is_agreement(province: Province, report: UUID, database: Database) -> None:
    until = consult(database, report)
    assert until.astimezone(ZONE) == datetime(2026, 11, 26, 17, tzinfo=ZONE)  # Monday and three working days
    with pytest.raises(Conflict) as early, database.transaction() as session:
        operations.approve_report(session, SERVICE, report, CLOSED)
    assert early.value.code == "consulting"
    say(database, province, report, "xa", Verdict.CONFIRM)
    with database.reading() as session:
        found = consultation_of(session, report, CLOSED.date())
    assert (found.asked, found.confirmed, [one.code for one in found.silent]) == (2, 1, ["H55.1"])
    with pytest.raises(Conflict) as late:
        say(database, province, report, "daumoi", Verdict.CONFIRM, at=until)
    assert late.value.code == "consultation_over"
    with database.transaction() as session:
        operations.approve_report(session, SERVICE, report, until)
    assert revisions(database) == [(1, "approved")]


def test_an_objection_says_why_and_is_answered_with_a_paper_before_anything_is_approved(
    province: Province, report: UUID, database: Database
) -> None:
    consult(database, report)
    with pytest.raises(DomainError) as silent:
        say(database, province, report, "daumoi", Verdict.OBJECT, "  ")
    assert silent.value.field == "text"
    objection = say(database, province, report, "daumoi", Verdict.OBJECT, "Thiếu một người nghỉ thai sản")
    with pytest.raises(Conflict) as waiting, database.transaction() as session:
        operations.approve_report(session, SERVICE, report, AFTER)
    assert waiting.value.code == "unanswered"
    for answer, paper in (("", "CV 1"), ("Giữ nguyên", " ")):
        with pytest.raises(DomainError), database.transaction() as session:
            operations.answer_objection(session, SERVICE, objection, answer=answer, paper=paper, at=AFTER)
    with database.transaction() as session:
        operations.answer_objection(session, SERVICE, objection, answer="Đã có trong miễn, hoãn", paper="CV 12/SNV", at=AFTER)
    with pytest.raises(Conflict), database.transaction() as session:
        operations.answer_objection(session, SERVICE, objection, answer="Hai lần", paper="CV 13", at=AFTER)
    with database.transaction() as session:
        operations.approve_report(session, SERVICE, report, AFTER)


def test_the_heads_word_stands_over_the_focal_points(province: Province, report: UUID, database: Database) -> None:
    consult(database, report)
    say(database, province, report, "daumoi", Verdict.OBJECT, "Sai")
    say(database, province, report, "thutruong", Verdict.CONFIRM)
    with pytest.raises(Conflict) as refused:
        say(database, province, report, "daumoi", Verdict.OBJECT, "Vẫn sai")
    assert refused.value.code == "head_has_spoken"
    with database.reading() as session:
        found = consultation_of(session, report, CLOSED.date())
    assert [(one.verdict, one.said_as) for one in found.verdicts] == [("confirm", "head")]


def test_publishing_is_one_instant_and_noted_once_for_those_who_tell_it_on(province: Province, report: UUID, database: Database) -> None:
    approve_and_publish(database, report)
    with database.transaction() as session:
        finish(session, province.people["H55.1"][18], passed=True, at=CLOSED)
        second = operations.build_report(session, SERVICE, the_activity(session), AFTER, "Bài nộp muộn")
    with database.reading() as session:
        found = public_report(session, "20264")
        assert found is not None
        assert found.revision == 1
    approve_and_publish(database, second, AFTER)
    assert revisions(database) == [(1, "superseded"), (2, "published")]
    with database.reading() as session:
        events = session.execute(select(ReportEvent.report_id, ReportEvent.kind).order_by(ReportEvent.id)).all()
    assert [tuple(row) for row in events] == [
        (report, "report.published"),
        (report, "report.superseded"),
        (second, "report.published"),
    ]
    with pytest.raises(Conflict), database.transaction() as session:
        operations.publish_now(session, SERVICE, second, AFTER)


def test_what_is_withdrawn_leaves_its_reason(province: Province, report: UUID, database: Database) -> None:
    approve_and_publish(database, report)
    with pytest.raises(DomainError) as silent, database.transaction() as session:
        operations.withdraw_report(session, SERVICE, report, " ", AFTER)
    assert silent.value.field == "reason"
    with database.transaction() as session:
        operations.withdraw_report(session, SERVICE, report, "Nhầm danh sách", AFTER)
    with database.reading() as session:
        assert public_report(session, "20264") is None
        grave = tombstone(session, "20264")
        assert grave is not None
        assert grave.withdrawn_because == "Nhầm danh sách"
    with database.transaction() as session:
        again = operations.build_report(session, SERVICE, the_activity(session), AFTER)
    approve_and_publish(database, again, AFTER)
    with database.reading() as session:
        assert tombstone(session, "20264") is None


@pytest.mark.parametrize("what", ["approve", "publish"])
def test_of_two_departments_at_once_one_wins_and_the_other_is_told(province: Province, report: UUID, database: Database, what: str) -> None:
    if what == "publish":
        with database.transaction() as session:
            operations.approve_report(session, SERVICE, report, CLOSED)
    barrier, told = Barrier(2), []

    def decide(login: str) -> None:
        barrier.wait()
        try:
            with database.transaction() as session:
                act = operations.approve_report if what == "approve" else operations.publish_now
                act(session, province.actors[login], report, CLOSED)
            told.append("done")
        except Conflict as refused:
            told.append(refused.code)

    threads = [Thread(target=decide, args=(login,)) for login in ("quantri", "quantri2")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(told) == ["done", "is_approved"] if what == "approve" else sorted(told) == ["already_published", "done"]


def scheduled(database: Database, report: UUID) -> JobRun:
    with database.transaction() as session:
        operations.approve_report(session, SERVICE, report, CLOSED)
        job = operations.schedule_publication(session, SERVICE, report, AFTER, CLOSED)
    with database.reading() as session:
        assert job not in due_jobs(session, CLOSED)
        assert job in due_jobs(session, AFTER)
        return JobRun(database, job, session.get_one(Job, job).payload)


class Killed(BaseException):
    """The worker is gone."""


@pytest.mark.parametrize("after", [False, True])
def test_a_worker_killed_while_it_publishes_publishes_nothing_and_the_next_once(
    province: Province, report: UUID, database: Database, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    run = scheduled(database, report)
    real = publish_scheduled

    def gone(*arguments: Any) -> bool:
        if after:
            real(*arguments)
        raise Killed

    monkeypatch.setattr(jobs, "publish_scheduled", gone)
    with pytest.raises(Killed):
        jobs.publish_job(run)
    monkeypatch.undo()
    assert revisions(database) == [(1, "approved")]
    assert jobs.publish_job(run) == {"published": True}
    assert jobs.publish_job(run) == {"published": False}
    with database.reading() as session:
        assert len(session.scalars(select(ReportEvent)).all()) == 1


def test_a_moment_that_was_changed_or_an_approval_taken_back_is_not_published(province: Province, report: UUID, database: Database) -> None:
    run = scheduled(database, report)
    with database.transaction() as session:
        operations.take_back_approval(session, SERVICE, report, CLOSED)
    assert jobs.publish_job(run) == {"published": False}
    assert revisions(database) == [(1, "draft")]


def test_a_locked_round_is_frozen_and_the_agencies_asked_by_themselves_where_that_is_planned(
    province: Province, database: Database, app: Flask
) -> None:
    with database.transaction() as session:
        plan_report(session, SERVICE, ACTIVITY, freezes=True, consults=True, days=5, at=CLOSED)
        assert freeze_what_is_locked(session, SERVICE, CLOSED) == []
        lock_activity(session, ACTIVITY, CLOSED)
    with database.transaction() as session:
        (job,) = freeze_what_is_locked(session, SERVICE, CLOSED)
    with database.transaction() as session:
        assert freeze_what_is_locked(session, SERVICE, CLOSED) == []
    with database.reading() as session:
        run = JobRun(database, job, session.get_one(Job, job).payload)
    with app.app_context():
        jobs.freeze_job(run)
    with database.transaction() as session:
        assert freeze_what_is_locked(session, SERVICE, AFTER) == []
        report = session.scalars(select(Report)).one()
        assert (report.state, report.consultation_days) == (ReportState.CONSULTING, 5)


def test_letters_ask_those_who_may_speak_until_they_have_and_the_department_when_time_is_up(
    province: Province, report: UUID, database: Database
) -> None:
    until = consult(database, report)
    with database.reading() as session:
        first = list(consultations(session, CLOSED, ZONE))
        last = list(consultations(session, until - timedelta(hours=2), ZONE))
    people = {login: actor.person_id for login, actor in province.actors.items()}
    assert {one.person_id for one in first} == {people["thutruong"], people["daumoi"], people["xa"]}
    assert not {one.key for one in first} & {one.key for one in last}
    say(database, province, report, "thutruong", Verdict.OBJECT, "Sai")
    with database.reading() as session:
        after = {one.person_id for one in consultations(session, CLOSED, ZONE)}
        over = {one.person_id for one in consultations(session, until, ZONE)}
    assert after == {people["xa"], people["quantri"], people["quantri2"]}
    assert over == {people["quantri"], people["quantri2"]}


def test_the_pages_lead_from_freezing_to_publication_and_withdrawal(
    province: Province, database: Database, app: Flask, sign_in: Callable[[str], FlaskClient]
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    base = "/manage/reports/2026-Q4"
    with time_machine.travel(CLOSED, tick=False):
        client = sign_in("quantri")
        assert "Chưa chốt" in client.get("/manage/reports/").get_data(as_text=True)
        started = client.post(f"{base}/freeze")
        assert started.status_code == 303
        assert "Đang chờ đến lượt" in client.get(started.location).get_data(as_text=True)
        assert "Đang chốt" in client.get(f"{base}/").get_data(as_text=True)
        job = UUID(started.location.rpartition("/")[2])
        with database.reading() as session:
            run = JobRun(database, job, session.get_one(Job, job).payload)
        with app.app_context():
            jobs.freeze_job(run)
        assert client.post(f"{base}/consult", data={"days": "0"}).status_code == 422
        assert client.post(f"{base}/consult", data={"days": "3"}).status_code == 303
        head, agency = sign_in("thutruong"), province.agencies["H55.1"]
        assert "Sở Nội vụ" in head.get("/manage/reports/drafts/").get_data(as_text=True)
        page = head.get(f"{base}/{agency}").get_data(as_text=True)
        assert "90%" in page
        assert head.get(f"{base}/{province.agencies['H55.101']}").status_code == 404
        assert head.get(f"{base}/").status_code == 403
        assert head.post(f"{base}/{agency}", data={"verdict": "object"}).status_code in (303, 422)
        assert head.post(f"{base}/{agency}", data={"verdict": "object", "text": "Sai <b>số</b>"}).status_code == 303
        client = sign_in("quantri")
        page = client.get(f"{base}/").get_data(as_text=True)
        assert "Sai &lt;b&gt;số&lt;/b&gt;" in page
        assert client.post(f"{base}/approve").status_code == 409
        with database.reading() as session:
            (said,) = consultation_of(session, session.scalars(select(Report.id)).one(), now().date()).objections
        assert client.post(f"{base}/answers/{said.id}", data={"answer": "Đúng rồi", "paper": "CV 1"}).status_code == 303
        assert client.post(f"{base}/end-consultation").status_code == 303
        assert "người khác duyệt: " in client.get(f"{base}/").get_data(as_text=True)
        assert client.post(f"{base}/approve").status_code == 409
        client = sign_in("quantri2")
        assert client.post(f"{base}/approve").status_code == 303
        assert client.post(f"{base}/schedule", data={"day": "01/12/2026", "hour": "8 giờ"}).status_code == 422
        assert client.post(f"{base}/schedule", data={"day": "01/12/2026", "hour": "08:30"}).status_code == 303
        assert "08:30" in client.get(f"{base}/").get_data(as_text=True)
        assert client.post(f"{base}/cancel-publication").status_code == 303
        assert client.post(f"{base}/cancel-publication").status_code == 409
        whole = client.get(f"{base}/report.json")
        assert whole.json is not None
        assert whole.json["schema"] == "congvu-lms/report-file/2"
        assert client.post(f"{base}/publish").status_code == 303
        assert app.test_client().get("/public/2026-Q4/").status_code == 200
        assert client.post(f"{base}/withdraw", data={"reason": ""}).status_code == 422
        assert client.post(f"{base}/withdraw", data={"reason": "Nhầm"}).status_code == 303
        assert "Nhầm" in client.get(f"{base}/").get_data(as_text=True)
        assert app.test_client().get("/public/2026-Q4/").status_code in (404, 410)
