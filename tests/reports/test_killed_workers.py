"""From close to letters and messages with the worker killed at every commit of every step, before it and after it: the next one completes
it, nothing is there twice, and at no moment does the public read some of one revision and some of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import count
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import Quarter, now
from lms.kit.db import Database
from lms.kit.jobs import Job
from lms.kit.unit import settings
from lms.reports import operations
from lms.reports.feeds.addresses import all_places
from lms.reports.jobs import life, public_files, spreading
from lms.reports.models import PublicFile, Report, ReportEvent, ReportFile, ReportLetter, ReportState, Verdict
from lms.reports.operations import freezing, publishing, rendering
from lms.reports.operations import public_files as public_operations
from lms.reports.posting import hand_over
from lms.reports.queries.consulting import consultation_of
from lms.reports.queries.deliveries import SPREADING
from lms.reports.queries.verifying import verify_report
from lms.reports.rendering import file_store
from tests.mail.test_letters import Box, box, port
from tests.reports.dying import Killer, Worker, public_revisions
from tests.reports.making import ACTIVITY, CLOSED, Province
from tests.reports.telling import Receiver, add, deliveries, province, receiver, send, telling

__all__ = ["box", "port", "province", "receiver", "telling"]
CODES = ("H55", "H55.1", "H55.101", "H55.102")
STEPS = ("freeze", "render", "publish", "notice", "spread", "public", "send", "mail")


class Pipeline:
    """A revision on its way from the ledger to everybody; each step can be taken by itself, and again."""

    def __init__(self, worker: Worker, province: Province) -> None:
        self.worker, self.province, self.database = worker, province, worker.database
        self.report = UUID(int=0)

    def begin(self) -> None:
        with self.database.transaction() as session:
            operations.request_freezing(session, self.province.actors["quantri"], ACTIVITY, now(), "Chấm lại")

    def decide(self) -> None:
        """What people do between freezing and publication."""
        with self.database.transaction() as session:
            self.report = session.scalars(select(Report.id).where(Report.state == ReportState.DRAFT)).one()
            operations.open_consultation(session, self.province.actors["quantri"], self.report, 1, zone=settings().zone, at=now())
        with self.database.transaction() as session:
            head, agency = self.province.actors["thutruong"], self.province.agencies["H55.1"]
            operations.say_verdict(session, head, self.report, agency, verdict=Verdict.CONFIRM, text="", said_as=Role.HEAD, at=now())
        with self.database.transaction() as session:
            operations.end_consultation(session, self.province.actors["quantri2"], self.report, now())
        with self.database.transaction() as session:
            operations.approve_report(session, self.province.actors["quantri2"], self.report, now())
            at = now() + timedelta(minutes=1)
            operations.schedule_publication(session, self.province.actors["quantri2"], self.report, at, now())
        self.worker.clock.shift(timedelta(minutes=2))

    def take(self, step: str) -> None:
        kinds = {
            "freeze": freezing.FREEZING,
            "render": rendering.RENDERING,
            "publish": publishing.PUBLISHING,
            "spread": SPREADING,
            "public": public_operations.RENDERING,
        }
        if step in kinds:
            self.worker.jobs(kinds[step])
        else:
            {
                "notice": partial(spreading.notice_events, now()),
                "send": partial(send, self.database),
                "mail": partial(hand_over, now()),
            }[step]()

    def run(self, number: int, *, after: bool, step: str | None = None) -> set[str]:
        """Go the whole way; at each step (or the one named) the worker dies at that commit. Which steps have so many."""
        self.begin()
        hit = set()
        for one in STEPS:
            aimed = number if step in (None, one) else 0
            if self.worker.carry_out(partial(self.take, one), aimed, after=after):
                hit.add(one)
            if one == "freeze":
                self.decide()
        public_files.keep_rendered(now())  # what is of the revision before goes
        return hit


@pytest.fixture
def pipeline(
    telling: Flask, province: Province, database: Database, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Pipeline]:
    monkeypatch.setattr(life, "BODIES_AT_ONCE", 2)
    monkeypatch.setattr(spreading, "AGENCIES_AT_ONCE", 2)
    monkeypatch.setattr(public_files, "AT_ONCE", 20)
    add(database, receiver)
    with time_machine.travel(CLOSED + timedelta(hours=1), tick=False) as clock:
        yield Pipeline(Worker(telling, Killer(monkeypatch), clock), province)


def is_whole_and_once(pipeline: Pipeline, receiver: Receiver, box: Box) -> None:
    """The newest revision is public and complete; of nothing is there more than one."""
    with pipeline.database.reading() as session:
        found = session.scalars(select(Report).order_by(Report.revision)).all()
        assert [one.state for one in found] == [ReportState.SUPERSEDED] * (len(found) - 1) + [ReportState.PUBLISHED]
        report = found[-1]
        assert report.id == pipeline.report
        assert verify_report(session, report.id).holds
        files = session.scalars(select(ReportFile.sha256).where(ReportFile.report_id == report.id)).all()
        assert len(files) == len(CODES) * 2
        assert all(file_store(settings()).get(sha256) for sha256 in files)
        paths = session.execute(select(PublicFile.report_id, PublicFile.path)).all()
        wanted = {place.path for place in all_places(Quarter(2026, 4), list(CODES))}
        assert {tuple(row) for row in paths} == {(report.id, path) for path in wanted}
        assert set(session.scalars(select(Job.state))) == {"done"}
        events = Counter(session.execute(select(ReportEvent.kind, func.count()).group_by(ReportEvent.kind)).all())
        assert set(events) <= {("report.published", len(found)), ("report.superseded", len(found) - 1)}
        for action in ("build_report", "approve_report", "publish_report"):
            acts = select(func.count()).where(AuditEntry.action == f"reports.{action}", AuditEntry.subject == str(report.id))
            assert session.scalar(acts) == 1, action
        assert set(session.scalars(select(ReportLetter.state))) == {"sent"}
        letters = session.scalar(select(func.count()).select_from(ReportLetter).where(ReportLetter.report_id == report.id))
        assert letters == 4
        assert consultation_of(session, report.id, now().date()).confirmed == 1
        written = {str(one) for one in session.scalars(select(ReportLetter.id).where(ReportLetter.report_id == report.id))}
    assert {row.state for row in deliveries(pipeline.database)} == {"delivered"}
    # Outside, a letter or a message whose taking was not written down comes again, under the name it had.
    told = [headers["webhook-id"] for headers, _body in receiver.got]
    assert len(set(told)) == 2
    assert len(told) <= 3
    posted = [str(one["Message-ID"]).partition("@")[0].strip("<") for one in box.letters]
    assert set(posted) == written
    assert len(posted) <= len(written) + 1


@pytest.mark.parametrize("after", [False, True], ids=["before the commit", "after it"])
def test_a_worker_killed_at_any_commit_of_any_step_is_made_up_for(pipeline: Pipeline, receiver: Receiver, box: Box, after: bool) -> None:
    pipeline.run(0, after=False)
    steps = 0
    for number in count(1):
        receiver.got.clear()
        box.letters.clear()
        hit = pipeline.run(number, after=after)
        is_whole_and_once(pipeline, receiver, box)
        if not hit:
            break
        steps += len(hit)
    assert number > 5
    assert steps > 25


def test_at_no_commit_of_a_correction_does_the_public_read_two_revisions(pipeline: Pipeline, province: Province) -> None:
    client = pipeline.worker.app.test_client()
    seen: list[set[str]] = []
    for revision in ("1", "2"):
        pipeline.worker.killer.watch = lambda: seen.append(public_revisions(client, ("H55.1",)))
        pipeline.run(0, after=False)
        assert seen[-1] == {revision}
    assert all(len(one) <= 1 for one in seen)
    order = [one.pop() for one in seen if one]
    assert order == sorted(order)
    with pipeline.database.transaction() as session:
        operations.withdraw_report(session, province.actors["quantri"], pipeline.report, "Nhầm danh sách", now())
    assert seen[-2] == {"2"}
    assert all("410" in one for one in seen[-1])
