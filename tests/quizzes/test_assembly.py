"""Forms of a round: drawn from the bank as it is, checked before opening, a question exchanged by hand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE, NotFound, Role
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import due_jobs, run_job
from quizzes.jobs.forms import JOBS
from quizzes.models import Form, FormSlot, Item, ItemPair, ItemStatistic, ItemVersion, Round
from quizzes.operations.assembly import assemble_forms, request_assembly, swap_item
from quizzes.operations.bank import import_items
from quizzes.operations.life import open_round
from quizzes.queries.assembly import alternatives, form_findings, plan_swap, round_for_assembly, stored_papers
from quizzes.rules.assembly import BankTooSmallError
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, CLOSES, OPENS, QUARTER, ZONE, draft, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]


def make_draft(session: Session, questions: int = 6, **assembly: object) -> UUID:
    fill_bank(session, 30)
    round_id = make_round(session, open_it=False, questions=questions)
    session.execute(update(Round).where(Round.id == round_id).values(assembly={"forms": 4, "seed": 3, **assembly}))
    return round_id


def papers_of(session: Session, round_id: UUID) -> dict[int, list[str]]:
    papers = stored_papers(session, round_for_assembly(session, round_id))
    return {number: [one.candidate.code for one in paper] for number, paper in papers.items()}


def codes(session: Session, round_id: UUID) -> set[str]:
    return {finding.code for finding in form_findings(session, round_id, ZONE) if finding.blocking}


def version_of(session: Session, code: str) -> UUID:
    return session.scalars(select(ItemVersion.id).join(Item, Item.id == ItemVersion.item_id).where(Item.code == code)).one()


def item_of(session: Session, code: str) -> UUID:
    return session.scalars(select(Item.id).where(Item.code == code)).one()


def test_forms_are_drawn_within_what_the_round_keeps_and_are_the_same_again(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session)
        assert assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT) == 4
        papers_of(session, round_id)
        assert form_findings(session, round_id, ZONE) == []
        with pytest.raises(Conflict):
            assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
    with database.transaction() as session:
        request_assembly(session, SERVICE, round_id, AT)
        with pytest.raises(Conflict):
            request_assembly(session, SERVICE, round_id, AT)


def test_the_worker_draws_them_anew_with_the_same_chance_or_another(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session, forms=12)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        first = papers_of(session, round_id)
    for seed, same in ((None, True), (4, False)):
        with database.transaction() as session:
            job_id = request_assembly(session, SERVICE, round_id, AT, seed=seed)
        with app.app_context():
            assert run_job(database, JOBS, job_id)
        with database.reading() as session:
            assert (papers_of(session, round_id) == first) is same
            assert session.get(Round, round_id).form_count == 12  # type: ignore[union-attr]


def test_the_bank_that_falls_short_is_named_by_cell_and_leaves_the_forms_as_they_were(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        before = papers_of(session, round_id)
        session.execute(update(ItemVersion).values(valid_to=date(2026, 11, 5)))
        job_id = request_assembly(session, SERVICE, round_id, AT)
    with app.app_context():
        run_job(database, JOBS, job_id)
    with database.reading() as session:
        assert papers_of(session, round_id) == before
        assert "not_valid" in codes(session, round_id)


def test_only_items_of_the_purpose_that_hold_through_the_make_up_sitting_are_drawn(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session, questions=25)
        session.execute(update(Round).where(Round.id == round_id).values(extended_until=CLOSES + timedelta(days=30)))
        session.execute(update(ItemVersion).where(ItemVersion.id == version_of(session, "CB1-1-001")).values(valid_to=date(2027, 1, 1)))
        session.execute(update(Item).where(Item.code == "CB1-1-002").values(purpose="practice"))
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        drawn = {code for paper in papers_of(session, round_id).values() for code in paper}
        assert not {"CB1-1-001", "CB1-1-002"} & drawn
        session.execute(update(Item).where(Item.code != "CB1-1-002").values(purpose="practice"))
        assert codes(session, round_id) == {"wrong_purpose"}


def test_items_that_exclude_each_other_are_kept_apart_and_found_where_they_meet(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session, questions=28)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        here = papers_of(session, round_id)[1]
        one, other = sorted((item_of(session, here[0]), item_of(session, here[1])))
        session.execute(insert(ItemPair).values(item_id=one, other_id=other, relation="enemy", created_at=AT))
        assert codes(session, round_id) == {"enemies"}
        session.execute(update(Round).where(Round.id == round_id).values(form_count=0))
        for number in session.scalars(select(Form.id).where(Form.round_id == round_id)):
            session.execute(FormSlot.__table__.delete().where(FormSlot.form_id == number))
        session.execute(Form.__table__.delete().where(Form.round_id == round_id))
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        assert codes(session, round_id) == set()


def test_difficulty_comes_from_earlier_tests_and_what_was_measured_may_be_an_anchor(database: Database) -> None:
    with database.transaction() as session:
        fill_bank(session, 12)
        earlier = make_round(session, open_it=False, questions=6, quarter=Quarter.parse("2026-Q3"))
        assemble_forms(session, SERVICE, earlier, zone=ZONE, at=AT, n=1)
        used = papers_of(session, earlier)[1]
        for code, n in ((used[0], 400), (used[1], 50)):
            session.execute(
                insert(ItemStatistic).values(
                    round_id=earlier,
                    item_version_id=version_of(session, code),
                    n=n,
                    facility=0.31,
                    omitted=0,
                    options={},
                    forms=1,
                    shown=n,
                    drift={},
                    flags=[],
                    suspicion=0,
                )
            )
        round_id = make_round(session, open_it=False, questions=6)
        session.execute(update(Round).where(Round.id == round_id).values(assembly={"forms": 1, "anchors": 1, "recent_limit": 0}))
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        placed = {one.candidate.code: one.candidate for one in stored_papers(session, round_for_assembly(session, round_id))[1]}
        assert placed[used[0]].measured
        assert placed[used[0]].anchor
        assert placed[used[0]].facility == pytest.approx(0.31)
        assert placed.keys() & set(used) == {used[0]}  # the others rest: they were in the last quarter's test


def test_limits_that_make_no_sense_stop_the_drawing(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session, forms=0)
        with pytest.raises(DomainError) as refused:
            assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        assert refused.value.field == "forms"
        with pytest.raises(DomainError):
            request_assembly(session, SERVICE, round_id, AT)


def test_a_question_is_exchanged_and_what_must_not_be_is_refused(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session)
        import_items(session, SERVICE, [draft(90, level="VD")], "test", OPENS)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        before = papers_of(session, round_id)[2]
        found = alternatives(session, round_for_assembly(session, round_id), number=2, slot=1, zone=ZONE)
        assert not {one.code for one in found} & {*before, "CB1-1-090"}
        swap_item(session, SERVICE, round_id, found[0].version, number=2, slot=1, zone=ZONE, at=AT)
        assert papers_of(session, round_id)[2] == [found[0].code, *before[1:]]
        for wrong in ("CB1-1-090", before[1]):  # of another cell; in the form already
            with pytest.raises((Conflict, NotFound)):
                swap_item(session, SERVICE, round_id, version_of(session, wrong), number=2, slot=1, zone=ZONE, at=AT)
        foe = alternatives(session, round_for_assembly(session, round_id), number=2, slot=1, zone=ZONE)[0]
        one, other = sorted((foe.item, item_of(session, before[2])))
        session.execute(insert(ItemPair).values(item_id=one, other_id=other, relation="enemy", created_at=AT))
        assert not plan_swap(session, round_id, foe.version, number=2, slot=1, zone=ZONE).possible
        with pytest.raises(Conflict):
            swap_item(session, SERVICE, round_id, foe.version, number=2, slot=1, zone=ZONE, at=AT)
        for number, slot in ((9, 1), (2, 99)):
            with pytest.raises(NotFound):
                swap_item(session, SERVICE, round_id, foe.version, number=number, slot=slot, zone=ZONE, at=AT)


def test_forms_that_must_not_be_used_keep_a_round_from_opening(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        make_person(session, "Nguyễn Văn A", agency=agency, login="a")
        round_id = make_draft(session)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)
        code = papers_of(session, round_id)[1][0]
        session.execute(update(ItemVersion).where(ItemVersion.id == version_of(session, code)).values(state="retired"))
    with pytest.raises(Conflict, match=code), database.transaction() as session:
        open_round(session, SERVICE, round_id, zone=ZONE, at=AT)


def test_once_open_neither_forms_nor_questions_change(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        make_person(session, "Nguyễn Văn A", agency=agency, login="a")
        fill_bank(session, 30)
        round_id = make_round(session)
        other = alternatives(session, round_for_assembly(session, round_id), number=1, slot=1, zone=ZONE)[0]
        with pytest.raises(Conflict):
            swap_item(session, SERVICE, round_id, other.version, number=1, slot=1, zone=ZONE, at=AT)
        with pytest.raises(Conflict):
            request_assembly(session, SERVICE, round_id, AT)


@pytest.fixture
def organiser(database: Database, sign_in: SignInAs) -> FlaskClient:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        person = make_person(session, "Trần Thị Lan", agency=agency, login="lan")
        grant(session, person, Role.DEPARTMENT)
        make_draft(session)
    return sign_in("lan")


def test_the_pages_from_drawing_to_exchanging(organiser: FlaskClient, app: Flask, database: Database) -> None:
    address = f"/manage/rounds/{QUARTER}/forms"
    assert "Chưa lập đề" in organiser.get(address).text
    organiser.post(address, data={})
    assert "Đang lập đề" in organiser.get(address).text
    with app.app_context(), database.transaction() as session:
        jobs = due_jobs(session, AT + timedelta(days=4000))
    with app.app_context():
        for job in jobs:
            run_job(database, JOBS, job)
    page = organiser.get(address).text
    assert "giữ mọi giới hạn" in page
    assert "đề song song" in page
    shown = organiser.get(f"{address}/1").text
    assert "Đáp án đúng" not in shown
    assert "SECRET-REASON" not in shown
    assert shown.count("<fieldset") >= 6
    with_key = organiser.get(f"{address}/1?key=1").text
    assert "Đáp án đúng" in with_key
    assert organiser.get(f"{address}/99").status_code == 404
    with database.reading() as session:
        round_ = round_for_assembly(session, session.scalars(select(Round.id)).one())
        other = alternatives(session, round_, number=1, slot=1, zone=ZONE)[0]
    assert other.code in organiser.get(f"{address}/1/1").text
    assert "Không thay được" not in organiser.get(f"{address}/1/1?version={other.version}").text
    assert organiser.post(f"{address}/1/1", data={"version": str(other.version)}).status_code == 303
    assert other.code in organiser.get(f"{address}/1?key=1").text
    assert organiser.post(f"{address}/1/1", data={"version": "x"}).status_code == 422


def test_the_check_takes_as_many_statements_for_many_forms_as_for_few(organiser: FlaskClient, database: Database) -> None:
    def statements(forms: int) -> int:
        with database.transaction() as session:
            round_id = session.scalars(select(Round.id)).one()
            for form in session.scalars(select(Form.id)):
                session.execute(FormSlot.__table__.delete().where(FormSlot.form_id == form))
            session.execute(Form.__table__.delete())
            session.execute(update(Round).values(form_count=0))
            session.flush()
            session.expire_all()
            assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT, n=forms)
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", listener)
        assert organiser.get(f"/manage/rounds/{QUARTER}/forms").status_code == 200
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    assert statements(2) == statements(9)


def test_a_bank_too_small_for_a_blueprint_says_so_where_forms_are_drawn(database: Database) -> None:
    with database.transaction() as session:
        round_id = make_draft(session, questions=31)
        with pytest.raises(BankTooSmallError, match="30/31"):
            assemble_forms(session, SERVICE, round_id, zone=ZONE, at=AT)


def test_the_limits_that_are_seldom_changed_have_a_page(organiser: FlaskClient, database: Database) -> None:
    address = f"/manage/rounds/{QUARTER}/forms/limits"
    assert "Độ khó mong muốn" in organiser.get(address).text
    typed = {"difficulty_target": "0,6", "difficulty_tolerance": "0,05", "recent_quarters": "3", "recent_limit": "1", "key_limit": "50"}
    saved = organiser.post(address, data={**typed, "true_limit": "70", "anchor_codes": "CB1-1-001\nCB1-1-002 \n"})
    assert saved.status_code == 303
    with database.reading() as session:
        limits = round_for_assembly(session, session.scalars(select(Round.id)).one()).limits
    assert limits.difficulty_target == pytest.approx(0.6)
    assert limits.anchor_codes == ("CB1-1-001", "CB1-1-002")
    assert (limits.forms, limits.seed, limits.key_limit) == (4, 3, 50)  # what stands elsewhere is kept
    assert "0,6" in organiser.get(address).text
    assert organiser.post(address, data={**typed, "difficulty_target": "2"}).status_code == 422
