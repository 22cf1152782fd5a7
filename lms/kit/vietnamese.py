"""Vietnamese text: one Unicode form, comparison with and without diacritics, and the order of the dictionary.

Keys are made here and stored in columns, so both databases sort and search alike whatever their locale.
Order: letters a ă â b c d đ e ê …, then tones ngang < huyền < hỏi < ngã < sắc < nặng as a second level; people by given name (tên),
then family and middle names (họ, đệm).
"""

import re
import unicodedata
from functools import lru_cache

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
LETTER_MARKS = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex and horn make letters, not tones
_POSITION = {letter: index + 1 for index, letter in enumerate(ALPHABET)}
# Zero-width and direction marks, soft hyphens, and control characters, of which PostgreSQL stores no NUL.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SPACES = re.compile(r"\s+")
# Any character but the common ones that tidying leaves as they are, and spaces it takes away.
_UNTIDY = re.compile("[^ -~\u00c0-\u024f\u1e00-\u1eff\u2013\u2014\u2018-\u201d\u2026]|  |^ | $")


@lru_cache(maxsize=8_192)  # rosters give the same cells to many rules, and the same words to many rows
def clean(text: str) -> str:
    """NFC, no zero-width or direction marks, no control characters, single ordinary spaces, trimmed."""
    if not _UNTIDY.search(text):
        return text
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def fold(text: str) -> str:
    """Search form: lower case without any mark. Đ has no decomposition, so it is mapped by hand."""
    return " ".join([word.lower() if word.isascii() else _folded(word) for word in clean(text).split(" ")])


@lru_cache(maxsize=16_384)
def _folded(word: str) -> str:
    decomposed = unicodedata.normalize("NFD", word.casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("đ", "d")


def sort_key(text: str) -> str:
    """A key whose byte order is the dictionary's order."""
    letters: list[str] = []
    tones: list[str] = []
    for word in clean(text).casefold().split(" "):
        weights, levels = _word_key(word)
        letters += [weights, "00"]
        tones += [levels, "0"]
    return "".join(letters[:-1]) + " " + "".join(tones[:-1])


def name_sort_key(full_name: str) -> str:
    """Given name first, then the rest, as class lists and rosters are sorted."""
    words = clean(full_name).split(" ")
    return f"{sort_key(words[-1])} {sort_key(' '.join(words[:-1]))}"


def same_name_key(text: str) -> str:
    """Equal for spellings that differ only in where the tone is written (hòa, hoà)."""
    return " ".join(map(_same_word_key, clean(text).casefold().split(" ")))


@lru_cache(maxsize=16_384)
def _same_word_key(word: str) -> str:
    pairs = _letters(word)
    return "".join(letter for letter, _ in pairs) + str(max((tone for _, tone in pairs), default=0))


@lru_cache(maxsize=16_384)
def _word_key(word: str) -> tuple[str, str]:
    """What a word adds to the letters and to the tones of a sort key."""
    pairs = _letters(word)
    return "".join(_weight(letter) for letter, _ in pairs), "".join(str(tone) for _, tone in pairs)


def _letters(word: str) -> list[tuple[str, int]]:
    result: list[tuple[str, int]] = []
    for char in unicodedata.normalize("NFD", word):
        if result and char in TONES:
            result[-1] = (result[-1][0], TONES[char])
        elif result and char in LETTER_MARKS:
            result[-1] = (unicodedata.normalize("NFC", result[-1][0] + char), result[-1][1])
        elif not unicodedata.combining(char):
            result.append((char, 0))
    return result


def _weight(char: str) -> str:
    """Word end (00) < punctuation (1…) < digits (2…) < Vietnamese letters (3…, 4…, 5…) < other letters (f…)."""
    if char in _POSITION:
        return f"{0x30 + _POSITION[char]:02x}"
    if char.isascii() and char.isdigit():
        return f"2{char}"
    return f"{'f' if char.isalpha() else '1'}{ord(char):06x}"
