"""Vietnamese text of the time before Unicode: TCVN3 (fonts named .Vn…) and VNI (fonts named VNI-…).

Such text is stored as Western letters that only its font shows as Vietnamese: “NguyÔn V¨n”, “Nguyeãn Vaên”. It is recognised by
what it would say: Western letters that are no Vietnamese syllables as they stand and are all Vietnamese syllables once decoded. Text
with a letter that only Unicode has is never touched. Pure.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache


class Encoding(StrEnum):
    TCVN3 = "TCVN3"
    VNI = "VNI"


_TCVN3_CODES: Mapping[str, str] = {
    "Ă Â Ê Ô Ơ Ư Đ ă â ê ô ơ ư đ": "a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae",
    "à ả ã á ạ ằ ẳ ẵ ắ ặ ầ ẩ ẫ ấ ậ": "b5 b6 b7 b8 b9 bb bc bd be c6 c7 c8 c9 ca cb",
    "è ẻ ẽ é ẹ ề ể ễ ế ệ": "cc ce cf d0 d1 d2 d3 d4 d5 d6",
    "ì ỉ ĩ í ị": "d7 d8 dc dd de",
    "ò ỏ õ ó ọ ồ ổ ỗ ố ộ ờ ở ỡ ớ ợ": "df e1 e2 e3 e4 e5 e6 e7 e8 e9 ea eb ec ed ee",
    "ù ủ ũ ú ụ ừ ử ữ ứ ự": "ef f1 f2 f3 f4 f5 f6 f7 f8 f9",
    "ỳ ỷ ỹ ý ỵ": "fa fb fc fd fe",
}
_TO_TCVN3 = {
    letter: chr(int(code, 16))
    for letters, codes in _TCVN3_CODES.items()
    for letter, code in zip(letters.split(), codes.split(), strict=True)
}
_FROM_TCVN3 = str.maketrans({code: letter for letter, code in _TO_TCVN3.items()})

_TONES = "ù ø û õ ï"  # sắc huyền hỏi ngã nặng, behind a a letter without a mark of its own
_VNI_BASES: Mapping[str, tuple[str, str, str]] = {
    # base letter → (letters with tones, letter as it stands before the tone's mark, marks)
    "a": ("á à ả ã ạ", "a", _TONES),
    "e": ("é è ẻ ẽ ẹ", "e", _TONES),
    "o": ("ó ò ỏ õ ọ", "o", _TONES),
    "u": ("ú ù ủ ũ ụ", "u", _TONES),
    "ơ": ("ớ ờ ở ỡ ợ", "ô", _TONES),
    "ư": ("ứ ừ ử ữ ự", "ö", _TONES),
    "y": ("ý ỳ ỷ ỹ", "y", "ù ø û õ"),
    "ă": ("ắ ằ ẳ ẵ ặ", "a", "é è ú ü ë"),
    "â": ("ấ ầ ẩ ẫ ậ", "a", "á à å ã ä"),
    "ê": ("ế ề ể ễ ệ", "e", "á à å ã ä"),
    "ô": ("ố ồ ổ ỗ ộ", "o", "á à å ã ä"),
}
_TO_VNI: dict[str, str] = {"ă": "aê", "â": "aâ", "ê": "eâ", "ô": "oâ", "ơ": "ô", "ư": "ö", "đ": "ñ"}
_TO_VNI |= {"í": "í", "ì": "ì", "ỉ": "æ", "ĩ": "ó", "ị": "ò", "ỵ": "î"}
for _letters, _base, _marks in _VNI_BASES.values():
    _TO_VNI |= {letter: _base + mark for letter, mark in zip(_letters.split(), _marks.split(), strict=True)}
_TO_VNI |= {letter.upper(): code.upper() for letter, code in _TO_VNI.items()}
_FROM_VNI = {code: letter for letter, code in _TO_VNI.items()}
_FROM_VNI |= {code[0] + code[1].lower(): letter for code, letter in list(_FROM_VNI.items()) if len(code) == 2 and code.isupper()}
_VNI_CODE = re.compile("|".join(sorted(map(re.escape, _FROM_VNI), key=len, reverse=True)))

_CODES = {
    Encoding.TCVN3: re.compile("[" + "".join(map(re.escape, _TO_TCVN3.values())) + "]"),
    Encoding.VNI: _VNI_CODE,
}
_HIGH_LETTER = re.compile(r"[\xc0-\xff]")

_ONSETS: tuple[str, ...] = tuple("b c ch d đ g gh gi h k kh l m n ng ngh nh p ph q qu r s t th tr v x".split())  # noqa: SIM905 - a table
_RIMES = frozenset(
    """
    a ac ach ai am an ang anh ao ap at au ay e ec em en eng eo ep et i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt
    iêu o oa oac oach oai oam oan oang oanh oao oap oat oay oc oe oen oeo oet oi om on ong ooc oong op ot oăc oăm oăn oăng
    oăt u ua uac uach uai uan uang uanh uao uat uay uc ue uen ueo uet ui um un ung up ut uy uya uych uyn uynh uyt uyu uyên
    uyêt uân uâng uât uây uê uêch uên uênh uêt uêu uôc uôi uôm uôn uông uôp uôt uăc uăn uăng uăt uơ y ynh yt yêm yên yêng
    yêt yêu âc âm ân âng âp ât âu ây ê êch êm ên êng ênh êp êt êu ô ôc ôi ôm ôn ông ôp ôt ăc ăm ăn ăng ăp ăt ơ ơi ơm ơn ơp
    ơt ư ưa ưc ưi ưm ưn ưng ưt ưu ươc ươi ươm ươn ương ươp ươt ươu
    """.split()  # noqa: SIM905 - a table
)
_STOPPED = re.compile(r"(?:ch|c|p|t)$")
_TONE_MARKS = {"\u0300": "huyền", "\u0309": "hỏi", "\u0303": "ngã", "\u0301": "sắc", "\u0323": "nặng"}
_WORD = re.compile(r"[^\W\d_]+|[^\x00-\x7f\s]+")
# Letters and signs that text in an old font is made of, and the signs an office program puts in by itself.
_WESTERN = re.compile(r"[\x09\x0a\x0d\x20-\x7e\xa0-\xff–—‘’“”…]*")
_HIGH = re.compile(r"[\xa0-\xff]")


def decode(text: str, encoding: Encoding) -> str:
    """What text of an old encoding says, in Unicode NFC."""
    if encoding is Encoding.TCVN3:
        return unicodedata.normalize("NFC", text.translate(_FROM_TCVN3))
    return unicodedata.normalize("NFC", _VNI_CODE.sub(lambda code: _FROM_VNI[code[0]], text))


def encode(text: str, encoding: Encoding) -> str:
    """The inverse of `decode`. TCVN3 has no capitals with tones: its capital fonts show small letters as capitals."""
    composed = unicodedata.normalize("NFC", text)
    if encoding is Encoding.VNI:
        return "".join(_TO_VNI.get(letter, letter) for letter in composed)
    return "".join(_TO_TCVN3.get(letter, _TO_TCVN3.get(letter.lower(), letter)) for letter in composed)


def font_encoding(font: str) -> tuple[Encoding, bool] | None:
    """The encoding a font stands for, and whether it shows all letters as capitals (.VnTimeH); None for other fonts."""
    name = font.strip().lower()
    if name.startswith(".vn"):
        return Encoding.TCVN3, name.endswith("h")
    return (Encoding.VNI, False) if name.startswith("vni-") else None


@lru_cache(maxsize=20_000)
def recognised(text: str) -> Encoding | None:
    """The old encoding a text is certainly in; None for Unicode and for what could be either."""
    if text.isascii() or not _WESTERN.fullmatch(text) or all(map(is_syllable, _marked_words(text))):
        return None
    return next((encoding for encoding in Encoding if readable_as(text, encoding)), None)


@lru_cache(maxsize=20_000)
def readable_as(text: str, encoding: Encoding) -> bool:
    """Could this be text of an old encoding: all its words with marks are Vietnamese once decoded?"""
    if not _HIGH.search(text) or not _WESTERN.fullmatch(text):
        return False
    if _HIGH_LETTER.search(_CODES[encoding].sub("", text)):
        return False  # a letter this encoding has no use for
    words = _marked_words(decode(text, encoding))
    return bool(words) and all(map(is_syllable, words))


def is_unicode_only(text: str) -> bool:
    """Does a text have Vietnamese letters that no old encoding is written with?"""
    return not text.isascii() and any("\u0100" <= char <= "\u01ff" or "\u1ea0" <= char <= "\u1eff" for char in text)


@lru_cache(maxsize=20_000)
def is_syllable(word: str) -> bool:
    """Is this one Vietnamese syllable, tone included?"""
    letters: list[str] = []
    tones: list[str] = []
    for char in unicodedata.normalize("NFD", word.lower()):
        if char in _TONE_MARKS:
            tones.append(char)
        elif unicodedata.combining(char):
            letters.append(unicodedata.normalize("NFC", (letters.pop() if letters else "") + char))
        else:
            letters.append(char)
    plain = "".join(letters)
    if len(tones) > 1:
        return False
    for onset in ("", *_ONSETS):
        rime = plain.removeprefix(onset) if onset else plain
        if plain.startswith(onset) and (rime in _RIMES or (onset == "gi" and f"i{rime}" in _RIMES)):
            return not (_STOPPED.search(rime) and tones and _TONE_MARKS[tones[0]] not in ("sắc", "nặng"))
    return False


def _marked_words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if not word.isascii()]
