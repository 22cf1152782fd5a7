"""The worker's part: ends attempts whose time is over, and turns what the outbox remembers of sittings into statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.jobs import JobHandler, JobRun, Periodic
from lms.kit.unit import settings, transaction
from lms.lrs.outbox import EACH
from quizzes import statements
from quizzes.operations.attempts import FINISHED, STARTED, end_overdue_attempts
from quizzes.operations.history import BEGAN, BROUGHT_IN
from quizzes.operations.marks import REMARKED
from quizzes.operations.media import drop_unused_pictures
from quizzes.operations.signals import FIND_SIGNALS, find_signals
from quizzes.queries.attempts import AttemptView, attempt_by_id, explained
from quizzes.queries.marks import regrade
from quizzes.statements import Answer, Sitting

BATCH = 50


def end_overdue(at: datetime) -> None:
    """Hand in for everyone whose deadline and grace are past, a batch a transaction; several workers may do this at once."""
    while True:
        with transaction() as session:
            ended = end_overdue_attempts(session, SERVICE, at, BATCH)
        if ended < BATCH:
            return


UNUSED_FOR = timedelta(days=30)


def drop_pictures(at: datetime) -> None:
    """Throw away pictures that were uploaded a month ago and no question has."""
    with transaction() as session:
        drop_unused_pictures(session, at - UNUSED_FOR)


PERIODIC = (
    Periodic(name="quizzes.end_overdue", seconds=10, run=end_overdue),
    Periodic(name="quizzes.drop_pictures", seconds=24 * 3600, run=drop_pictures),
)


def look_for_signals(run: JobRun) -> Mapping[str, Any]:
    """Look anew for what is odd about the sittings of a round."""
    with run.database.transaction() as session:
        return {"signals": find_signals(session, SERVICE, UUID(run.payload["round"]), now())}


JOBS: Mapping[str, JobHandler] = {FIND_SIGNALS: look_for_signals}


def build_started(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    return statements.attempt_started(_sitting(attempt_by_id(session, UUID(reference["attempt"]))))


def build_finished(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    attempt = attempt_by_id(session, UUID(reference["attempt"]))
    return statements.attempt_finished(_sitting(attempt), _answers(session, attempt))


def build_brought_in(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    """What `build_started` and `build_finished` would have said at the time, for many sittings."""
    built: list[dict[str, Any]] = []
    for event in reference[EACH]:
        what, _space, attempt_id = event.partition(" ")
        attempt = attempt_by_id(session, UUID(attempt_id))
        if what == BEGAN:
            built += statements.attempt_started(_sitting(attempt))
        else:
            built += statements.attempt_finished(_sitting(attempt), _answers(session, attempt) if reference["answers"] else [])
    return built


def _answers(session: Session, attempt: AttemptView) -> list[Answer]:
    questions = explained(session, attempt.id, attempt.form_id)
    return [
        Answer(
            code=question.code,
            version=question.version,
            kind=question.kind,
            stem=question.stem,
            body=question.body,
            key=question.key,
            answer=question.answer,
            points=question.points,
            saved_at=question.saved_at,
        )
        for question in questions.values()
    ]


def _sitting(attempt: AttemptView) -> Sitting:
    return Sitting(
        base_url=settings().base_url,
        attempt_id=attempt.id,
        person_id=attempt.person_id,
        round_code=attempt.round_code,
        title=attempt.title,
        number=attempt.number,
        started_at=attempt.started_at,
        pass_mark=attempt.pass_mark,
        ended_at=attempt.submitted_at,
        score=attempt.first_score,
        passed=attempt.first_passed,
    )


def build_remarked(session: Session, reference: Mapping[str, Any], at: datetime) -> list[dict[str, Any]]:
    later = regrade(session, UUID(reference["regrade"]))
    attempt = attempt_by_id(session, later.attempt_id)
    marked = replace(_sitting(attempt), score=later.score, passed=later.passed)
    return statements.attempt_remarked(marked, later.id, later.cause, later.recorded_at)


BUILDERS = {STARTED: build_started, FINISHED: build_finished, REMARKED: build_remarked, BROUGHT_IN: build_brought_in}
