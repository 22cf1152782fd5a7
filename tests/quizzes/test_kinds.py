"""Every kind of question keeps the promises of quizzes/kinds/base.py."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.kinds import KINDS
from quizzes.kinds.base import Answer, Body

IDS = "abcdefgh"


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Body, Answer]:
    """A sound item of any kind: (kind, body, key)."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    if kind == "true_false":
        return kind, {}, [draw(st.sampled_from(["true", "false"]))]
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    body = {"options": [{"id": letter, "text": f"Phương án {letter}"} for letter in ids]}
    most = 1 if kind == "single_choice" else len(ids)
    return kind, body, sorted(draw(st.sets(st.sampled_from(ids), min_size=1, max_size=most)))


answers = st.lists(st.sampled_from([*IDS, "true", "false", "z", ""]), max_size=9)


@given(items())
def test_a_sound_item_has_no_problems_and_its_key_earns_the_full_point(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    assert KINDS[kind].problems(body, key) == []
    assert KINDS[kind].accepts(body, key)
    assert KINDS[kind].mark(body, key, key) == 1


@given(items(), answers)
def test_every_accepted_answer_earns_between_nothing_and_the_full_point(item: tuple[str, Body, Answer], answer: list[str]) -> None:
    kind, body, key = item
    if KINDS[kind].accepts(body, answer):
        points = KINDS[kind].mark(body, key, answer)
        assert isinstance(points, Fraction)
        assert 0 <= points <= 1
        assert (points == 1) == (sorted(answer) == sorted(key))


@given(items())
def test_no_answer_is_accepted_and_earns_nothing(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    assert KINDS[kind].accepts(body, [])
    assert KINDS[kind].mark(body, key, []) == 0


@given(items(), st.randoms())
def test_the_order_of_options_and_of_ticking_never_matters(item: tuple[str, Body, Answer], random: object) -> None:
    kind, body, key = item
    options = list(body.get("options", []))
    random.shuffle(options)  # type: ignore[attr-defined]
    ticked = list(key)
    random.shuffle(ticked)  # type: ignore[attr-defined]
    turned = {"options": options} if options else {}
    assert KINDS[kind].mark(turned, key, ticked) == 1
    assert KINDS[kind].response_pattern(ticked) == KINDS[kind].response_pattern(key) or kind == "single_choice"


@given(items(), items())
def test_what_a_page_shows_does_not_depend_on_the_key(one: tuple[str, Body, Answer], other: tuple[str, Body, Answer]) -> None:
    kind, body, _key = one
    assert [choice.id for choice in KINDS[kind].choices(body)] == [
        option["id"] for option in body.get("options", [])
    ] or kind == "true_false"


@pytest.mark.parametrize(
    ("kind", "options", "key", "words"),
    [
        ("single_choice", "ab", ["a", "b"], "đúng một đáp án"),
        ("single_choice", "ab", ["c"], "không có trong các phương án"),
        ("single_choice", "a", ["a"], "từ 2 đến 12"),
        ("multiple_choice", "ab", [], "ít nhất một đáp án"),
        ("multiple_choice", "abb", ["a"], "trùng mã"),
        ("multiple_choice", "ab", ["a", "a"], "bị lặp"),
        ("true_false", "", ["yes"], "true hoặc false"),
        ("true_false", "ab", ["true"], "không có phương án riêng"),
    ],
)
def test_an_unsound_item_says_what_is_wrong(kind: str, options: str, key: list[str], words: str) -> None:
    body = {"options": [{"id": letter, "text": f"{letter}{place}"} for place, letter in enumerate(options)]} if options else {}
    assert any(words in str(problem) for problem in KINDS[kind].problems(body, key))


def test_options_with_the_same_words_or_none_are_found() -> None:
    twins = {"options": [{"id": "a", "text": "Có"}, {"id": "b", "text": "có"}]}
    empty = {"options": [{"id": "a", "text": "Có"}, {"id": "b", "text": " "}]}
    assert "cùng nội dung" in str(KINDS["single_choice"].problems(twins, ["a"])[0])
    assert "để trống" in str(KINDS["single_choice"].problems(empty, ["a"])[0])
