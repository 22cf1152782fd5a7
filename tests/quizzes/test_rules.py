"""Decisions of bank, forms and sitting on plain values."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.clock import Quarter
from lms.kit.errors import DomainError
from quizzes.kinds import KINDS
from quizzes.rules.assembly import BankTooSmallError, spread
from quizzes.rules.bank import bold_parts, code_parts
from quizzes.rules.rounds import FeedbackPolicy, RoundSettings, RoundState, Standing, StartAnswer, may_start
from quizzes.rules.sitting import (
    CHOICES_AS_SET,
    ITEMS_AS_SET,
    AttemptState,
    Marked,
    deadline_for,
    new_receipt,
    new_seed,
    parts_for,
    question_order,
    score_of,
    visible,
)
from tests.quizzes.making import draft

T = datetime(2026, 11, 22, tzinfo=UTC)
LEVELS = ("NB", "TH", "VD")


@given(st.dictionaries(st.tuples(st.sampled_from("XYZ"), st.sampled_from(LEVELS)), st.integers(0, 30)), st.integers(1, 40))
def test_a_spread_blueprint_has_its_size_and_never_asks_for_more_than_there_is(available: dict[tuple[str, str], int], size: int) -> None:
    if sum(available.values()) < size:
        with pytest.raises(BankTooSmallError):
            spread(available, size)
        return
    cells = spread(available, size)
    assert sum(cell.count for cell in cells) == size
    assert all(cell.count <= available[cell.topic, cell.level] for cell in cells)


def test_a_rich_bank_gives_the_usual_shares_of_levels() -> None:
    cells = spread({(topic, level): 20 for topic in "XYZ" for level in LEVELS}, 20)
    by_level = Counter({level: sum(cell.count for cell in cells if cell.level == level) for level in LEVELS})
    assert by_level == {"NB": 8, "TH": 7, "VD": 5}


@given(st.integers(0, 2**32), st.sets(st.integers(1, 40), min_size=1))
def test_an_attempt_shows_every_question_once_in_an_order_of_its_own(seed: int, slots: set[int]) -> None:
    assert sorted(question_order(seed, slots)) == sorted(slots)
    assert question_order(seed, slots) == question_order(seed, sorted(slots, reverse=True))


def test_orders_differ_between_attempts_and_true_false_stays() -> None:
    body = draft(1).body
    assert len({tuple(choice.id for choice in parts_for("single_choice", body, seed, 1)[0].choices) for seed in range(50)}) > 10
    assert {tuple(choice.id for choice in parts_for("true_false", {}, seed, 1)[0].choices) for seed in range(9)} == {("true", "false")}


def test_what_a_round_does_not_mix_stays_as_it_was_written_but_never_where_that_would_tell_the_key() -> None:
    body = draft(1).body
    written = [choice.id for choice in KINDS["single_choice"].parts(body)[0].choices]
    for _ in range(9):
        seed = new_seed(shuffles_items=False, shuffles_choices=False)
        assert question_order(seed, {3, 1, 2}) == [1, 2, 3]
        assert [choice.id for choice in parts_for("single_choice", body, seed, 1)[0].choices] == written
    ordering = {"steps": [{"id": one, "text": one} for one in "abcdefgh"]}
    shown = {tuple(part.id for part in parts_for("ordering", ordering, new_seed(shuffles_choices=False), 1)) for _ in range(20)}
    assert len(shown) > 10


def test_a_seed_of_before_mixes_everything() -> None:
    assert not any(seed & (ITEMS_AS_SET | CHOICES_AS_SET) for seed in (0, 2**32 - 1, *(new_seed() for _ in range(50))))


@pytest.mark.parametrize(("right", "total", "score"), [(0, 3, "0.00"), (1, 3, "33.33"), (2, 3, "66.67"), (1, 8, "12.50"), (7, 7, "100.00")])
def test_a_score_is_the_share_of_points_rounded_half_up_to_two_decimals(right: int, total: int, score: str) -> None:
    paper = [Marked(slot, "true_false", {}, ["true"], ["true"] if slot <= right else []) for slot in range(1, total + 1)]
    assert score_of(paper) == Decimal(score)


@pytest.mark.parametrize("policy", list(FeedbackPolicy))
@pytest.mark.parametrize("at", [T, T + timedelta(days=9)])
@pytest.mark.parametrize("round_state", list(RoundState))
def test_nothing_but_the_paper_is_seen_while_the_attempt_is_open(policy: str, at: datetime, round_state: str) -> None:
    seen = visible(AttemptState.OPEN, policy, round_state, T, at)
    assert (seen.answering, seen.score, seen.key) == (True, False, False)


@pytest.mark.parametrize(
    ("policy", "round_state", "late", "key"),
    [
        (FeedbackPolicy.IMMEDIATELY, RoundState.OPEN, False, True),
        (FeedbackPolicy.AFTER_CLOSE, RoundState.OPEN, False, False),
        (FeedbackPolicy.AFTER_CLOSE, RoundState.OPEN, True, True),
        (FeedbackPolicy.AFTER_CLOSE, RoundState.CLOSED, False, True),
        (FeedbackPolicy.AFTER_CLOSE, RoundState.LOCKED, False, True),
        (FeedbackPolicy.NEVER, RoundState.LOCKED, True, False),
    ],
)
def test_the_key_of_a_finished_attempt_is_seen_as_the_policy_says(policy: str, round_state: str, late: bool, key: bool) -> None:
    seen = visible(AttemptState.SUBMITTED, policy, round_state, T, T if late else T - timedelta(seconds=1))
    assert (seen.answering, seen.score, seen.key) == (False, True, key)


def settings(**changes: object) -> RoundSettings:
    values = {
        "quarter": Quarter(2026, 4), "title": "Quý IV", "cutoff_day": date(2026, 10, 31), "opens_at": T, "closes_at": T + timedelta(days=1)
    }  # fmt: skip
    return RoundSettings(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("closes_at", T),
        ("duration_seconds", 0),
        ("grace_seconds", 601),
        ("attempts_allowed", 0),
        ("pass_mark", Decimal(101)),
        ("feedback_policy", "maybe"),
    ],
)
def test_impossible_settings_name_their_field(field: str, value: object) -> None:
    settings().check()
    with pytest.raises(DomainError) as refused:
        settings(**{field: value}).check()
    assert refused.value.field == field


class Window:
    state = RoundState.OPEN
    opens_at = T
    closes_at = T + timedelta(days=1)
    attempts_allowed = 2


@pytest.mark.parametrize(
    ("standing", "answer"),
    [
        (Standing(True, None, 0, False), StartAnswer.MAY_START),
        (Standing(True, None, 2, True), StartAnswer.RESUME),
        (Standing(True, None, 2, False), StartAnswer.NONE_LEFT),
        (Standing(False, None, 0, False), StartAnswer.NOT_EXPECTED),
        (Standing(False, "thai sản", 0, False), StartAnswer.EXCLUDED),
    ],
)
def test_who_may_start_within_the_window(standing: Standing, answer: StartAnswer) -> None:
    assert may_start(Window(), standing, T) == answer


def test_extra_time_comes_on_top_past_the_end_of_the_window_too() -> None:
    assert deadline_for(T, 60, 30, T + timedelta(days=1)) == T + timedelta(seconds=90)
    assert deadline_for(T, 60, 30, T + timedelta(seconds=10)) == T + timedelta(seconds=40)


def test_receipts_can_be_read_out_and_differ() -> None:
    codes = {new_receipt(Quarter(2026, 4)) for _ in range(500)}
    assert len(codes) == 500
    assert all(code.startswith("26Q4-") and not set("ILOU") & set(code[5:]) for code in codes)


@given(st.text())
def test_bold_marks_lose_no_text(text: str) -> None:
    parts = bold_parts(text)
    assert "".join(part for part, _ in parts) in (text, text.replace("**", ""))


def test_bold_is_between_pairs_of_marks_only() -> None:
    assert bold_parts("a **b** c") == [("a ", False), ("b", True), (" c", False)]
    assert bold_parts("2 ** 3") == [("2 ** 3", False)]


def test_code_is_between_pairs_of_backticks_only() -> None:
    assert code_parts("gõ `ls -l` rồi xem") == [("gõ ", False), ("ls -l", True), (" rồi xem", False)]
    assert code_parts("dấu ` một mình") == [("dấu ` một mình", False)]


def test_the_same_text_has_the_same_hash_and_any_change_another() -> None:
    assert draft(1).content_hash() == draft(1).content_hash()
    changes: list[dict[str, object]] = [
        {"stem": "Khác"}, {"key": ["c"]}, {"level": "VD"}, {"valid_from": date(2026, 7, 1)}, {"lesson": "khac"}
    ]  # fmt: skip
    assert len({draft(1).content_hash(), *(draft(1, **change).content_hash() for change in changes)}) == 6
