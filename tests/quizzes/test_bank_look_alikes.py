"""Questions that read alike are found; others are left in peace."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, event, func, select

from lms.kit.actors import SERVICE
from lms.kit.db import Database
from quizzes.models import ItemBand, ItemSketch
from quizzes.operations.bank import import_items
from quizzes.operations.duplicates import sketch_missing
from quizzes.operations.pairs import relate_items
from quizzes.queries.duplicates import alike_pairs, look_alikes
from quizzes.rules.duplicates import ALIKE, likeness, reading, sketch
from tests.quizzes.making import AT, OPENS, draft

PHRASE = "an toàn thông tin chữ ký số văn bản điện tử dịch vụ công dữ liệu cá nhân mật khẩu tài khoản cơ quan hồ sơ nghị định"
WORDS = PHRASE.split()
STEM = "Khi nhận được thư điện tử lạ yêu cầu cung cấp mật khẩu tài khoản công vụ, cán bộ cần làm gì trước tiên?"
BODY = {
    "options": [
        {"id": "a", "text": "Trả lời thư để hỏi rõ người gửi là ai"},
        {"id": "b", "text": "Không trả lời và báo bộ phận phụ trách an toàn thông tin"},
        {"id": "c", "text": "Chuyển tiếp thư cho đồng nghiệp cùng phòng"},
    ]
}
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=60).map(" ".join)


@given(stem=texts, options=st.lists(texts, min_size=2, max_size=5, unique=True), random=st.randoms(use_true_random=False))
def test_neither_the_order_of_options_nor_case_nor_marks_make_another_question(stem: str, options: list[str], random: Random) -> None:
    def body(of: list[str]) -> dict[str, Any]:
        return {"options": [{"id": str(place), "text": text} for place, text in enumerate(of)]}

    shuffled = random.sample(options, len(options))
    one, other = sketch(reading(stem, body(options))), sketch(reading(f"  {stem.upper()}?! ", body(shuffled)))
    assert (one.digest, one.bands) == (other.digest, other.bands)
    assert likeness(one.text, other.text) == 1


@given(one=texts, other=texts)
def test_likeness_is_mutual_and_between_nothing_and_all(one: str, other: str) -> None:
    left, right = reading(one, {}), reading(other, {})
    assert 0 <= likeness(left, right) == likeness(right, left) <= 1
    assert likeness(left, left) == 1


@given(stem=st.text(max_size=200))
def test_any_text_has_a_sketch(stem: str) -> None:
    assert sketch(reading(stem, {})).bands


def test_pairs_as_alike_as_eighty_in_a_hundred_share_a_band_practically_always() -> None:
    random, found, tried = Random(7), 0, 0
    vocabulary = [f"từ{n}" for n in range(2_000)]
    for _ in range(300):
        words = random.choices(vocabulary, k=60)
        changed = words.copy()
        for place in random.sample(range(60), 2):
            changed[place] = random.choice(vocabulary)
        one, other = (sketch(reading(" ".join(some), {})) for some in (words, changed))
        if likeness(one.text, other.text) >= 0.8:
            tried += 1
            found += bool(one.bands & other.bands)
    assert tried > 200
    assert found >= tried - 1


def test_a_question_with_a_few_words_changed_is_found_and_another_one_is_not(database: Database) -> None:
    with database.transaction() as session:
        import_items(session, SERVICE, [draft(1, stem=STEM, body=BODY), *(draft(n) for n in range(2, 6))], "test", OPENS)
    changed = STEM.replace("lạ", "khả nghi").replace("trước tiên", "đầu tiên")
    with database.reading() as session:
        exact, near, none = look_alikes(session, [(STEM, BODY), (changed, BODY), ("Sao lưu là gì, và bao lâu một lần thì đủ?", {})])
        assert [(one.code, one.exact, one.likeness) for one in exact] == [("CB1-1-001", True, 1.0)]
        assert [(one.code, one.exact) for one in near] == [("CB1-1-001", False)]
        assert ALIKE <= near[0].likeness < 1
        assert none == []
        assert look_alikes(session, [(STEM, BODY)], leaving_out=["CB1-1-001"]) == [[]]


def test_suspicious_pairs_are_listed_until_somebody_says_what_they_are(database: Database) -> None:
    with database.transaction() as session:
        changed = STEM.replace("lạ", "khả nghi")
        items = [draft(1, stem=STEM, body=BODY), draft(2, stem=changed, body=BODY), draft(3, stem=STEM, body=BODY), draft(4, "true_false")]
        import_items(session, SERVICE, items, "test", OPENS)
        found = [(pair.one.code, pair.other.code, pair.one.exact) for pair in alike_pairs(session)]
        assert [(sorted(pair[:2]), pair[2]) for pair in found] == [
            (["CB1-1-001", "CB1-1-003"], True),
            (["CB1-1-001", "CB1-1-002"], False),
            (["CB1-1-002", "CB1-1-003"], False),
        ]
        relate_items(session, SERVICE, ("CB1-1-001", "CB1-1-003"), "distinct", AT)
        relate_items(session, SERVICE, ("CB1-1-002", "CB1-1-001"), "enemy", AT)
        assert [sorted((pair.one.code, pair.other.code)) for pair in alike_pairs(session)] == [["CB1-1-002", "CB1-1-003"]]


def test_a_new_version_takes_the_place_of_the_old_ones_sketch(database: Database) -> None:
    with database.transaction() as session:
        import_items(session, SERVICE, [draft(1, stem=STEM, body=BODY)], "test", OPENS)
        import_items(session, SERVICE, [draft(1, stem="Sao lưu dữ liệu là gì?", body=BODY)], "test", AT)
        assert session.scalar(select(func.count()).select_from(ItemSketch)) == 1
        assert look_alikes(session, [(STEM, BODY)])[0] == [] or not look_alikes(session, [(STEM, BODY)])[0][0].exact


def test_items_stored_before_there_were_sketches_are_sketched_later(database: Database) -> None:
    with database.transaction() as session:
        import_items(session, SERVICE, [draft(n) for n in range(1, 4)], "test", OPENS)
        session.execute(delete(ItemBand))
        session.execute(delete(ItemSketch))
        assert sketch_missing(session, limit=2) == 2
        assert sketch_missing(session, limit=2) == 1
        assert sketch_missing(session) == 0


def test_look_alikes_of_an_import_cost_few_statements_and_a_common_turn_of_phrase_does_no_harm(database: Database) -> None:
    with database.transaction() as session:
        same = [
            draft(n, stem=STEM, body={"options": [*BODY["options"], {"id": "d", "text": f"Cách số {n}"}]}, whys={}) for n in range(1, 121)
        ]
        import_items(session, SERVICE, same, "test", OPENS)
    statements: list[str] = []
    with database.reading() as session:
        event.listen(database.engines[1], "before_cursor_execute", lambda *args: statements.append(args[2]))
        found = look_alikes(session, [(one.stem, one.body) for one in same[:100]])
        assert all(any(alike.exact for alike in some) for some in found)
        assert len(statements) <= 10
        assert len(alike_pairs(session, 50)) <= 50
