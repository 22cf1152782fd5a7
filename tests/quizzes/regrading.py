"""Papers that were sat, and rulings on their items: what tests of marks need."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.actors import Actor
from lms.kit.db import Database
from lms.kit.jobs import Job, JobRun, JobState
from lms.results.models import Outcome
from quizzes.jobs.rulings import JOBS
from quizzes.models import Attempt, FormSlot, ItemVersion, Regrade, Ruling
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.rulings import approve_ruling, propose_ruling
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.marks import is_standing, standing_passed, standing_score
from quizzes.rules.marking import RulingKind
from quizzes.rules.rulings import Proposal
from tests.factories import make_agency, make_person
from tests.quizzes.making import AT, QUARTER

LATER = AT + timedelta(days=1)


def make_rulers(session: Session) -> tuple[Actor, Actor]:
    """Two people of the department, who are on no list."""
    office = make_agency(session, "Phòng Khảo thí", valid_from=AT.date())
    one, two = (make_person(session, name, agency=office, login=name, valid_from=AT.date()) for name in ("mot", "hai"))
    return Actor(one, "Một", "mot"), Actor(two, "Hai", "hai")


def sit(database: Database, actor: Actor, answers: Mapping[int, list[str]], *, round_code: str = QUARTER) -> UUID:
    """Sit the round and hand in; answers by slot."""
    with database.transaction() as session:
        attempt = start_attempt(session, actor, round_code, AT).attempt_id
    with database.transaction() as session:
        given = [Answered(slot=slot, sequence=1, answer=answer) for slot, answer in answers.items() if answer]
        if given:
            save_answers(session, actor, attempt, takeover=1, answers=given, at=AT)
    with database.transaction() as session:
        submit_attempt(session, actor, attempt, AT)
    return attempt


def version_in(session: Session, kind: str) -> UUID:
    """An item version of a kind that stands in the forms."""
    query = select(ItemVersion.id).join(FormSlot, FormSlot.item_version_id == ItemVersion.id).where(ItemVersion.kind == kind)
    return session.scalars(query.order_by(ItemVersion.stem).limit(1)).one()


def slot_of(session: Session, attempt_id: UUID, version_id: UUID) -> int:
    query = select(FormSlot.slot).join(Attempt, Attempt.form_id == FormSlot.form_id)
    return session.scalars(query.where(Attempt.id == attempt_id, FormSlot.item_version_id == version_id)).one()


def work(database: Database) -> None:
    """Carry the waiting jobs of rulings out, as the worker would."""
    while True:
        with database.reading() as session:
            job = session.scalars(select(Job).where(Job.state == JobState.QUEUED, Job.kind.in_(JOBS)).order_by(Job.id)).first()
        if job is None:
            return
        result = JOBS[job.kind](JobRun(database, job.id, job.payload))
        with database.transaction() as session:
            done = session.get_one(Job, job.id)
            done.state, done.result = JobState.DONE, dict(result or {})


def propose(database: Database, actor: Actor, version_id: UUID, kind: RulingKind = RulingKind.VOID, **changes: Any) -> UUID:
    """A proposal that was looked at what it would do."""
    with database.transaction() as session:
        ruling = propose_ruling(session, actor, Proposal(version_id, kind, changes.pop("reason", "Luật đã thay đổi."), **changes), LATER)
    work(database)
    return ruling


def approve(database: Database, actor: Actor, ruling_id: UUID) -> None:
    with database.transaction() as session:
        approve_ruling(session, actor, ruling_id, LATER)
    work(database)


def foreseen(database: Database, ruling_id: UUID) -> dict[str, Any]:
    with database.reading() as session:
        return session.scalars(select(Ruling.foreseen).where(Ruling.id == ruling_id)).one() or {}


def marks(database: Database) -> dict[UUID, tuple[Decimal, bool]]:
    """The marks that stand, by attempt."""
    with database.reading() as session:
        query = select(Attempt.id, standing_score, standing_passed).outerjoin(Regrade, is_standing()).where(Attempt.score.is_not(None))
        return {attempt: (score, passed) for attempt, score, passed in session.execute(query)}


def outcomes(database: Database) -> dict[UUID, tuple[Decimal, bool]]:
    """What stands in the ledger, by person."""
    with database.reading() as session:
        rows = session.execute(select(Outcome.person_id, Outcome.score, Outcome.passed).where(Outcome.superseded_by.is_(None)))
        return {person: (score, passed) for person, score, passed in rows}
