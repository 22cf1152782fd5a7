"""Telling on as a whole: whatever dies in between, each is told once; of a draft nothing is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import Job
from lms.reports import operations
from lms.reports.checks import check_telling
from lms.reports.jobs import spreading
from lms.reports.models import Report, ReportEvent, WebhookDelivery
from lms.reports.operations import letters, webhooks
from lms.reports.operations.spreading import tell_again
from lms.reports.posting import hand_over
from lms.results.queries import activity_of_period
from tests.mail.test_letters import Box, box, port
from tests.reports.making import CLOSED, Province
from tests.reports.telling import Receiver, add, answer, province, receiver, send, spread, telling
from tests.reports.test_public_files import publish

__all__ = ["box", "port", "province", "receiver", "telling"]


@pytest.mark.parametrize("step", ["before anything", "after the messages", "between agencies"])
def test_a_worker_that_dies_while_telling_on_completes_and_tells_nothing_twice(
    telling: Flask,
    database: Database,
    province: Province,
    receiver: Receiver,
    box: Box,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spreading, "AGENCIES_AT_ONCE", 2)
    add(database, receiver)
    publish(database, CLOSED)
    real, calls = letters.add_letters, []

    def dies(*arguments: object, **named: object) -> int:
        calls.append(arguments)
        if len(calls) == (1 if step == "after the messages" else 2):
            raise KeyboardInterrupt
        return real(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        if step == "before anything":

            def at_once(*_arguments: object) -> int:
                raise KeyboardInterrupt

            dying.setattr(spreading, "add_deliveries", at_once)
        else:
            dying.setattr(spreading, "add_letters", dies)
        spread(telling)
    with database.transaction() as session:
        session.execute(update(Job).where(Job.state == "running").values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    spread(telling)
    hand_over(now())
    send(database)
    assert len(receiver.got) == 1
    assert len(box.letters) == 4
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "reports.spread")) == 1
        assert session.scalar(select(func.count()).select_from(ReportEvent).where(ReportEvent.spread_at.is_(None))) == 0
        assert session.scalars(select(Report.state)).one() == "published"


def test_nothing_of_a_draft_is_told(telling: Flask, database: Database, province: Province, receiver: Receiver, box: Box) -> None:
    add(database, receiver)
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        operations.build_report(session, SERVICE, activity, CLOSED)
    spread(telling)
    send(database)
    hand_over(now())
    assert receiver.got == []
    assert box.letters == []


def test_the_doctor_says_what_does_not_reach_those_who_are_to_be_told(
    telling: Flask, database: Database, province: Province, receiver: Receiver, box: Box
) -> None:
    add(database, receiver)
    assert check_telling() == "0 letters waiting, 0 refused, 1 receivers"
    receiver.does = lambda handler: answer(handler, 500)
    publish(database, CLOSED)
    spread(telling)
    send(database)
    assert check_telling() == "4 letters waiting, 0 refused, 1 receivers"  # a moment ago: nothing is wrong yet
    with time_machine.travel(now() + timedelta(hours=7), tick=False):
        with pytest.raises(DomainError, match="letters about results wait since") as found:
            check_telling()
        assert "receiver ioc" in str(found.value)
        hand_over(now())
        receiver.does = None
        send(database)
        assert check_telling() == "0 letters waiting, 0 refused, 1 receivers"
    with database.transaction() as session:
        session.execute(update(WebhookDelivery).values(state="failed"))
    with pytest.raises(DomainError, match="1 messages not delivered"):
        check_telling()
    with database.transaction() as session:
        webhooks.pause_webhook(session, SERVICE, "ioc", now())
    assert check_telling() == "0 letters waiting, 0 refused, 0 receivers"
    with database.transaction() as session:
        session.execute(update(Report).values(state="approved", publish_at=now() - timedelta(hours=1)))
    with pytest.raises(DomainError, match="results were to be published at"):
        check_telling()


def test_telling_that_failed_for_good_is_taken_up_by_a_button_and_tells_nobody_twice(
    telling: Flask, database: Database, province: Province, receiver: Receiver, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(database, receiver)
    publish(database, CLOSED)
    monkeypatch.setattr(spreading, "AGENCIES_AT_ONCE", 2)
    real, calls = letters.add_letters, []

    def refuses(*arguments: object) -> int:
        calls.append(arguments)
        if len(calls) == 2:
            raise DomainError("no")
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(spreading, "add_letters", refuses)
    spread(telling)
    monkeypatch.undo()
    with database.transaction() as session:
        assert tell_again(session, SERVICE, "20264", now() + timedelta(seconds=1)) == 1
    with time_machine.travel(now() + timedelta(minutes=1), tick=False):
        spread(telling)
        hand_over(now())
        send(database)
        with pytest.raises(Conflict), database.transaction() as session:
            tell_again(session, SERVICE, "20264", now())
    assert len(box.letters) == 4
    assert len(receiver.got) == 1
