"""The worker's part in rulings: work out what a proposal would do, and carry an approved one out, both some papers at a time. Safe to be
called again after a crash: looking ahead begins anew, a paper that is marked already comes out as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.jobs import JobRun
from lms.reports.corrections import AgencyChange, Correction, foresee_corrections
from lms.results.models import Activity
from lms.results.queries import ActivityRow
from quizzes.models import RulingEffect
from quizzes.operations.marks import mark_of, supersede_mark
from quizzes.operations.rulings import CARRY_OUT, FORESEE, cause_of, clear_foreseen, finish_ruling, remark_batch, store_foreseen
from quizzes.queries.marks import attempts_to_mark, candidates
from quizzes.queries.rulings import (
    RoundReached,
    RulingView,
    concerned_attempts,
    effect_totals,
    effects_of_round,
    marks_moved_by,
    rounds_reached,
    ruling,
)
from quizzes.rules.counting import counted
from quizzes.rules.rounds import RoundState
from quizzes.rules.rulings import RulingState

BATCH = 250


def foresee(job: JobRun) -> Mapping[str, Any] | None:
    """Which marks, people and agencies' figures a proposal would move; kept with it for the one who decides."""
    ruling_id = UUID(job.payload["ruling"])
    with job.database.transaction() as session:
        if not clear_foreseen(session, ruling_id):
            return None
    with job.database.reading() as session:
        proposed = ruling(session, ruling_id)
        rounds = rounds_reached(session, ruling_id)
    total = sum(one.attempts for one in rounds)
    done = 0
    for reached in rounds:
        for batch in _batches(job.database, proposed, reached):
            _foresee_batch(job.database, proposed, [attempt_id for _, attempt_id, _ in batch])
            done += len(batch)
            job.progress(min(done, total), total)
    with job.database.reading() as session:
        foreseen = _summary(session, proposed, rounds, done)
    with job.database.transaction() as session:
        store_foreseen(session, ruling_id, {**foreseen, "at": now().isoformat()})
    return {"changed": foreseen["changed"]}


def carry_out(job: JobRun) -> Mapping[str, Any] | None:
    """Mark every paper again that an approved ruling reaches."""
    ruling_id = UUID(job.payload["ruling"])
    with job.database.reading() as session:
        approved = ruling(session, ruling_id)
        rounds = rounds_reached(session, ruling_id)
    if approved.state != RulingState.APPROVED or approved.carried_out_at is not None:
        return None
    total = sum(one.attempts for one in rounds)
    done = 0
    for reached in rounds:
        for batch in _batches(job.database, approved, reached):
            with job.database.transaction() as session:
                later = remark_batch(session, SERVICE, approved, reached.id, batch, at=now())
            for attempt_id in later:
                with job.database.transaction() as session:
                    supersede_mark(session, SERVICE, attempt_id, cause_of(approved), now())
            done += len(batch)
            job.progress(min(done, total), total)
    with job.database.transaction() as session:
        moved = marks_moved_by(session, ruling_id)
        finish_ruling(session, SERVICE, ruling_id, moved, now())
    return {"marks": moved}


JOBS = {FORESEE: foresee, CARRY_OUT: carry_out}


def _batches(database: Database, view: RulingView, reached: RoundReached) -> Iterator[list[Any]]:
    after: tuple[UUID, UUID] | None = None
    while True:
        with database.reading() as session:
            batch = concerned_attempts(session, view.item_version_id, reached.id, BATCH, after)
        if not batch:
            return
        yield batch
        after = (batch[-1].form_id, batch[-1].id)


def _foresee_batch(database: Database, proposed: RulingView, attempt_ids: list[UUID]) -> None:
    with database.reading() as session:
        attempts = attempts_to_mark(session, attempt_ids, proposed.id)
    rows = []
    for attempt in attempts:
        score, passed = mark_of(attempt)
        if (score, passed) != (attempt.standing.score, attempt.standing.passed):
            rows.append(
                {
                    "ruling_id": proposed.id,
                    "attempt_id": attempt.id,
                    "score_before": attempt.standing.score,
                    "score_after": score,
                    "passed_before": attempt.standing.passed,
                    "passed_after": passed,
                }
            )
    if rows:
        with database.transaction() as session:
            session.execute(insert(RulingEffect), rows)


def _summary(session: Session, proposed: RulingView, rounds: list[RoundReached], attempts: int) -> dict[str, Any]:
    totals = effect_totals(session, proposed.id)
    parts = [_round_summary(session, proposed, reached) for reached in rounds if reached.state != RoundState.DRAFT]
    return {
        "attempts": attempts,
        "changed": totals.changed,
        "up": totals.up,
        "down": totals.down,
        "people": sum(part["people"] for part in parts),
        "to_pass": sum(part["to_pass"] for part in parts),
        "to_fail": sum(part["to_fail"] for part in parts),
        "rounds": parts,
    }


def _round_summary(session: Session, proposed: RulingView, reached: RoundReached) -> dict[str, Any]:
    counts = {"people": 0, "to_pass": 0, "to_fail": 0}
    activity = session.execute(
        select(Activity.key, Activity.period, Activity.title, Activity.counted_on).where(Activity.key == reached.activity)
    ).one_or_none()
    corrections = list(_corrections(session, proposed, reached, counts))
    agencies = [] if activity is None else foresee_corrections(session, ActivityRow(*activity), corrections)
    return {"id": str(reached.id), "code": reached.code, "title": reached.title, **counts, "agencies": [_agency(one) for one in agencies]}


def _corrections(session: Session, proposed: RulingView, reached: RoundReached, counts: dict[str, int]) -> Iterator[Correction]:
    """The people whose counted mark would move, and how many of them cross the line."""
    for people in effects_of_round(session, proposed.id, reached.id, BATCH):
        standing = candidates(session, reached.id, people.keys())
        for person_id, moved in people.items():
            before = counted(standing[person_id], reached.counting)
            after = counted([_moved(one, moved.get(one.id)) for one in standing[person_id]], reached.counting)
            if before is None or after is None or (before.score, before.passed) == (after.score, after.passed):
                continue
            counts["people"] += 1
            counts["to_pass"] += after.passed and not before.passed
            counts["to_fail"] += before.passed and not after.passed
            yield Correction(person_id, after.score, after.passed)


def _moved(candidate: Any, mark: tuple[Decimal, bool] | None) -> Any:
    return candidate if mark is None else replace(candidate, score=mark[0], passed=mark[1])


def _agency(change: AgencyChange) -> dict[str, Any]:
    return {
        "id": str(change.agency_id),
        "code": change.code,
        "name": change.name,
        "before": change.before.as_dict(),
        "after": change.after.as_dict(),
        "rank_before": change.rank_before,
        "rank_after": change.rank_after,
        "published": None if change.published is None else change.published.as_dict(),
        "withheld": change.withheld,
    }
