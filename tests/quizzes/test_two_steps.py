"""The paper is handed out first, then the clock begins: nobody gains time by it, nobody loses any."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from lms.kit.actors import SERVICE, Actor, NotFound
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.lrs.outbox import OutboxEntry
from quizzes.models import Attempt, Round
from quizzes.operations.attempts import (
    SitsElsewhere,
    begin_clock,
    end_overdue_attempts,
    start_attempt,
    submit_attempt,
)
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import AttemptView, attempt_of
from quizzes.rules.sitting import WAIT, clock_begins, deadline_for, seconds_left
from tests.quizzes.making import AT, CLOSES, QUARTER, fill_bank, make_learners, make_round, minutes

SECOND = timedelta(seconds=1)


@pytest.fixture
def an(database: Database) -> Actor:
    with database.transaction() as session:
        an, _binh = make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
    return an


def hand_out(database: Database, actor: Actor, at: datetime = AT) -> UUID:
    with database.transaction() as session:
        return start_attempt(session, actor, QUARTER, at, in_two_steps=True).attempt_id


def view(database: Database, actor: Actor, attempt: UUID) -> AttemptView:
    with database.reading() as session:
        return attempt_of(session, attempt, actor.person_id)


def begin(database: Database, actor: Actor, attempt: UUID, at: datetime) -> None:
    with database.transaction() as session:
        begin_clock(session, actor, attempt, at)


@given(
    wait=st.integers(0, 300),
    duration=st.integers(60, 14_400),
    extra=st.integers(0, 7_200),
    until_close=st.integers(1, 30_000),
)
def test_whoever_presses_has_exactly_the_time_of_one_who_started_at_once(wait: int, duration: int, extra: int, until_close: int) -> None:
    closes = AT + until_close * SECOND
    begins = clock_begins(AT, closes)
    handed_out = deadline_for(begins, duration, extra, closes)
    pressed = AT + wait * SECOND
    if pressed < begins:
        assert deadline_for(pressed, duration + extra, 0, handed_out) == deadline_for(pressed, duration, extra, closes)
    else:  # began by itself: as if pressed at the last moment
        assert handed_out == deadline_for(begins, duration, extra, closes)
    assert begins <= AT + WAIT
    assert handed_out <= closes + extra * SECOND


def test_the_clock_begins_with_the_second_press(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    waiting = view(database, an, attempt)
    assert (waiting.seconds_to_start(AT), waiting.seconds_left(AT)) == (120, 30 * 60)
    begin(database, an, attempt, AT + 50 * SECOND)
    running = view(database, an, attempt)
    assert (running.started_at, running.deadline) == (AT + 50 * SECOND, AT + minutes(30) + 50 * SECOND)
    assert running.accepts_until == running.deadline + 30 * SECOND
    assert running.seconds_to_start(AT + 50 * SECOND) == 0


def test_pressing_again_changes_nothing(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    begin(database, an, attempt, AT + 10 * SECOND)
    first = view(database, an, attempt)
    begin(database, an, attempt, AT + 60 * SECOND)
    begin(database, an, attempt, AT + minutes(10))
    assert view(database, an, attempt) == first


def test_a_clock_nobody_starts_begins_by_itself(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    begin(database, an, attempt, AT + minutes(5))
    running = view(database, an, attempt)
    assert (running.started_at, running.deadline) == (AT + WAIT, AT + WAIT + minutes(30))


def test_who_answers_before_the_press_has_started_the_clock(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    with database.transaction() as session:
        answer = [Answered(slot=1, sequence=1, answer=[])]
        saved = save_answers(session, an, attempt, takeover=1, answers=answer, at=AT + 20 * SECOND)
    assert saved.seconds_left == 30 * 60
    assert view(database, an, attempt).deadline == AT + 20 * SECOND + minutes(30)


def test_near_the_end_of_the_window_waiting_gains_nothing(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an, CLOSES - 60 * SECOND)
    assert view(database, an, attempt).deadline == CLOSES
    begin(database, an, attempt, CLOSES - 30 * SECOND)
    assert seconds_left(view(database, an, attempt).deadline, CLOSES - 30 * SECOND) == 30


def test_the_record_store_hears_of_the_start_once_and_when_it_was(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    begin(database, an, attempt, AT + 50 * SECOND)
    begin(database, an, attempt, AT + 51 * SECOND)
    with database.reading() as session:
        assert session.scalars(select(OutboxEntry.happened_at)).all() == [AT + 50 * SECOND]


def test_one_that_began_by_itself_is_told_of_when_it_ends(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    with database.transaction() as session:
        assert end_overdue_attempts(session, SERVICE, AT + minutes(40)) == 1
    with database.reading() as session:
        assert session.scalars(select(OutboxEntry.happened_at).order_by(OutboxEntry.id)).all()[0] == AT + WAIT
    assert view(database, an, attempt).state == "expired"


def test_handing_in_before_the_clock_runs_leaves_no_time_turned_round(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    with database.transaction() as session:
        submit_attempt(session, an, attempt, AT + 5 * SECOND)
    done = view(database, an, attempt)
    assert done.submitted_at is not None
    assert done.started_at <= done.submitted_at


def test_nobody_elses_clock_can_be_started(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    with database.transaction() as session:
        (chi,) = make_learners(session, "chi")
    with database.transaction() as session, pytest.raises(NotFound):
        begin_clock(session, chi, attempt, AT)


def second_round(database: Database, **changes: object) -> str:
    with database.transaction() as session:
        code = "2026-Q3"
        make_round(session, quarter=Quarter.parse(code))
        if changes:
            session.execute(update(Round).where(Round.code == code).values(**changes))
    return code


def test_another_sitting_waits_for_the_open_one_and_says_where_that_is(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    other = second_round(database)
    with database.transaction() as session, pytest.raises(SitsElsewhere) as refused:
        start_attempt(session, an, other, AT + minutes(1))
    assert (refused.value.attempt_id, refused.value.round_code) == (attempt, QUARTER)


def test_a_forgotten_sitting_whose_time_is_over_is_in_nobodys_way(database: Database, an: Actor) -> None:
    attempt = hand_out(database, an)
    other = second_round(database)
    with database.transaction() as session:
        begun = start_attempt(session, an, other, AT + minutes(40))
    assert begun.new
    assert view(database, an, attempt).state == "expired"


def test_practice_may_lie_open_beside_a_test(database: Database, an: Actor) -> None:
    hand_out(database, an)
    other = second_round(database, purpose="practice")
    with database.transaction() as session:
        begun = start_attempt(session, an, other, AT + minutes(1))
        assert session.scalars(select(Attempt.counts).where(Attempt.id == begun.attempt_id)).one() is False
