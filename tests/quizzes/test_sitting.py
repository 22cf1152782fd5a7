"""A sitting through its operations: begun once, every acknowledged answer kept, marked once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, func, select

from lms.kit.actors import SERVICE, Actor, NotFound
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.lrs.outbox import OutboxEntry
from lms.results.models import Outcome
from quizzes.models import Attempt, Response
from quizzes.operations.attempts import Begun, end_overdue_attempts, start_attempt, submit_attempt, take_over
from quizzes.operations.life import close_round
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import attempt_of, stored
from quizzes.rules.rounds import StartRefused
from quizzes.rules.sitting import SaveRefused
from tests.quizzes.making import (
    AT,
    CLOSES,
    OPENS,
    QUARTER,
    fill_bank,
    keys_of,
    make_learners,
    make_round,
    minutes,
    person_of,
    right_and_wrong,
)


@pytest.fixture
def an(database: Database) -> Actor:
    with database.transaction() as session:
        an, _binh = make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
    return an


@pytest.fixture
def attempt(database: Database, an: Actor) -> UUID:
    with database.transaction() as session:
        return start_attempt(session, an, QUARTER, AT).attempt_id


@pytest.fixture
def keys(database: Database, attempt: UUID) -> dict[int, list[str]]:
    with database.reading() as session:
        return keys_of(session, session.scalars(select(Attempt.form_id)).one())


def save(database: Database, actor: Actor, attempt: UUID, *answers: tuple[int, int, list[str]], takeover: int = 1, at: Any = AT) -> Any:
    with database.transaction() as session:
        given = [Answered(slot=slot, sequence=sequence, answer=answer) for slot, sequence, answer in answers]
        return save_answers(session, actor, attempt, takeover=takeover, answers=given, at=at)


def answers_of(database: Database, attempt: UUID) -> dict[int, list[str]]:
    with database.reading() as session:
        return {slot: response.answer for slot, response in stored(session, attempt).items()}


class Counter:
    statements = 0


@pytest.fixture
def counter(database: Database) -> Iterator[Counter]:
    counter = Counter()

    def count(*_: Any) -> None:
        counter.statements += 1

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", count)
    yield counter
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", count)


def test_a_second_press_of_start_gives_the_same_attempt(database: Database, an: Actor, attempt: UUID) -> None:
    with database.transaction() as session:
        assert start_attempt(session, an, QUARTER, AT + minutes(1)) == Begun(attempt, new=False)


def test_presses_of_start_at_the_same_moment_begin_once(database: Database, an: Actor) -> None:
    def press(_: int) -> UUID:
        with database.transaction() as session:
            return start_attempt(session, an, QUARTER, AT).attempt_id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(press, range(8)))) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxEntry)) == 1


@pytest.mark.parametrize(
    ("at", "code"), [(OPENS - minutes(1), "not_yet_open"), (CLOSES, "over"), (CLOSES - timedelta(microseconds=1), None)]
)
def test_an_attempt_begins_only_within_the_window(database: Database, an: Actor, at: Any, code: str | None) -> None:
    with database.transaction() as session:
        if code is None:
            start_attempt(session, an, QUARTER, at)
        else:
            with pytest.raises(StartRefused) as refused:
                start_attempt(session, an, QUARTER, at)
            assert refused.value.code == code


def test_a_stranger_to_the_list_cannot_start(database: Database, an: Actor) -> None:
    with database.transaction() as session:
        (late,) = make_learners(session, "chi")
    with database.transaction() as session, pytest.raises(StartRefused) as refused:
        start_attempt(session, late, QUARTER, AT)
    assert refused.value.code == "not_expected"


def test_an_unknown_round_is_not_found(database: Database, an: Actor) -> None:
    with database.transaction() as session, pytest.raises(NotFound):
        start_attempt(session, an, "2031-Q1", AT)


def test_no_more_attempts_than_allowed(database: Database, an: Actor) -> None:
    for _ in range(2):
        with database.transaction() as session:
            submit_attempt(session, an, start_attempt(session, an, QUARTER, AT).attempt_id, AT)
    with database.transaction() as session, pytest.raises(StartRefused) as refused:
        start_attempt(session, an, QUARTER, AT)
    assert refused.value.code == "none_left"
    with database.reading() as session:
        assert len(set(session.scalars(select(Attempt.form_id)))) == 2  # another paper each time


def test_the_deadline_is_the_end_of_the_window_when_that_comes_first(database: Database, an: Actor) -> None:
    with database.transaction() as session:
        attempt = start_attempt(session, an, QUARTER, CLOSES - minutes(5)).attempt_id
        assert attempt_of(session, attempt, an.person_id).deadline == CLOSES


def test_a_save_tells_what_is_stored_and_how_much_time_is_left(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    saved = save(database, an, attempt, (1, 7, keys[1]), at=AT + minutes(10))
    assert saved.stored == [(1, 1, 7)]
    assert saved.seconds_left == 20 * 60
    assert answers_of(database, attempt) == {1: keys[1]}


def test_a_repeated_save_changes_nothing_and_is_answered_alike(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    first = save(database, an, attempt, (1, 7, keys[1]))
    assert save(database, an, attempt, (1, 7, keys[1])) == first


def test_an_older_save_that_arrives_late_is_answered_with_the_newer_one(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, (1, 9, keys[1]))
    assert save(database, an, attempt, (1, 8, [])).stored == [(1, 1, 9)]
    assert answers_of(database, attempt) == {1: keys[1]}


def test_of_two_answers_to_one_question_in_one_save_the_later_counts(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    assert save(database, an, attempt, (1, 5, keys[1]), (1, 4, []), (2, 6, [])).stored == [(1, 1, 5), (2, 1, 6)]
    assert answers_of(database, attempt) == {1: keys[1], 2: []}


def test_fifty_answers_are_kept_with_the_statements_of_one(
    database: Database, an: Actor, attempt: UUID, keys: Any, counter: Counter
) -> None:
    save(database, an, attempt, (1, 1, keys[1]))
    one, counter.statements = counter.statements, 0
    save(database, an, attempt, *[(slot, 10 + n, key) for n, (slot, key) in enumerate(keys.items())])
    assert counter.statements == one
    assert one <= 3  # BEGIN IMMEDIATE on SQLite, a look, the upsert


@pytest.mark.parametrize(
    ("slot", "answer", "code"),
    [(99, [], "unknown_slot"), (0, [], "unknown_slot"), (1, ["z"], "bad_answer"), (1, ["a", "a", "b", "c", "d"], "bad_answer")],
)
def test_what_the_paper_does_not_have_is_refused_and_nothing_of_that_save_is_kept(
    database: Database, an: Actor, attempt: UUID, keys: Any, slot: int, answer: list[str], code: str
) -> None:
    with pytest.raises(DomainError) as refused:
        save(database, an, attempt, (2, 1, keys[2]), (slot, 2, answer))
    assert refused.value.code == code
    assert answers_of(database, attempt) == {}


def test_nobody_elses_attempt_can_be_saved_taken_over_or_handed_in(database: Database, attempt: UUID) -> None:
    with database.reading() as session:
        binh = Actor(person_of(session, "binh"), "binh", "binh")
    with pytest.raises(NotFound):
        save(database, binh, attempt, (1, 1, []))
    for act in (take_over, submit_attempt):
        with database.transaction() as session, pytest.raises(NotFound):
            act(session, binh, attempt, AT)


def test_answers_are_taken_until_the_grace_is_over(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    end = AT + minutes(30) + timedelta(seconds=30)
    assert save(database, an, attempt, (1, 1, keys[1]), at=end - timedelta(microseconds=1)).seconds_left == 0
    with pytest.raises(SaveRefused) as refused:
        save(database, an, attempt, (1, 2, []), at=end)
    assert refused.value.code == "attempt_closed"
    assert [(one.slot, one.answer) for one in refused.value.stored] == [(1, keys[1])]


def test_the_device_that_took_over_writes_and_the_one_before_does_not(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, (1, 900, keys[1]))
    with database.transaction() as session:
        assert take_over(session, an, attempt, AT) == 2
    with pytest.raises(SaveRefused) as refused:
        save(database, an, attempt, (1, 901, []), takeover=1)
    assert refused.value.code == "taken_over"
    assert save(database, an, attempt, (1, 1, []), takeover=2).stored == [(1, 2, 1)]
    with pytest.raises(DomainError, match="Số lượt mở bài"):
        save(database, an, attempt, (1, 2, []), takeover=3)


def test_the_mark_is_the_share_of_right_answers(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    given = right_and_wrong(keys, right=4)
    save(database, an, attempt, *[(slot, slot, answer) for slot, answer in given.items()])
    with database.transaction() as session:
        submit_attempt(session, an, attempt, AT + minutes(9))
    with database.reading() as session:
        view = attempt_of(session, attempt, an.person_id)
        outcome = session.scalars(select(Outcome)).one()
        points = {row.slot: row.points for row in session.execute(select(Response.slot, Response.points))}
    assert (view.score, view.passed) == (Decimal("66.67"), True)
    assert (outcome.score, outcome.passed, outcome.attempts, outcome.source_id) == (Decimal("66.67"), True, 1, attempt)
    assert outcome.occurred_at == AT + minutes(9)
    assert points == {1: 1, 2: 1, 3: 1, 4: 1, 5: 0, 6: 0}


def test_handing_in_thirteen_times_at_once_gives_one_receipt_and_one_outcome(database: Database, an: Actor, attempt: UUID) -> None:
    def press(_: int) -> str:
        with database.transaction() as session:
            return submit_attempt(session, an, attempt, AT + minutes(1))

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(press, range(13)))) == 1
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Outcome)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxEntry)) == 2


def test_the_highest_score_counts_and_attempts_are_counted(database: Database, an: Actor, keys: Any, attempt: UUID) -> None:
    save(database, an, attempt, *[(slot, 1, key) for slot, key in keys.items()])
    with database.transaction() as session:
        submit_attempt(session, an, attempt, AT)
        submit_attempt(session, an, start_attempt(session, an, QUARTER, AT).attempt_id, AT)
    with database.reading() as session:
        standing = session.scalars(select(Outcome).where(Outcome.superseded_by.is_(None))).one()
        assert (standing.score, standing.attempts, standing.source_id) == (Decimal(100), 2, attempt)


def test_overdue_attempts_are_ended_with_what_they_hold(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, *[(slot, 1, key) for slot, key in keys.items()])
    with database.transaction() as session:
        assert end_overdue_attempts(session, SERVICE, AT + minutes(30)) == 0  # grace
        assert end_overdue_attempts(session, SERVICE, AT + minutes(31)) == 1
        assert end_overdue_attempts(session, SERVICE, AT + minutes(31)) == 0
    with database.reading() as session:
        view = attempt_of(session, attempt, an.person_id)
    assert (view.state, view.score, view.submitted_at) == ("expired", Decimal(100), AT + minutes(30))


def test_start_ends_an_overdue_attempt_before_it_begins_another(database: Database, an: Actor, attempt: UUID) -> None:
    with database.transaction() as session:
        begun = start_attempt(session, an, QUARTER, AT + minutes(40))
        assert begun.new
        assert begun.attempt_id != attempt


def test_closing_the_round_ends_open_attempts(database: Database, an: Actor, attempt: UUID) -> None:
    with database.transaction() as session:
        round_id = session.scalars(select(Attempt.round_id)).one()
        assert close_round(session, SERVICE, round_id, AT + minutes(2)) == 1
    with pytest.raises(SaveRefused):
        save(database, an, attempt, (1, 1, []), at=AT + minutes(3))
    with database.transaction() as session, pytest.raises(StartRefused):
        start_attempt(session, an, QUARTER, AT + minutes(3))
    with database.transaction() as session, pytest.raises(Conflict):
        take_over(session, an, attempt, AT + minutes(3))


def test_start_and_hand_in_need_the_same_statements_however_long_the_paper(database: Database, an: Actor, counter: Counter) -> None:
    counter.statements = 0
    with database.transaction() as session:
        attempt = start_attempt(session, an, QUARTER, AT).attempt_id
    start = counter.statements
    with database.reading() as session:
        keys = keys_of(session, session.scalars(select(Attempt.form_id)).one())
    save(database, an, attempt, *[(slot, 1, key) for slot, key in keys.items()])
    counter.statements = 0
    with database.transaction() as session:
        submit_attempt(session, an, attempt, AT)
    assert (start, counter.statements) <= (7, 11)


def test_saves_beside_the_end_of_the_attempt_are_marked_or_refused(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    """Every save that was acknowledged is in the mark, whichever of the two came first."""

    def keep(slot: int) -> bool:
        try:
            save(database, an, attempt, (slot, 1, keys[slot]))
        except SaveRefused:
            return False
        return True

    def hand_in() -> None:
        with database.transaction() as session:
            submit_attempt(session, an, attempt, AT)

    with ThreadPoolExecutor(8) as pool:
        saves = [pool.submit(keep, slot) for slot in keys]
        pool.submit(hand_in).result()
        acknowledged = sum(future.result() for future in saves)
    with database.reading() as session:
        score = attempt_of(session, attempt, an.person_id).score
    assert score == (Decimal(acknowledged) * 100 / 6).quantize(Decimal("0.01"))
