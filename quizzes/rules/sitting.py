"""One person's sitting: the order of the paper, what may be seen when, the deadline, the mark."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.kit.clock import Quarter
from lms.kit.errors import Conflict
from quizzes.kinds import KINDS
from quizzes.kinds.base import Part
from quizzes.rules.assembly import draw
from quizzes.rules.marking import InForce, keys_under
from quizzes.rules.rounds import FeedbackPolicy, RoundState

RECEIPT_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: read out over the telephone without doubt


class AttemptState(StrEnum):
    OPEN = "open"
    MARKING = "marking"
    SUBMITTED = "submitted"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of one answer. `(takeover, sequence)` orders the saves of one slot."""

    slot: int
    takeover: int
    sequence: int
    answer: list[str]
    flagged: bool
    saved_at: datetime


class SaveRefused(Conflict):
    """The attempt takes no answer from this device; `stored` is what it holds, so that nobody wonders."""

    def __init__(self, message: str, *, code: str, stored: list[Stored]) -> None:
        super().__init__(message, code=code)
        self.stored = stored


@dataclass(frozen=True, slots=True)
class Visible:
    """What the person who sits may see of an attempt at a moment. Pages, JSON and results all ask here."""

    answering: bool
    score: bool
    key: bool


def visible(attempt_state: str, policy: str, round_state: str, closes_at: datetime, at: datetime) -> Visible:
    """While the attempt is open: the paper and one's own answers. Afterwards the score, which decides whether to sit again;
    the key, explanations and what was right only as the round's feedback policy says. While people are marking: neither."""
    if attempt_state == AttemptState.OPEN:
        return Visible(answering=True, score=False, key=False)
    if attempt_state == AttemptState.MARKING:
        return Visible(answering=False, score=False, key=False)
    closed = at >= closes_at or round_state in (RoundState.CLOSED, RoundState.LOCKED)
    key = policy == FeedbackPolicy.IMMEDIATELY or (policy == FeedbackPolicy.AFTER_CLOSE and closed)
    return Visible(answering=False, score=True, key=key)


def deadline_for(started_at: datetime, duration_seconds: int, extra_seconds: int, closes_at: datetime) -> datetime:
    """When this sitting ends: its time is used up, or the window closes. Time a person is granted on top comes after either."""
    return min(started_at + timedelta(seconds=duration_seconds), closes_at) + timedelta(seconds=extra_seconds)


WAIT = timedelta(seconds=120)  # so long may a paper that was handed out wait for its clock to be started by hand


def clock_begins(handed_out: datetime, closes_at: datetime) -> datetime:
    """When the clock of a paper handed out in the first of two steps begins if nobody starts it. Nobody's end comes later for it than
    two minutes, nor later than the window's."""
    return min(handed_out + WAIT, max(handed_out, closes_at))


def seconds_left(deadline: datetime, at: datetime) -> int:
    return max(0, int((deadline - at).total_seconds()))


# A seed tells how a paper is shown: 32 drawn bits, and above them what the round did not want mixed when the sitting began. A round that is
# changed later changes nobody's order.
SEED_BITS = 32
ITEMS_AS_SET = 1 << SEED_BITS
CHOICES_AS_SET = 2 << SEED_BITS
ORDER_TELLS_KEY = frozenset({"matching", "ordering"})  # as they were written, their parts stand beside what belongs to them


def new_seed(*, shuffles_items: bool = True, shuffles_choices: bool = True) -> int:
    return secrets.randbits(SEED_BITS) | (0 if shuffles_items else ITEMS_AS_SET) | (0 if shuffles_choices else CHOICES_AS_SET)


def question_order(seed: int, slots: Iterable[int]) -> list[int]:
    """The slots of a form in the order this attempt shows them."""
    return sorted(slots) if seed & ITEMS_AS_SET else sorted(slots, key=lambda slot: draw(seed, slot))


def parts_for(kind: str, body: dict[str, Any], seed: int, slot: int) -> list[Part]:
    """The question's controls, with their options, in the order this attempt shows them. Nothing here depends on the key."""
    rules = KINDS[kind]
    parts = rules.parts(body)
    if seed & CHOICES_AS_SET and kind not in ORDER_TELLS_KEY:
        return parts
    if rules.shuffles_parts:
        parts.sort(key=lambda part: draw(seed, slot, part.id))
    if not rules.shuffles_choices:
        return parts
    return [replace(part, choices=tuple(sorted(part.choices, key=lambda choice: draw(seed, slot, choice.id)))) for part in parts]


@dataclass(frozen=True, slots=True)
class Marked:
    """A question, its key with the rulings that hold, what was answered, and the points people gave (None: it is marked by the key)."""

    slot: int
    kind: str
    body: dict[str, Any]
    key: list[str]
    answer: list[str]
    rulings: tuple[InForce, ...] = ()
    given: Fraction | None = None

    @property
    def points(self) -> Fraction:
        """0 to 1: the whole for a void question, else what people gave, else the best under the keys that hold."""
        keys = keys_under(self.key, self.rulings)
        if keys is None:
            return Fraction(1)
        if self.given is not None:
            return self.given
        return max(KINDS[self.kind].mark(self.body, key, self.answer) for key in keys)

    def with_decided(self, *, answer: list[str] | None, given: Fraction | None) -> Marked:
        """The same with an answer that came late and was accepted, and with points that people decided."""
        return replace(self, answer=self.answer if answer is None else answer, given=self.given if given is None else given)


@dataclass(frozen=True, slots=True)
class PastSitting:
    """One finished sitting: which form, when, and the answers by slot (a slot left out was not answered)."""

    person_id: UUID
    form_id: UUID
    started_at: datetime
    submitted_at: datetime
    answers: Mapping[int, Sequence[str]]


def score_of(questions: Sequence[Marked]) -> Decimal:
    """Score of a paper, 0 to 100 with two decimals, half rounded up; every question weighs the same."""
    share = sum((question.points for question in questions), Fraction()) / len(questions)
    return (Decimal(share.numerator) * 100 / Decimal(share.denominator)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def new_receipt(quarter: Quarter) -> str:
    """A receipt code (mã biên nhận) such as `26Q4-7K3M-P2XD`."""
    letters = "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(8))
    return f"{quarter.year % 100:02d}Q{quarter.number}-{letters[:4]}-{letters[4:]}"
