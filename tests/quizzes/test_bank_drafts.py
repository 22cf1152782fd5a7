"""Drafts: what authors may write, and the way of a version into the bank."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.kit.actors import SERVICE, AccessDenied, Actor, NotFound
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from quizzes.followers.bank import follower
from quizzes.models import Item, ItemSketch, ItemVersion
from quizzes.operations import review
from quizzes.operations.bank import InvalidItemError, SavedDraft, import_items, save_draft
from quizzes.operations.bulk import change_items, plan_bulk
from quizzes.operations.pairs import relate_items, unrelate_items
from quizzes.queries import items as item_queries
from quizzes.queries.bank import usable_items
from quizzes.queries.expiry import expiring_items
from quizzes.queries.pairs import enemy_pairs, pairs_of
from quizzes.queries.review import returned_drafts, review_queue
from quizzes.rules.bank import ItemDraft, ItemState
from quizzes.rules.bulk import BulkAction, BulkChange
from tests.factories import make_agency, make_person
from tests.quizzes.making import AT, OPENS, draft, fill_bank

TODAY = AT.date()


@pytest.fixture
def people(database: Database) -> dict[str, Actor]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        return {name: Actor(make_person(session, name, agency=agency), name, name) for name in ("Tác", "Duyệt", "Khác")}


@pytest.fixture
def author(people: dict[str, Actor]) -> Actor:
    return people["Tác"]


@pytest.fixture
def reviewer(people: dict[str, Actor]) -> Actor:
    return people["Duyệt"]


def state_of(database: Database, code: str) -> list[tuple[int, str]]:
    with database.reading() as session:
        rows = session.execute(
            select(ItemVersion.number, ItemVersion.state).join(Item).where(Item.code == code).order_by(ItemVersion.number)
        )
        return [(number, state) for number, state in rows]


def written(database: Database, actor: Actor, **changes: Any) -> SavedDraft:
    with database.transaction() as session:
        return save_draft(session, actor, draft(1, **changes), AT)


def test_hashes_of_items_without_a_framework_are_what_they_were_before_there_were_frameworks() -> None:
    plain = ItemDraft("a", "b", "c", "d", "e", {}, [], "x")
    assert plain.content_hash() == "55af2e12fc48ed8b8d5195af0621e5729cf612b734f992f9d2f8fceea14a311a"
    assert replace(plain, tags=("x",), purpose="exam").content_hash() == plain.content_hash()
    assert replace(plain, framework="DigComp 3.0").content_hash() != plain.content_hash()


@given(text=st.text(), tag=st.text())
def test_what_is_stored_is_stored_the_same_when_it_comes_again(text: str, tag: str) -> None:
    one = replace(draft(1, stem=text, explanation=text, body={"options": [{"id": "a", "text": text}]}), tags=(tag,)).stored()
    assert one.stored() == one
    assert "\x00" not in one.stem + str(one.body)


def test_a_draft_is_written_over_until_it_is_handed_in_and_then_it_is_not(database: Database, author: Actor) -> None:
    saved = written(database, author, code="")
    assert (saved.code, saved.number, saved.new_item) == ("CB1-1-Q001", 1, True)
    with database.transaction() as session:
        again = save_draft(session, author, draft(1, code=saved.code, stem="Câu dẫn mới?"), AT, base=1)
        assert (again.version_id, again.new_version) == (saved.version_id, False)
        review.submit_for_review(session, author, saved.code, 1, AT)
    with database.transaction() as session, pytest.raises(Conflict, match="chờ thẩm định"):
        save_draft(session, author, draft(1, code=saved.code, stem="Sửa lén?"), AT, base=1)
    with database.reading() as session:
        assert session.scalars(select(ItemVersion.stem)).all() == ["Câu dẫn mới?"]


def test_a_draft_of_an_approved_item_leaves_it_in_use_until_another_person_approves_the_new_version(
    database: Database, author: Actor, reviewer: Actor
) -> None:
    with database.transaction() as session:
        fill_bank(session, 3)
    with database.transaction() as session:
        saved = save_draft(session, author, draft(1, "multiple_choice", stem="Câu đã sửa?"), AT, base=1, change_note="Luật mới")
        before = usable_items(session, TODAY, TODAY)
    assert state_of(database, saved.code) == [(1, "approved"), (2, "draft")]
    assert saved.version_id not in before["CB1.1", "NB"]
    with database.transaction() as session:
        review.submit_for_review(session, author, saved.code, 2, AT)
        with pytest.raises(Conflict, match="không tự thẩm định"):
            review.approve(session, author, saved.code, 2, AT)
        with pytest.raises(Conflict, match="không tự thẩm định"):
            review.approve(session, SERVICE, saved.code, 2, AT)
        review.approve(session, reviewer, saved.code, 2, AT)
        after = usable_items(session, TODAY, TODAY)
    assert state_of(database, saved.code) == [(1, "retired"), (2, "approved")]
    assert saved.version_id in after["CB1.1", "NB"]
    assert len(after["CB1.1", "NB"]) == len(before["CB1.1", "NB"])


def test_what_is_sent_back_says_why_and_comes_again(database: Database, author: Actor, reviewer: Actor) -> None:
    code = written(database, author).code
    with database.transaction() as session:
        review.submit_for_review(session, author, code, 1, AT)
        with pytest.raises(DomainError, match="Ghi nhận xét"):
            review.send_back(session, reviewer, code, 1, AT, remarks=" \x00 ")
        review.send_back(session, reviewer, code, 1, AT, remarks="Phương án c và d trùng ý.")
    with database.reading() as session:
        (back,) = returned_drafts(session, author.person_id)
        assert (back.code, back.remarks) == (code, "Phương án c và d trùng ý.")
        assert returned_drafts(session, reviewer.person_id) == []
        item = item_queries.item_view(session, code, author.person_id)
        steps = item_queries.review_steps(session, item.id, author.person_id)
        assert [(step.action, step.by, step.mine) for step in steps] == [("sent_back", "Duyệt", False), ("submitted", None, True)]
    with database.transaction() as session:
        review.submit_for_review(session, author, code, 1, AT + timedelta(hours=1))
        assert returned_drafts(session) == []


def test_only_who_wrote_or_owns_a_version_goes_on_with_it(database: Database, author: Actor, people: dict[str, Actor]) -> None:
    code, other = written(database, author).code, people["Khác"]
    for step in (review.submit_for_review, review.discard_draft):
        with database.transaction() as session, pytest.raises(AccessDenied):
            step(session, other, code, 1, AT)
    with database.transaction() as session, pytest.raises(AccessDenied):
        save_draft(session, other, draft(1), AT, base=1)
    with database.transaction() as session:
        review.submit_for_review(session, author, code, 1, AT)
    with database.transaction() as session, pytest.raises(AccessDenied):
        review.withdraw_from_review(session, other, code, 1, AT)
    with database.transaction() as session:
        review.withdraw_from_review(session, author, code, 1, AT)
        review.discard_draft(session, author, code, 1, AT)
    assert state_of(database, code) == [(1, "retired")]


def test_a_save_from_a_page_that_is_out_of_date_is_refused_and_changes_nothing(database: Database, author: Actor) -> None:
    with database.transaction() as session:
        fill_bank(session, 1)
        import_items(session, SERVICE, [draft(1, "multiple_choice", stem="Bản 2?")], "test", OPENS)
    with database.transaction() as session, pytest.raises(Conflict, match="phiên bản 2"):
        save_draft(session, author, draft(1, "multiple_choice"), AT, base=1)
    with database.transaction() as session, pytest.raises(NotFound):
        save_draft(session, author, draft(9), AT, base=1)
    with database.transaction() as session, pytest.raises(Conflict, match="đã có trong ngân hàng"):
        save_draft(session, author, draft(1), AT)
    assert state_of(database, "CB1-1-001") == [(1, "retired"), (2, "approved")]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"stem": " \x00\u200b "}, "thiếu câu dẫn"),
        ({"stem": ""}, "thiếu câu dẫn"),
        ({"stem": "dài " * 6_000}, "tối đa 20000"),
        ({"code": "../../etc/passwd1"}, "mã câu hỏi"),
        ({"code": "review"}, "mã câu hỏi"),
        ({"topic": "<script>"}, "chủ đề"),
        ({"kind": "no_such_kind"}, "không có loại"),
        ({"key": ["z"]}, "không có trong các phương án"),
        ({"purpose": "secret"}, "mục đích"),
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 1)}, "ngày hết hiệu lực"),
        ({"tags": tuple(f"nhãn {n}" for n in range(30))}, "nhãn"),
    ],
)
def test_what_nobody_could_show_or_find_is_not_kept(database: Database, author: Actor, changes: dict[str, Any], said: str) -> None:
    given_draft = replace(draft(1), **{name: value for name, value in changes.items() if name != "kind"})
    given_draft = replace(given_draft, kind=changes.get("kind", given_draft.kind))
    with database.transaction() as session, pytest.raises(InvalidItemError, match=said):
        save_draft(session, author, given_draft, AT)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Item)) == 0


def test_control_characters_are_left_out_and_markup_is_kept_as_the_text_it_is(database: Database, author: Actor) -> None:
    script = "<script>alert(1)</script> & \x00\x07\ud800 xong?\r\nDòng hai"
    written(database, author, stem=script, explanation="\x00giải thích")
    with database.reading() as session:
        assert session.scalars(select(ItemVersion.stem)).one() == "<script>alert(1)</script> &  xong?\nDòng hai"


def test_a_draft_may_lack_reasons_but_is_not_handed_in_without(database: Database, author: Actor) -> None:
    code = written(database, author, whys={}, explanation="").code
    with database.transaction() as session, pytest.raises(InvalidItemError) as refused:
        review.submit_for_review(session, author, code, 1, AT)
    assert "thiếu lời giải thích" in str(refused.value.problems[0])


def test_imports_as_drafts_have_an_author_and_leave_alone_what_somebody_works_on(
    database: Database, author: Actor, reviewer: Actor
) -> None:
    busy = written(database, reviewer).code
    with database.transaction() as session:
        done = import_items(session, author, [draft(1, stem="Khác?"), draft(2)], "tệp.gift", AT, state=ItemState.IN_REVIEW)
    assert (done.created, done.changed, done.busy) == (1, 0, (busy,))
    with database.reading() as session:
        (waiting,) = review_queue(session, reviewer.person_id)
        assert (waiting.code, waiting.new, waiting.own) == ("CB1-1-002", True, False)
        assert review_queue(session, author.person_id)[0].own


def test_a_retired_item_stays_retired_when_its_course_is_loaded_again_unchanged(database: Database, reviewer: Actor) -> None:
    with database.transaction() as session:
        fill_bank(session, 2)
        review.retire_item(session, reviewer, "CB1-1-001", AT, reason="Lộ đề")
        fill_bank(session, 2)
    assert state_of(database, "CB1-1-001") == [(1, "retired")]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(ItemSketch)) == 1


def test_items_for_practice_do_not_enter_tests_that_count_nor_the_other_way_round(database: Database) -> None:
    with database.transaction() as session:
        import_items(session, SERVICE, [draft(1, purpose="exam"), draft(2, purpose="practice"), draft(3)], "test", OPENS)
        assert len(usable_items(session, TODAY, TODAY)["CB1.1", "NB"]) == 2
        assert len(usable_items(session, TODAY, TODAY, counts=False)["CB1.1", "NB"]) == 2


def test_what_ends_within_sixty_days_is_told_to_its_owner(database: Database, author: Actor, reviewer: Actor) -> None:
    ends = {1: TODAY, 2: TODAY + timedelta(days=1), 3: TODAY + timedelta(days=60), 4: TODAY + timedelta(days=61)}
    for number, day in ends.items():
        with database.transaction() as session:
            code = save_draft(session, author, draft(number, valid_to=day), AT).code
            review.submit_for_review(session, author, code, 1, AT)
            review.approve(session, reviewer, code, 1, AT)
    with database.reading() as session:
        assert [item.code for item in expiring_items(session, TODAY, owner=author.person_id)] == ["CB1-1-002", "CB1-1-003"]
        assert expiring_items(session, TODAY, owner=reviewer.person_id) == []
        assert usable_items(session, TODAY, TODAY)["CB1.1", "NB"]
        assert len(usable_items(session, TODAY, TODAY)["CB1.1", "NB"]) == 3


def test_many_items_are_changed_as_the_preview_said_or_not_at_all(database: Database, author: Actor, reviewer: Actor) -> None:
    with database.transaction() as session:
        fill_bank(session, 4)
    codes = [f"CB1-1-{n:03d}" for n in range(1, 5)]
    tag = BulkChange(BulkAction.TAG, "  An   Toàn ")
    with database.transaction() as session:
        plan = plan_bulk(session, codes, tag)
        assert next((line.code, line.before, line.after) for line in plan.lines) == ("CB1-1-001", "", "an toàn")
        change_items(session, author, codes[:1], tag, AT, mark=plan_bulk(session, codes[:1], tag).mark)
    with database.transaction() as session, pytest.raises(Conflict, match="Chưa ghi gì"):
        change_items(session, author, codes, tag, AT, mark=plan.mark)
    retire = BulkChange(BulkAction.RETIRE, "Văn bản đã bãi bỏ")
    with database.transaction() as session:
        assert change_items(session, reviewer, codes, retire, AT, mark=plan_bulk(session, codes, retire).mark) == 4
        left = plan_bulk(session, codes, retire)
        assert (left.lines, left.refused) == ((), tuple(codes))
        assert usable_items(session, TODAY, TODAY) == {}
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "quizzes.bulk_retire").limit(1)).one()
        assert (entry.details["before"], entry.details["after"]) == ("approved", "retired")
    with database.transaction() as session, pytest.raises(DomainError, match="Chưa chọn"):
        plan_bulk(session, [], tag)


def test_enemies_are_a_pair_whoever_of_the_two_names_the_other(database: Database, author: Actor) -> None:
    with database.transaction() as session:
        fill_bank(session, 3)
        relate_items(session, author, ("CB1-1-002", "CB1-1-001"), "enemy", AT, reason="gợi ý đáp án")
        relate_items(session, author, ("CB1-1-001", "CB1-1-002"), "enemy", AT)
        ids = {item.code: item.id for item in session.scalars(select(Item))}
        assert enemy_pairs(session) == [tuple(sorted((ids["CB1-1-001"], ids["CB1-1-002"])))]
        assert [pair.code for pair in pairs_of(session, ids["CB1-1-001"])] == ["CB1-1-002"]
        with pytest.raises(DomainError, match="khác nhau"):
            relate_items(session, author, ("CB1-1-001", "CB1-1-001"), "enemy", AT)
        with pytest.raises(DomainError, match="Không có câu hỏi"):
            relate_items(session, author, ("CB1-1-001", "XXX-1"), "enemy", AT)
        unrelate_items(session, author, ("CB1-1-001", "CB1-1-002"), AT)
        assert enemy_pairs(session) == []


def test_what_a_person_wrote_is_in_their_own_file_and_goes_with_them_when_records_are_merged(
    database: Database, author: Actor, people: dict[str, Actor]
) -> None:
    code = written(database, author).code
    kept = people["Khác"].person_id
    assert author.person_id is not None
    assert kept is not None
    with database.transaction() as session:
        review.submit_for_review(session, author, code, 1, AT)
        sections = {section.heading: list(section.rows) for section in follower.disclose(session, author.person_id)}
        assert [row[0] for row in sections["Câu hỏi đã soạn"]] == [code]
        assert len(sections["Thẩm định câu hỏi"]) == 1
        assert follower.merge(session, kept, author.person_id, AT) == {"items": 3}
        review.withdraw_from_review(session, people["Khác"], code, 1, AT)
    with database.transaction() as session:
        follower.forget(session, kept, "P-1", AT)
        assert session.scalars(select(Item.owner_id)).all() == [None]


def test_an_item_in_work_keeps_its_owner_so_that_a_reviewer_cannot_try_out_whose_it_is(
    database: Database, author: Actor, reviewer: Actor
) -> None:
    with database.transaction() as session:
        fill_bank(session, 1)
        code = save_draft(session, author, draft(9), AT).code
        for person in (author, reviewer):
            plan = plan_bulk(session, [code, "CB1-1-001"], BulkChange(BulkAction.OWNER, str(person.person_id)))
            assert (plan.refused, plan.unchanged, [line.code for line in plan.lines]) == ((code,), 0, ["CB1-1-001"])
