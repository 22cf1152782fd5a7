"""A round's life: opened with its list frozen, closed with everybody's answers, locked, and unlocked for a reason.

Opening and closing are asked for in a request and carried out by the worker; each step may be done again after a crash and then goes on
where it was.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from lms.kit import audit, jobs
from lms.kit.actors import Actor
from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict, DomainError
from lms.results.models import Expectation
from lms.results.operations import add_expectations, lock_activity, record_expectations
from quizzes.models import Attempt, BlockAgency, LeftOut, Round
from quizzes.operations.assembly import assemble_forms, refuse_bad_forms
from quizzes.operations.attempts import finish_attempt
from quizzes.operations.rounds import locked_round, plan_of, refuse_unless_draft
from quizzes.queries.appeals import appeals_waiting
from quizzes.queries.audience import Judged, has_newcomers, judged_roster
from quizzes.queries.round_plans import needs_forms, open_attempts, running_job
from quizzes.queries.rulings import unfinished_rulings
from quizzes.queries.windows import block_rules, place_agencies
from quizzes.rules.audience import LISTED, AudienceRule
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.rules.sitting import AttemptState

OPENING, CLOSING = "quizzes.open_round", "quizzes.close_round"
BATCH = 1000
ENDED_AT_ONCE = 50


def request_work(session: Session, actor: Actor, round_id: UUID, kind: str, at: datetime) -> UUID:
    """Ask the worker to open (OPENING) or close (CLOSING) a round; asking again while it is at it gives the same job.

    Raises NotFound, Conflict where the round is in no state for it.
    """
    held = locked_round(session, round_id)
    if kind == OPENING:
        refuse_unless_draft(held)
    elif held.state != RoundState.OPEN:
        raise _not_open(held)
    planned = plan_of(session, round_id)
    if (running := running_job(session, planned.job_id)) is not None:
        return running
    payload = {"round": str(round_id), "actor": str(actor.person_id) if actor.person_id else None, "name": actor.display_name}
    job = jobs.enqueue(session, kind, payload, at=at, created_by=actor.person_id)
    session.flush()
    planned.job_id = job.id
    audit.record(session, actor, "quizzes.request_opening" if kind == OPENING else "quizzes.request_closing", held.code, at)
    return job.id


def prepare_forms(session: Session, actor: Actor, round_id: UUID, *, zone: ZoneInfo, at: datetime) -> int:
    """Draw the forms of a draft that has none. Returns how many it has."""
    held = locked_round(session, round_id)
    if needs_forms(held):
        assemble_forms(session, actor, round_id, zone=zone, at=at)
    return held.form_count


def open_round(session: Session, actor: Actor, round_id: UUID, *, zone: ZoneInfo, at: datetime) -> int:
    """Freeze who is expected by the rule on the cut-off day, whoever is left out with the reason, and the block of every agency; draw the
    forms if nobody has, and open. Returns how many people are on the list. From `opens_at` on they may start.

    Raises Conflict when it is not a draft or its forms must not be used, DomainError where the agency tree, the blocks or the bank are not
    ready.
    """
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    listed: list[Judged] = []
    if held.purpose != Purpose.PRACTICE:
        listed = _freeze(session, held, at)
    prepare_forms(session, actor, round_id, zone=zone, at=at)
    refuse_bad_forms(session, round_id, zone)
    held.state = RoundState.OPEN
    held.opened_at = at
    session.flush()
    excluded = sum(1 for one in listed if one.excluded_because is not None)
    changed = {"before": {"round_state": RoundState.DRAFT.value}, "after": {"round_state": RoundState.OPEN.value}}
    audit.record(session, actor, "quizzes.open_round", held.code, at, expected=len(listed) - excluded, excluded=excluded, **changed)
    return len(listed)


def _freeze(session: Session, held: Round, at: datetime) -> list[Judged]:
    rule = AudienceRule.from_json(held.audience)
    judged = list(judged_roster(session, rule, held.cutoff_day, purpose=held.purpose, course=held.course))
    listed = [one for one in judged if one.verdict in LISTED]
    if not listed and held.purpose != Purpose.COURSE_TEST:  # people come to a course after its test was opened
        raise DomainError(N_("Không có ai thuộc diện kiểm tra vào ngày chốt danh sách. Nhập danh sách cán bộ trước."), code="nobody")
    if homeless := sum(1 for one in listed if one.row.agency_version_id is None):
        raise DomainError(
            N_("%(count)s người thuộc cơ quan không tồn tại vào ngày chốt danh sách. Sửa cây đơn vị hoặc ngày chốt trước."),
            code="agency_gap",
            count=homeless,
        )
    _place(session, held, listed)
    record_expectations(
        session,
        held.activity,
        Quarter.parse(held.quarter).code,
        [_expectation(one) for one in listed],
        at,
        title=held.title,
        counted_on=held.cutoff_day,
    )
    left_out = [
        {
            "round_id": held.id,
            "person_id": one.row.person_id,
            "because": one.verdict.value,
            "agency_id": one.row.agency_id,
            "group_code": one.row.group_code,
        }
        for one in judged
        if one.verdict not in LISTED
    ]
    _insert(session, LeftOut, left_out)
    return listed


def _expectation(one: Judged) -> dict[str, Any]:
    return {
        "person_id": one.row.person_id,
        "agency_id": one.row.agency_id,
        "agency_version_id": one.row.agency_version_id,
        "group_code": one.row.group_code,
        "excluded_because": one.excluded_because,
    }


def _place(session: Session, held: Round, listed: Sequence[Judged]) -> None:
    """Write down the block of each agency on the list, where the round has blocks."""
    rules = block_rules(session, held.id)
    if not rules:
        return
    agencies = list(dict.fromkeys(one.row.agency_id for one in listed))
    placed = place_agencies(session, rules, held.cutoff_day, agencies)
    if missing := sum(1 for block in placed.values() if block is None):
        raise DomainError(N_("%(count)s cơ quan chưa có ca. Chia ca lại trước khi mở."), code="agency_without_block", count=missing)
    rows = [{"round_id": held.id, "agency_id": agency, "block_id": block} for agency, block in placed.items()]
    _insert(session, BlockAgency, rows)


def close_round(session: Session, actor: Actor, round_id: UUID, at: datetime) -> int:
    """Close at once: no new attempts, open ones are ended and marked with what they hold. Returns how many were ended.

    Raises Conflict when it is not open.
    """
    begin_closing(session, actor, round_id, at)
    ended = 0
    while batch := end_attempts(session, actor, round_id, at):
        ended += batch
    finish_closing(session, actor, round_id, at, ended)
    return ended


def begin_closing(session: Session, actor: Actor, round_id: UUID, at: datetime) -> None:
    """From now on nobody starts. Raises Conflict when it is not open."""
    held = locked_round(session, round_id)
    if held.state != RoundState.OPEN:
        raise _not_open(held)
    held.state = RoundState.CLOSED
    held.closed_at = at
    session.flush()


def end_attempts(session: Session, actor: Actor, round_id: UUID, at: datetime, limit: int = ENDED_AT_ONCE) -> int:
    """End some of the attempts that are still open; returns how many, 0 when there are none left."""
    found = open_attempts(session, round_id, limit)
    for attempt_id in found:
        finish_attempt(session, actor, attempt_id, AttemptState.EXPIRED, at)
    return len(found)


def finish_closing(session: Session, actor: Actor, round_id: UUID, at: datetime, ended: int) -> None:
    """Write down that the round is closed."""
    held = locked_round(session, round_id)
    changed = {"before": {"round_state": RoundState.OPEN.value}, "after": {"round_state": RoundState.CLOSED.value}}
    audit.record(session, actor, "quizzes.close_round", held.code, at, ended_attempts=ended, **changed)


def lock_round(session: Session, actor: Actor, round_id: UUID, at: datetime) -> None:
    """Freeze the results: nobody is taken off the list or put on it, no mark changes. Raises NotFound, Conflict where it is not closed, or
    essays, rulings or appeals still wait."""
    held = locked_round(session, round_id)
    if held.state != RoundState.CLOSED:
        raise Conflict(N_("Chỉ khóa được kết quả của kỳ kiểm tra đã đóng."), code="round_not_closed")
    unfinished = select(func.count()).where(Attempt.round_id == round_id, Attempt.state.in_((AttemptState.OPEN.value, "marking")))
    if waiting := session.scalar(unfinished):
        raise Conflict(N_("Còn %(count)s bài chưa chấm xong. Chấm xong rồi mới khóa kết quả."), code="unmarked", count=waiting)
    if waiting := unfinished_rulings(session, round_id):
        text = N_("Còn %(count)s quyết định về câu hỏi chờ duyệt hoặc đang chấm lại. Xong rồi mới khóa kết quả.")
        raise Conflict(text, code="rulings_wait", count=waiting)
    if waiting := appeals_waiting(session, round_id):
        raise Conflict(N_("Còn %(count)s đơn phúc khảo chưa trả lời. Trả lời rồi mới khóa kết quả."), code="appeals_wait", count=waiting)
    held.state = RoundState.LOCKED
    held.locked_at = at
    plan_of(session, round_id).unlocked_because = None
    lock_activity(session, held.activity, at)
    session.flush()
    changed = {"before": {"round_state": RoundState.CLOSED.value}, "after": {"round_state": RoundState.LOCKED.value}}
    audit.record(session, actor, "quizzes.lock_round", held.code, at, **changed)


def unlock_round(session: Session, actor: Actor, round_id: UUID, reason: str, at: datetime) -> None:
    """Let results be corrected again, for a reason that is kept; it is not locked again by itself.

    Raises NotFound, Conflict, DomainError.
    """
    held = locked_round(session, round_id)
    if held.state != RoundState.LOCKED:
        raise Conflict(N_("Kết quả của kỳ kiểm tra chưa khóa."), code="round_not_locked")
    if not reason.strip():
        raise DomainError(N_("Ghi lý do mở khóa kết quả."), code="no_reason", field="reason")
    held.state = RoundState.CLOSED
    held.locked_at = None
    planned = plan_of(session, round_id)
    planned.unlocked_because = reason
    lock_activity(session, held.activity, None)
    session.flush()
    changed = {"before": {"round_state": RoundState.LOCKED.value}, "after": {"round_state": RoundState.CLOSED.value}}
    audit.record(session, actor, "quizzes.unlock_round", held.code, at, reason=reason, **changed)


def add_newly_enrolled(session: Session, round_id: UUID, at: datetime) -> int:
    """Put on the list of an open course test whoever has come to the course since. Returns how many."""
    held = locked_round(session, round_id)
    if held.state != RoundState.OPEN or held.purpose != Purpose.COURSE_TEST or held.course is None:
        return 0
    if not has_newcomers(session, held.course, held.activity, held.cutoff_day):
        return 0
    known = set(session.scalars(select(Expectation.person_id).where(Expectation.activity == held.activity)))
    rule = AudienceRule.from_json(held.audience)
    judged = judged_roster(session, rule, held.cutoff_day, purpose=held.purpose, course=held.course)
    new = [one for one in judged if one.verdict in LISTED and one.row.person_id not in known and one.row.agency_version_id is not None]
    return add_expectations(session, held.activity, [_expectation(one) for one in new], at) if new else 0


def _not_open(held: Round) -> Conflict:
    return Conflict(N_("Kỳ kiểm tra %(quarter)s không ở trạng thái mở."), code="round_not_open", quarter=held.code)


def _insert(session: Session, model: Any, rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(model), rows[start : start + BATCH])
