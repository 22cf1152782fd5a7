"""From a counted result back to what it was made from: the sitting, its form, the item versions with their keys, the rulings that hold, and
how all this is scored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.kit.actors import NotFound
from quizzes.models import Attempt, Form, FormSlot, Regrade, Round, Ruling
from quizzes.queries.attempts import Explained, as_they_stand, attempt_by_id, explained
from quizzes.queries.marks import MarkChange, concerns_round, history_of_mark, holds, is_standing, standing_passed, standing_score
from quizzes.rules.sitting import question_order


@dataclass(frozen=True, slots=True)
class Origin:
    """A marked sitting with its round's rules. `drawn_from` is the seed the round's forms were drawn with, `seed` the one that orders the
    questions of this sitting."""

    id: UUID
    person_id: UUID
    full_name: str
    staff_code: str
    number: int
    counts: bool
    seed: int
    started_at: datetime
    submitted_at: datetime | None
    score: Decimal
    passed: bool
    first_score: Decimal
    form_number: int
    round_code: str
    title: str
    counting: str
    pass_mark: Decimal
    duration_seconds: int
    grace_seconds: int
    assembly: dict[str, Any]

    @property
    def drawn_from(self) -> int | None:
        found = self.assembly.get("seed")
        return found if isinstance(found, int) else None


@dataclass(frozen=True, slots=True)
class Ruled:
    """A ruling that holds for a question of the form."""

    id: UUID
    kind: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Traced:
    """Everything, the questions in the order this sitting showed them."""

    origin: Origin
    questions: list[Explained]
    rulings: dict[int, list[Ruled]]
    changes: list[MarkChange]


_ORIGIN: list[Any] = [
    Attempt.id,
    Attempt.person_id,
    Person.full_name,
    Person.staff_code,
    Attempt.number,
    Attempt.counts,
    Attempt.seed,
    Attempt.started_at,
    Attempt.submitted_at,
    standing_score,
    standing_passed,
    Attempt.score,
    Form.number,
    Round.code,
    Round.title,
    Round.counting,
    Round.pass_mark,
    Round.duration_seconds,
    Round.grace_seconds,
    Round.assembly,
]


def trace(session: Session, attempt_id: UUID) -> Traced:
    """Seven statements. Raises NotFound for a sitting that has no mark."""
    row = session.execute(
        select(*_ORIGIN)
        .join(Person, Person.id == Attempt.person_id)
        .join(Form, Form.id == Attempt.form_id)
        .join(Round, Round.id == Attempt.round_id)
        .outerjoin(Regrade, is_standing())
        .where(Attempt.id == attempt_id, Attempt.score.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    attempt = attempt_by_id(session, attempt_id)
    questions = as_they_stand(session, attempt, explained(session, attempt_id, attempt.form_id))
    return Traced(
        Origin(*row),
        [questions[slot] for slot in question_order(attempt.seed, questions)],
        _rulings(session, attempt.form_id),
        history_of_mark(session, attempt_id),
    )


def marked_attempts(session: Session, activity: str, sources: Collection[UUID]) -> set[UUID]:
    """Which sources of an activity's outcomes are sittings that were marked; none where the activity is no round."""
    if not sources:
        return set()
    query = select(Attempt.id).join(Round, Round.id == Attempt.round_id)
    return set(session.scalars(query.where(Round.activity == activity, Attempt.id.in_(sources), Attempt.score.is_not(None))))


def _rulings(session: Session, form_id: UUID) -> dict[int, list[Ruled]]:
    rows = session.execute(
        select(FormSlot.slot, Ruling.id, Ruling.kind, Ruling.decided_at)
        .join(Form, Form.id == FormSlot.form_id)
        .join(Round, Round.id == Form.round_id)
        .join(Ruling, and_(Ruling.item_version_id == FormSlot.item_version_id, concerns_round()))
        .where(FormSlot.form_id == form_id, holds())
        .order_by(Ruling.decided_at, Ruling.id)
    )
    found: dict[int, list[Ruled]] = defaultdict(list)
    for slot, ruling_id, kind, decided_at in rows:
        found[slot].append(Ruled(ruling_id, kind, decided_at))
    return found
