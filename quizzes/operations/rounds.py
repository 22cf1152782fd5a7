"""Making, opening and closing a round."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter, local_date
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.results.operations import record_expectations
from quizzes.models import Attempt, Blueprint, BlueprintCell, Form, FormSlot, Round
from quizzes.operations.attempts import finish_attempt
from quizzes.queries import bank as bank_queries
from quizzes.queries import rounds as queries
from quizzes.rules.assembly import Cell, assemble
from quizzes.rules.rounds import RoundSettings, RoundState, activity_of
from quizzes.rules.sitting import AttemptState

FORMS = 20


def create_round(session: Session, actor: Actor, settings: RoundSettings, cells: Sequence[Cell], at: datetime) -> UUID:
    """Write down a round as a draft, with its blueprint. Raises DomainError; Conflict where the quarter has a round."""
    settings.check()
    if not cells:
        raise DomainError(N_("Ma trận đề chưa có câu nào."), field="cells")
    quarter = str(settings.quarter)
    if session.scalar(select(Round.id).where(Round.code == quarter)) is not None:
        raise Conflict(N_("Đã có kỳ kiểm tra %(quarter)s."), code="round_exists", quarter=quarter)
    blueprint_id, round_id = uuid7(), uuid7()
    session.execute(insert(Blueprint).values(id=blueprint_id, name=settings.title, created_at=at))
    session.execute(
        insert(BlueprintCell), [{"blueprint_id": blueprint_id, "topic": c.topic, "level": c.level, "count": c.count} for c in cells]
    )
    session.add(
        Round(
            id=round_id,
            code=quarter,
            quarter=quarter,
            activity=activity_of(quarter),
            title=settings.title,
            legal_basis=settings.legal_basis,
            audience={"groups": sorted(settings.groups)},
            cutoff_day=settings.cutoff_day,
            opens_at=settings.opens_at,
            closes_at=settings.closes_at,
            duration_seconds=settings.duration_seconds,
            grace_seconds=settings.grace_seconds,
            attempts_allowed=settings.attempts_allowed,
            pass_mark=settings.pass_mark,
            feedback_policy=settings.feedback_policy,
            blueprint_id=blueprint_id,
            created_at=at,
        )
    )
    session.flush()
    audit.record(
        session,
        actor,
        "quizzes.create_round",
        quarter,
        at,
        questions=sum(cell.count for cell in cells),
        before=None,
        after={
            "round_state": RoundState.DRAFT.value,
            "title": settings.title,
            "cutoff_day": settings.cutoff_day.isoformat(),
            "opens_at": settings.opens_at.isoformat(),
            "closes_at": settings.closes_at.isoformat(),
            "duration_seconds": settings.duration_seconds,
            "attempts_allowed": settings.attempts_allowed,
            "pass_mark": str(settings.pass_mark),
            "groups": sorted(settings.groups),
        },
    )
    return round_id


def assemble_forms(session: Session, actor: Actor, round_id: UUID, *, zone: ZoneInfo, at: datetime, n: int = FORMS, seed: int = 1) -> int:
    """Draw the round's parallel forms from items that hold through the whole window; returns how many.

    Raises BankTooSmallError naming the cells, Conflict where the round has forms already.
    """
    held = _locked(session, round_id)
    if held.form_count:
        raise Conflict(N_("Kỳ kiểm tra %(quarter)s đã có đề."), code="forms_exist", quarter=held.quarter)
    last_moment = held.closes_at - timedelta(microseconds=1)
    bank = bank_queries.usable_items(session, local_date(held.opens_at, zone), local_date(last_moment, zone))
    papers = assemble(bank, queries.blueprint_cells(session, held.blueprint_id), n, seed)
    forms = [{"id": uuid7(), "round_id": round_id, "number": number} for number, _ in enumerate(papers, start=1)]
    slots = [
        {"form_id": form["id"], "slot": slot, "item_version_id": version_id}
        for form, paper in zip(forms, papers, strict=True)
        for slot, version_id in enumerate(paper, start=1)
    ]
    session.execute(insert(Form), forms)
    session.execute(insert(FormSlot), slots)
    held.form_count = len(forms)
    session.flush()
    audit.record(session, actor, "quizzes.assemble_forms", held.quarter, at, forms=len(forms), seed=seed)
    return len(forms)


def open_round(session: Session, actor: Actor, round_id: UUID, *, zone: ZoneInfo, at: datetime) -> int:
    """Freeze who is expected (by the primary post on the cut-off day; the absent are left out with their reason), assemble the
    forms if nobody has, and open. Returns how many people are on the list. From `opens_at` on they may start.

    Raises Conflict when it is not a draft, DomainError where the agency tree or the bank is not ready.
    """
    held = _locked(session, round_id)
    if held.state != RoundState.DRAFT:
        raise Conflict(N_("Kỳ kiểm tra %(quarter)s không còn ở bước chuẩn bị."), code="round_not_draft", quarter=held.quarter)
    people = queries.roster_on(session, held.cutoff_day, held.audience["groups"])
    if not people:
        raise DomainError(N_("Không có ai thuộc diện kiểm tra vào ngày chốt danh sách. Nhập danh sách cán bộ trước."), code="nobody")
    if homeless := sum(1 for person in people if person["agency_version_id"] is None):
        raise DomainError(
            N_("%(count)s người thuộc cơ quan không tồn tại vào ngày chốt danh sách. Sửa cây đơn vị hoặc ngày chốt trước."),
            code="agency_gap",
            count=homeless,
        )
    if not held.form_count:
        assemble_forms(session, actor, round_id, zone=zone, at=at, seed=int(Quarter.parse(held.quarter).code))
    count = record_expectations(
        session,
        held.activity,
        Quarter.parse(held.quarter).code,
        people,
        at,
        title=held.title,
        counted_on=held.cutoff_day,
    )
    held.state = RoundState.OPEN
    held.opened_at = at
    session.flush()
    excluded = sum(1 for person in people if person["excluded_because"] is not None)
    changed = {"before": {"round_state": RoundState.DRAFT.value}, "after": {"round_state": RoundState.OPEN.value}}
    audit.record(session, actor, "quizzes.open_round", held.quarter, at, expected=count - excluded, excluded=excluded, **changed)
    return count


def close_round(session: Session, actor: Actor, round_id: UUID, at: datetime) -> int:
    """Close: no new attempts, open ones are ended and marked with what they hold. Returns how many were ended.

    Raises Conflict when it is not open.
    """
    held = _locked(session, round_id)
    if held.state != RoundState.OPEN:
        raise Conflict(N_("Kỳ kiểm tra %(quarter)s không ở trạng thái mở."), code="round_not_open", quarter=held.quarter)
    held.state = RoundState.CLOSED
    held.closed_at = at
    session.flush()
    still_open = session.scalars(
        select(Attempt.id).where(Attempt.round_id == round_id, Attempt.state == AttemptState.OPEN).order_by(Attempt.id)
    ).all()
    for attempt_id in still_open:
        finish_attempt(session, actor, attempt_id, AttemptState.EXPIRED, at)
    changed = {"before": {"round_state": RoundState.OPEN.value}, "after": {"round_state": RoundState.CLOSED.value}}
    audit.record(session, actor, "quizzes.close_round", held.quarter, at, ended_attempts=len(still_open), **changed)
    return len(still_open)


def _locked(session: Session, round_id: UUID) -> Round:
    held = session.scalar(select(Round).where(Round.id == round_id).with_for_update())
    if held is None:
        raise NotFound
    return held
