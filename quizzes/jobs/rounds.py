"""The worker's part in a round's life: it opens, closes and locks, when asked or when the time has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE, Actor
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.jobs import JobRun, Periodic
from lms.kit.unit import settings, transaction
from quizzes.models import Round
from quizzes.operations import life
from quizzes.operations.rounds import plan_of
from quizzes.queries.round_plans import count_open_attempts, due_rounds, plan_view, readiness
from quizzes.queries.rounds import round_by_id
from quizzes.rules.rounds import RoundState

log = structlog.get_logger()


def open_job(run: JobRun) -> Mapping[str, Any]:
    """Draw the forms, then freeze the list and open, each in a transaction of its own: after a crash what is done stays done. The list is
    frozen whole or not at all, so that nobody ever reads half of one."""
    round_id, actor = UUID(run.payload["round"]), _asked_by(run.payload)
    zone = settings().zone
    with run.database.reading() as session:
        view = round_by_id(session, round_id)
        if view.state != RoundState.DRAFT:
            return {}
        people = readiness(session, view, plan_view(session, round_id), zone).counted.by_verdict.total()
    run.progress(0, people)
    with run.database.transaction() as session:
        life.prepare_forms(session, actor, round_id, zone=zone, at=now())
    run.progress(0, people)
    with run.database.transaction() as session:
        listed = life.open_round(session, actor, round_id, zone=zone, at=now())
    run.progress(people, people)
    return {"people": listed}


def close_job(run: JobRun) -> Mapping[str, Any]:
    """From the first step on nobody starts; then everybody's answers are handed in, some at a time. Taken up again it goes on with those
    who are left."""
    round_id, actor = UUID(run.payload["round"]), _asked_by(run.payload)
    with run.database.transaction() as session:
        if session.get_one(Round, round_id).state == RoundState.OPEN:
            life.begin_closing(session, actor, round_id, now())
        left = count_open_attempts(session, round_id)
    total, ended = left, 0
    run.progress(0, total)
    while True:
        with run.database.transaction() as session:
            batch = life.end_attempts(session, actor, round_id, now())
            if batch == 0:
                life.finish_closing(session, actor, round_id, now(), ended)
        if batch == 0:
            return {"ended": ended}
        ended += batch
        run.progress(min(ended, total), total)


def watch_rounds(at: datetime) -> None:
    """Open what is due and misses nothing, close what is over, lock what is to be locked: only rounds that are to go by themselves."""
    with transaction() as session:
        due = due_rounds(session, at)
    for round_id in due.to_open:
        with transaction() as session:
            _open_if_clean(session, round_id, at)
    for round_id in due.to_close:
        with transaction() as session:
            life.request_work(session, SERVICE, round_id, life.CLOSING, at)
    for round_id in due.to_lock:
        try:
            with transaction() as session:
                life.lock_round(session, SERVICE, round_id, at)
        except DomainError as refused:  # essays still wait for their marks: it is tried again
            log.info("round_not_locked", round=str(round_id), reason=str(refused))


def _open_if_clean(session: Session, round_id: UUID, at: datetime) -> None:
    view = round_by_id(session, round_id)
    found = readiness(session, view, plan_view(session, round_id), settings().zone)
    if found.clean:
        life.request_work(session, SERVICE, round_id, life.OPENING, at)
        return
    plan_of(session, round_id).told_missing_at = at
    log.warning("round_not_ready", round=view.code, missing=[one.text for one in found.findings if one.hinders])


def admit_newcomers(at: datetime) -> None:
    """Put those who came to a course since its test was opened on the test's list."""
    with transaction() as session:
        due = due_rounds(session, at).with_newcomers
    for round_id in due:
        with transaction() as session:
            life.add_newly_enrolled(session, round_id, at)


def _asked_by(payload: Mapping[str, Any]) -> Actor:
    person = payload.get("actor")
    return Actor(UUID(person), str(payload["name"]), "") if person else SERVICE


JOBS = {life.OPENING: open_job, life.CLOSING: close_job}
PERIODIC = (
    Periodic(name="quizzes.watch_rounds", seconds=30, run=watch_rounds),
    Periodic(name="quizzes.admit_newcomers", seconds=300, run=admit_newcomers),
)
