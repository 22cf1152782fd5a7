"""A round's life through its operations: editing, copying, blocks, lists changed with evidence, make-up sittings, locking."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from courses.models import Course, CourseVersion, Enrolment
from lms.accounts.models import Posting
from lms.kit.actors import EVERYWHERE, SERVICE, Actor, NotFound
from lms.kit.audit import AuditEntry
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.following import AgencyTurn
from lms.kit.jobs import Job
from lms.results.models import Activity, Expectation, ExpectationChange, Outcome
from lms.results.queries import activity_of_period
from quizzes.followers.agencies import RoundsUnderWay
from quizzes.jobs.rounds import admit_newcomers, watch_rounds
from quizzes.models import Attempt, BlockAgency, BlockRule, LeftOut, Round, RoundBlock, RoundPlan
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.copying import copy_round, draft_round
from quizzes.operations.exclusions import decide_proposal, exclude_person, propose_exclusion
from quizzes.operations.life import OPENING, close_round, lock_round, open_round, request_work, unlock_round
from quizzes.operations.rounds import delete_draft, edit_round, set_blueprint
from quizzes.operations.windows import add_make_up, admit_missing, admit_people, cancel_make_up, spread_blocks
from quizzes.queries.attempts import attempt_of
from quizzes.queries.audience import heads_by_agency, left_out_counts
from quizzes.queries.round_plans import plan_view, readiness
from quizzes.queries.rounds import blueprint_cells, my_round, round_by_code
from quizzes.rules.assembly import Cell
from quizzes.rules.audience import AudienceRule
from quizzes.rules.rounds import StartAnswer, StartRefused
from quizzes.rules.windows import Span
from tests.courses.making import publish
from tests.factories import make_agency, make_people, make_person
from tests.quizzes.making import AT, CLOSES, OPENS, QUARTER, ZONE, carry_out, fill_bank, make_learners, make_round


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


def actor(person: UUID) -> Actor:
    return Actor(person, "x", "x")


def details(database: Database, action: str) -> list[dict[str, Any]]:
    with database.reading() as session:
        return list(session.scalars(select(AuditEntry.details).where(AuditEntry.action == action).order_by(AuditEntry.at)))


def test_a_draft_may_be_edited_and_an_open_round_only_in_what_changes_nobodys_place(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        round_id = make_round(session, open_it=False)
        assert edit_round(session, SERVICE, round_id, AT, settings={"pass_mark": Decimal(60)}, plan={"legal_number": "12/KH"})
        assert not edit_round(session, SERVICE, round_id, AT, settings={"pass_mark": Decimal(60)})
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
        assert edit_round(session, SERVICE, round_id, AT + timedelta(minutes=1), settings={"closes_at": CLOSES + timedelta(days=1)})
        for refused in ({"closes_at": CLOSES}, {"pass_mark": Decimal(50)}, {"audience": AudienceRule(groups=frozenset({"N1"}))}):
            with pytest.raises(Conflict):
                edit_round(session, SERVICE, round_id, AT, settings=refused)
        with pytest.raises(Conflict):
            set_blueprint(session, SERVICE, round_id, [Cell("CB1.1", "NB", 3)], AT)
        with pytest.raises(Conflict):
            delete_draft(session, SERVICE, round_id, AT)
    first = details(database, "quizzes.edit_round")[0]
    assert Decimal(first["before"]["pass_mark"]) == 50
    assert first["after"] == {"pass_mark": "60", "legal_number": "12/KH"}


def test_a_draft_is_thrown_away_with_all_that_was_planned(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an", "binh")
        fill_bank(session)
        round_id = make_round(session, open_it=False)
        spread_blocks(session, SERVICE, round_id, blocks=2, capacity=5, zone=ZONE, at=AT)
        delete_draft(session, SERVICE, round_id, AT)
    with database.reading() as session:
        assert session.scalars(select(Round)).all() == []
        assert session.scalars(select(RoundPlan)).all() == []


def test_a_copy_has_everything_decided_and_dates_of_its_own_quarter(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an", "binh")
        fill_bank(session)
        source = make_round(session, open_it=False, attempts_allowed=3, groups=("N2",))
        spread_blocks(session, SERVICE, source, blocks=3, capacity=5, zone=ZONE, at=AT)
        edit_round(session, SERVICE, source, AT, plan={"block_capacity": 5})
        new = copy_round(session, SERVICE, QUARTER, Quarter(2027, 1), code=None, title="Quý I", zone=ZONE, at=AT)
        view = round_by_code(session, "2027-Q1")
        plan = plan_view(session, new)
        assert (view.attempts_allowed, view.audience["groups"], plan.block_capacity) == (3, ["N2"], 5)
        assert blueprint_cells(session, view.blueprint_id) == [Cell("CB1.1", "NB", 6)]
        assert view.opens_at.astimezone(ZONE).date() == date(2027, 2, 1)  # as many days after 01/01 as 01/11 is after 01/10
        found = readiness(session, view, plan, ZONE)
        assert not [one for one in found.findings if one.part == "blocks"]
        with pytest.raises(Conflict):
            copy_round(session, SERVICE, QUARTER, Quarter(2027, 1), code=None, title="x", zone=ZONE, at=AT)
        with pytest.raises(NotFound):
            copy_round(session, SERVICE, "2020-Q1", Quarter(2027, 2), code=None, title="x", zone=ZONE, at=AT)


def test_a_new_draft_says_what_it_still_misses(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        round_id = draft_round(
            session, SERVICE, "quarterly", Quarter(2026, 4), code=None, title="Quý IV", course=None, zone=ZONE, at=AT
        )  # fmt: skip
        view = round_by_code(session, QUARTER)
        missing = {one.part for one in readiness(session, view, plan_view(session, round_id), ZONE).findings if one.hinders}
        assert missing == {"general", "paper"}
        edit_round(session, SERVICE, round_id, AT, plan={"legal_number": "1/KH"})
        set_blueprint(session, SERVICE, round_id, [Cell("CB1.1", "NB", 6), Cell("CB1.1", "VD", 1)], AT)
        view = round_by_code(session, QUARTER)
        found = readiness(session, view, plan_view(session, round_id), ZONE)
        assert [(one.values["have"], one.values["need"]) for one in found.findings if one.hinders] == [(0, 1)]


def test_opening_keeps_why_each_person_was_left_out(database: Database) -> None:
    with database.transaction() as session:
        inside = make_agency(session, "Sở Y tế")
        outside = make_agency(session, "Sở khác")
        make_person(session, agency=inside, login="an")
        away = make_person(session, agency=inside, login="away", absence="maternity")
        boss = make_person(session, agency=inside, login="boss", group="N1")
        other = make_person(session, agency=outside, login="other")
        fill_bank(session)
        rule = AudienceRule(groups=frozenset({"N2"}), agencies=frozenset({inside}))
        make_round(session, audience=rule)
    with database.reading() as session:
        left_out = {row.person_id: row.because for row in session.scalars(select(LeftOut))}
        assert left_out == {boss: "other_group", other: "other_agency"}
        assert session.scalars(select(Expectation.excluded_because).where(Expectation.person_id == away)).one() == "maternity"


def test_agencies_sit_in_their_block_and_in_no_other(database: Database) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", kind="province")
        agencies = [make_agency(session, f"Sở {number}", parent=root) for number in range(3)]
        people = [make_person(session, agency=agency, login=f"p{number}") for number, agency in enumerate(agencies)]
        fill_bank(session)
        round_id = make_round(session, open_it=False)
        assert spread_blocks(session, SERVICE, round_id, blocks=3, capacity=1, zone=ZONE, at=AT) == [1, 1, 1]
        with pytest.raises(DomainError):
            spread_blocks(session, SERVICE, round_id, blocks=2, capacity=1, zone=ZONE, at=AT)
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
        assert len(session.scalars(select(BlockAgency)).all()) == 3
    with database.reading() as session:
        starts = {
            agency: (block.opens_at, block.closes_at)
            for agency, block in session.execute(
                select(BlockAgency.agency_id, RoundBlock).join(RoundBlock, RoundBlock.id == BlockAgency.block_id)
            )
        }
        for agency, person in zip(agencies, people, strict=True):
            opens, closes = starts[agency]
            mine = my_round(session, person, QUARTER)
            assert mine.answer(opens - timedelta(minutes=1)) == StartAnswer.NOT_YET_OPEN
            assert mine.answer(opens) == StartAnswer.MAY_START
            assert mine.answer(closes) == StartAnswer.OVER
    with database.transaction() as session:
        opens, closes = starts[agencies[1]]
        with pytest.raises(StartRefused):
            start_attempt(session, actor(people[1]), QUARTER, opens - timedelta(minutes=1))
        begun = start_attempt(session, actor(people[1]), QUARTER, closes - timedelta(minutes=3))
        assert session.get_one(Attempt, begun.attempt_id).deadline == closes


def test_leaving_out_after_the_cut_off_needs_reason_and_evidence_and_is_kept(database: Database) -> None:
    with database.transaction() as session:
        an, _binh = (one.person_id for one in make_learners(session, "an", "binh"))
        assert an is not None
        fill_bank(session)
        round_id = make_round(session)
        for because, evidence in (("maternity", " "), ("no such reason", "QĐ 1")):
            with pytest.raises(DomainError):
                exclude_person(session, SERVICE, round_id, an, because=because, evidence=evidence, at=AT)
        assert exclude_person(session, SERVICE, round_id, an, because="duty", evidence="QĐ 12", at=AT)
        assert not exclude_person(session, SERVICE, round_id, an, because="duty", evidence="QĐ 12", at=AT)
        with pytest.raises(StartRefused):
            start_attempt(session, actor(an), QUARTER, AT)
        assert exclude_person(session, SERVICE, round_id, an, because=None, evidence="đã về", at=AT + timedelta(minutes=1))
        start_attempt(session, actor(an), QUARTER, AT)
        with pytest.raises(Conflict):
            exclude_person(session, SERVICE, round_id, an, because="duty", evidence="QĐ 13", at=AT)
        with pytest.raises(NotFound):
            exclude_person(session, SERVICE, round_id, UUID(int=9), because="duty", evidence="QĐ 13", at=AT)
    with database.reading() as session:
        changes = session.scalars(select(ExpectationChange).order_by(ExpectationChange.changed_at)).all()
    assert [(one.excluded_before, one.excluded_after) for one in changes] == [(None, "duty"), ("duty", None)]


def test_an_agency_proposes_for_its_own_people_and_another_person_decides(database: Database) -> None:
    with database.transaction() as session:
        home, other = make_agency(session, "Sở A"), make_agency(session, "Sở B")
        own, foreign = make_person(session, agency=home, login="own"), make_person(session, agency=other, login="foreign")
        focal = make_person(session, agency=home, login="focal")
        fill_bank(session)
        round_id = make_round(session)
        scope = frozenset({home})
        with pytest.raises(NotFound):
            propose_exclusion(session, actor(focal), scope, round_id, foreign, because="sick", evidence="giấy", at=AT)
        first = propose_exclusion(session, actor(focal), scope, round_id, own, because="sick", evidence="giấy", at=AT)
        second = propose_exclusion(session, actor(focal), scope, round_id, own, because="study", evidence="QĐ", at=AT)
        with pytest.raises(Conflict):
            decide_proposal(session, SERVICE, first, accept=True, answer="", at=AT)
        with pytest.raises(Conflict):
            decide_proposal(session, actor(focal), second, accept=True, answer="", at=AT)
        decide_proposal(session, SERVICE, second, accept=True, answer="", at=AT)
        assert session.scalars(select(Expectation.excluded_because).where(Expectation.person_id == own)).one() == "study"
        with pytest.raises(Conflict):
            propose_exclusion(session, actor(focal), EVERYWHERE, round_id, own, because="study", evidence="QĐ", at=AT)


def test_locking_freezes_the_list_until_it_is_unlocked_for_a_reason(database: Database) -> None:
    with database.transaction() as session:
        (an,) = make_learners(session, "an")
        assert an.person_id is not None
        fill_bank(session)
        round_id = make_round(session)
        with pytest.raises(Conflict):
            lock_round(session, SERVICE, round_id, AT)
        close_round(session, SERVICE, round_id, CLOSES)
        lock_round(session, SERVICE, round_id, CLOSES)
        assert session.scalars(select(Activity.locked_at)).one() == CLOSES
        with pytest.raises(Conflict):
            exclude_person(session, SERVICE, round_id, an.person_id, because="duty", evidence="QĐ", at=CLOSES)
        with pytest.raises(Conflict):
            add_make_up(session, SERVICE, round_id, Span(CLOSES, CLOSES + timedelta(days=1)), attempts_allowed=1, reason="x", at=CLOSES)
        with pytest.raises(DomainError):
            unlock_round(session, SERVICE, round_id, "  ", CLOSES)
        unlock_round(session, SERVICE, round_id, "kết luận phúc khảo", CLOSES)
        assert exclude_person(session, SERVICE, round_id, an.person_id, because="duty", evidence="QĐ", at=CLOSES)
    assert details(database, "quizzes.unlock_round")[0]["reason"] == "kết luận phúc khảo"


def test_a_make_up_sitting_is_for_those_admitted_and_hides_the_key_until_it_is_over(database: Database) -> None:
    again = Span(CLOSES + timedelta(days=2), CLOSES + timedelta(days=3))
    with database.transaction() as session:
        an, binh = make_learners(session, "an", "binh")
        assert an.person_id is not None
        assert binh.person_id is not None
        fill_bank(session)
        round_id = make_round(session, attempts_allowed=1)
        done = start_attempt(session, an, QUARTER, AT).attempt_id
        submit_attempt(session, an, done, AT + timedelta(minutes=5))
        close_round(session, SERVICE, round_id, CLOSES)
        make_up = add_make_up(session, SERVICE, round_id, again, attempts_allowed=1, reason="mưa bão", at=CLOSES)
        assert admit_missing(session, SERVICE, make_up, failed=False, at=CLOSES) == 1
        with pytest.raises(DomainError):
            admit_people(session, SERVICE, make_up, {UUID(int=8): "x"}, CLOSES)
        inside = again.opens_at + timedelta(hours=1)
        with pytest.raises(StartRefused):
            start_attempt(session, an, QUARTER, inside)
        with pytest.raises(StartRefused):
            start_attempt(session, binh, QUARTER, CLOSES + timedelta(hours=1))
        start_attempt(session, binh, QUARTER, inside)
        with pytest.raises(Conflict):
            cancel_make_up(session, SERVICE, make_up, inside)
        assert session.scalars(select(Round.extended_until)).one() == again.closes_at
    with database.reading() as session:
        attempt = attempt_of(session, done, an.person_id)
        assert not attempt.visible(inside).key
        assert attempt.visible(again.closes_at).key


def test_a_round_goes_by_itself_when_nothing_is_missing(app: Flask, database: Database) -> None:
    def watch(moment: datetime) -> str:
        with time_machine.travel(moment, tick=False):
            with app.app_context():
                watch_rounds(moment)
            carry_out(app)
        with database.reading() as session:
            return session.scalars(select(Round.state)).one()

    with database.transaction() as session:
        (an,) = make_learners(session, "an")
        fill_bank(session, 5)
        round_id = make_round(session, open_it=False)
        plan = {"automatic": True, "locks_at": CLOSES + timedelta(days=9)}
        edit_round(session, SERVICE, round_id, OPENS, plan=plan)
    assert watch(OPENS - timedelta(minutes=1)) == "draft"
    assert watch(OPENS) == "draft"  # the bank is too small
    with database.transaction() as session:
        assert session.scalars(select(RoundPlan.told_missing_at)).one() == OPENS
        fill_bank(session, 12)
    assert watch(OPENS + timedelta(hours=1)) == "open"
    with database.transaction() as session:
        start_attempt(session, an, QUARTER, CLOSES - timedelta(minutes=5))
    assert watch(CLOSES) == "open"  # grace is running
    assert watch(CLOSES + timedelta(minutes=1)) == "closed"
    assert watch(CLOSES + timedelta(days=8)) == "closed"
    assert watch(CLOSES + timedelta(days=9)) == "locked"
    with database.reading() as session:
        assert session.scalars(select(Job.state)).all() == ["done", "done"]
        assert session.scalars(select(Attempt.state)).one() == "expired"


def test_an_opening_done_twice_is_done_once(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        make_people(session, agency, [{}] * 30)
        fill_bank(session)
        round_id = make_round(session, open_it=False)
    with database.transaction() as session:
        first = request_work(session, SERVICE, round_id, OPENING, AT)
        assert request_work(session, SERVICE, round_id, OPENING, AT) == first
    carry_out(app)
    with database.transaction() as session:
        session.get_one(Job, first).state = "queued"
    carry_out(app)
    with database.reading() as session:
        assert len(session.scalars(select(Expectation)).all()) == 30
        assert session.get_one(Job, first).progress_done == 30


def test_practice_leaves_no_trace_in_the_ledger_and_is_open_to_everybody(database: Database) -> None:
    with database.transaction() as session:
        (an,) = make_learners(session, "an")
        fill_bank(session)
        make_round(session, purpose="practice", code="thi-thu", attempts_allowed=1000, feedback_policy="immediately")
        for number in range(3):
            begun = start_attempt(session, an, "thi-thu", AT + timedelta(hours=number)).attempt_id
            assert not session.get_one(Attempt, begun).counts
            submit_attempt(session, an, begun, AT + timedelta(hours=number, minutes=5))
        assert session.scalars(select(Outcome)).all() == []
        assert session.scalars(select(Activity)).all() == []


def test_a_course_test_is_for_those_in_the_course_and_never_the_quarters_test(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        publish(session)
        an, binh = make_learners(session, "an", "binh")
        assert an.person_id is not None
        course = session.scalars(select(Course)).one()
        fill_bank(session)
        make_round(session, purpose="course_test", code="cuoi-khoa", course=course.code)
        with pytest.raises(StartRefused):
            start_attempt(session, an, "cuoi-khoa", AT)
        version = session.scalars(select(CourseVersion.id)).one()
        session.add(Enrolment(person_id=an.person_id, course_id=course.id, version_id=version, enrolled_at=AT, last_lesson="bai-mot"))
    with app.app_context():
        admit_newcomers(AT)
    with database.transaction() as session:
        assert session.scalars(select(Expectation.person_id)).all() == [an.person_id]
        begun = start_attempt(session, an, "cuoi-khoa", AT).attempt_id
        submit_attempt(session, an, begun, AT + timedelta(minutes=5))
        assert session.scalars(select(Outcome.activity)).all() == ["course-test:cuoi-khoa"]
        assert activity_of_period(session, "20264") is None
        with pytest.raises(StartRefused):
            start_attempt(session, binh, "cuoi-khoa", AT)


def test_drafts_follow_agencies_that_merge_and_go_back_when_the_merger_is_withdrawn(database: Database) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", kind="province")
        old, heir, third = (make_agency(session, f"Sở {number}", parent=root) for number in range(3))
        for number, agency in enumerate((old, heir, third)):
            make_person(session, agency=agency, login=f"p{number}")
        fill_bank(session)
        rule = AudienceRule(agencies=frozenset({old, third}), excepted=frozenset({heir}))
        round_id = make_round(session, open_it=False, audience=rule, cutoff_day=date(2026, 10, 31))
        spread_blocks(session, SERVICE, round_id, blocks=2, capacity=2, zone=ZONE, at=AT)
        held = session.get_one(Round, round_id)
        before = dict(held.audience)
        turn = AgencyTurn(event_id=UUID(int=77), on=date(2026, 10, 1), heirs={old: heir}, touched=frozenset({old, heir}))
        follower = RoundsUnderWay()
        assert any("đối tượng hoặc ca" in line.text for line in follower.foresee(session, turn))
        follower.follow(session, SERVICE, turn, AT)
        assert AudienceRule.from_json(held.audience).agencies == {heir, third}
        assert old not in {one.agency_id for one in session.scalars(select(BlockRule))}
        assert follower.foresee_return(session, turn.event_id)
        follower.take_back(session, SERVICE, turn.event_id, AT)
        assert held.audience == before
        assert old in {one.agency_id for one in session.scalars(select(BlockRule))}


def test_what_is_counted_before_opening_is_what_is_frozen(database: Database) -> None:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", kind="province")
        inside, outside = make_agency(session, "Sở A", parent=root), make_agency(session, "Sở B", parent=root)
        make_people(session, inside, [{}, {"absence": "sick"}, {"group_code": "N1"}, {"it_duty": "full_time"}])
        make_people(session, outside, [{}, {}])
        twice = make_person(session, agency=outside, login="twice")
        session.add(Posting(person_id=twice, agency_id=inside, group_code="N2", valid_from=date(2026, 1, 1)))
        fill_bank(session)
        rule = AudienceRule(groups=frozenset({"N2"}), excepted=frozenset({outside}))
        round_id = make_round(session, open_it=False, audience=rule)
        view = round_by_code(session, QUARTER)
        counted = readiness(session, view, plan_view(session, round_id), ZONE).counted
        assert (counted.expected, counted.excused, counted.left_out) == (3, 1, 3)
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
        assert heads_by_agency(session, view.activity) == dict(counted.by_agency) == {inside: 3}
        assert left_out_counts(session, round_id) == {"other_group": 1, "excepted_agency": 2}
