"""What was told to whom of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.kit.jobs import Job
from lms.reports.models import AgencyAddress, Report, ReportAgency, ReportEvent, ReportLetter, WebhookDelivery, WebhookTarget

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
        for job in session.scalars(select(Job).where(Job.kind == SPREADING, Job.created_at >= first)):
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
