"""Sittings made up for a demo province: plausible answers from somebody who knows a given share of the matter. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from quizzes.kinds import KINDS
from quizzes.kinds.answers import SIGN
from quizzes.kinds.base import Control, Part
from quizzes.rules.sitting import Marked, PastSitting

UNANSWERED = 0.02


def sample_sitting(
    papers: Mapping[UUID, Sequence[Marked]],
    person_id: UUID,
    *,
    ability: float,
    started_at: datetime,
    minutes: int,
    random: Random,
) -> PastSitting:
    """A sitting of somebody who knows `ability` (0–1) of the answers, guesses the others and leaves a few out."""
    form_id = random.choice(sorted(papers))
    return PastSitting(
        person_id=person_id,
        form_id=form_id,
        started_at=started_at,
        submitted_at=started_at + timedelta(minutes=minutes),
        answers={question.slot: _answer(question, ability, random) for question in papers[form_id] if random.random() > UNANSWERED},
    )


def _answer(question: Marked, ability: float, random: Random) -> list[str]:
    if random.random() < ability:
        return question.key
    return [text for part in KINDS[question.kind].parts(question.body) for text in _guess(part, random)]


def _guess(part: Part, random: Random) -> list[str]:
    options = [choice.id for choice in part.choices]
    if part.control is Control.SEVERAL:
        return sorted(random.sample(options, random.randint(1, len(options))))
    value = random.choice(options) if options else str(random.randint(1, 100))
    return [f"{part.id}{SIGN}{value}" if part.id else value]
