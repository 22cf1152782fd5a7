"""Answers that people have to mark, put aside for them when a paper is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from lms.kit.ids import uuid7
from quizzes.kinds import MARKED_BY_HAND
from quizzes.models import EssayAnswer
from quizzes.rules.essays import EssayState
from quizzes.rules.sitting import Marked


def hand_over_essays(session: Session, round_id: UUID, attempt_id: UUID, questions: Sequence[Marked]) -> bool:
    """Put a paper's essays aside for those who mark; an empty one earns nothing and needs nobody. Returns whether there are any."""
    written = [one.slot for one in questions if one.kind in MARKED_BY_HAND and any(text.strip() for text in one.answer)]
    if written:
        rows = [
            {"id": uuid7(), "round_id": round_id, "attempt_id": attempt_id, "slot": slot, "state": EssayState.FIRST} for slot in written
        ]
        session.execute(insert(EssayAnswer), rows)
    return bool(written)
