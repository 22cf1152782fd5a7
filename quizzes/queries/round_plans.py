"""A round's plan, what is missing before it opens, the work under way, and the rounds whose time has come."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from lms.kit.clock import local_date
from lms.kit.errors import N_
from lms.kit.jobs import Job, JobState
from quizzes.models import Attempt, MakeUp, Round, RoundPlan
from quizzes.queries import bank as bank_queries
from quizzes.queries.assembly import form_findings
from quizzes.queries.audience import counted_roster, has_course
from quizzes.queries.rounds import RoundView, blueprint_cells
from quizzes.queries.windows import blocks_of
from quizzes.rules.audience import AudienceRule, Counted
from quizzes.rules.calendar import OtherRound, PlannedDates, date_findings
from quizzes.rules.checklist import Facts, Finding, Part, Weight, findings
from quizzes.rules.rounds import FeedbackPolicy, Purpose, RoundState
from quizzes.rules.sitting import AttemptState
from quizzes.rules.windows import Span


@dataclass(frozen=True, slots=True)
class PlanView:
    """What is planned about a round beside its settings."""

    legal_number: str | None = None
    legal_date: date | None = None
    notice_on: date | None = None
    practice_from: date | None = None
    locks_at: datetime | None = None
    publishes_on: date | None = None
    block_capacity: int | None = None
    automatic: bool = False
    side_question: str | None = None
    side_answer: int | None = None
    job_id: UUID | None = None
    told_missing_at: datetime | None = None
    unlocked_because: str | None = None
    appeals_from: datetime | None = None
    appeals_until: datetime | None = None
    course: str | None = None
    supervised: bool = False
    late_seconds: int = 600
    shuffles_items: bool = True
    shuffles_choices: bool = True
    extended_until: datetime | None = None
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    locked_at: datetime | None = None


_PLAN = list(PlanView.__dataclass_fields__)


def plan_view(session: Session, round_id: UUID) -> PlanView:
    """A round's plan with the rest of its settings; one statement."""
    columns = [getattr(RoundPlan if hasattr(RoundPlan, name) else Round, name) for name in _PLAN]
    row = session.execute(
        select(*columns).select_from(Round).outerjoin(RoundPlan, RoundPlan.round_id == Round.id).where(Round.id == round_id)
    ).one()
    values = dict(zip(_PLAN, row, strict=True))
    values["automatic"] = bool(values["automatic"])
    return PlanView(**values)


def make_up_spans(session: Session, round_id: UUID) -> tuple[Span, ...]:
    rows = session.execute(select(MakeUp.opens_at, MakeUp.closes_at).where(MakeUp.round_id == round_id).order_by(MakeUp.opens_at))
    return tuple(Span(*row) for row in rows)


def planned_dates(view: RoundView, plan: PlanView, make_ups: tuple[Span, ...]) -> PlannedDates:
    return PlannedDates(
        cutoff_day=view.cutoff_day,
        opens_at=view.opens_at,
        closes_at=view.closes_at,
        notice_on=plan.notice_on,
        practice_from=plan.practice_from,
        make_ups=make_ups,
        appeals_from=plan.appeals_from,
        appeals_until=plan.appeals_until,
        locks_at=plan.locks_at,
        publishes_on=plan.publishes_on,
    )


@dataclass(frozen=True, slots=True)
class Readiness:
    """What a draft would come to if it were opened now, and what keeps it from opening."""

    counted: Counted
    short: list[tuple[str, str, int, int]]
    have: dict[tuple[str, str], int]
    findings: list[Finding]

    @property
    def clean(self) -> bool:
        return not any(one.hinders for one in self.findings)

    def about(self, part: str) -> list[Finding]:
        return [one for one in self.findings if one.part == part]


def readiness(session: Session, view: RoundView, plan: PlanView, zone: ZoneInfo) -> Readiness:
    """Look a draft through. The number of statements does not depend on how many people or items there are."""
    if view.purpose == Purpose.PRACTICE:
        counted = Counted(Counter(), Counter(), Counter(), Counter())
    else:
        rule = AudienceRule.from_json(view.audience)
        counted = counted_roster(session, rule, view.cutoff_day, purpose=view.purpose, course=plan.course)
    blocks = blocks_of(session, view.id, view.cutoff_day, dict(counted.by_agency))
    have = usable_counts(session, view, zone)
    cells = blueprint_cells(session, view.blueprint_id)
    short = [(one.topic, one.level, have.get((one.topic, one.level), 0), one.count) for one in cells]
    short = [one for one in short if one[2] < one[3]]
    dates = planned_dates(view, plan, make_up_spans(session, view.id))
    whole = Span(view.opens_at, view.closes_at)
    facts = Facts(
        purpose=view.purpose,
        legal_number=plan.legal_number,
        legal_basis=view.legal_basis,
        people=counted.expected,
        homeless=counted.homeless,
        has_course=plan.course is None or has_course(session, plan.course),
        questions=sum(one.count for one in cells),
        short=short,
        forms=view.form_count,
        blocks=[(one.number, one.people) for one in blocks.blocks],
        capacity=plan.block_capacity,
        people_without_block=blocks.people_without,
        blocks_outside=sum(one.opens_at < whole.opens_at or one.closes_at > whole.closes_at for one in blocks.blocks),
        dates=date_findings(dates, other_rounds(session, view), zone, counts=view.purpose != Purpose.PRACTICE),
        attempts_allowed=view.attempts_allowed,
        feedback_at_once=view.feedback_policy == FeedbackPolicy.IMMEDIATELY,
        side_question=plan.side_question,
    )
    return Readiness(counted, short, have, findings(facts, _about_forms(session, view, zone)))


def _about_forms(session: Session, view: RoundView, zone: ZoneInfo) -> list[Finding]:
    """What the check of the forms found, if there are any: each thing to mend, and how many limits were not kept."""
    if not view.form_count:
        return []
    found = form_findings(session, view.id, zone)
    kept = sum(1 for one in found if not one.blocking)
    lines = [Finding(Weight.ERROR, one.message, Part.PAPER, one.values) for one in found if one.blocking]
    text = N_("Kiểm tra đề: %(count)s giới hạn chưa giữ được, xem trang kiểm tra đề.")
    return lines + ([Finding(Weight.WARNING, text, Part.PAPER, {"count": kept})] if kept else [])


def usable_counts(session: Session, view: RoundView, zone: ZoneInfo) -> dict[tuple[str, str], int]:
    """What the bank has for the round's whole window, by topic and level."""
    last = view.closes_at - timedelta(microseconds=1)
    first, counts = local_date(view.opens_at, zone), view.purpose != Purpose.PRACTICE
    usable = bank_queries.usable_items(session, first, local_date(last, zone), counts=counts)
    return {cell: len(items) for cell, items in usable.items()}


def other_rounds(session: Session, view: RoundView) -> list[OtherRound]:
    """Other tests for a certain time that count and are not over when this one opens; a course's test is open all year."""
    rows = session.execute(
        select(Round.title, Round.opens_at, Round.closes_at).where(
            Round.id != view.id,
            Round.purpose.not_in((Purpose.PRACTICE, Purpose.COURSE_TEST)),
            Round.opens_at < view.closes_at,
            Round.closes_at > view.opens_at,
        )
    )
    return [OtherRound(title, Span(opens, closes)) for title, opens, closes in rows]


@dataclass(frozen=True, slots=True)
class WorkView:
    """An opening or closing as its watchers see it."""

    id: UUID
    kind: str
    state: str
    done: int
    total: int
    error: str | None

    @property
    def under_way(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    @property
    def reason(self) -> str:
        """Why it stopped, for people: a refusal as it is, of a fault in the programme its last line alone; the log has the rest."""
        return (self.error or "").strip().rpartition("\n")[2]


def work_of(session: Session, job_id: UUID | None) -> WorkView | None:
    if job_id is None:
        return None
    row = session.execute(
        select(Job.id, Job.kind, Job.state, Job.progress_done, Job.progress_total, Job.error).where(Job.id == job_id)
    ).one_or_none()
    return WorkView(*row) if row else None


def running_job(session: Session, job_id: UUID | None) -> UUID | None:
    """The job if it is still waiting or under way."""
    if job_id is None:
        return None
    return session.scalar(select(Job.id).where(Job.id == job_id, Job.state.in_((JobState.QUEUED, JobState.RUNNING))))


def needs_forms(held: Round) -> bool:
    return held.state == RoundState.DRAFT and not held.form_count


def open_attempts(session: Session, round_id: UUID, limit: int) -> list[UUID]:
    statement = select(Attempt.id).where(Attempt.round_id == round_id, Attempt.state == AttemptState.OPEN).order_by(Attempt.id).limit(limit)
    return list(session.scalars(statement))


def count_open_attempts(session: Session, round_id: UUID) -> int:
    statement = select(func.count()).where(Attempt.round_id == round_id, Attempt.state == AttemptState.OPEN)
    return session.scalar(statement) or 0


@dataclass(frozen=True, slots=True)
class Due:
    """Rounds the service itself has something to do with."""

    to_open: list[UUID]
    to_close: list[UUID]
    to_lock: list[UUID]
    with_newcomers: list[UUID]


def due_rounds(session: Session, at: datetime) -> Due:
    """Drafts whose window has begun, open rounds whose last window is over and where nobody is still sitting, closed ones to be locked;
    those alone that are to go by themselves. A round with work under way is left alone."""
    at_work = exists(select(Job.id).where(Job.id == RoundPlan.job_id, Job.state.in_((JobState.QUEUED, JobState.RUNNING))))
    sitting = exists(select(Attempt.id).where(Attempt.round_id == Round.id, Attempt.state == AttemptState.OPEN, Attempt.accepts_until > at))
    planned = select(Round.id).join(RoundPlan, RoundPlan.round_id == Round.id).where(RoundPlan.automatic, ~at_work).order_by(Round.id)

    def ids(*conditions: Any) -> list[UUID]:
        return list(session.scalars(planned.where(*conditions)))

    over = func.coalesce(Round.extended_until, Round.closes_at) <= at
    untold = or_(RoundPlan.told_missing_at.is_(None), RoundPlan.told_missing_at <= at - timedelta(hours=1))
    return Due(
        to_open=ids(Round.state == RoundState.DRAFT, Round.opens_at <= at, Round.closes_at > at, untold),
        to_close=ids(Round.state == RoundState.OPEN, over, ~sitting),
        to_lock=ids(Round.state == RoundState.CLOSED, RoundPlan.locks_at <= at, RoundPlan.unlocked_because.is_(None)),
        with_newcomers=list(
            session.scalars(select(Round.id).where(Round.state == RoundState.OPEN, Round.purpose == Purpose.COURSE_TEST).order_by(Round.id))
        ),
    )


def rounds_of_year(session: Session, year: int) -> list[str]:
    """Codes of the rounds whose quarter lies in a year, in order."""
    found = select(Round.code).where(Round.quarter.startswith(f"{year:04d}-Q", autoescape=True)).order_by(Round.quarter, Round.opens_at)
    return list(session.scalars(found))
