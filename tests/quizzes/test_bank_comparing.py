"""Two versions side by side: nothing of either is lost or made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.comparing import Fate, Piece, compared, readable_body

words = st.lists(st.sampled_from(["an", "toàn", "số", "ký", ",", "?", "\n", "<b>", "  ", "đ"]), max_size=40).map(" ".join)


def joined(pieces: tuple[Piece, ...], *fates: Fate) -> str:
    return "".join(piece.text for piece in pieces if piece.fate in fates)


@given(old=words | st.text(max_size=80), new=words | st.text(max_size=80))
def test_each_side_is_its_version_and_what_is_kept_is_the_same_on_both(old: str, new: str) -> None:
    for part in compared({"câu": old}, {"câu": new}):
        assert joined(part.old, *Fate) == old
        assert joined(part.new, *Fate) == new
        assert joined(part.old, Fate.KEPT) == joined(part.new, Fate.KEPT)
        assert part.changed == (old != new)


@given(old=st.dictionaries(st.sampled_from("abcd"), words), new=st.dictionaries(st.sampled_from("abcd"), words))
def test_every_part_of_either_version_is_shown_once(old: dict[str, str], new: dict[str, str]) -> None:
    shown = [part.part for part in compared(old, new)]
    assert sorted(shown) == sorted({name for name in {*old, *new} if old.get(name) or new.get(name)})


def test_only_the_words_that_changed_are_marked() -> None:
    (part,) = compared({"câu": "Luật có hiệu lực từ 01/7/2026."}, {"câu": "Luật hết hiệu lực từ 01/7/2026."})
    assert [(piece.text, piece.fate) for piece in part.old if piece.fate is not Fate.KEPT] == [("có ", Fate.GONE)]
    assert [(piece.text, piece.fate) for piece in part.new if piece.fate is not Fate.KEPT] == [("hết ", Fate.NEW)]


def test_a_text_as_long_as_a_book_is_not_compared_word_by_word() -> None:
    (part,) = compared({"câu": "a b " * 10_000}, {"câu": "b a " * 10_000})
    assert len(part.old) == len(part.new) == 1


def test_a_body_is_read_as_named_lines() -> None:
    body = {"options": [{"id": "a", "text": "Một"}, {"id": "b", "text": "Hai"}], "scoring": "partial", "accepted": ["x", "y"]}
    assert list(readable_body(body)) == [("options a", "Một"), ("options b", "Hai"), ("scoring", "partial"), ("accepted", "x, y")]
