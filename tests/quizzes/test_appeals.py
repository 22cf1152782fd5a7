"""Phúc khảo and reports about items in the browser: filed, decided by two where a mark moves, answered; nothing of it for others."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from lms.kit.actors import Actor, Role
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from quizzes.models import Appeal, Attempt, ItemReport, Round, Ruling
from quizzes.notices.decisions import decisions
from quizzes.operations.appeals import confirm_points, file_appeal, propose_points, reject_appeal, settle_by_ruling
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.rulings import refuse_ruling
from quizzes.operations.saving import Answered, save_answers
from quizzes.rules.marking import RulingKind
from tests.factories import grant
from tests.quizzes.making import AT, QUARTER, ZONE, fill_bank, keys_of, make_learners, make_round, right_and_wrong
from tests.quizzes.regrading import LATER, approve, make_rulers, marks, propose, slot_of, version_in, work

SignIn = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(LATER, tick=False) as traveller:
        yield traveller


@pytest.fixture
def people(database: Database) -> dict[str, Actor]:
    """Three who sit, and two of the department; appeals are taken for ten days."""
    with database.transaction() as session:
        learners = make_learners(session, "an", "binh", "chi")
        fill_bank(session, 6)
        make_round(session)
        rulers = make_rulers(session)
        for ruler in rulers:
            assert ruler.person_id is not None
            grant(session, ruler.person_id, Role.DEPARTMENT)
        session.execute(update(Round).values(appeals_from=AT, appeals_until=AT + timedelta(days=10)))
    return {actor.account_name: actor for actor in (*learners, *rulers)}


def sit_right(database: Database, actor: Actor, right: int) -> UUID:
    with database.transaction() as session:
        attempt = start_attempt(session, actor, QUARTER, AT).attempt_id
        keys = keys_of(session, session.scalars(select(Attempt.form_id).where(Attempt.id == attempt)).one())
    with database.transaction() as session:
        given = [Answered(slot=slot, sequence=1, answer=answer) for slot, answer in right_and_wrong(keys, right).items()]
        save_answers(session, actor, attempt, takeover=1, answers=given, at=AT)
        submit_attempt(session, actor, attempt, AT)
    return attempt


@pytest.fixture
def attempt(database: Database, people: dict[str, Actor]) -> UUID:
    return sit_right(database, people["an"], 2)


def file(database: Database, actor: Actor, attempt: UUID, slot: int = 0, text: str = "Câu này em trả lời đúng.") -> UUID:
    with database.transaction() as session:
        return file_appeal(session, actor, attempt, slot, text, zone=ZONE, at=LATER)


def test_a_person_files_reads_the_answer_and_the_mark_changes_only_after_two_have_agreed(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    an, one, two = sign_in("an"), sign_in("mot"), sign_in("hai")
    page = an.get(f"/attempts/{attempt}/appeal").text
    assert "Gửi đơn phúc khảo" in page
    assert an.post(f"/attempts/{attempt}/appeal", data={"slot": "4", "text": "Phương án của em cũng đúng."}).status_code == 303
    with database.reading() as session:
        appeal = session.scalars(select(Appeal.id)).one()
    assert "Nguyễn Văn an" in one.get("/manage/appeals").text
    detail = one.get(f"/manage/appeals/{appeal}").text
    assert "Nhật ký bài làm" in detail
    assert "Phương án của em cũng đúng." in detail
    answer = {"answer": "Đề in sai, được nửa điểm câu này.", "points.4": "0,5"}
    assert one.post(f"/manage/appeals/{appeal}/points", data=answer).status_code == 303
    assert marks(database)[attempt] == (Decimal("33.33"), False)
    one.post(f"/manage/appeals/{appeal}/confirm")
    assert marks(database)[attempt] == (Decimal("33.33"), False)  # not by the same person
    two.post(f"/manage/appeals/{appeal}/confirm")
    assert marks(database)[attempt] == (Decimal("41.67"), False)
    told = an.get(f"/attempts/{attempt}/appeal").text
    assert "Đề in sai, được nửa điểm câu này." in told
    result = an.get(f"/attempts/{attempt}/result").text
    assert "Điểm đã thay đổi" in result
    assert "33,33 → 41,67" in result
    assert "33,33" not in an.get(f"/rounds/{QUARTER}/").text


def test_an_appeal_that_is_rejected_keeps_the_mark_and_says_why(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    appeal = file(database, people["an"], attempt)
    one = sign_in("mot")
    assert one.post(f"/manage/appeals/{appeal}/reject", data={"answer": " "}).status_code == 422
    one.post(f"/manage/appeals/{appeal}/reject", data={"answer": "Đáp án đúng theo Điều 5."})
    assert "Đáp án đúng theo Điều 5." in sign_in("an").get(f"/attempts/{attempt}/appeal").text
    assert marks(database)[attempt][0] == Decimal("33.33")
    assert "Không có đơn nào" in one.get("/manage/appeals").text


def test_an_appeal_ends_with_the_ruling_on_its_item(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    with database.reading() as session:
        version = version_in(session, "single_choice")
        slot = slot_of(session, attempt, version)
    appeal = file(database, people["an"], attempt, slot)
    ruling = propose(database, people["mot"], version, RulingKind.VOID, reason="Câu có hai đáp án đúng.")
    with database.transaction() as session:
        settle_by_ruling(session, people["mot"], appeal, ruling, LATER)
    approve(database, people["hai"], ruling)
    with database.reading() as session:
        row = session.get_one(Appeal, appeal)
        assert (row.state, row.answer) == ("granted", "Câu có hai đáp án đúng.")


def test_an_appeal_whose_ruling_is_refused_waits_again(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    with database.reading() as session:
        version = version_in(session, "single_choice")
        slot = slot_of(session, attempt, version)
    appeal = file(database, people["an"], attempt, slot)
    ruling = propose(database, people["mot"], version)
    with database.transaction() as session:
        settle_by_ruling(session, people["mot"], appeal, ruling, LATER)
    with database.transaction() as session:
        refuse_ruling(session, people["hai"], ruling, "Câu đúng.", LATER)
    with database.reading() as session:
        assert session.get_one(Appeal, appeal).state == "open"


@pytest.mark.parametrize(
    ("when", "code"), [(AT - timedelta(days=1), "too_early"), (AT + timedelta(days=10), "too_late"), (None, "no_appeals")]
)
def test_appeals_are_taken_only_within_their_window(
    database: Database, people: dict[str, Actor], attempt: UUID, when: object, code: str
) -> None:
    if when is None:
        with database.transaction() as session:
            session.execute(update(Round).values(appeals_from=None, appeals_until=None))
    with pytest.raises(Conflict) as refused, database.transaction() as session:
        file_appeal(session, people["an"], attempt, 0, "x", zone=ZONE, at=when or LATER)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_one_appeal_a_part_of_a_paper_and_again_after_it_was_withdrawn(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    appeal = file(database, people["an"], attempt)
    with pytest.raises(Conflict, match="Đã có đơn"):
        file(database, people["an"], attempt)
    an = sign_in("an")
    assert an.post(f"/attempts/{attempt}/appeal/withdraw", data={"appeal": str(appeal)}).status_code == 303
    assert file(database, people["an"], attempt)


def test_an_answer_is_due_in_working_days(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    appeal = file(database, people["an"], attempt)  # on Monday, 23/11/2026
    with database.reading() as session:
        due = session.get_one(Appeal, appeal).due_at.astimezone(ZONE)
    assert f"{due:%d/%m/%Y %H:%M}" == "30/11/2026 17:00"


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_text_that_is_none_or_too_long_is_refused(database: Database, people: dict[str, Actor], attempt: UUID, text: str) -> None:
    with pytest.raises(DomainError):
        file(database, people["an"], attempt, text=text)


def test_nobody_appeals_for_another_nor_settles_their_own(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    binh = sign_in("binh")
    assert binh.get(f"/attempts/{attempt}/appeal").status_code == 404
    assert binh.post(f"/attempts/{attempt}/appeal", data={"slot": "0", "text": "x"}).status_code == 404
    appeal = file(database, people["an"], attempt)
    binh_attempt = sit_right(database, people["binh"], 1)
    assert binh.post(f"/attempts/{binh_attempt}/appeal/withdraw", data={"appeal": str(appeal)}).status_code == 404
    with database.transaction() as session:
        grant(session, people["an"].person_id, Role.DEPARTMENT)  # type: ignore[arg-type]
    with pytest.raises(Conflict) as refused, database.transaction() as session:
        reject_appeal(session, people["an"], appeal, "Không.", LATER)
    assert refused.value.code == "own_appeal"


@pytest.mark.parametrize("points", [{4: Fraction(3, 2)}, {4: Fraction(-1)}, {99: Fraction(1)}, {}])
def test_points_beyond_a_question_or_of_no_question_are_refused(
    database: Database, people: dict[str, Actor], attempt: UUID, points: dict[int, Fraction]
) -> None:
    appeal = file(database, people["an"], attempt)
    with pytest.raises(DomainError), database.transaction() as session:
        propose_points(session, people["mot"], appeal, points, "x", LATER)


@pytest.mark.parametrize("typed", ["abc", "1/0", "9" * 50, "1e9", "٣"])
def test_points_that_are_no_number_are_told_at_the_page(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn, typed: str
) -> None:
    appeal = file(database, people["an"], attempt, 4)
    response = sign_in("mot").post(f"/manage/appeals/{appeal}/points", data={"answer": "x", "points.4": typed})
    assert response.status_code == 422 or marks(database)[attempt][0] == Decimal("33.33")


def test_of_two_who_confirm_at_once_one_does_and_the_other_is_told(database: Database, people: dict[str, Actor], attempt: UUID) -> None:
    appeal = file(database, people["an"], attempt, 4)
    with database.transaction() as session:
        propose_points(session, people["mot"], appeal, {4: Fraction(1)}, "Đúng.", LATER)

    def confirm(_: int) -> str:
        try:
            with database.transaction() as session:
                confirm_points(session, people["hai"], appeal, LATER)
        except Conflict as refused:
            return refused.code
        return "granted"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(confirm, range(2))) == ["granted", "settled"]
    assert marks(database)[attempt] == (Decimal("50.00"), True)


def test_a_report_is_thanked_for_replaced_while_it_waits_and_answered_without_telling_who_sent_it(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    an, one = sign_in("an"), sign_in("mot")
    assert "Báo lỗi câu" in an.get(f"/attempts/{attempt}/report?slot=3").text
    for text in ("Không rõ nghĩa", "Sai chính tả <script>alert(1)</script>"):
        assert an.post(f"/attempts/{attempt}/report", data={"slot": "3", "kind": "wording", "text": text}).status_code == 303
    with database.reading() as session:
        report = session.scalars(select(ItemReport)).one()
    page = one.get(f"/manage/item-reports/{report.item_version_id}").text
    assert "Sai chính tả &lt;script&gt;" in page
    assert "Không rõ nghĩa" not in page
    assert "Nguyễn Văn an" not in page
    one.post(f"/manage/item-reports/{report.item_version_id}", data={"answer": "Đã sửa câu chữ, cảm ơn."})
    assert "Đã sửa câu chữ, cảm ơn." in an.get(f"/attempts/{attempt}/appeal").text
    assert "Không có câu nào" in one.get("/manage/item-reports").text


@pytest.mark.parametrize("data", [{}, {"slot": "99", "kind": "key"}, {"slot": "-1", "kind": "key"}, {"slot": "1", "kind": "x"}])
def test_reports_of_nothing_are_refused(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn, data: dict[str, str]
) -> None:
    assert sign_in("an").post(f"/attempts/{attempt}/report", data=data).status_code in (404, 422)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ItemReport)) == 0


def test_the_pages_of_rulings_lead_from_an_item_to_the_second_persons_decision(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    one, two = sign_in("mot"), sign_in("hai")
    sit_right(database, people["binh"], 0)
    with database.reading() as session:
        version = version_in(session, "single_choice")
    form = one.get(f"/manage/rulings/new/{version}")
    assert 'name="answer"' in form.text
    refused = one.post(f"/manage/rulings/new/{version}", data={"kind": "new_key", "reason": "Sai đáp án", "answer": "b"})
    assert refused.status_code == 422
    assert "đang được công nhận" in refused.text
    made = one.post(f"/manage/rulings/new/{version}", data={"kind": "void", "reason": "Câu có hai cách hiểu"})
    address = made.location
    assert "Đang tính thử" in one.get(address).text
    work(database)
    page = two.get(address).text
    assert "Duyệt và chấm lại" in page
    assert "Sở Nội vụ" in page
    assert "Duyệt và chấm lại" not in one.get(address).text
    assert "Nguyễn Văn binh" in two.get(f"{address}/attempts").text
    assert two.post(f"{address}/approve").status_code == 303
    work(database)
    assert "Đã chấm lại xong" in two.get(address).text
    assert two.post(f"{address}/withdraw", data={"reason": "Nhầm câu"}).status_code == 303
    work(database)
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(Ruling.state == "proposed")) == 1
    assert "Rút lại một quyết định trước" in one.get("/manage/rulings").text


def test_the_result_says_of_each_question_what_was_ruled(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    with database.reading() as session:
        version = version_in(session, "single_choice")
    approve(database, people["hai"], propose(database, people["mot"], version, reason="Luật đã thay đổi."))
    with time_machine.travel(AT + timedelta(days=60), tick=False):
        page = sign_in("an").get(f"/attempts/{attempt}/result").text
    assert "Câu này đã được hủy, mọi người được trọn điểm: Luật đã thay đổi." in page


def test_why_an_item_was_ruled_on_is_not_told_while_others_still_sit(database: Database, people: dict[str, Actor], sign_in: SignIn) -> None:
    attempt = sit_right(database, people["binh"], 0)
    with database.reading() as session:
        version = version_in(session, "single_choice")
    reason = "Đáp án c cũng đúng theo Điều 5."
    approve(database, people["hai"], propose(database, people["mot"], version, reason=reason))
    binh = sign_in("binh")
    for page in ("result", "appeal"):
        assert reason not in binh.get(f"/attempts/{attempt}/{page}").text
        assert "0 → 16,67" in binh.get(f"/attempts/{attempt}/{page}").text
    with database.transaction() as session:
        session.execute(update(Round).values(state="closed", closed_at=LATER))
    assert reason in binh.get(f"/attempts/{attempt}/result").text


def test_people_are_told_by_letter_that_their_mark_and_their_appeal_were_looked_at(
    database: Database, people: dict[str, Actor], attempt: UUID
) -> None:
    other = sit_right(database, people["binh"], 0)
    appeal = file(database, people["an"], attempt)
    with database.transaction() as session:
        reject_appeal(session, people["mot"], appeal, "Đúng rồi.", LATER)
    with database.reading() as session:
        version = version_in(session, "single_choice")
    approve(database, people["hai"], propose(database, people["mot"], version))
    with database.reading() as session:
        told = {(one.person_id, one.path) for one in decisions(session, LATER, ZONE)}
    assert {(people["an"].person_id, f"/attempts/{attempt}/appeal"), (people["binh"].person_id, f"/attempts/{other}/result")} <= told


def test_queues_need_the_same_statements_however_many_wait(
    database: Database, people: dict[str, Actor], attempt: UUID, sign_in: SignIn
) -> None:
    one = sign_in("mot")
    counts = []
    for slot in (0, 1, 2, 3):
        file(database, people["an"], attempt, slot)
        statements = 0

        def count(*_: object) -> None:
            nonlocal statements
            statements += 1

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", count)
        assert one.get("/manage/appeals").status_code == 200
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", count)
        counts.append(statements)
    assert len(set(counts)) == 1
    assert re.search("Một câu", one.get("/manage/appeals").text)
