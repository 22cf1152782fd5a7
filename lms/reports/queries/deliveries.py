"""What was told to whom of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, case, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.kit.jobs import Job
from lms.reports.models import (
    AgencyAddress,
    PublicRendering,
    Report,
    ReportAgency,
    ReportEvent,
    ReportLetter,
    ReportState,
    WebhookDelivery,
    WebhookTarget,
)

SHOWN = 200
SPREADING = "reports.spread"  # the kind of job that tells an event on


@dataclass(frozen=True, slots=True)
class TargetView:
    id: UUID
    name: str
    url: str
    events: Sequence[str]
    created_at: datetime
    paused_at: datetime | None
    old_secret_until: datetime | None
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class DeliveryView:
    id: UUID
    target: str
    kind: str
    period: str
    revision: int
    happened_at: datetime
    state: str
    tries: int
    next_at: datetime
    status: int | None
    answer: str | None
    delivered_at: datetime | None
    replays: int


@dataclass(frozen=True, slots=True)
class LetterView:
    id: UUID
    kind: str
    code: str
    agency: str
    address: str
    state: str
    tries: int
    created_at: datetime
    due_at: datetime
    ended_at: datetime | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class SpreadView:
    """One event and how far the job that tells it on is."""

    id: int
    kind: str
    at: datetime
    state: str | None
    done: int
    total: int


def has_waiting_events(session: Session) -> bool:
    return session.scalar(select(exists().where(ReportEvent.spread_at.is_(None)))) or False


def due_targets(session: Session, at: datetime) -> list[UUID]:
    """Receivers for whom something is due, and of whom no worker has taken hold."""
    rows = session.scalars(
        select(WebhookTarget.id)
        .join(WebhookDelivery, WebhookDelivery.target_id == WebhookTarget.id)
        .where(
            WebhookDelivery.state == "waiting",
            WebhookDelivery.next_at <= at,
            WebhookTarget.paused_at.is_(None),
            or_(WebhookTarget.lease_until.is_(None), WebhookTarget.lease_until <= at),
        )
        .distinct()
    )
    return list(rows)


def webhook_targets(session: Session) -> list[TargetView]:
    counts: dict[UUID, dict[str, int]] = {}
    grouped = select(WebhookDelivery.target_id, WebhookDelivery.state, func.count()).group_by(
        WebhookDelivery.target_id, WebhookDelivery.state
    )
    for target, state, count in session.execute(grouped):
        counts.setdefault(target, {})[state] = count
    return [
        TargetView(one.id, one.name, one.url, one.events, one.created_at, one.paused_at, one.old_secret_until, counts.get(one.id, {}))
        for one in session.scalars(select(WebhookTarget).order_by(WebhookTarget.name))
    ]


def webhook_deliveries(session: Session, *, report_id: UUID | None = None, target: str | None = None) -> list[DeliveryView]:
    """The newest first."""
    query = (
        select(WebhookDelivery, WebhookTarget.name, ReportEvent)
        .join(WebhookTarget, WebhookTarget.id == WebhookDelivery.target_id)
        .join(ReportEvent, ReportEvent.id == WebhookDelivery.event_id)
        .order_by(ReportEvent.id.desc(), WebhookTarget.name)
        .limit(SHOWN)
    )
    if report_id is not None:
        query = query.where(ReportEvent.report_id == report_id)
    if target is not None:
        query = query.where(WebhookTarget.name == target)
    return [_delivery(row, name, event) for row, name, event in session.execute(query)]


def letter_counts(session: Session, report_id: UUID) -> dict[str, int]:
    rows = session.execute(select(ReportLetter.state, func.count()).where(ReportLetter.report_id == report_id).group_by(ReportLetter.state))
    found = {state: count for state, count in rows}  # noqa: C416  # rows are no pairs to the type checker
    return {
        "sent": found.get("sent", 0),
        "waiting": found.get("waiting", 0) + found.get("sending", 0),
        "failed": found.get("failed", 0),
    }


def report_letters(session: Session, report_id: UUID) -> list[LetterView]:
    """What is in trouble first, then in the order of the tree; as many as a page shows."""
    rows = session.execute(
        select(ReportLetter, ReportAgency.code, ReportAgency.figures)
        .join(ReportAgency, and_(ReportAgency.report_id == ReportLetter.report_id, ReportAgency.agency_id == ReportLetter.agency_id))
        .where(ReportLetter.report_id == report_id)
        .order_by(ReportLetter.state != "failed", ReportLetter.state == "sent", ReportAgency.ordinal, ReportLetter.address)
        .limit(SHOWN)
    )
    return [
        LetterView(
            one.id,
            one.kind,
            code,
            figures["name"],
            one.address,
            one.state,
            one.tries,
            one.created_at,
            one.due_at,
            one.ended_at,
            one.problem,
        )
        for one, code, figures in rows
    ]


def spreading_of(session: Session, report_id: UUID) -> list[SpreadView]:
    events = session.scalars(select(ReportEvent).where(ReportEvent.report_id == report_id).order_by(ReportEvent.id)).all()
    jobs: dict[int, Job] = {}
    if events:
        first = min(event.at for event in events)
        for job in session.scalars(select(Job).where(Job.kind == SPREADING, Job.created_at >= first).order_by(Job.created_at)):
            jobs[int(job.payload["event"])] = job
    found = []
    for event in events:
        its = jobs.get(event.id)
        found.append(
            SpreadView(
                event.id,
                event.kind,
                event.at,
                its.state if its else None,
                its.progress_done if its else 0,
                its.progress_total if its else 0,
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Telling:
    """How far a publication has come: public files rendered of all, messages and letters by state."""

    files: int
    all_files: int
    messages: Mapping[str, int]
    letters: Mapping[str, int]


def telling_of(session: Session, report_id: UUID) -> Telling:
    """Three statements. Until files are rendered the public is given the same, made when asked for."""
    rendering = session.execute(
        select(PublicRendering.finished_at, Job.progress_done, Job.progress_total)
        .outerjoin(Job, Job.id == PublicRendering.job_id)
        .where(PublicRendering.report_id == report_id)
        .order_by(PublicRendering.asked_at.desc())
        .limit(1)
    ).one_or_none()
    done, total = (rendering.progress_done or 0, rendering.progress_total or 0) if rendering else (0, 0)
    states = session.execute(
        select(WebhookDelivery.state, func.count())
        .join(ReportEvent, ReportEvent.id == WebhookDelivery.event_id)
        .where(ReportEvent.report_id == report_id)
        .group_by(WebhookDelivery.state)
    )
    messages = {"delivered": 0, "waiting": 0, "failed": 0} | {state: count for state, count in states}  # noqa: C416  # rows are no pairs
    return Telling(done, total, messages, letter_counts(session, report_id))


@dataclass(frozen=True, slots=True)
class PostState:
    """How telling stands: the earliest moment for which a publication is set, letters, and of each receiver that is not paused how many
    messages failed and since when the oldest that was tried in vain waits."""

    publication_due: datetime | None
    letters_waiting: int
    letters_failed: int
    letters_since: datetime | None
    receivers: Sequence[tuple[str, int, datetime | None]]


def post_state(session: Session) -> PostState:
    """Four statements."""
    due = session.scalar(select(func.min(Report.publish_at)).where(Report.state == ReportState.APPROVED))
    by_state = session.execute(select(ReportLetter.state, func.count()).group_by(ReportLetter.state))
    letters: dict[str, int] = {state: count for state, count in by_state}  # noqa: C416  # rows are no pairs to the type checker
    on_their_way = ReportLetter.state.in_(("waiting", "sending"))
    since = session.scalar(select(func.min(ReportLetter.created_at)).where(on_their_way))
    failed = func.count(case((WebhookDelivery.state == "failed", 1)))
    stuck = func.min(case(((WebhookDelivery.state == "waiting") & (WebhookDelivery.tries > 0), WebhookDelivery.since)))
    receivers = session.execute(
        select(WebhookTarget.name, failed, stuck)
        .outerjoin(WebhookDelivery, WebhookDelivery.target_id == WebhookTarget.id)
        .where(WebhookTarget.paused_at.is_(None))
        .group_by(WebhookTarget.name)
        .order_by(WebhookTarget.name)
    )
    waiting = letters.get("waiting", 0) + letters.get("sending", 0)
    return PostState(due, waiting, letters.get("failed", 0), since, [(name, count, moment) for name, count, moment in receivers])


def once_public(session: Session) -> list[Report]:
    """Reports something was told of, the newest first."""
    told = exists().where(ReportEvent.report_id == Report.id)
    return list(session.scalars(select(Report).where(told).order_by(Report.period.desc(), Report.revision.desc()).limit(SHOWN)))


def addresses_of(session: Session, agency: UUID) -> list[str]:
    return list(session.scalars(select(AgencyAddress.address).where(AgencyAddress.agency_id == agency).order_by(AgencyAddress.address)))


def _delivery(row: WebhookDelivery, name: str, event: ReportEvent) -> DeliveryView:
    details: Mapping[str, Any] = event.details
    return DeliveryView(
        row.id,
        name,
        event.kind,
        str(details["period"]),
        int(details["revision"]),
        event.at,
        row.state,
        row.tries,
        row.next_at,
        row.status,
        row.answer,
        row.delivered_at,
        row.replays,
    )
