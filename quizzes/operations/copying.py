"""A new draft with the usual values, or copied from a round that was held."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.ids import uuid7
from quizzes.models import BlockRule, Round, RoundBlock, RoundPlan
from quizzes.operations.rounds import create_round, plan_of, settings_of
from quizzes.queries.rounds import blueprint_cells
from quizzes.rules.audience import AudienceRule
from quizzes.rules.calendar import PlannedDates, moved, usual_dates
from quizzes.rules.rounds import FeedbackPolicy, Purpose, RoundSettings

PRACTICE_ATTEMPTS = 1000  # as good as without a limit
CARRIED = ("block_capacity", "automatic", "side_question")


def draft_round(
    session: Session,
    actor: Actor,
    purpose: str,
    quarter: Quarter,
    *,
    code: str | None,
    title: str,
    course: str | None,
    zone: ZoneInfo,
    at: datetime,
) -> UUID:
    """A draft with the usual dates of a quarter and the usual rules of its purpose; the paper is still empty."""
    dates = usual_dates(quarter, zone)
    values: dict[str, Any] = {}
    if purpose == Purpose.PRACTICE:
        values = {"attempts_allowed": PRACTICE_ATTEMPTS, "feedback_policy": FeedbackPolicy.IMMEDIATELY}
        values |= {"opens_at": quarter.begins(zone), "closes_at": quarter.ends(zone), "cutoff_day": quarter.first_day}
    elif purpose == Purpose.COURSE_TEST:
        values = {"attempts_allowed": 3, "opens_at": quarter.begins(zone), "closes_at": quarter.ends(zone), "cutoff_day": quarter.first_day}
    elif purpose == Purpose.CONTEST:
        values = {"attempts_allowed": 1}
    counts = purpose in (Purpose.QUARTERLY, Purpose.CONTEST)
    settings = RoundSettings(
        **{
            "quarter": quarter,
            "purpose": purpose,
            "code": code,
            "title": title,
            "course": course,
            "cutoff_day": dates.cutoff_day,
            "opens_at": dates.opens_at,
            "closes_at": dates.closes_at,
            "duration_seconds": 20 * 60,
            "appeals_from": dates.appeals_from if counts else None,
            "appeals_until": dates.appeals_until if counts else None,
            "audience": AudienceRule(),
            **values,
        }
    )
    return create_round(session, actor, settings, (), at, plan=_dates_of_plan(dates) if counts else None)


def copy_round(
    session: Session, actor: Actor, source_code: str, quarter: Quarter, *, code: str | None, title: str, zone: ZoneInfo, at: datetime
) -> UUID:
    """A draft for another quarter with everything that was decided for an earlier round: audience, rules, blueprint, limits of the forms,
    blocks and dates, these as many days into the quarter and put off to working days. Forms, lists and make-up sittings are not copied.

    Raises NotFound, Conflict where the code is taken.
    """
    source = session.scalar(select(Round).where(Round.code == source_code))
    if source is None:
        raise NotFound
    old, planned = settings_of(source), plan_of(session, source.id)
    dates = moved(_dates(source, planned), old.quarter, quarter, zone)
    values = {name: getattr(old, name) for name in RoundSettings.__dataclass_fields__}
    values |= {"quarter": quarter, "code": code, "title": title, "cutoff_day": dates.cutoff_day}
    values |= {name: getattr(dates, name) for name in ("opens_at", "closes_at", "appeals_from", "appeals_until")}
    plan = {**_dates_of_plan(dates), **{name: getattr(planned, name) for name in CARRIED}, "copied_from": source.id}
    round_id = create_round(session, actor, RoundSettings(**values), blueprint_cells(session, source.blueprint_id), at, plan=plan)
    _copy_blocks(session, source, round_id, dates)
    return round_id


def _copy_blocks(session: Session, source: Round, round_id: UUID, dates: PlannedDates) -> None:
    """Blocks keep their place within the window; the window may have become longer or shorter by days off."""
    blocks = session.scalars(select(RoundBlock).where(RoundBlock.round_id == source.id).order_by(RoundBlock.number)).all()
    if not blocks:
        return
    whole = source.closes_at - source.opens_at
    stretched = (dates.closes_at - dates.opens_at) / whole
    ids = {block.id: uuid7() for block in blocks}
    rows = [
        {
            "id": ids[block.id],
            "round_id": round_id,
            "number": block.number,
            "opens_at": dates.opens_at + (block.opens_at - source.opens_at) * stretched,
            "closes_at": dates.opens_at + (block.closes_at - source.opens_at) * stretched,
        }
        for block in blocks
    ]
    session.execute(insert(RoundBlock), rows)
    rules = session.scalars(select(BlockRule).where(BlockRule.round_id == source.id)).all()
    if rules:
        named = [{"round_id": round_id, "agency_id": one.agency_id, "block_id": ids[one.block_id], "alone": one.alone} for one in rules]
        session.execute(insert(BlockRule), named)


def _dates(source: Round, planned: RoundPlan) -> PlannedDates:
    return PlannedDates(
        cutoff_day=source.cutoff_day,
        opens_at=source.opens_at,
        closes_at=source.closes_at,
        notice_on=planned.notice_on,
        practice_from=planned.practice_from,
        appeals_from=source.appeals_from,
        appeals_until=source.appeals_until,
        locks_at=planned.locks_at,
        publishes_on=planned.publishes_on,
    )


def _dates_of_plan(dates: PlannedDates) -> dict[str, Any]:
    return {name: getattr(dates, name) for name in ("notice_on", "practice_from", "locks_at", "publishes_on")}
