"""Supervised sittings: an invigilator opens a session at a place, people begin there with its code."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import case, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.agencies.queries import tree
from lms.kit import audit
from lms.kit.actors import Actor, NotFound, Scope
from lms.kit.db import UTCDateTime
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from quizzes.models import CodeTry, Round, Seat, Supervision
from quizzes.rules.invigilation import CODE_HOURS, TRIES, TRY_WINDOW, WrongCode, new_code, readable_code


def open_supervision(  # noqa: PLR0917 - who, which round, where, when
    session: Session, actor: Actor, round_code: str, agency_id: UUID, place: str, at: datetime, *, on: date, scope: Scope
) -> Supervision:
    """Open an invigilator's session. Raises NotFound outside the scope, Conflict where the round is not supervised or not open."""
    round_ = session.scalar(select(Round).where(Round.code == round_code))
    if round_ is None:
        raise NotFound
    tree.agency(session, agency_id, on, scope)
    if not round_.supervised:
        raise Conflict(N_("Đợt này không thi tại phòng có giám thị."), code="not_supervised")
    if round_.state != "open" or at >= round_.closes_at:
        raise Conflict(N_("Đợt kiểm tra không ở trạng thái mở."), code="round_not_open")
    if not place.strip():
        raise DomainError(N_("Ghi tên phòng thi."), field="place")
    taken = set(session.scalars(select(Supervision.code).where(Supervision.round_id == round_.id)))
    code = next(code for code in iter(lambda: new_code(secrets.randbelow), None) if code not in taken)
    held = Supervision(
        id=uuid7(),
        round_id=round_.id,
        agency_id=agency_id,
        place=place.strip(),
        code=code,
        opened_by=actor.person_id,
        opened_at=at,
        valid_until=min(at + timedelta(hours=CODE_HOURS), round_.closes_at),
    )
    session.add(held)
    session.flush()
    audit.record(session, actor, "quizzes.open_supervision", held.id, at, round=round_code, place=held.place)
    return held


def end_supervision(session: Session, actor: Actor, supervision_id: UUID, at: datetime) -> None:
    """Nobody begins with its code any more; who sits goes on until the end. Ending it again changes nothing. Raises NotFound."""
    ended = session.execute(
        update(Supervision)
        .where(Supervision.id == supervision_id, Supervision.ended_at.is_(None))
        .values(ended_at=at)
        .returning(Supervision.id)
    ).scalar_one_or_none()
    if ended is not None:
        audit.record(session, actor, "quizzes.end_supervision", supervision_id, at)


def supervision_of_code(session: Session, round_id: UUID, code: str | None, at: datetime) -> UUID:
    """The session somebody begins in with this code. Raises WrongCode."""
    given = readable_code(code or "")
    found = session.scalar(
        select(Supervision.id).where(
            Supervision.round_id == round_id,
            Supervision.code == given,
            Supervision.ended_at.is_(None),
            Supervision.opened_at <= at,
            Supervision.valid_until > at,
        )
    )
    if found is None:
        raise WrongCode(asked=not given)
    return found


def refuse_guessing(session: Session, person_id: UUID, at: datetime) -> None:
    """Raises Conflict for somebody who gave too many wrong codes of late."""
    failures = session.scalar(select(CodeTry.failures).where(CodeTry.person_id == person_id, CodeTry.counted_until > at))
    if failures is not None and failures >= TRIES:
        raise Conflict(N_("Nhập sai mã phòng thi quá nhiều lần. Chờ 10 phút, hoặc nhờ giám thị."), code="too_many_codes")


def count_wrong_code(session: Session, person_id: UUID, at: datetime) -> None:
    """A wrong code was given; the count begins anew when the last one's time is over."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    over, until = CodeTry.counted_until <= at, at + TRY_WINDOW
    session.execute(
        insert(CodeTry)
        .values(person_id=person_id, failures=1, counted_until=until)
        .on_conflict_do_update(
            index_elements=[CodeTry.person_id],
            set_={
                "failures": case((over, 1), else_=CodeTry.failures + 1),
                "counted_until": case((over, literal(until, UTCDateTime())), else_=CodeTry.counted_until),
            },
        )
    )


def note_seen(session: Session, attempt_id: UUID, unsent: int, at: datetime) -> bool:
    """The device of a supervised sitting is there; `unsent` answers wait in it. False where the sitting is not a supervised one."""
    seen = update(Seat).where(Seat.attempt_id == attempt_id).values(last_seen_at=at, unsent=unsent).returning(Seat.attempt_id)
    return session.execute(seen).scalar_one_or_none() is not None
