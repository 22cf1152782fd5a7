"""Whatever people, devices and lines do in whatever order: what was last acknowledged is what is stored, and what is marked.

The machine keeps its own journal of acknowledged saves, as a browser would, and compares it with the database after every step.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict
from quizzes.models import Attempt
from quizzes.operations.attempts import begin_clock, end_overdue_attempts, start_attempt, submit_attempt, take_over
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import attempt_by_id, stored
from quizzes.rules.sitting import SaveRefused
from tests.quizzes.making import AT, fill_bank, keys_of, make_learners, make_round

SLOTS = st.integers(1, 3)


class Sitting(RuleBasedStateMachine):
    """Two devices, one attempt; messages may be repeated and arrive late."""

    database: Database

    @initialize()
    def begin(self) -> None:
        self.now: datetime = AT
        self.journal: dict[int, tuple[int, int, list[str]]] = {}  # slot → what was acknowledged last
        self.sent: list[tuple[int, int, int, list[str]]] = []  # takeover, slot, sequence, answer
        self.devices = [1, 0]
        self.sequence = 0
        with self.database.transaction() as session:
            (self.person,) = make_learners(session, f"an{uuid4().hex}")
            if session.scalar(select(Attempt.id).limit(1)) is None:
                fill_bank(session)
            self._round(session)
            self.attempt: UUID = start_attempt(session, self.person, self.quarter, self.now, in_two_steps=True).attempt_id
            self.keys = keys_of(session, attempt_by_id(session, self.attempt).form_id)

    quarters = iter(f"{year}-Q{number}" for year in range(2027, 9000) for number in range(1, 5))

    def _round(self, session: Any) -> None:
        self.quarter = next(self.quarters)
        make_round(session, quarter=Quarter.parse(self.quarter), questions=3)

    def _send(self, takeover: int, slot: int, sequence: int, answer: list[str]) -> None:
        try:
            with self.database.transaction() as session:
                given = [Answered(slot=slot, sequence=sequence, answer=answer)]
                saved = save_answers(session, self.person, self.attempt, takeover=takeover, answers=given, at=self.now)
        except SaveRefused as refused:
            kept = {one.slot: (one.takeover, one.sequence, one.answer) for one in refused.stored}
            assert kept == self.journal
            return
        ((_, stored_takeover, stored_sequence),) = saved.stored
        assert (stored_takeover, stored_sequence) >= (takeover, sequence)
        if (stored_takeover, stored_sequence) == (takeover, sequence):
            self.journal[slot] = (takeover, sequence, answer)

    @rule(device=st.sampled_from([0, 1]), slot=SLOTS, right=st.booleans(), lost=st.booleans())
    def answer(self, device: int, slot: int, right: bool, lost: bool) -> None:
        """A device that has opened the attempt sends an answer; the message may be lost before it arrives."""
        if not self.devices[device]:
            return
        self.sequence += 1
        message = (self.devices[device], slot, self.sequence, self.keys[slot] if right else [])
        self.sent.append(message)
        if not lost:
            self._send(*message)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def resend(self, data: st.DataObject) -> None:
        """Any message arrives again, or for the first time, late."""
        self._send(*data.draw(st.sampled_from(self.sent)))

    @rule(device=st.sampled_from([0, 1]))
    def take_over(self, device: int) -> None:
        try:
            with self.database.transaction() as session:
                self.devices[device] = take_over(session, self.person, self.attempt, self.now)
        except Conflict:
            assert not self._open()

    @rule()
    def start_the_clock(self) -> None:
        try:
            with self.database.transaction() as session:
                begun = begin_clock(session, self.person, self.attempt, self.now)
                assert begun.started_at <= self.now
                assert begun.deadline - begun.started_at == timedelta(minutes=30)  # never more, never less
        except Conflict:
            assert not self._open()

    @rule()
    def press_start_again(self) -> None:
        if self._open():
            with self.database.transaction() as session:
                assert start_attempt(session, self.person, self.quarter, self.now).attempt_id == self.attempt

    @rule(minutes=st.integers(0, 12))
    def time_passes(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def the_worker_comes_round(self) -> None:
        with self.database.transaction() as session:
            end_overdue_attempts(session, SERVICE, self.now)

    @rule()
    def hand_in(self) -> None:
        with self.database.transaction() as session:
            first = submit_attempt(session, self.person, self.attempt, self.now)
        with self.database.transaction() as session:
            assert submit_attempt(session, self.person, self.attempt, self.now) == first

    def _open(self) -> bool:
        with self.database.reading() as session:
            view = attempt_by_id(session, self.attempt)
        return view.state == "open" and self.now < view.accepts_until

    @invariant()
    def what_was_last_acknowledged_is_stored_and_marked(self) -> None:
        if not hasattr(self, "attempt"):
            return
        with self.database.reading() as session:
            kept = {slot: (one.takeover, one.sequence, one.answer) for slot, one in stored(session, self.attempt).items()}
            score = attempt_by_id(session, self.attempt).score
        assert kept == self.journal
        if score is not None:
            right = sum(1 for slot, (_, _, answer) in kept.items() if answer == self.keys[slot])
            assert score == (Decimal(right) * 100 / 3).quantize(Decimal("0.01"))


def test_what_was_last_acknowledged_is_stored(database: Database) -> None:
    machine = type("SittingHere", (Sitting,), {"database": database})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck))
    )
