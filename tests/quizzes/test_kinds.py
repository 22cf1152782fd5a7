"""Every kind of question keeps the promises of quizzes/kinds/base.py."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.kinds import KINDS
from quizzes.kinds.answers import in_words
from quizzes.kinds.base import Answer, Body
from quizzes.kinds.numbers import typed_number
from quizzes.kinds.pictures import picture_of, picture_problems

IDS = "abcdefgh"
PICTURE = {"sha256": "0" * 64, "alt": "Hình", "width": 90, "height": 90}
FORMS = ("all", "partial")


def named(ids: str, what: str = "Phương án") -> list[dict[str, str]]:
    return [{"id": letter, "text": f"{what} {letter}"} for letter in ids]


@st.composite
def items(draw: st.DrawFn) -> tuple[str, Body, Answer]:
    """A sound item of any kind: (kind, body, key)."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    return kind, *MAKERS[kind](draw)


def one_control(draw: st.DrawFn, most: int | None = None, scorings: tuple[str, ...] = ()) -> tuple[Body, Answer]:
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    body = {"options": named(ids)} | ({"scoring": draw(st.sampled_from(scorings))} if scorings else {})
    return body, sorted(draw(st.sets(st.sampled_from(ids), min_size=1, max_size=most or len(ids))))


def statements(draw: st.DrawFn) -> tuple[Body, Answer]:
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    key = [f"{one}={draw(st.sampled_from(['true', 'false']))}" for one in ids]
    return {"statements": named(ids, "Nhận định"), "scoring": draw(st.sampled_from(FORMS))}, key


def pairs(draw: st.DrawFn) -> tuple[Body, Answer]:
    premises, options = IDS[: draw(st.integers(2, 5))], IDS[: draw(st.integers(2, 5))]
    body = {"premises": named(premises, "Vế"), "options": named(options), "scoring": draw(st.sampled_from(FORMS))}
    return body, [f"{one}={draw(st.sampled_from(options))}" for one in premises]


def steps(draw: st.DrawFn) -> tuple[Body, Answer]:
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    places = draw(st.permutations(range(1, len(ids) + 1)))
    body = {"steps": named(ids, "Bước"), "scoring": draw(st.sampled_from(FORMS))}
    return body, [f"{one}={place}" for one, place in zip(ids, places, strict=True)]


def number(draw: st.DrawFn) -> tuple[Body, Answer]:
    value = draw(st.decimals(-9999, 9999, places=2, allow_nan=False))
    return {"tolerance": str(draw(st.decimals(0, 5, places=1))), "unit": "GB"}, [str(value)]


def word(draw: st.DrawFn) -> tuple[Body, Answer]:
    texts = st.sampled_from(["hòa giải", "nghị định", "Luật Chuyển đổi số", "QR", "đám mây"])
    return {"diacritics": draw(st.sampled_from(["kept", "ignored"]))}, sorted(draw(st.sets(texts, min_size=1)))


def gaps(draw: st.DrawFn) -> tuple[Body, Answer]:
    kinds = draw(st.lists(st.sampled_from(["list", "text", "number"]), min_size=1, max_size=4))
    made = [{"id": str(place), "kind": kind} | ({"options": named("abc")} if kind == "list" else {}) for place, kind in enumerate(kinds)]
    right = {"list": "b", "text": "nghị định", "number": "12.5"}
    text = "Theo " + " và ".join(f"{{{{{gap['id']}}}}}" for gap in made) + "."
    return {"text": text, "gaps": made, "scoring": draw(st.sampled_from(FORMS))}, [f"{gap['id']}={right[gap['kind']]}" for gap in made]


def spots(draw: st.DrawFn) -> tuple[Body, Answer]:
    ids = IDS[: draw(st.integers(2, len(IDS)))]
    whole = st.integers(0, 50)
    shapes = {
        "rect": lambda: [draw(whole), draw(whole), draw(st.integers(1, 50)), draw(st.integers(1, 50))],
        "circle": lambda: [draw(whole), draw(whole), draw(st.integers(1, 50))],
        "poly": lambda: [draw(whole) for _ in range(2 * draw(st.integers(3, 6)))],
    }
    made = [{**one, "shape": (shape := draw(st.sampled_from(sorted(shapes)))), "coords": shapes[shape]()} for one in named(ids, "Vùng")]
    picture = {"sha256": "0" * 64, "alt": "Màn hình ký số", "width": 120, "height": 100}
    return {"picture": picture, "spots": made}, [draw(st.sampled_from(ids))]


def essay(draw: st.DrawFn) -> tuple[Body, Answer]:
    ids = IDS[: draw(st.integers(1, len(IDS)))]
    rubric = [{**one, "points": draw(st.integers(1, 10))} for one in named(ids, "Tiêu chí")]
    return {"rubric": rubric, "markers": draw(st.sampled_from([1, 2])), "guidance": "SECRET"}, []


MAKERS: dict[str, Callable[[st.DrawFn], tuple[Body, Answer]]] = {
    "single_choice": lambda draw: one_control(draw, most=1),
    "multiple_choice": lambda draw: one_control(draw, scorings=("all", "partial", "penalty")),
    "true_false": lambda draw: ({}, [draw(st.sampled_from(["true", "false"]))]),
    "statement_group": statements,
    "matching": pairs,
    "ordering": steps,
    "numeric": number,
    "short_answer": word,
    "cloze": gaps,
    "hotspot": spots,
    "essay": essay,
}
TYPED = {"numeric", "short_answer", "cloze", "essay"}  # many texts come to the same answer
answers = st.lists(
    st.one_of(
        st.sampled_from([*IDS, "true", "false", "z", "", "12,5", "hòa giải", "a=", "=", "a=a=a"]),
        st.builds(lambda part, value: f"{part}={value}", st.sampled_from(IDS), st.sampled_from([*IDS, "true", "false", "1", "2", "9"])),
    ),
    max_size=9,
)


hostile = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            ["\x00", "=\x00", "\ud800", "١٢", "1e999999", "-" * 50, "a=" * 30, "value=٣", "unit==", "́", "x" * 30_000, "1=" + "9" * 500]
        ),
    ),
    max_size=60,
)


def earning(kind: str, body: Body, key: Answer) -> Answer:
    """The key as a person would give it."""
    return key[:1] if kind == "short_answer" else key


@given(items())
def test_a_sound_item_has_no_problems_and_its_key_earns_the_full_point(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    assert KINDS[kind].problems(body, key) == []
    given = earning(kind, body, key)
    assert KINDS[kind].accepts(body, given)
    if not KINDS[kind].marked_by_hand:
        assert KINDS[kind].mark(body, key, given) == 1
        assert all(KINDS[kind].right_parts(body, key, given).values())


@given(items(), answers)
def test_every_accepted_answer_earns_between_nothing_and_the_full_point(item: tuple[str, Body, Answer], answer: list[str]) -> None:
    kind, body, key = item
    if KINDS[kind].accepts(body, answer):
        points = KINDS[kind].mark(body, key, answer)
        assert isinstance(points, Fraction)
        assert 0 <= points <= 1
        assert (points == 1) == all(KINDS[kind].right_parts(body, key, answer).values())
        if kind not in TYPED:
            assert (points == 1) == (sorted(answer) == sorted(key))


@given(items())
def test_no_answer_is_accepted_and_earns_nothing(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    assert KINDS[kind].accepts(body, [])
    assert KINDS[kind].mark(body, key, []) == 0


@given(items(), st.randoms())
def test_the_order_of_options_parts_and_of_answering_never_matters(item: tuple[str, Body, Answer], random: Random) -> None:
    kind, body, key = item
    turned = dict(body)
    for name in ("options", "statements", "premises", "steps", "gaps", "spots", "rubric"):
        if name in body:
            turned[name] = random.sample(body[name], len(body[name]))
    given = list(earning(kind, body, key))
    random.shuffle(given)
    assert KINDS[kind].mark(turned, key, given) == (0 if KINDS[kind].marked_by_hand else 1)
    assert KINDS[kind].response_pattern(body, given) == KINDS[kind].response_pattern(body, earning(kind, body, key))


@given(items(), hostile)
def test_whatever_is_sent_is_accepted_or_not_and_never_a_failure(item: tuple[str, Body, Answer], answer: list[str]) -> None:
    kind, body, key = item
    if KINDS[kind].accepts(body, answer):
        assert not any("\x00" in text for text in answer)
        assert 0 <= KINDS[kind].mark(body, key, answer) <= 1
        assert isinstance(KINDS[kind].response_pattern(body, answer), str)
        assert set(KINDS[kind].right_parts(body, key, answer)) == {part.id for part in KINDS[kind].parts(body)}


def read_back(kind: str, body: Body, pattern: str) -> Answer:
    """An answer from its notation in xAPI, for kinds whose answers are made of ids."""
    parts = pattern.split("[,]") if pattern else []
    if kind in ("statement_group", "matching"):
        return sorted(part.replace("[.]", "=") for part in parts)
    return [f"{step}={place}" for place, step in enumerate(parts, start=1)] if kind == "ordering" else parts


@given(items())
def test_keys_come_back_from_their_notation_in_xapi(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    if kind in TYPED:
        return
    pattern = KINDS[kind].response_pattern(body, key)
    assert pattern in KINDS[kind].correct_patterns(body, key)
    assert KINDS[kind].mark(body, key, read_back(kind, body, pattern)) == 1


@given(items())
def test_what_a_page_shows_does_not_depend_on_the_key(item: tuple[str, Body, Answer]) -> None:
    kind, body, key = item
    shown = repr((KINDS[kind].parts(body), KINDS[kind].text(body)))
    if kind in ("numeric", "short_answer"):
        assert not any(text in shown for text in key if len(text) > 2)
    assert "SECRET" not in shown, "what is meant for those who mark"
    assert {part.id for part in KINDS[kind].parts(body)} == set(KINDS[kind].right_values(body, key))


@given(items(), answers)
def test_an_answer_can_always_be_said_in_words_and_in_the_notation_of_xapi(item: tuple[str, Body, Answer], answer: list[str]) -> None:
    kind, body, key = item
    if KINDS[kind].accepts(body, answer):
        assert isinstance(in_words(KINDS[kind].parts(body), answer), str)
        assert isinstance(KINDS[kind].response_pattern(body, answer), str)
    assert all(KINDS[kind].correct_patterns(body, key))


@pytest.mark.parametrize(
    ("scoring", "ticked", "points"),
    [
        ("all", "ab", Fraction(0)),
        ("partial", "a", Fraction(1, 2)),
        ("partial", "ad", Fraction(1, 2)),
        ("partial", "abc", Fraction(0)),
        ("penalty", "abc", Fraction(1, 2)),
        ("penalty", "abcd", Fraction(0)),
        ("penalty", "acd", Fraction(0)),
        ("penalty", "a", Fraction(1, 2)),
    ],
)
def test_several_right_options_are_counted_as_the_item_says(scoring: str, ticked: str, points: Fraction) -> None:
    body = {"options": named("abcd"), "scoring": scoring}
    key = ["a", "b"] if scoring != "all" else ["a", "b", "c"]
    assert KINDS["multiple_choice"].mark(body, key, list(ticked)) == points


def test_an_order_with_one_step_moved_keeps_its_other_neighbours() -> None:
    body = {"steps": named("abcd"), "scoring": "partial"}
    key = ["a=1", "b=2", "c=3", "d=4"]
    assert KINDS["ordering"].mark(body, key, ["b=1", "c=2", "d=3", "a=4"]) == Fraction(2, 3)
    assert KINDS["ordering"].mark(body, key, ["a=1", "b=1", "c=3", "d=4"]) == 0, "two steps in one place are no order"


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.985", "1985"),
        ("12,5", "12.5"),
        ("12.5", "12.5"),
        ("1.234.567,89", "1234567.89"),
        (" 86,2 ", "86.2"),
        ("−3", "-3"),
        ("+7", "7"),
        ("1 000", "1000"),
        ("1.98", "1.98"),
        ("12,5,6", None),
        ("mười", None),
        ("1e9", None),
        ("٣", None),
        ("", None),
    ],
)
def test_numbers_are_read_as_they_are_written_here(typed: str, value: str | None) -> None:
    assert typed_number(typed) == (None if value is None else Decimal(value))


@pytest.mark.parametrize(("typed", "right"), [("12,5", True), ("13", True), ("13,1", False), ("12", True), ("mười hai", False)])
def test_a_number_within_its_tolerance_is_right(typed: str, right: bool) -> None:
    assert (KINDS["numeric"].mark({"tolerance": "0.5"}, ["12.5"], [typed]) == 1) == right


def test_a_number_may_be_given_in_any_of_its_units() -> None:
    body = {"units": [{"id": "MB", "text": "MB", "factor": "1"}, {"id": "GB", "text": "GB", "factor": "1024"}], "tolerance_percent": "1"}
    assert KINDS["numeric"].problems(body, ["2048"]) == []
    assert KINDS["numeric"].mark(body, ["2048"], ["value=2", "unit=GB"]) == 1
    assert KINDS["numeric"].mark(body, ["2048"], ["value=2.048", "unit=MB"]) == 1, "a point before three digits divides thousands"
    assert KINDS["numeric"].mark(body, ["2048"], ["value=2"]) == 0
    assert not KINDS["numeric"].accepts(body, ["value=2", "unit=TB"])


@pytest.mark.parametrize(
    ("typed", "kept", "ignored"),
    [("hoà giải", True, True), ("HÒA  GIẢI.", True, True), ("hoa giai", False, True), ("hòa", False, False), ("", False, False)],
)
def test_words_are_the_same_wherever_the_tone_is_written(typed: str, kept: bool, ignored: bool) -> None:
    assert (KINDS["short_answer"].mark({}, ["hòa giải"], [typed]) == 1) == kept
    assert (KINDS["short_answer"].mark({"diacritics": "ignored"}, ["hòa giải"], [typed]) == 1) == ignored


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


@pytest.mark.parametrize(
    ("kind", "body", "key", "words"),
    [
        ("statement_group", {"statements": named("ab")}, ["a=true"], "mỗi nhận định"),
        ("statement_group", {"statements": named("ab"), "scoring": "penalty"}, ["a=true", "b=true"], "cách tính điểm"),
        ("matching", {"premises": named("ab"), "options": named("cd")}, ["a=c", "b=x"], "vế phải không có"),
        ("ordering", {"steps": named("ab")}, ["a=1", "b=1"], "vị trí khác nhau"),
        ("numeric", {}, ["mười"], "không phải là số"),
        ("numeric", {"tolerance": "-1"}, ["10"], "số không âm"),
        ("numeric", {"units": [{"id": "MB", "text": "MB", "factor": "0"}, {"id": "GB", "text": "GB", "factor": "1"}]}, ["1"], "hệ số"),
        ("short_answer", {}, [" . "], "không để trống"),
        ("cloze", {"text": "Không có chỗ trống", "gaps": [{"id": "1", "kind": "text"}]}, ["1=a"], "dấu {{mã}}"),
        ("cloze", {"text": "{{1}}", "gaps": [{"id": "1", "kind": "list", "options": named("ab")}]}, ["1=c"], "có trong danh sách"),
        ("cloze", {"text": "{{1}}", "gaps": [{"id": "1", "kind": "sound"}]}, ["1=c"], "list, text hoặc number"),
        ("hotspot", {"spots": named("ab")}, ["a"], "cần một hình"),
        ("hotspot", {"picture": PICTURE, "spots": [{**one, "shape": "star", "coords": [1]} for one in named("ab")]}, ["a"], "mỗi vùng"),
        (
            "hotspot",
            {"picture": PICTURE, "spots": [{**one, "shape": "rect", "coords": [1, 1, 99, 1]} for one in named("ab")]},
            ["a"],
            "trong hình",
        ),
        (
            "hotspot",
            {"picture": PICTURE, "spots": [{**one, "shape": "circle", "coords": [1, 1, 9]} for one in named("ab")]},
            ["z"],
            "đúng một vùng",
        ),
        ("essay", {"rubric": []}, [], "tiêu chí chấm"),
        ("essay", {"rubric": [{"id": "a", "text": "Ý", "points": 0}]}, [], "điểm nguyên"),
        ("essay", {"rubric": [{"id": "a", "text": "Ý", "points": 5}], "markers": 3}, [], "1 hoặc 2"),
        ("essay", {"rubric": [{"id": "a", "text": "Ý", "points": 5}]}, ["bài mẫu"], "không có đáp án"),
    ],
)
def test_an_unsound_item_of_several_parts_says_what_is_wrong(kind: str, body: Body, key: list[str], words: str) -> None:
    assert any(words in str(problem) for problem in KINDS[kind].problems(body, key))


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        ({"sha256": "x", "alt": "a", "width": 1, "height": 1}, "kho hình"),
        ({**PICTURE, "alt": " "}, "lời mô tả"),
        ({**PICTURE, "alt": "a" * 1001}, "lời mô tả"),
        ({**PICTURE, "width": 0}, "kích thước"),
        ({**PICTURE, "height": True}, "kích thước"),
        ("<svg>", "kho hình"),
    ],
)
def test_a_picture_needs_its_size_and_words_for_those_who_cannot_see_it(picture: object, words: str) -> None:
    assert any(words in str(problem) for problem in picture_problems({"picture": picture}))
    assert picture_problems({}) == []
    assert picture_problems({"picture": PICTURE}) == []


def test_places_carry_the_letters_of_their_options() -> None:
    body = {"picture": PICTURE, "spots": [{**one, "shape": "rect", "coords": [0, 10, 20, 30]} for one in named("xy", "Nút")]}
    picture = picture_of(body)
    assert picture is not None
    assert [(place.letter, place.x, place.y) for place in picture.places] == [("A", 10, 25), ("B", 10, 25)]
    assert [choice.text for choice in KINDS["hotspot"].parts(body)[0].choices] == ["A. Nút x", "B. Nút y"]
