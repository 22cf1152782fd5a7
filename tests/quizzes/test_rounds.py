"""A round from draft to closed: who is on its list, which items its forms hold."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from random import Random
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import func, select

from lms.accounts.models import Posting
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.results.models import Activity, Expectation, Outcome
from quizzes.cli import questions_group, rounds_group
from quizzes.models import Attempt, Form, FormSlot, Item, ItemVersion, Response, Round
from quizzes.operations.assembly import assemble_forms
from quizzes.operations.bank import import_items
from quizzes.operations.history import record_sittings
from quizzes.operations.life import close_round, open_round
from quizzes.operations.rounds import create_round
from quizzes.queries.attempts import explained, papers_of_round
from quizzes.queries.rounds import exclusion_reasons, form_of_round, form_overlap, my_round, round_by_code, round_counts
from quizzes.rules.assembly import BankTooSmallError, Cell
from quizzes.rules.rounds import RoundSettings, activity_of
from quizzes.rules.sitting import PastSitting
from quizzes.sample import sample_sitting
from tests.factories import make_agency, make_person
from tests.quizzes.making import AT, CLOSES, OPENS, QUARTER, ZONE, draft, fill_bank, make_learners, make_round, minutes


def state(database: Database) -> str:
    with database.reading() as session:
        return session.scalars(select(Round.state)).one()


def test_opening_freezes_everyone_with_a_primary_post_and_the_absent_with_their_reason(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        an = make_person(session, agency=agency, login="an")
        hoa = make_person(session, agency=agency, login="hoa", absence="thai sản")
        make_person(session, agency=agency, login="late", valid_from=date(2026, 11, 1))
        make_person(session, agency=agency, login="n5", group="N5")
        session.add(Posting(person_id=an, agency_id=agency, group_code="N3", is_primary=False, valid_from=date(2024, 1, 1)))
        fill_bank(session)
        make_round(session, groups=("N2", "N3"))
    with database.reading() as session:
        listed = {row.person_id: row for row in session.scalars(select(Expectation))}
        activity = session.scalars(select(Activity)).one()
        view = round_by_code(session, QUARTER)
        assert exclusion_reasons(session, activity_of(QUARTER)) == {"thai sản": 1}
        counts = round_counts(session, view)
    assert set(listed) == {an, hoa}
    assert (listed[an].group_code, listed[an].excluded_because, listed[an].period) == ("N2", None, "20264")
    assert listed[hoa].excluded_because == "thai sản"
    assert (activity.key, activity.counted_on) == (f"quarterly-test:{QUARTER}", date(2026, 10, 31))
    assert (counts.expected, counts.excluded, counts.finished) == (1, 1, 0)


def test_a_person_moved_after_the_cut_off_stays_where_they_were_counted(database: Database) -> None:
    with database.transaction() as session:
        before = make_agency(session, "Sở Tư pháp")
        an = make_person(session, agency=before, login="an")
        fill_bank(session)
        make_round(session)
    with database.transaction() as session:
        after = make_agency(session, "Sở Công Thương")
        posting = session.scalars(select(Posting)).one()
        posting.valid_to = date(2026, 11, 10)
        session.add(Posting(person_id=an, agency_id=after, group_code="N2", valid_from=date(2026, 11, 10)))
    with database.reading() as session:
        assert my_round(session, an, QUARTER).agency_name == "Sở Tư pháp"


def test_a_round_is_opened_once_and_closed_once(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        round_id = make_round(session)
    with database.transaction() as session, pytest.raises(Conflict):
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    with database.transaction() as session:
        close_round(session, SERVICE, round_id, CLOSES)
    with database.transaction() as session, pytest.raises(Conflict):
        close_round(session, SERVICE, round_id, CLOSES)
    assert state(database) == "closed"


def test_a_quarter_has_one_round(database: Database) -> None:
    with database.transaction() as session:
        make_round(session, open_it=False)
    with database.transaction() as session, pytest.raises(Conflict):
        make_round(session, open_it=False)


def test_without_people_nothing_opens(database: Database) -> None:
    with database.transaction() as session:
        fill_bank(session)
        round_id = make_round(session, open_it=False)
    with pytest.raises(DomainError), database.transaction() as session:
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    assert state(database) == "draft"


def test_people_in_an_agency_that_does_not_exist_on_the_day_stop_the_opening(database: Database) -> None:
    with database.transaction() as session:
        make_person(session, agency=make_agency(session, "Sở mới", valid_from=date(2026, 12, 1)))
        fill_bank(session)
        round_id = make_round(session, open_it=False)
    with pytest.raises(DomainError, match="1 người") as refused, database.transaction() as session:
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    assert refused.value.code == "agency_gap"


def test_a_bank_that_is_too_small_leaves_the_round_a_draft(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session, 5)
        round_id = make_round(session, open_it=False)
    with pytest.raises(BankTooSmallError, match=r"CB1\.1 – NB: 5/6"), database.transaction() as session:
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    assert state(database) == "draft"
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Expectation)) == 0


def test_items_that_do_not_hold_through_the_whole_window_never_enter(database: Database) -> None:
    last_day = CLOSES.astimezone(ZONE).date()
    first_day = OPENS.astimezone(ZONE).date()
    with database.transaction() as session:
        make_learners(session, "an")
        items = [
            draft(1, valid_to=last_day),  # not valid on the last day
            draft(2, valid_from=date(2026, 11, 2)),  # not yet on the first
            draft(3, valid_from=first_day),
            draft(4, valid_to=date(2026, 12, 16)),
            draft(5),
        ]
        import_items(session, SERVICE, items, "test", OPENS)
        import_items(session, SERVICE, [draft(5, stem="Bản mới")], "test", OPENS)
        make_round(session, questions=3)
    with database.reading() as session:
        used = session.execute(
            select(Item.code, ItemVersion.number)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .join(FormSlot, FormSlot.item_version_id == ItemVersion.id)
            .distinct()
        )
        assert sorted(tuple(row) for row in used) == [("CB1-1-003", 1), ("CB1-1-004", 1), ("CB1-1-005", 2)]


def test_forms_are_there_before_the_opening_and_are_assembled_once(database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        round_id = make_round(session, open_it=False)
        assert assemble_forms(session, SERVICE, round_id, zone=ZONE, at=OPENS, n=7, seed=3) == 7
    with database.transaction() as session, pytest.raises(Conflict):
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=OPENS)
    with database.transaction() as session:
        open_round(session, SERVICE, round_id, zone=ZONE, at=OPENS)
        assert session.scalar(select(func.count()).select_from(Form)) == 7
        assert len(form_of_round(session, round_id, 7).items) == 6
        different, most = form_overlap(session, round_id)
    assert (different, most) == (12, 4)  # 7 × 6 places over 12 items


def past_round(database: Database, people: int) -> tuple[UUID, list[UUID]]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        listed = [make_person(session, agency=agency, login=f"p{n}") for n in range(people)]
        fill_bank(session)
        return make_round(session), listed


def test_finished_sittings_are_brought_in_marked_like_any_other(database: Database) -> None:
    round_id, people = past_round(database, 3)
    random = Random(7)
    with database.transaction() as session:
        papers = papers_of_round(session, round_id)
        tries = [(people[0], 0.0), (people[0], 1.0), (people[1], 0.5)]
        sittings = [
            sample_sitting(papers, person, ability=ability, started_at=AT + minutes(30 * n), minutes=12, random=random)
            for n, (person, ability) in enumerate(tries)
        ]
        assert record_sittings(session, SERVICE, round_id, sittings, CLOSES) == 3
    with database.reading() as session:
        outcomes = {row.person_id: row for row in session.scalars(select(Outcome))}
        attempts = session.scalars(select(Attempt).order_by(Attempt.started_at)).all()
        counts = round_counts(session, round_by_code(session, QUARTER))
        points = session.scalar(select(func.sum(Response.points)).where(Response.attempt_id == attempts[2].id)) or 0
        assert len(explained(session, attempts[2].id, attempts[2].form_id)) == 6
    best = max(attempts[:2], key=lambda attempt: attempt.score or 0)
    assert set(outcomes) == set(people[:2])
    assert (outcomes[people[0]].attempts, outcomes[people[0]].source_id, outcomes[people[0]].score) == (2, best.id, best.score)
    assert attempts[2].score == (Decimal(points) * 100 / 6).quantize(Decimal("0.01"))
    assert (counts.finished, counts.attempts) == (2, 3)


def test_sittings_of_a_foreign_paper_or_for_people_who_sat_already_are_refused(database: Database) -> None:
    round_id, people = past_round(database, 1)
    with database.transaction() as session:
        form_id = next(iter(papers_of_round(session, round_id)))
        good = PastSitting(people[0], form_id, AT, AT + minutes(9), {1: []})
    for bad in ({99: []}, {1: ["nonsense"]}):
        with pytest.raises(DomainError), database.transaction() as session:
            record_sittings(session, SERVICE, round_id, [PastSitting(people[0], form_id, AT, AT + minutes(9), bad)], AT)
    with database.transaction() as session:
        record_sittings(session, SERVICE, round_id, [good], AT)
    with pytest.raises(Conflict), database.transaction() as session:
        record_sittings(session, SERVICE, round_id, [good], AT)


def test_the_command_makes_lists_opens_and_closes_a_round(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        make_learners(session, "an")

    def run(*arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = CliRunner().invoke(rounds_group, list(arguments))
        return result.exit_code, result.output

    with app.app_context():
        assert CliRunner().invoke(questions_group, ["import"]).exit_code == 0
    window = ("--opens", "2026-11-01", "--closes", "2026-12-15T17:00", "--cutoff", "2026-10-31")
    assert run("create", QUARTER, *window)[0] == 0
    assert run("open", QUARTER) == (0, f"Đã mở kỳ kiểm tra {QUARTER}: 1 người trong danh sách.\n")
    assert run("list") == (0, f"{QUARTER}\topen\t0/1\tKiểm tra Quý IV/2026\n")
    assert json.loads(run("list", "--json")[1])[0]["closes_at"] == "2026-12-15T10:00:00+00:00"
    assert run("close", QUARTER)[0] == 0
    assert run("open", "2026-9")[0] == 2
    with database.reading() as session:
        view = round_by_code(session, QUARTER)
        assert len(form_of_round(session, view.id, view.form_count).items) == 20


def test_settings_that_cannot_be_are_refused_and_leave_nothing(database: Database) -> None:
    settings = RoundSettings(
        quarter=Quarter.parse(QUARTER), title="x", cutoff_day=date(2026, 10, 31), opens_at=CLOSES, closes_at=OPENS
    )  # fmt: skip
    with pytest.raises(DomainError), database.transaction() as session:
        create_round(session, SERVICE, settings, [Cell("CB1.1", "NB", 1)], AT)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Round)) == 0


@pytest.mark.parametrize(("counting", "passed"), [("highest", 1), ("first", 0), ("last", 1)])
def test_who_passed_is_told_by_the_attempt_that_counts(database: Database, counting: str, passed: int) -> None:
    with database.transaction() as session:
        make_learners(session, "an")
        fill_bank(session)
        round_id = make_round(session, counting=counting)
    random = Random(7)
    with database.transaction() as session:
        papers = papers_of_round(session, round_id)
        person = session.scalars(select(Expectation.person_id)).one()
        tries = [(0.0, 0), (1.0, 30)]
        sittings = [
            sample_sitting(papers, person, ability=ability, started_at=AT + minutes(later), minutes=12, random=random)
            for ability, later in tries
        ]
        record_sittings(session, SERVICE, round_id, sittings, CLOSES)
    with database.reading() as session:
        assert [one.passed for one in session.scalars(select(Attempt).order_by(Attempt.number))] == [False, True]
        assert round_counts(session, round_by_code(session, QUARTER)).passed == passed
