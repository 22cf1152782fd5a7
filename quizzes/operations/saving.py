"""Keeping an answer. The busiest path of the service: one look, one statement, no object of the model.

The statement is guarded in the database, not by what was read before it: the attempt must be this person's, open, before its
deadline and grace, and held by the device that writes. Its row is shared-locked, so a save and the end of an attempt come one after the
other: an acknowledged answer is always among those that are marked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Integer, Uuid, bindparam, column, select, text
from sqlalchemy.orm import Session

from lms.kit.actors import Actor, NotFound
from lms.kit.db import UTCDateTime
from lms.kit.errors import N_, DomainError
from quizzes.kinds import KINDS
from quizzes.models import Attempt, FormSlot, ItemVersion, Response
from quizzes.operations.attempts import begin_clock
from quizzes.queries.attempts import stored as all_stored
from quizzes.queries.papers import known_paper
from quizzes.rules.late import device_offset
from quizzes.rules.sitting import AttemptState, SaveRefused, seconds_left


class Answered(msgspec.Struct, frozen=True):
    """An answer to keep. Of several for one slot the one with the highest sequence counts."""

    slot: int
    sequence: int
    answer: list[str]
    flagged: bool = False
    given_at: datetime | None = None  # by the device's clock, where it said so


@dataclass(frozen=True, slots=True)
class Saved:
    """What now stands in each slot that was sent, as (slot, takeover, sequence)."""

    stored: list[tuple[int, int, int]]
    seconds_left: int


# The answers come as one JSON value, so the statement is the same for one answer and for fifty.
_GUARD = """
    SELECT id, form_id FROM attempt
    WHERE id = :attempt AND person_id = :person AND state = 'open' AND accepts_until > :at AND takeover = :takeover
      AND started_at <= :at
"""
_UPSERT = """
    ON CONFLICT (attempt_id, slot) DO UPDATE SET
        answer = excluded.answer, flagged = excluded.flagged, takeover = excluded.takeover,
        sequence = excluded.sequence, saved_at = excluded.saved_at, device_offset = excluded.device_offset
    WHERE (excluded.takeover, excluded.sequence) > (response.takeover, response.sequence)
    RETURNING slot, takeover, sequence, (SELECT deadline FROM attempt WHERE attempt.id = response.attempt_id)
"""
_POSTGRESQL = f"""
    WITH sitting AS ({_GUARD} FOR KEY SHARE)
    INSERT INTO response (attempt_id, slot, answer, flagged, takeover, sequence, saved_at, device_offset)
    SELECT sitting.id, given.slot, given.answer, given.flagged, :takeover, given.sequence, :at, :device_offset
    FROM sitting
    CROSS JOIN jsonb_to_recordset(CAST(:answers AS jsonb)) AS given(slot integer, answer jsonb, flagged boolean, sequence bigint)
    JOIN form_slot ON form_slot.form_id = sitting.form_id AND form_slot.slot = given.slot
    ORDER BY given.slot
    {_UPSERT}
"""  # noqa: S608 - put together from constants
_SQLITE = f"""
    WITH sitting AS ({_GUARD}), given AS (
        SELECT value ->> '$.slot' AS slot, value -> '$.answer' AS answer, value ->> '$.flagged' AS flagged,
               value ->> '$.sequence' AS sequence
        FROM json_each(:answers)
    )
    INSERT INTO response (attempt_id, slot, answer, flagged, takeover, sequence, saved_at, device_offset)
    SELECT sitting.id, given.slot, given.answer, given.flagged, :takeover, given.sequence, :at, :device_offset
    FROM sitting CROSS JOIN given
    JOIN form_slot ON form_slot.form_id = sitting.form_id AND form_slot.slot = given.slot
    WHERE true
    {_UPSERT}
"""  # noqa: S608 - put together from constants
_PARAMETERS = (
    bindparam("attempt", type_=Uuid()),
    bindparam("person", type_=Uuid()),
    bindparam("takeover", type_=Integer()),
    bindparam("device_offset", type_=Integer()),
    bindparam("at", type_=UTCDateTime()),
)
_COLUMNS = (column("slot", Integer), column("takeover", Integer), column("sequence", BigInteger), column("deadline", UTCDateTime()))
_STATEMENTS = {
    "postgresql": text(_POSTGRESQL).bindparams(*_PARAMETERS).columns(*_COLUMNS),
    "sqlite": text(_SQLITE).bindparams(*_PARAMETERS).columns(*_COLUMNS),
}

# Written once, not at each save: building it costs as much as running it.
_ASKED = (
    select(
        Attempt.state,
        Attempt.takeover,
        Attempt.accepts_until,
        Attempt.deadline,
        Attempt.started_at,
        FormSlot.slot,
        ItemVersion.kind,
        ItemVersion.body,
    )
    .outerjoin(FormSlot, (FormSlot.form_id == Attempt.form_id) & FormSlot.slot.in_(bindparam("slots", expanding=True)))
    .outerjoin(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
    .where(Attempt.id == bindparam("attempt"), Attempt.person_id == bindparam("person"))
)


def save_answers(
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    *,
    takeover: int,
    answers: Sequence[Answered],
    at: datetime,
    device_clock: datetime | None = None,
) -> Saved:
    """Keep the answers that are newer than what is stored, and say what is stored now. Sending them again changes nothing.

    `device_clock`: what the device's clock showed as it sent them; how far it is off is kept, to judge what comes late. Who answers before
    the clock was started by hand starts it.
    Raises NotFound (also for another's attempt), DomainError for a slot or an answer the paper does not have (then nothing is
    kept), SaveRefused `attempt_closed` or `taken_over` with all that is stored.
    """
    newest = _newest(answers)
    attempt = check_answers(session, actor, attempt_id, newest)
    _refuse_if_over(session, attempt_id, attempt, takeover, at)
    deadline = attempt.deadline
    if at < attempt.started_at:
        deadline = begin_clock(session, actor, attempt_id, at).deadline
    kept = _upsert(session, actor, attempt_id, takeover, newest, at, device_clock)
    standing = {slot: one[:3] for slot, one in kept.items()}
    if len(kept) < len(newest):
        missing = [slot for slot in newest if slot not in kept]
        standing |= _standing(session, actor, attempt_id, takeover=takeover, slots=missing, at=at)
    return Saved(stored=[standing[slot] for slot in newest], seconds_left=seconds_left(deadline, at))


def save_at_once(
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    *,
    takeover: int,
    answers: Sequence[Answered],
    at: datetime,
    device_clock: datetime | None = None,
) -> Saved | None:
    """The same in one statement, for a paper this process remembers. None where it is not that simple: somebody else's attempt, one that is
    over or waits for its clock, an older answer. Then `save_answers` is to be asked; what was kept already, it keeps once.

    Raises DomainError for a slot or an answer the paper does not have.
    """
    questions = known_paper(attempt_id, actor.person_id)
    if questions is None:
        return None
    newest = _newest(answers)
    _check(newest, questions)
    kept = _upsert(session, actor, attempt_id, takeover, newest, at, device_clock)
    if len(kept) < len(newest):
        return None
    return Saved(stored=[kept[slot][:3] for slot in newest], seconds_left=seconds_left(next(iter(kept.values()))[3], at))


def _newest(answers: Sequence[Answered]) -> dict[int, Answered]:
    return {answered.slot: answered for answered in sorted(answers, key=lambda answered: answered.sequence)}


def _upsert(  # noqa: PLR0917 - who, where, what, when
    session: Session,
    actor: Actor,
    attempt_id: UUID,
    takeover: int,
    newest: Mapping[int, Answered],
    at: datetime,
    device_clock: datetime | None,
) -> dict[int, tuple[int, int, int, datetime]]:
    """What was kept, by slot, with the attempt's deadline."""
    rows = session.connection().execute(
        _STATEMENTS[session.get_bind().dialect.name],
        {
            "attempt": attempt_id,
            "person": actor.person_id,
            "takeover": takeover,
            "at": at,
            "device_offset": device_offset(device_clock, at),
            "answers": _encoded(newest.values()),
        },
    )
    return {slot: (slot, by, sequence, deadline) for slot, by, sequence, deadline in rows}


def _encoded(answers: Iterable[Answered]) -> str:
    given = [{"slot": one.slot, "sequence": one.sequence, "answer": one.answer, "flagged": one.flagged} for one in answers]
    return msgspec.json.encode(given).decode()


def save_from_page(
    session: Session, actor: Actor, attempt_id: UUID, *, takeover: int, slot: int, answer: list[str], flagged: bool, at: datetime
) -> Saved:
    """Keep the answer of a plain form, which carries no number of its own: it is newer than whatever is stored. Raises as save_answers."""
    held = session.execute(
        select(Attempt.id).where(Attempt.id == attempt_id, Attempt.person_id == actor.person_id).with_for_update()
    ).one_or_none()
    if held is None:
        raise NotFound
    last = session.scalar(
        select(Response.sequence).where(Response.attempt_id == attempt_id, Response.slot == slot, Response.takeover == takeover)
    )
    answered = Answered(slot=slot, sequence=(last or 0) + 1, answer=answer, flagged=flagged)
    return save_answers(session, actor, attempt_id, takeover=takeover, answers=[answered], at=at)


class Given(Protocol):
    """Something that was answered."""

    @property
    def answer(self) -> list[str]: ...


def check_answers(session: Session, actor: Actor, attempt_id: UUID, answers: Mapping[int, Given]) -> Any:
    """The attempt's state, after each slot and answer has been found to be one of its paper."""
    rows = session.execute(_ASKED, {"attempt": attempt_id, "person": actor.person_id, "slots": list(answers)}).all()
    if not rows:
        raise NotFound
    _check(answers, {row.slot: (row.kind, row.body) for row in rows})
    return rows[0]


def _check(answers: Mapping[int, Given], questions: Mapping[int, tuple[str, Any]]) -> None:
    """Raises DomainError for a slot or an answer the paper does not have."""
    for slot, answered in answers.items():
        if slot not in questions:
            raise DomainError(N_("Bài kiểm tra không có câu số %(slot)s."), code="unknown_slot", field="slot", slot=slot)
        kind, body = questions[slot]
        if not KINDS[kind].accepts(body, answered.answer):
            raise DomainError(N_("Câu trả lời của câu số %(slot)s không hợp lệ."), code="bad_answer", field="answer", slot=slot)


def _refuse_if_over(session: Session, attempt_id: UUID, attempt: Any, takeover: int, at: datetime) -> None:
    if attempt.state != AttemptState.OPEN or attempt.accepts_until <= at:
        raise SaveRefused(
            N_("Bài kiểm tra đã kết thúc, không nhận thêm câu trả lời."),
            code="attempt_closed",
            stored=list(all_stored(session, attempt_id).values()),
        )
    if takeover < attempt.takeover:
        raise SaveRefused(N_("Bài đang mở trên thiết bị khác."), code="taken_over", stored=list(all_stored(session, attempt_id).values()))
    if takeover > attempt.takeover:
        raise DomainError(N_("Số lượt mở bài không đúng. Tải lại trang."), code="unknown_takeover", field="takeover")


def _standing(
    session: Session, actor: Actor, attempt_id: UUID, *, takeover: int, slots: list[int], at: datetime
) -> dict[int, tuple[int, int, int]]:
    """What stands where the statement kept nothing: a newer answer, or the attempt ended in between."""
    rows = session.execute(
        select(Response.slot, Response.takeover, Response.sequence).where(Response.attempt_id == attempt_id, Response.slot.in_(slots))
    )
    found = {row.slot: (row.slot, row.takeover, row.sequence) for row in rows}
    attempt = session.execute(
        select(Attempt.state, Attempt.takeover, Attempt.accepts_until).where(Attempt.id == attempt_id, Attempt.person_id == actor.person_id)
    ).one()
    _refuse_if_over(session, attempt_id, attempt, takeover, at)
    return found
