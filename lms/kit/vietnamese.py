"""Vietnamese text: one Unicode form, comparison with and without diacritics, and the order of the dictionary.

Keys are made here and stored in columns, so both databases sort and search alike whatever their locale.
Order: letters a ă â b c d đ e ê …, then tones ngang < huyền < hỏi < ngã < sắc < nặng as a second level; people by given name (tên),
then family and middle names (họ, đệm).
"""

import re
import unicodedata

ALPHABET = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
TONES = {"\u0300": 1, "\u0309": 2, "\u0303": 3, "\u0301": 4, "\u0323": 5}
LETTER_MARKS = {"\u0306", "\u0302", "\u031b"}  # breve, circumflex and horn make letters, not tones
_POSITION = {letter: index + 1 for index, letter in enumerate(ALPHABET)}
# Zero-width and direction marks, soft hyphens, and control characters, of which PostgreSQL stores no NUL.
_INVISIBLE = re.compile("[\x00-\x08\x0e-\x1b\x7f\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """NFC, no zero-width or direction marks, no control characters, single ordinary spaces, trimmed."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def fold(text: str) -> str:
    """Search form: lower case without any mark. Đ has no decomposition, so it is mapped by hand."""
    decomposed = unicodedata.normalize("NFD", clean(text).casefold())
    return "".join(char for char in decomposed if not unicodedata.combining(char)).replace("đ", "d")


def sort_key(text: str) -> str:
    """A key whose byte order is the dictionary's order."""
    letters: list[str] = []
    tones: list[str] = []
    for word in clean(text).casefold().split(" "):
        for letter, tone in _letters(word):
            letters.append(_weight(letter))
            tones.append(str(tone))
        letters.append("00")
        tones.append("0")
    return "".join(letters[:-1]) + " " + "".join(tones[:-1])


def name_sort_key(full_name: str) -> str:
    """Given name first, then the rest, as class lists and rosters are sorted."""
    words = clean(full_name).split(" ")
    return f"{sort_key(words[-1])} {sort_key(' '.join(words[:-1]))}"


def same_name_key(text: str) -> str:
    """Equal for spellings that differ only in where the tone is written (hòa, hoà)."""
    syllables = []
    for word in clean(text).casefold().split(" "):
        pairs = _letters(word)
        syllables.append("".join(letter for letter, _ in pairs) + str(max((tone for _, tone in pairs), default=0)))
    return " ".join(syllables)


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
