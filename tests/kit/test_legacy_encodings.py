"""Text of the time before Unicode is recognised and brought over; Unicode is never touched."""

from __future__ import annotations

import unicodedata
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.legacy_encodings import _ONSETS, _RIMES, Encoding, decode, encode, is_syllable, recognised
from lms.kit.sheets import read_workbook, sheet
from lms.kit.sheets.legacy import to_unicode

TONES = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
VOWELS = "aăâeêioôơuưy"


def with_tone(rime: str, tone: str) -> str:
    """A tone on the vowel that carries it: the last with a mark of its own, else the first."""
    marked = [place for place, letter in enumerate(rime) if letter in "ăâêôơư"]
    place = marked[-1] if marked else next(place for place, letter in enumerate(rime) if letter in VOWELS)
    return unicodedata.normalize("NFC", rime[: place + 1] + tone + rime[place + 1 :])


def all_syllables() -> list[str]:
    spelled = (onset + with_tone(rime, tone) for onset in ("", *_ONSETS) for rime in _RIMES for tone in TONES)
    return sorted({syllable for syllable in spelled if is_syllable(syllable)})


SYLLABLES = all_syllables()
NAMES = st.lists(st.sampled_from(SYLLABLES), min_size=1, max_size=5).map(lambda words: " ".join(word.capitalize() for word in words))


@pytest.mark.parametrize("encoding", Encoding)
def test_every_syllable_comes_back(encoding: Encoding) -> None:
    assert len(SYLLABLES) > 10_000
    assert [syllable for syllable in SYLLABLES if decode(encode(syllable, encoding), encoding) != syllable] == []


def test_vni_has_capitals() -> None:
    wrong = [syllable for syllable in SYLLABLES if decode(encode(syllable.upper(), Encoding.VNI), Encoding.VNI) != syllable.upper()]
    assert wrong == []


@given(NAMES, st.sampled_from(["NFC", "NFD"]))
def test_unicode_vietnamese_is_never_taken_for_old_text(name: str, form: str) -> None:
    text = unicodedata.normalize(form, name)
    assert recognised(text) is None
    assert to_unicode(sheet("DS", [(text,), (name.upper(),)]))[1] == []


@given(st.text(st.characters(max_codepoint=0x2FF)))
def test_any_text_is_answered_and_what_is_taken_for_old_becomes_vietnamese(text: str) -> None:
    encoding = recognised(text)
    assert encoding is None or decode(text, encoding) != text


@pytest.mark.parametrize(
    ("old", "encoding", "new"),
    [
        ("NguyÔn V¨n Th¾ng", Encoding.TCVN3, "Nguyễn Văn Thắng"),
        ("Lª ThÞ H\u00ad¬ng", Encoding.TCVN3, "Lê Thị Hương"),
        ("Chñ tÞch UBND x·", Encoding.TCVN3, "Chủ tịch UBND xã"),
        ("Nguyeãn Vaên Thaéng", Encoding.VNI, "Nguyễn Văn Thắng"),
        ("ÑAËNG THÒ AÙNH", Encoding.VNI, "ĐẶNG THỊ ÁNH"),
        ("Renée Müller", None, "Renée Müller"),
        ("Lê Hà", None, "Lê Hà"),
        ("café", None, "café"),
    ],
)
def test_what_is_old_and_what_is_not(old: str, encoding: Encoding | None, new: str) -> None:
    assert recognised(old) is encoding
    assert (decode(old, encoding) if encoding else old) == new


def test_what_could_be_either_goes_with_its_column() -> None:
    """“Lê” in TCVN3 says “Lờ”; beside Unicode text it stays."""
    old = sheet("DS", [("NguyÔn",), ("Hãa",), ("Ng·",)])
    assert [row.cells[0] for row in to_unicode(old)[0].rows] == ["Nguyễn", "Hóa", "Ngã"]
    mixed = sheet("DS", [("NguyÔn",), ("Lê",), ("Nguyễn",)])
    assert [row.cells[0] for row in to_unicode(mixed)[0].rows] == ["Nguyễn", "Lê", "Nguyễn"]


def test_a_font_of_capitals_makes_capitals(tmp_path: Path) -> None:
    stream = BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    worksheet = workbook.add_worksheet("DS")
    worksheet.write(0, 0, "nguyÔn thÞ ¸nh", workbook.add_format({"font_name": ".VnTimeH"}))
    worksheet.write(1, 0, "H\u00ad¬ng", workbook.add_format({"font_name": ".VnTime"}))
    worksheet.write(2, 0, "Lê Hà")
    workbook.close()
    path = tmp_path / "ds.xlsx"
    path.write_bytes(stream.getvalue())
    converted, conversions = to_unicode(read_workbook(path)[0])
    assert [row.cells[0] for row in converted.rows] == ["NGUYỄN THỊ ÁNH", "Hương", "Lê Hà"]
    assert [(conversion.row, conversion.column) for conversion in conversions] == [(1, 0), (2, 0)]


@pytest.mark.parametrize("encoding", Encoding)
def test_a_csv_saved_in_an_old_font_is_read_letter_by_letter(tmp_path: Path, encoding: Encoding) -> None:
    path = tmp_path / "ds.csv"
    path.write_bytes(encode("Họ và tên;Chức vụ\nNguyễn Văn Thắng;Trưởng phòng\nTrần Thị Hương;Kế toán\n", encoding).encode("latin-1"))
    converted, _conversions = to_unicode(read_workbook(path)[0])
    assert [row.cells for row in converted.rows] == [
        ("Họ và tên", "Chức vụ"),
        ("Nguyễn Văn Thắng", "Trưởng phòng"),
        ("Trần Thị Hương", "Kế toán"),
    ]
