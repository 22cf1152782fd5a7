"""What a change of organisation leaves untouched in the ledger: who was expected stays counted where they were on the counting day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.agencies.queries.lookups import batches
from lms.kit.actors import Actor
from lms.kit.errors import N_
from lms.kit.following import AgencyTurn, Consequence
from lms.results.models import Expectation


class FrozenExpectations:
    """Only says what stays: a frozen row names the agency version of its day, and keeps it."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        frozen = 0
        for batch in batches([*turn.heirs, *sorted(turn.touched - turn.heirs.keys())]):
            frozen += session.scalar(select(func.count()).where(Expectation.agency_id.in_(batch))) or 0
        text = N_("lượt thuộc diện đã chốt vẫn giữ tên và vị trí của đơn vị tại ngày chốt; kết quả cũ không đổi")
        return [Consequence(text, frozen)] if frozen else []

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """Nothing: nothing was done."""
        return ()

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """Nothing: what is frozen stays."""

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Nothing was done."""
