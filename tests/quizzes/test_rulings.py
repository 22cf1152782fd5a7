"""A ruling on an item that was sat already: seen before it holds, decided by two, and then exactly what was seen."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, update

from lms.kit.actors import SERVICE, Actor
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import Job, JobRun
from lms.lrs.outbox import OutboxEntry
from lms.reports.models import Report, ReportAgency, ReportEvent
from lms.reports.operations import build_report, publish_report
from lms.reports.queries import counted_reports
from lms.results.models import Outcome
from lms.results.queries import activity_of_period
from quizzes.jobs.rulings import JOBS
from quizzes.models import Attempt, ItemVersion, Regrade, Response, Round, Ruling, RulingEffect, RulingExcept
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.life import lock_round
from quizzes.operations.marks import supersede_mark
from quizzes.operations.rulings import approve_ruling, propose_ruling, refuse_ruling, resume_ruling, take_back_proposal
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.marks import attempts_to_mark, history_of_mark
from quizzes.queries.rulings import job_of
from quizzes.rules.marking import Cause, CauseKind, RulingKind
from quizzes.rules.rulings import Proposal
from quizzes.rules.sitting import score_of
from tests.factories import make_agency, make_person
from tests.quizzes.making import AT, QUARTER, fill_bank, keys_of, make_learners, make_round, wrong
from tests.quizzes.regrading import LATER, approve, foreseen, make_rulers, marks, outcomes, propose, slot_of, version_in, work


@pytest.fixture
def learners(database: Database) -> list[Actor]:
    with database.transaction() as session:
        learners = make_learners(session, "an", "binh", "chi")
        fill_bank(session, 6)
        make_round(session)
    return learners


@pytest.fixture
def rulers(database: Database, learners: list[Actor]) -> tuple[Actor, Actor]:
    with database.transaction() as session:
        return make_rulers(session)


@pytest.fixture
def version(database: Database, learners: list[Actor]) -> UUID:
    with database.reading() as session:
        return version_in(session, "single_choice")


def sit_with(database: Database, actor: Actor, version: UUID, answer: list[str], others_right: int) -> UUID:
    """Sit; `answer` to the version, of the five other questions so many right."""
    with database.transaction() as session:
        attempt = start_attempt(session, actor, QUARTER, AT).attempt_id
    with database.reading() as session:
        form = session.scalars(select(Attempt.form_id).where(Attempt.id == attempt)).one()
        keys = keys_of(session, form)
        slot = slot_of(session, attempt, version)
    given = {slot: answer}
    for place, (other, key) in enumerate(sorted(pair for pair in keys.items() if pair[0] != slot), start=1):
        given[other] = key if place <= others_right else wrong(key)
    with database.transaction() as session:
        saves = [Answered(slot=one, sequence=1, answer=value) for one, value in given.items() if value]
        save_answers(session, actor, attempt, takeover=1, answers=saves, at=AT)
    with database.transaction() as session:
        submit_attempt(session, actor, attempt, AT)
    return attempt


def test_a_void_item_gives_everybody_the_full_mark_and_the_first_mark_stays(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    an, binh, _ = learners
    wrong_one = sit_with(database, an, version, ["a"], 2)
    empty_one = sit_with(database, binh, version, [], 5)
    ruling = propose(database, rulers[0], version, reason="Câu này có hai cách hiểu.")
    seen = foreseen(database, ruling)
    assert (seen["attempts"], seen["changed"], seen["people"], seen["to_pass"], seen["to_fail"]) == (2, 2, 2, 1, 0)
    assert marks(database)[wrong_one] == (Decimal("33.33"), False)
    approve(database, rulers[1], ruling)
    assert marks(database)[wrong_one] == (Decimal("50.00"), True)
    assert marks(database)[empty_one] == (Decimal("100.00"), True)
    with database.reading() as session:
        first = session.execute(select(Attempt.score, Attempt.passed).where(Attempt.id == wrong_one)).one()
        changes = history_of_mark(session, wrong_one)
        statements = session.scalar(select(func.count()).where(OutboxEntry.builder == "quizzes.attempt_remarked"))
        superseded = session.scalar(select(func.count()).where(Outcome.superseded_by.is_not(None)))
        carried_out = session.scalars(select(Ruling.carried_out_at).where(Ruling.id == ruling)).one()
    assert tuple(first) == (Decimal("33.33"), False)
    assert [(one.before, one.after, one.reason) for one in changes] == [(Decimal("33.33"), Decimal("50.00"), "Câu này có hai cách hiểu.")]
    assert (statements, superseded) == (2, 2)
    assert carried_out is not None
    assert outcomes(database)[an.person_id] == (Decimal("50.00"), True)  # type: ignore[index]


def test_a_new_key_takes_from_some_and_gives_to_others_and_one_more_key_only_gives(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    an, binh, chi = learners
    old, new, other = (sit_with(database, one, version, [key], 5) for one, key in ((an, "b"), (binh, "c"), (chi, "d")))
    approve(database, rulers[1], propose(database, rulers[0], version, RulingKind.NEW_KEY, key=["c"]))
    assert [marks(database)[one][0] for one in (old, new, other)] == [Decimal("83.33"), Decimal("100.00"), Decimal("83.33")]
    approve(database, rulers[1], propose(database, rulers[0], version, RulingKind.ALSO_ACCEPT, key=["d"]))
    assert [marks(database)[one][0] for one in (old, new, other)] == [Decimal("83.33"), Decimal("100.00"), Decimal("100.00")]


def test_a_withdrawn_ruling_is_a_new_ruling_and_brings_the_marks_back(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    attempt = sit_with(database, learners[0], version, ["a"], 5)
    void = propose(database, rulers[0], version)
    approve(database, rulers[1], void)
    assert marks(database)[attempt][0] == 100
    back = propose(database, rulers[1], version, RulingKind.WITHDRAWAL, withdraws_id=void, reason="Quyết định trước nhầm câu.")
    approve(database, rulers[0], back)
    assert marks(database)[attempt][0] == Decimal("83.33")
    with database.reading() as session:
        assert len(history_of_mark(session, attempt)) == 2
        assert session.scalar(select(func.count()).select_from(Regrade).where(Regrade.superseded_by.is_(None))) == 1
    with pytest.raises(Conflict) as refused, database.transaction() as session:
        propose_ruling(session, rulers[0], Proposal(version, RulingKind.WITHDRAWAL, "Lần nữa.", withdraws_id=void), LATER)
    assert refused.value.code == "not_in_force"


def test_what_is_handed_in_after_a_ruling_is_marked_under_it_from_the_start(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    approve(database, rulers[1], propose(database, rulers[0], version, RulingKind.NEW_KEY, key=["c"]))
    attempt = sit_with(database, learners[0], version, ["c"], 5)
    with database.reading() as session:
        assert session.scalars(select(Attempt.score).where(Attempt.id == attempt)).one() == 100
        assert session.scalar(select(func.count()).select_from(Regrade)) == 0


def test_nobody_approves_what_they_proposed_and_nothing_is_approved_unseen(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    ruling = propose(database, rulers[0], version)
    with pytest.raises(Conflict) as same, database.transaction() as session:
        approve_ruling(session, rulers[0], ruling, LATER)
    assert same.value.code == "same_person"
    with database.transaction() as session:
        session.execute(update(Ruling).values(foreseen=None))
    with pytest.raises(Conflict) as unseen, database.transaction() as session:
        approve_ruling(session, rulers[1], ruling, LATER)
    assert unseen.value.code == "not_foreseen"
    with pytest.raises(Conflict) as twice, database.transaction() as session:
        propose_ruling(session, rulers[1], Proposal(version, RulingKind.VOID, "Trùng."), LATER)
    assert twice.value.code == "proposal_waits"
    with database.transaction() as session:
        refuse_ruling(session, rulers[1], ruling, "Câu đúng, giữ nguyên.", LATER)
    again = propose(database, rulers[1], version)
    with database.transaction() as session:
        take_back_proposal(session, rulers[1], again, LATER)


def test_a_round_whose_results_are_locked_refuses_and_says_how_to_go_on(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    attempt = sit_with(database, learners[0], version, ["a"], 5)
    with database.transaction() as session:
        session.execute(update(Round).values(state="locked", locked_at=AT))
    with pytest.raises(Conflict, match="Mở khóa") as refused, database.transaction() as session:
        propose_ruling(session, rulers[0], Proposal(version, RulingKind.VOID, "Muộn."), LATER)
    assert refused.value.code == "round_locked"
    with pytest.raises(Conflict, match="Mở khóa"), database.transaction() as session:
        supersede_mark(session, rulers[0], attempt, Cause(CauseKind.APPEAL, attempt, "Muộn."), LATER)


@pytest.mark.parametrize(
    ("key", "code"), [([], "bad_key"), (["z"], "bad_key"), (["a", "b"], "bad_key"), (["b"], "same_key"), (["x" * 5000], "bad_key")]
)
def test_a_key_that_is_no_key_or_holds_already_is_refused(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID, key: list[str], code: str
) -> None:
    with pytest.raises(DomainError) as refused, database.transaction() as session:
        propose_ruling(session, rulers[0], Proposal(version, RulingKind.NEW_KEY, "Sai đáp án.", key=key), LATER)
    assert refused.value.code == code


def test_an_approved_new_key_becomes_a_draft_of_the_next_version(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    approve(database, rulers[1], propose(database, rulers[0], version, RulingKind.NEW_KEY, key=["c"]))
    with database.reading() as session:
        item = session.scalars(select(ItemVersion.item_id).where(ItemVersion.id == version)).one()
        states = session.execute(
            select(ItemVersion.number, ItemVersion.state, ItemVersion.key).where(ItemVersion.item_id == item).order_by(ItemVersion.number)
        ).all()
    assert [tuple(state) for state in states] == [(1, "approved", ["b"]), (2, "draft", ["c"])]


def test_two_who_decide_at_once_one_decides_and_the_other_is_told(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    with database.transaction() as session:
        third = Actor(make_person(session, "Ba", agency=make_agency(session, "Phòng Ba", valid_from=AT.date()), login="ba"), "Ba", "ba")
    ruling = propose(database, rulers[0], version)

    def decide(who: Actor) -> str:
        try:
            with database.transaction() as session:
                approve_ruling(session, who, ruling, LATER)
        except Conflict as refused:
            return refused.code
        return "approved"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, [rulers[1], third])) == ["approved", "decided"]


def test_papers_handed_in_while_a_ruling_is_approved_are_marked_under_it_whichever_comes_first(
    database: Database, rulers: tuple[Actor, Actor], learners: list[Actor], version: UUID
) -> None:
    open_attempts = []
    for learner in learners:
        with database.transaction() as session:
            open_attempts.append((learner, start_attempt(session, learner, QUARTER, AT).attempt_id))
    ruling = propose(database, rulers[0], version)

    def hand_in(one: tuple[Actor, UUID]) -> None:
        with database.transaction() as session:
            submit_attempt(session, one[0], one[1], AT)

    def rule(_: Any) -> None:
        with database.transaction() as session:
            approve_ruling(session, rulers[1], ruling, LATER)

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(hand_in, one) for one in open_attempts]
        jobs.insert(1, pool.submit(rule, None))
        for job in jobs:
            job.result(timeout=30)
    work(database)
    assert {score for score, _ in marks(database).values()} == {Decimal("16.67")}
    assert {score for score, _ in outcomes(database).values()} == {Decimal("16.67")}


def test_a_hand_decision_and_a_ruling_at_once_both_count_in_either_order(
    database: Database, rulers: tuple[Actor, Actor], learners: list[Actor], version: UUID
) -> None:
    attempt = sit_with(database, learners[0], version, ["a"], 4)
    with database.reading() as session:
        failed = [
            one.slot
            for one in attempts_to_mark(session, [attempt])[0].paper
            if one.points == 0 and one.slot != slot_of(session, attempt, version)
        ]
    ruling = propose(database, rulers[0], version)

    def decide(_: Any) -> None:
        with database.transaction() as session:
            cause = Cause(CauseKind.APPEAL, ruling, "Phúc khảo: được điểm câu này.")
            supersede_mark(session, rulers[0], attempt, cause, LATER, points_by_slot={failed[0]: Fraction(1)})

    def rule(_: Any) -> None:
        approve(database, rulers[1], ruling)

    with ThreadPoolExecutor(2) as pool:
        for job in [pool.submit(rule, None), pool.submit(decide, None)]:
            job.result(timeout=30)
    assert marks(database)[attempt] == (Decimal("100.00"), True)


@pytest.fixture
def province(database: Database) -> list[Actor]:
    """Two agencies below a third, enough people that their figures may be published."""
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        people = []
        for number, name in enumerate(("Sở Nội vụ", "Sở Y tế"), start=1):
            agency = make_agency(session, name, parent=root, code=f"H55.{number}")
            for place in range(6):
                login = f"nguoi{number}{place}"
                people.append(Actor(make_person(session, f"Người {login}", agency=agency, login=login), login, login))
        fill_bank(session, 6)
        make_round(session, attempts_allowed=2)
    return people


ANSWER = st.sampled_from([[], ["a"], ["b"], ["c"], ["d"]])
SITTING = st.tuples(st.integers(0, 11), ANSWER, st.integers(0, 5))
RULING = st.tuples(st.sampled_from([RulingKind.VOID, RulingKind.NEW_KEY, RulingKind.ALSO_ACCEPT]), st.sampled_from(["a", "c", "d"]))


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_was_foreseen_is_what_happens_to_marks_people_and_agencies(database: Database, province: list[Actor], data: Any) -> None:
    rng_sittings = data.draw(st.lists(SITTING, min_size=1, max_size=12))
    kind, letter = data.draw(RULING)
    with database.transaction() as session:
        _clear(session)
        version = version_in(session, "single_choice")
        logins = session.execute(select(func.count()).select_from(Ruling)).scalar_one()
        one, two = _rulers(session, logins)
    used: dict[int, int] = {}
    for person, answer, right in rng_sittings:
        used[person] = used.get(person, 0) + 1
        if used[person] <= 2:
            sit_with(database, province[person], version, answer, right)
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        build_report(session, SERVICE, activity, LATER)  # all that was sat by then
        publish_report(session, SERVICE, "20264", LATER)
        before = counted_reports(session, activity)
    marks_before, people_before = marks(database), outcomes(database)
    ruling = propose(database, one, version, kind, key=[] if kind == RulingKind.VOID else [letter])
    seen = foreseen(database, ruling)
    with database.reading() as session:
        effects = {
            row.attempt_id: (row.score_before, row.passed_before, row.score_after, row.passed_after)
            for row in session.scalars(select(RulingEffect).where(RulingEffect.ruling_id == ruling))
        }
    approve(database, two, ruling)
    marks_after, people_after = marks(database), outcomes(database)
    assert effects == {
        attempt: (*marks_before[attempt], *marks_after[attempt])
        for attempt in marks_before
        if marks_before[attempt] != marks_after[attempt]
    }
    moved = {person for person in people_before if people_before[person] != people_after[person]}
    assert seen["people"] == len(moved)
    assert seen["to_pass"] == sum(people_after[person][1] and not people_before[person][1] for person in moved)
    with database.reading() as session:
        after = counted_reports(session, activity)
        (part,) = seen["rounds"]
        told = {one["code"]: (one["before"], one["after"], one["rank_before"], one["rank_after"]) for one in part["agencies"]}
        really = {
            before[agency].node.code: (
                before[agency].figures.as_dict(),
                after[agency].figures.as_dict(),
                before[agency].rank,
                after[agency].rank,
            )
            for agency in before
            if (before[agency].figures, before[agency].rank) != (after[agency].figures, after[agency].rank)
        }
        assert told == really
        assert all(one["published"] == one["before"] for one in part["agencies"])
        # The marks that stand are those of marking everything anew.
        for attempt in attempts_to_mark(session, list(marks_after)):
            assert score_of(attempt.paper) == marks_after[attempt.id][0]


def _rulers(session: Any, number: int) -> tuple[Actor, Actor]:
    office = make_agency(session, f"Phòng {number}", valid_from=AT.date())
    first, second = (make_person(session, name, agency=office, login=f"{name}{number}", valid_from=AT.date()) for name in ("mot", "hai"))
    return Actor(first, "Một", "mot"), Actor(second, "Hai", "hai")


def _clear(session: Any) -> None:
    """Each example begins with papers nobody sat; what was ruled before is refused for good."""
    session.execute(update(Ruling).where(Ruling.state == "approved").values(state="refused"))
    for model in (RulingEffect, Regrade, Response, Outcome, ReportEvent, ReportAgency, Report):
        session.execute(delete(model))
    session.execute(delete(Attempt))


def test_a_round_that_was_locked_when_all_were_ruled_on_keeps_its_marks_when_it_is_unlocked(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    attempt = sit_with(database, learners[0], version, ["a"], 3)
    with database.transaction() as session:
        make_round(session, quarter=Quarter.parse("2026-Q3"), open_it=False)
    ruling = propose(database, rulers[0], version)
    with database.transaction() as session:  # the second round has the item in no form, the first is locked in between
        session.execute(update(Round).where(Round.code == QUARTER).values(state="locked", locked_at=LATER))
    with pytest.raises(Conflict) as refused, database.transaction() as session:
        approve_ruling(session, rulers[1], ruling, LATER)
    assert refused.value.code == "round_locked"
    with database.transaction() as session:
        session.add(RulingExcept(ruling_id=ruling, round_id=session.scalars(select(Round.id).where(Round.code == QUARTER)).one()))
        session.execute(update(Ruling).values(state="approved", decided_by=rulers[1].person_id, decided_at=LATER))
        session.execute(update(Round).where(Round.code == QUARTER).values(state="closed", locked_at=None))
    with database.reading() as session:
        (seen,) = attempts_to_mark(session, [attempt])
        assert score_of(seen.paper) == seen.standing.score


def test_results_are_not_locked_while_a_ruling_or_an_appeal_waits(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    sit_with(database, learners[0], version, ["a"], 3)
    ruling = propose(database, rulers[0], version)
    with database.transaction() as session:
        round_id = session.scalars(select(Round.id)).one()
        session.execute(update(Round).values(state="closed", closed_at=LATER))
    with pytest.raises(Conflict) as waits, database.transaction() as session:
        lock_round(session, rulers[0], round_id, LATER)
    assert waits.value.code == "rulings_wait"
    approve(database, rulers[1], ruling)
    with database.transaction() as session:
        lock_round(session, rulers[0], round_id, LATER)


def test_a_job_that_died_in_the_middle_goes_on_and_marks_nothing_twice(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    for learner in learners:
        sit_with(database, learner, version, ["a"], 3)
    ruling = propose(database, rulers[0], version)
    with database.transaction() as session:
        approve_ruling(session, rulers[1], ruling, LATER)
        job = session.scalars(select(Job.id).where(Job.kind == "quizzes.carry_out_ruling")).one()
    monkeypatch.setattr("quizzes.jobs.rulings.BATCH", 1)
    run = JobRun(database, job, {"ruling": str(ruling)})
    monkeypatch.setattr(run, "progress", _fails)
    with pytest.raises(RuntimeError):
        JOBS["quizzes.carry_out_ruling"](run)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Regrade)) == 1
    work(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Regrade)) == 3
        assert session.scalar(select(func.count()).select_from(Outcome).where(Outcome.superseded_by.is_(None))) == 3


def _fails(done: int, total: int) -> None:
    raise RuntimeError("the worker was killed")


def test_a_re_marking_that_stopped_for_good_goes_on_when_asked_and_only_then(
    database: Database, learners: list[Actor], rulers: tuple[Actor, Actor], version: UUID
) -> None:
    for learner in learners:
        sit_with(database, learner, version, ["a"], 3)
    ruling = propose(database, rulers[0], version)
    with database.transaction() as session:
        approve_ruling(session, rulers[1], ruling, LATER)
    with pytest.raises(Conflict), database.transaction() as session:
        resume_ruling(session, rulers[0], ruling, LATER)  # it has yet to begin
    with database.transaction() as session:
        session.execute(update(Job).where(Job.kind == "quizzes.carry_out_ruling").values(state="failed", error="Traceback\n  x\nDisk full"))
    with database.reading() as session:
        stopped = job_of(session, session.get_one(Ruling, ruling).job_id)
    assert stopped is not None
    assert stopped.reason == "Disk full"
    with database.transaction() as session:
        resume_ruling(session, rulers[0], ruling, LATER)
    work(database)
    with database.reading() as session:
        assert session.get_one(Ruling, ruling).carried_out_at is not None
        assert session.scalar(select(func.count()).select_from(Regrade)) == 3
    with pytest.raises(Conflict), database.transaction() as session:
        resume_ruling(session, rulers[0], ruling, LATER)
