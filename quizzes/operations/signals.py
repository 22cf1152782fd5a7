"""Looking for what is odd about the sittings of a round, and noting who looked at whom."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.ids import uuid7
from lms.kit.jobs import enqueue
from quizzes.models import Signal
from quizzes.queries.signals import SignalRow, came_late, finished_sittings, round_of_code, signal, wandering
from quizzes.rules.signals import fast, same_device, same_wrong

FIND_SIGNALS = "quizzes.find_signals"


def find_signals(session: Session, actor: Actor, round_id: UUID, at: datetime) -> int:
    """Look anew at all finished sittings of a round; what was found before is replaced. Returns how many signals there are."""
    sittings = finished_sittings(session, round_id)
    found = [*same_device(sittings), *fast(sittings), *same_wrong(sittings), *wandering(session, round_id), *came_late(session, round_id)]
    session.execute(delete(Signal).where(Signal.round_id == round_id))
    rows = [
        {
            "id": uuid7(),
            "round_id": round_id,
            "kind": one.kind.value,
            "weight": one.weight,
            "attempts": [str(attempt) for attempt in one.attempts],
            "figures": one.figures,
            "found_at": at,
        }
        for one in found
    ]
    if rows:
        session.execute(insert(Signal), rows)
    audit.record(session, actor, "quizzes.find_signals", round_id, at, sittings=len(sittings), signals=len(rows))
    return len(rows)


def ask_for_signals(session: Session, actor: Actor, round_code: str, at: datetime) -> UUID:
    """Have the worker look. Raises NotFound. Returns the job."""
    round_id, _title = round_of_code(session, round_code)
    return enqueue(session, FIND_SIGNALS, {"round": str(round_id)}, at=at, created_by=actor.person_id).id


def look_at_signal(session: Session, actor: Actor, round_id: UUID, signal_id: UUID, at: datetime) -> SignalRow:
    """A signal with leave to see whose it is; that somebody looked is written down. Raises NotFound."""
    row = signal(session, round_id, signal_id)
    audit.record(session, actor, "quizzes.look_at_signal", signal_id, at, kind=row.kind, attempts=row.attempts)
    return row
