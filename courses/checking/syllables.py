"""Can each word be Vietnamese: an onset, a rime and a tone that exist together, and the tone where the new style puts it (hoá, thuỷ)?

A word without any mark that cannot be a syllable may be a foreign one: it is let through where terms.yaml lists it, where the course's
glossary has it, or where it is a name; otherwise it is a notice. What bears Vietnamese marks and cannot be a syllable is an error.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

_WRITTEN = re.compile(r"\S+")
ONSETS = frozenset(("", *_WRITTEN.findall("b c ch d đ g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x")))
RIMES = frozenset(
    _WRITTEN.findall(
        """
    a ac ach ai am an ang anh ao ap at au ay ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et ê êch êm ên êng ênh êp êt êu
    i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu
    o oa oac oach oai oam oan oang oanh oao oap oat oay oăc oăm oăn oăng oăt oe oem oen oeo oet oi om on ong oong ooc op ot oc
    ô ôc ôi ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt
    u ua uân uâng uât uây uc ui um un ung up ut uê uêch uênh uên uơ uô uôc uôi uôm uôn uông uôt uôp
    uy uya uych uynh uyên uyêt uyt uyn uyp uyu
    ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    y yêm yên yêng yêt yêu ynh ych yt yn
    """
    )
)
STOPS = ("c", "ch", "p", "t")
CODAS = ("ng", "nh", "ch", "c", "m", "n", "p", "t")
_TONES = {"\u0300": "huyền", "\u0309": "hỏi", "\u0303": "ngã", "\u0301": "sắc", "\u0323": "nặng"}
_LETTER_MARKS = frozenset("\u0306\u0302\u031b")
_WORD = re.compile(r"(?<![\w@./\\&{}%$#=~^+-])[^\W\d_]+(?![\w@\\={}()]|[./-]\w)")
_FRONT = ("e", "ê", "i", "y")
FINE, IMPOSSIBLE, OLD_STYLE = "fine", "impossible", "old style"


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    allowed = standards.foreign_words | _own_words(course)
    told: set[str] = set()
    for passage in course.passages:
        for word in _words(passage.text):
            small = word.casefold()
            found = judged(small)
            if found == FINE or len(word) == 1 or small in allowed:
                continue
            if found == OLD_STYLE:
                # Capitals and quotations are data shown as it was found.
                tell = findings.notice if word.isupper() or passage.shows_mistakes(word) else findings.error
                tell(passage.file, passage.line, N_("“%(word)s”: đặt dấu theo kiểu mới (hoá, khoẻ, thuỷ)."), word=word)
            elif _marked(small):
                if not _is_abbreviation(word):
                    tell = findings.notice if passage.shows_mistakes(word) else findings.error
                    tell(passage.file, passage.line, N_("“%(word)s” không phải một âm tiết tiếng Việt."), word=word)
            elif word == small and small not in told:
                told.add(small)
                message = N_("“%(word)s”: từ nước ngoài hoặc gõ thiếu dấu; nếu là thuật ngữ, đưa vào bảng thuật ngữ hoặc đặt trong `…`.")
                findings.notice(passage.file, passage.line, message, word=word)


@lru_cache(maxsize=32_768)
def judged(word: str) -> str:
    """What a word in small letters is: FINE, IMPOSSIBLE, or a syllable with its tone where the OLD_STYLE puts it."""
    letters, tone, place = _taken_apart(word)
    if letters is None:
        return IMPOSSIBLE
    found = IMPOSSIBLE
    for onset, rime in _splits(letters):
        if not _go_together(onset, rime) or not _sounds(onset, rime, tone):
            continue
        if tone is None or place == len(onset) + _tone_place(rime):
            return FINE
        if rime in ("oa", "oe", "uy") and place == len(onset):
            found = OLD_STYLE
    return found


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in _WORD.finditer(text))


def _taken_apart(word: str) -> tuple[str | None, str | None, int]:
    """Letters without tone, the tone, and the place of its letter. No letters where a mark belongs to no Vietnamese letter."""
    letters: list[str] = []
    tone, place = None, -1
    for char in unicodedata.normalize("NFD", word):
        if char in _TONES:
            if tone is not None or not letters:
                return None, None, -1
            tone, place = _TONES[char], len(letters) - 1
        elif char in _LETTER_MARKS and letters:
            letters[-1] = unicodedata.normalize("NFC", letters[-1] + char)
        elif unicodedata.combining(char):
            return None, None, -1
        else:
            letters.append(char)
    return "".join(letters), tone, place


def _splits(letters: str) -> Iterator[tuple[str, str]]:
    for end in range(min(3, len(letters)), -1, -1):
        onset, rime = letters[:end], letters[end:]
        if onset in ONSETS and rime in RIMES:
            yield onset, rime
        elif onset == "gi" and f"i{rime}" in RIMES:  # giếng: g and iêng share the i
            yield "gi", rime


def _go_together(onset: str, rime: str) -> bool:
    front = rime.startswith(_FRONT)
    if rime in ("ynh", "ych", "yt", "yn"):
        return onset == "qu"
    match onset:
        case "k" | "gh" | "ngh":
            return front
        case "c" | "ng":
            return not front
        case "g":
            return not front or rime in ("i", "in", "ip")
        case "qu":
            return not rime.startswith(("o", "u", "ư")) and rime != "i"
        case _:
            return onset == "" or not rime.startswith("yê")


def _sounds(onset: str, rime: str, tone: str | None) -> bool:
    """A syllable that ends in c, ch, p, t bears sắc or nặng."""
    return not rime.endswith(STOPS) or tone in ("sắc", "nặng")


def _tone_place(rime: str) -> int:
    """Which letter of a rime bears the tone in the new style."""
    for marked in "ơâăêô":
        if marked in rime:
            return rime.index(marked)
    body = next((rime.removesuffix(coda) for coda in CODAS if rime.endswith(coda)), rime)
    if body != rime:
        return len(body) - 1
    if len(rime) >= 3 or rime in ("oa", "oe", "uy"):
        return 1
    return 0


def _marked(word: str) -> bool:
    return not word.isascii()


def _is_abbreviation(word: str) -> bool:
    """CĐS, BCĐTW, ĐVSN: several capitals and no tone."""
    return sum(char.isupper() for char in word) > 1 and not any(char in _TONES for char in unicodedata.normalize("NFD", word))


def _own_words(course: WrittenCourse) -> frozenset[str]:
    """Words of the course's glossary, in both languages."""
    glossary = () if course.content is None else course.content.glossary
    return frozenset(word.casefold() for term in glossary for word in re.findall(r"[^\W\d_]+", f"{term.vi} {term.en}"))
