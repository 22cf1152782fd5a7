"""What a change of organisation means for the rounds under way and those being prepared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.agencies.queries.lookups import batches
from lms.kit.actors import Actor
from lms.kit.clock import Quarter
from lms.kit.errors import N_
from lms.kit.following import AgencyTurn, Consequence
from lms.results.models import Expectation
from quizzes.models import Round
from quizzes.rules.rounds import RoundState


class RoundsUnderWay:
    """A round that is open keeps the list it was opened with; one being prepared will count people where they then are."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        """One line a round, with the people of the agencies that end or change."""
        agencies = [*turn.heirs, *sorted(turn.touched - turn.heirs.keys())]
        rounds = session.execute(
            select(Round.quarter, Round.activity, Round.state, Round.cutoff_day)
            .where(Round.state.in_((RoundState.DRAFT, RoundState.OPEN)))
            .order_by(Round.quarter)
        ).all()
        found = []
        for quarter, activity, state, cutoff_day in rounds:
            values = {"round": Quarter.parse(quarter).label, "day": f"{cutoff_day:%d/%m/%Y}"}
            if state == RoundState.OPEN and (count := _expected(session, activity, agencies)):
                text = N_("người thuộc diện kỳ kiểm tra %(round)s đang mở: vẫn tính theo danh sách đã chốt ngày %(day)s")
                found.append(Consequence(text, count, values))
            elif state == RoundState.DRAFT and cutoff_day >= turn.on and (count := _held(session, cutoff_day, agencies)):
                text = N_("người sẽ được chốt theo đơn vị mới trong kỳ kiểm tra %(round)s đang chuẩn bị (ngày chốt %(day)s)")
                found.append(Consequence(text, count, values))
        return found

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """Nothing: nothing was done."""
        return ()

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """Nothing: rounds read who is where when they open."""

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Nothing was done."""


def _expected(session: Session, activity: str, agencies: Iterable[UUID]) -> int:
    counting = select(func.count()).where(Expectation.activity == activity, Expectation.excluded_because.is_(None))
    return sum(session.scalar(counting.where(Expectation.agency_id.in_(batch))) or 0 for batch in batches(agencies))


def _held(session: Session, day: object, agencies: Iterable[UUID]) -> int:
    held = select(func.count(Posting.person_id.distinct())).where(Posting.is_primary, Posting.valid_from <= day, Posting.valid_to > day)
    return sum(session.scalar(held.where(Posting.agency_id.in_(batch))) or 0 for batch in batches(agencies))
