"""Persons in what hangs on sittings: told in their own file, carried over when two records are one, and without words once forgotten."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update

from lms.kit.actors import Actor
from lms.kit.db import Database
from quizzes.followers.disputes import follower
from quizzes.models import (
    Accommodation,
    Appeal,
    CodeTry,
    ItemReport,
    LateArrival,
    ListProposal,
    MakeUp,
    MakeUpPlace,
    Round,
    Ruling,
    SideAnswer,
)
from quizzes.operations.appeals import confirm_points, file_appeal, propose_points
from quizzes.operations.item_reports import report_item
from tests.quizzes.making import AT, ZONE, fill_bank, make_learners, make_round
from tests.quizzes.regrading import LATER, make_rulers, propose, sit, version_in


@pytest.fixture
def people(database: Database) -> dict[str, Actor]:
    with database.transaction() as session:
        learners = make_learners(session, "an", "binh")
        fill_bank(session, 6)
        round_id = make_round(session)
        rulers = make_rulers(session)
        session.execute(update(Round).values(appeals_from=AT, appeals_until=AT + timedelta(days=10)))
        make_up = MakeUp(round_id=round_id, opens_at=AT, closes_at=LATER, attempts_allowed=1, reason="x", created_at=AT)
        session.add(make_up)
        session.flush()
        for learner in learners:
            person = learner.person_id
            session.add_all(
                [
                    MakeUpPlace(round_id=round_id, person_id=person, make_up_id=make_up.id, reason="Ốm", admitted_at=AT),
                    SideAnswer(round_id=round_id, person_id=person, answer=7, given_at=AT),
                    CodeTry(person_id=person, failures=1, counted_until=AT),
                    ListProposal(round_id=round_id, person_id=person, evidence="Giấy ra viện", state="pending", proposed_at=AT),
                    Accommodation(
                        person_id=person, round_id=round_id, extra_percent=25, extra_attempts=0, reason="Khiếm thị", granted_at=AT
                    ),
                ]
            )
    return {actor.account_name: actor for actor in (*learners, *rulers)}


@pytest.fixture
def attempt(database: Database, people: dict[str, Actor]) -> UUID:
    attempt = sit(database, people["an"], {})
    with database.transaction() as session:
        appeal = file_appeal(session, people["an"], attempt, 1, "Tôi bị ốm hôm đó.", zone=ZONE, at=LATER)
        report_item(session, people["an"], attempt, 2, kind="other", text="Tôi là người soạn văn bản này", at=LATER)
        late = LateArrival(
            attempt_id=attempt, digest="x", source="line", state="waiting", received_at=AT, answers=[{"slot": 1}], evidence={}, replaced=[]
        )
        session.add(late)
    with database.transaction() as session:
        propose_points(session, people["mot"], appeal, {1: 1}, "Được điểm.", LATER)  # type: ignore[dict-item]
    with database.transaction() as session:
        confirm_points(session, people["hai"], appeal, LATER)
    return attempt


def person(actor: Actor) -> UUID:
    assert actor.person_id is not None
    return actor.person_id


def test_the_own_file_names_all_that_is_kept(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    with database.reading() as session:
        told = {section.heading: [str(row) for row in section.rows] for section in follower.disclose(session, person(people["an"]))}
        official = {section.heading: len(section.rows) for section in follower.disclose(session, person(people["mot"]))}
    assert "Tôi bị ốm hôm đó." in told["Đơn phúc khảo"][0]
    assert "Được điểm." in told["Điểm đã thay đổi"][0]
    assert "Khiếm thị" in told["Điều kiện riêng khi kiểm tra"][0]
    assert [heading for heading, rows in told.items() if rows] == [
        *("Điểm đã thay đổi", "Đơn phúc khảo", "Báo lỗi câu hỏi", "Câu trả lời đến muộn", "Điều kiện riêng khi kiểm tra"),
        *("Danh sách kiểm tra", "Đề nghị sửa danh sách kiểm tra", "Trả lời câu hỏi phụ"),
    ]
    assert official["Đơn phúc khảo đã giải quyết"] == 1


def test_of_two_records_one_person_has_each_thing_once(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    an, binh = person(people["an"]), person(people["binh"])
    with database.transaction() as session:
        follower.merge(session, an, binh, LATER)
    with database.reading() as session:
        for column in (MakeUpPlace.person_id, SideAnswer.person_id, CodeTry.person_id):
            assert session.scalars(select(column)).all() == [an]
        standing = session.scalars(select(Accommodation.person_id).where(Accommodation.ended_at.is_(None))).all()
        assert standing == [an]
        assert sorted(session.scalars(select(ListProposal.state))) == ["pending", "withdrawn"]
        assert set(session.scalars(select(Accommodation.person_id))) == {an}


def test_two_who_had_to_be_two_stay_two_when_they_turn_out_to_be_one(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    one, two = person(people["mot"]), person(people["hai"])
    with database.reading() as session:
        version = version_in(session, "single_choice")
    ruling = propose(database, people["mot"], version)
    with database.transaction() as session:
        follower.merge(session, one, two, LATER)
    with database.reading() as session:
        appeal = session.scalars(select(Appeal)).one()
        assert {appeal.proposed_by, appeal.decided_by} == {one, two}
        assert session.get_one(Ruling, ruling).proposed_by == one


def test_who_is_forgotten_leaves_no_words_behind(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    with database.transaction() as session:
        follower.forget(session, person(people["an"]), "X-1", LATER)
    with database.reading() as session:
        words = [*session.scalars(select(Appeal.text)), *session.scalars(select(Appeal.answer)), *session.scalars(select(ItemReport.text))]
        assert set(words) == {"—"}
        reasons = dict(session.execute(select(Accommodation.person_id, Accommodation.reason)).all())  # type: ignore[arg-type]
        assert (reasons[person(people["an"])], reasons[person(people["binh"])]) == ("—", "Khiếm thị")
