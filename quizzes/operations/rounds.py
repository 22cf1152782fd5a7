"""Making a round, changing it while it is prepared, copying one to another quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from quizzes.models import BlockRule, Blueprint, BlueprintCell, Form, FormSlot, Round, RoundAgencyMove, RoundBlock, RoundPlan
from quizzes.queries import rounds as queries
from quizzes.rules.assembly import Cell
from quizzes.rules.audience import AudienceRule
from quizzes.rules.rounds import RoundSettings, RoundState, activity_of, refuse_locked

MOST_QUESTIONS = 200

# What of a round's settings may still change once its list is frozen: nothing that would change who is counted or what is asked.
STILL_OPEN = frozenset(
    {"title", "legal_basis", "closes_at", "late_seconds", "supervised", "feedback_policy", "appeals_from", "appeals_until"}
)
PLAN = (
    "legal_number",
    "legal_date",
    "notice_on",
    "practice_from",
    "locks_at",
    "publishes_on",
    "block_capacity",
    "automatic",
    "side_question",
    "side_answer",
)
_COLUMNS = [one.name for one in fields(RoundSettings) if one.name not in ("quarter", "code", "groups", "audience")]


def create_round(
    session: Session, actor: Actor, settings: RoundSettings, cells: Sequence[Cell], at: datetime, *, plan: Mapping[str, Any] | None = None
) -> UUID:
    """Write down a round as a draft, with its blueprint, which may still be empty. Raises DomainError, Conflict for a taken code."""
    settings.check()
    _check_cells(cells)
    code, quarter = settings.address, str(settings.quarter)
    if session.scalar(select(Round.id).where(Round.code == code)) is not None:
        raise Conflict(N_("Đã có kỳ kiểm tra %(quarter)s."), code="round_exists", field="code", quarter=code)
    blueprint_id, round_id = uuid7(), uuid7()
    session.execute(insert(Blueprint).values(id=blueprint_id, name=settings.title, created_at=at))
    session.add(
        Round(
            id=round_id,
            code=code,
            quarter=quarter,
            activity=activity_of(code, settings.purpose),
            audience=settings.rule.as_json(),
            blueprint_id=blueprint_id,
            created_at=at,
            **{name: getattr(settings, name) for name in _COLUMNS if name != "assembly"},
            assembly=dict(settings.assembly),
        )
    )
    session.flush()
    _write_cells(session, blueprint_id, cells)
    session.add(RoundPlan(round_id=round_id, **_plan_values(plan or {})))
    session.flush()
    audit.record(
        session,
        actor,
        "quizzes.create_round",
        code,
        at,
        questions=sum(cell.count for cell in cells),
        before=None,
        after={"round_state": RoundState.DRAFT.value, **_shown({**_settings_values(settings), **_plan_values(plan or {})})},
    )
    return round_id


def settings_of(held: Round) -> RoundSettings:
    """A round's settings as they are stored."""
    return RoundSettings(
        quarter=Quarter.parse(held.quarter),
        code=held.code,
        audience=AudienceRule.from_json(held.audience),
        **{name: getattr(held, name) for name in _COLUMNS},
    )


def edit_round(
    session: Session,
    actor: Actor,
    round_id: UUID,
    at: datetime,
    *,
    settings: Mapping[str, Any] | None = None,
    plan: Mapping[str, Any] | None = None,
) -> bool:
    """Change some of a round's settings (names of `RoundSettings`) or of its plan (names of PLAN). A draft may change in everything but
    its code; a round whose list is frozen only in what is in STILL_OPEN, and its end only to a later one.

    Whether anything changed. Raises NotFound, DomainError with the field at fault, Conflict.
    """
    held, planned = locked_round(session, round_id), plan_of(session, round_id)
    refuse_locked(held.state)
    wanted = dict(settings or {})
    old = settings_of(held)
    changed = {name: value for name, value in wanted.items() if getattr(old, name) != value}
    if held.state != RoundState.DRAFT:
        _refuse_frozen(held, changed)
    new = RoundSettings(**{**{one.name: getattr(old, one.name) for one in fields(RoundSettings)}, **changed})
    new.check()
    plan_changed = {name: value for name, value in _plan_values(plan or {}).items() if getattr(planned, name) != value}
    if not changed and not plan_changed:
        return False
    before = {**{name: getattr(old, name) for name in changed}, **{name: getattr(planned, name) for name in plan_changed}}
    for name, value in changed.items():
        if name == "audience":
            held.audience = value.as_json()
        else:
            setattr(held, name, dict(value) if name == "assembly" else value)
    for name, value in plan_changed.items():
        setattr(planned, name, value)
    planned.told_missing_at = None
    session.flush()
    audit.record(session, actor, "quizzes.edit_round", held.code, at, before=_shown(before), after=_shown({**changed, **plan_changed}))
    return True


def _refuse_frozen(held: Round, changed: Mapping[str, Any]) -> None:
    if refused := sorted(set(changed) - STILL_OPEN):
        text = N_("Danh sách đã chốt: chỉ còn sửa được tên, căn cứ, giờ đóng, đáp án, phúc khảo và cách nhận câu trả lời muộn.")
        raise Conflict(text, code="round_frozen", field=refused[0])
    closes = changed.get("closes_at")
    if closes is not None and (held.state != RoundState.OPEN or closes < held.closes_at):
        raise Conflict(N_("Chỉ lùi được giờ đóng của kỳ đang mở sang giờ muộn hơn."), code="only_later", field="closes_at")


def set_blueprint(session: Session, actor: Actor, round_id: UUID, cells: Sequence[Cell], at: datetime) -> bool:
    """Replace a draft's blueprint; forms that were drawn from another one are thrown away. Whether anything changed.

    Raises NotFound, Conflict for a round that is no draft, DomainError.
    """
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    _check_cells(cells)
    before = queries.blueprint_cells(session, held.blueprint_id)
    if before == sorted(cells):
        return False
    drop_forms(session, held)
    session.execute(delete(BlueprintCell).where(BlueprintCell.blueprint_id == held.blueprint_id))
    _write_cells(session, held.blueprint_id, cells)
    session.flush()
    changed = {"before": _table(before), "after": _table(cells)}
    audit.record(session, actor, "quizzes.set_blueprint", held.code, at, questions=sum(cell.count for cell in cells), **changed)
    return True


def drop_forms(session: Session, held: Round) -> None:
    """Throw away the forms of a draft: nobody has sat them."""
    forms = select(Form.id).where(Form.round_id == held.id)
    session.execute(delete(FormSlot).where(FormSlot.form_id.in_(forms)))
    session.execute(delete(Form).where(Form.round_id == held.id))
    held.form_count = 0


def delete_draft(session: Session, actor: Actor, round_id: UUID, at: datetime) -> None:
    """Throw a draft away with all that was planned for it. Raises NotFound, Conflict for a round that was opened."""
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    drop_forms(session, held)
    for table in (BlockRule, RoundBlock, RoundAgencyMove, RoundPlan):
        session.execute(delete(table).where(table.round_id == round_id))
    code, title, blueprint_id = held.code, held.title, held.blueprint_id
    session.delete(held)
    session.flush()
    session.execute(delete(BlueprintCell).where(BlueprintCell.blueprint_id == blueprint_id))
    session.execute(delete(Blueprint).where(Blueprint.id == blueprint_id))
    audit.record(session, actor, "quizzes.delete_draft", code, at, before={"title": title}, after=None)


def locked_round(session: Session, round_id: UUID) -> Round:
    """The round, held until the commit. Raises NotFound."""
    held = session.scalar(select(Round).where(Round.id == round_id).with_for_update())
    if held is None:
        raise NotFound
    return held


def refuse_unless_draft(held: Round) -> None:
    if held.state != RoundState.DRAFT:
        raise Conflict(N_("Kỳ kiểm tra %(quarter)s không còn ở bước chuẩn bị."), code="round_not_draft", quarter=held.code)


def plan_of(session: Session, round_id: UUID) -> RoundPlan:
    """A round's plan; one made before plans were kept gets an empty one."""
    planned = session.get(RoundPlan, round_id)
    if planned is None:
        planned = RoundPlan(round_id=round_id)
        session.add(planned)
        session.flush()
    return planned


def _plan_values(plan: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := set(plan) - {*PLAN, "copied_from"}:
        raise ValueError(f"no such part of a plan: {sorted(unknown)}")
    capacity = plan.get("block_capacity")
    if capacity is not None and not 1 <= capacity <= 1_000_000:
        raise DomainError(N_("Sức chứa một ca phải từ 1 đến 1.000.000 người."), code="block_capacity", field="block_capacity")
    return dict(plan)


def _settings_values(settings: RoundSettings) -> dict[str, Any]:
    return {"audience": settings.rule, **{name: getattr(settings, name) for name in _COLUMNS}}


def _shown(values: Mapping[str, Any]) -> dict[str, Any]:
    """As the audit keeps it: JSON, nothing that is not set."""

    def one(value: Any) -> Any:
        if isinstance(value, (datetime, date)):
            return value.isoformat()
        if isinstance(value, AudienceRule):
            return value.as_json()
        return str(value) if isinstance(value, (Decimal, UUID)) else value

    return {name: one(value) for name, value in values.items() if value not in (None, {})}


def _check_cells(cells: Sequence[Cell]) -> None:
    if sum(cell.count for cell in cells) > MOST_QUESTIONS:
        text = N_("Một đề không quá %(most)s câu.")
        raise DomainError(text, code="too_many_questions", field="cells", most=MOST_QUESTIONS)


def _write_cells(session: Session, blueprint_id: UUID, cells: Sequence[Cell]) -> None:
    rows = [{"blueprint_id": blueprint_id, "topic": one.topic, "level": one.level, "count": one.count} for one in cells if one.count]
    if rows:
        session.execute(insert(BlueprintCell), rows)


def _table(cells: Sequence[Cell]) -> dict[str, int]:
    return {f"{cell.topic} {cell.level}": cell.count for cell in sorted(cells)}
