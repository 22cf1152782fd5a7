"""What is to follow the lock of a round by itself: freezing, asking the agencies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.reports.models import Report, ReportPlan, ReportState
from lms.reports.operations.consulting import MOST_DAYS
from lms.reports.operations.freezing import request_freezing
from lms.results.models import Activity, Expectation, Outcome

MEANWHILE = timedelta(minutes=1)  # what somebody hands in while we look is no sign of a wrong clock


def plan_report(
    session: Session,
    actor: Actor,
    activity: str,
    *,
    freezes: bool,
    consults: bool,
    days: int,
    publish_at: datetime | None = None,
    at: datetime,
) -> None:
    """Say what is to follow the lock of an activity. `publish_at`: once it is approved, it is published at that moment by itself.

    Raises NotFound, DomainError for a number of days outside 1 to 30, or a moment that is over.
    """
    if session.get(Activity, activity) is None:
        raise NotFound
    if not 1 <= days <= MOST_DAYS:
        raise DomainError(N_("Số ngày làm việc lấy ý kiến phải từ 1 đến 30."), code="days", field="days")
    plan = session.get(ReportPlan, activity, with_for_update=True)
    if publish_at is not None and publish_at <= at and (plan is None or plan.publish_at != publish_at):
        raise DomainError(N_("Thời điểm công bố phải ở phía sau."), code="past", field="day")
    before = _told(plan) if plan else None
    if plan is None:
        plan = ReportPlan(activity=activity)
        session.add(plan)
    plan.freezes_when_locked, plan.consults_when_frozen, plan.consultation_days = freezes, consults, days
    plan.publish_at = publish_at
    plan.set_by, plan.set_at = actor.person_id, at
    session.flush()
    audit.record(session, actor, "reports.plan_report", activity, at, before=before, after=_told(plan))


def _told(plan: ReportPlan) -> dict[str, Any]:
    return {
        "freezes": plan.freezes_when_locked,
        "consults": plan.consults_when_frozen,
        "days": plan.consultation_days,
        "publish_at": plan.publish_at.isoformat() if plan.publish_at else None,
    }


def plan_of(session: Session, activity: str) -> ReportPlan | None:
    return session.get(ReportPlan, activity)


def freeze_what_is_locked(session: Session, actor: Actor, at: datetime) -> list[UUID]:
    """Ask the worker to freeze activities that are locked, are to be frozen by themselves, and have not been since. The jobs' ids."""
    since = select(Report.id).where(
        Report.activity == Activity.key, Report.built_at >= Activity.locked_at, Report.state != ReportState.DISCARDED
    )
    due = session.scalars(
        select(Activity.key)
        .join(ReportPlan, ReportPlan.activity == Activity.key)
        .where(ReportPlan.freezes_when_locked, Activity.locked_at.is_not(None), ~since.exists())
        .order_by(Activity.key)
    ).all()
    return [request_freezing(session, actor, activity, at) for activity in due if latest_record(session, activity) <= at + MEANWHILE]


def ask_freezing(session: Session, actor: Actor, activity: str, at: datetime, because: str | None = None) -> UUID:
    """`request_freezing`, unless the clock is behind what the ledger already holds: such rows would be taken for later news and not be
    counted. Raises Conflict."""
    latest = latest_record(session, activity)
    if latest > at + MEANWHILE:
        raise Conflict(
            N_("Đồng hồ máy chủ chậm hơn sổ kết quả, đã có bản ghi lúc %(moment)s UTC. Chỉnh giờ máy chủ (NTP) rồi chốt lại."),
            code="clock_behind",
            moment=f"{latest.astimezone(UTC):%d/%m/%Y %H:%M:%S}",
        )
    return request_freezing(session, actor, activity, at, because)


def latest_record(session: Session, activity: str) -> datetime:
    """When the ledger last took something in about an activity; its registration where nothing came."""
    outcomes = select(func.max(Outcome.recorded_at)).where(Outcome.activity == activity)
    listed = select(func.max(Expectation.recorded_at)).where(Expectation.activity == activity)
    registered = select(Activity.registered_at).where(Activity.key == activity)
    return max(moment for one in (outcomes, listed, registered) if (moment := session.scalar(one)) is not None)
