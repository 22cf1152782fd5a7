import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from lms.kit.vietnamese import ALPHABET, clean, fold, name_sort_key, same_name_key, sort_key

words = st.text(ALPHABET, min_size=1, max_size=6)


def test_people_are_sorted_by_given_name_then_tone_then_family_name() -> None:
    names = ["Nguyễn Văn Ánh", "Trần Thị Bình", "Lê Văn An", "Đỗ Thị Ấn", "Hoàng Văn Đức", "Phạm Thị Dung", "Vũ Thị Ân", "Bàn Thị Anh"]
    expected = ["Lê Văn An", "Bàn Thị Anh", "Nguyễn Văn Ánh", "Vũ Thị Ân", "Đỗ Thị Ấn", "Trần Thị Bình", "Phạm Thị Dung", "Hoàng Văn Đức"]
    assert sorted(names, key=name_sort_key) == expected


def test_letters_come_before_tones() -> None:
    assert sorted(["anh", "ba", "áo", "cắt", "cá", "cả"], key=sort_key) == ["anh", "áo", "ba", "cả", "cá", "cắt"]


def test_search_ignores_every_mark_and_plain_d_finds_the_barred_one() -> None:
    assert fold("Nguyễn Thị  Đường\u00a0") == "nguyen thi duong"


def test_decomposed_and_composed_names_are_the_same() -> None:
    name = "Nguyễn Thị Hoà"
    decomposed = unicodedata.normalize("NFD", name)
    assert clean(decomposed) == name
    assert name_sort_key(decomposed) == name_sort_key(name)


def test_a_tone_written_on_another_letter_is_the_same_name() -> None:
    assert same_name_key("Hoà Thuỷ") == same_name_key("Hòa Thủy")
    assert same_name_key("Hoà") != same_name_key("Hoa")


@given(st.text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(words, words)
def test_a_shorter_word_sorts_before_the_word_it_begins(first: str, more: str) -> None:
    assert sort_key(first) < sort_key(first + more)


@given(st.lists(words, min_size=1, max_size=4), st.lists(words, min_size=1, max_size=4))
def test_order_of_phrases_is_order_of_their_first_different_word(left: list[str], right: list[str]) -> None:
    position = {letter: index for index, letter in enumerate(ALPHABET)}
    by_letters = [[position[letter] for letter in word] for word in left] < [[position[letter] for letter in word] for word in right]
    assert (sort_key(" ".join(left)) < sort_key(" ".join(right))) == by_letters


def test_agency_numbers_sort_before_letters() -> None:
    assert sort_key("Trường 1") < sort_key("Trường A")
