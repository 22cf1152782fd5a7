"""What a change of organisation means for the rounds under way and those being prepared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.agencies.queries.lookups import batches
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.clock import Quarter
from lms.kit.errors import N_
from lms.kit.following import AgencyTurn, Consequence
from lms.results.models import Expectation
from quizzes.models import BlockRule, Round, RoundAgencyMove
from quizzes.rules.audience import AudienceRule
from quizzes.rules.rounds import Purpose, RoundState


class RoundsUnderWay:
    """A round that is open keeps the list it was opened with; one being prepared will count people where they then are."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        """One line a round, with the people of the agencies that end or change."""
        agencies = [*turn.heirs, *sorted(turn.touched - turn.heirs.keys())]
        rounds = session.execute(
            select(Round.quarter, Round.activity, Round.state, Round.cutoff_day)
            .where(Round.state.in_((RoundState.DRAFT, RoundState.OPEN)), Round.purpose != Purpose.PRACTICE)
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
        ended = sorted(turn.heirs)
        for held in _drafts(session, turn):
            if named := len(_named(session, held, ended)):
                text = N_(
                    "cơ quan kết thúc có tên trong đối tượng hoặc ca của kỳ kiểm tra %(round)s đang chuẩn bị: chuyển sang cơ quan kế thừa"
                )
                found.append(Consequence(text, named, {"round": held.title}))
        return found

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """One line for the drafts whose audience or blocks go back to what they were."""
        moves = session.scalar(select(func.count()).select_from(RoundAgencyMove).where(RoundAgencyMove.event_id == event_id)) or 0
        text = N_("kỳ kiểm tra đang chuẩn bị trở lại đối tượng và ca trước khi chuyển")
        return [Consequence(text, moves)] if moves else []

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """What a draft says of an agency that ends, it says of its heir; one that has a block of its own keeps it. Rounds that are
        open keep their list and their blocks: these go by the agency in which a person was counted."""
        for held in _drafts(session, turn):
            ended = _named(session, held, sorted(turn.heirs))
            if not ended:
                continue
            before = _state(session, held)
            rule = AudienceRule.from_json(held.audience)
            held.audience = replace(rule, agencies=_heirs(rule.agencies, turn), excepted=_heirs(rule.excepted, turn)).as_json()
            placed = {one.agency_id for one in session.scalars(select(BlockRule).where(BlockRule.round_id == held.id))}
            for one in session.scalars(select(BlockRule).where(BlockRule.round_id == held.id, BlockRule.agency_id.in_(ended))).all():
                heir = turn.heirs[one.agency_id]
                session.delete(one)
                session.flush()
                if heir is not None and heir not in placed:
                    session.add(BlockRule(round_id=held.id, agency_id=heir, block_id=one.block_id, alone=one.alone))
                    placed.add(heir)
            session.flush()
            after = _state(session, held)
            session.add(RoundAgencyMove(event_id=turn.event_id, round_id=held.id, before=before, after=after))
            audit.record(session, actor, "quizzes.follow_agencies", held.code, at, event=str(turn.event_id), agencies=len(ended))
        session.flush()

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Put back what drafts said; one that was changed since, or opened, stays as it is now."""
        for move in session.scalars(select(RoundAgencyMove).where(RoundAgencyMove.event_id == event_id)).all():
            held = session.get_one(Round, move.round_id)
            if held.state == RoundState.DRAFT and _state(session, held) == move.after:
                held.audience = move.before["audience"]
                session.execute(delete(BlockRule).where(BlockRule.round_id == held.id))
                for agency, (block, alone) in move.before["blocks"].items():
                    session.add(BlockRule(round_id=held.id, agency_id=UUID(agency), block_id=UUID(block), alone=alone))
                audit.record(session, actor, "quizzes.follow_agencies", held.code, at, event=str(event_id), back=True)
            session.delete(move)
        session.flush()


def _drafts(session: Session, turn: AgencyTurn) -> list[Round]:
    """Rounds being prepared whose list will be counted after the change."""
    waiting = select(Round).where(Round.state == RoundState.DRAFT, Round.cutoff_day >= turn.on).order_by(Round.id)
    return list(session.scalars(waiting)) if turn.heirs else []


def _named(session: Session, held: Round, ended: Sequence[UUID]) -> list[UUID]:
    """Which of the agencies that end a draft names, in its audience or for its blocks."""
    rule = AudienceRule.from_json(held.audience)
    found = (rule.agencies | rule.excepted) & set(ended)
    for batch in batches(ended):
        found |= set(session.scalars(select(BlockRule.agency_id).where(BlockRule.round_id == held.id, BlockRule.agency_id.in_(batch))))
    return sorted(found)


def _state(session: Session, held: Round) -> dict[str, Any]:
    rules = session.execute(select(BlockRule.agency_id, BlockRule.block_id, BlockRule.alone).where(BlockRule.round_id == held.id))
    return {"audience": dict(held.audience), "blocks": {str(agency): [str(block), alone] for agency, block, alone in rules}}


def _heirs(agencies: frozenset[UUID], turn: AgencyTurn) -> frozenset[UUID]:
    """The agencies with each that ends replaced by its heir; one without an heir stays named, so that the rule never comes to
    mean everybody."""
    return frozenset(turn.heirs.get(one, one) or one for one in agencies)


def _expected(session: Session, activity: str, agencies: Iterable[UUID]) -> int:
    counting = select(func.count()).where(Expectation.activity == activity, Expectation.excluded_because.is_(None))
    return sum(session.scalar(counting.where(Expectation.agency_id.in_(batch))) or 0 for batch in batches(agencies))


def _held(session: Session, day: object, agencies: Iterable[UUID]) -> int:
    held = select(func.count(Posting.person_id.distinct())).where(Posting.is_primary, Posting.valid_from <= day, Posting.valid_to > day)
    return sum(session.scalar(held.where(Posting.agency_id.in_(batch))) or 0 for batch in batches(agencies))
