"""Files nobody meant well with, or that an old program wrote: an answer in words, soon, and never an exception."""

from __future__ import annotations

import json
import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.kit.legacy_encodings import Encoding, encode
from lms.kit.sheets import table_workbook
from lms.kit.sheets.writer import Column
from lms.kit.vietnamese import TONES
from quizzes.interchange import FORMATS, sniffed
from quizzes.interchange.document import MOST_ITEMS, Parsed, Weight
from quizzes.interchange.plain_text import from_html, has_markup
from quizzes.interchange.xlsx_rows import COLUMNS

QUESTION = "Thủ đô của nước ta là thành phố nào?{=Hà Nội ~Huế ~Đà Nẵng}"
LONG = "a" * 2_000_000


def said(parsed: Parsed) -> str:
    return "\n".join(str(one) for one in (*parsed.findings, *(finding for entry in parsed.entries for finding in entry.findings)))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_gift_is_read_in_every_encoding_of_unicode(encoding: str) -> None:
    [draft] = FORMATS["gift"].read(QUESTION.encode(encoding)).drafts
    assert draft.stem == "Thủ đô của nước ta là thành phố nào?"


def as_windows_1258(text: str) -> bytes:
    """Letters whole, tones as marks of their own, as that code page has them."""
    out = []
    for char in text:
        plain = unicodedata.normalize("NFD", char)
        tones = "".join(mark for mark in plain if mark in TONES)
        out.append(unicodedata.normalize("NFC", "".join(letter for letter in plain if letter not in TONES)) + tones)
    return "".join(out).encode("cp1258")


@pytest.mark.parametrize(
    "data",
    [as_windows_1258(QUESTION), encode(QUESTION, Encoding.TCVN3).encode("latin-1"), encode(QUESTION, Encoding.VNI).encode("latin-1")],
)
def test_text_of_the_time_before_unicode_is_brought_to_it_and_said_so(data: bytes) -> None:
    parsed = FORMATS["gift"].read(data)
    [draft] = parsed.drafts
    assert draft.stem == "Thủ đô của nước ta là thành phố nào?"
    assert [option["text"] for option in draft.body["options"]] == ["Hà Nội", "Huế", "Đà Nẵng"]
    assert "đã đổi sang Unicode" in said(parsed)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00",
        b"\x00" * 5000,
        b"\xff\xfe\x00",
        b"{" * 100_000,
        b"}" * 1000,
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b"<" * 50_000,
        b"<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><quiz>&a;</quiz>",
        b"PK\x03\x04" + b"\x00" * 100,
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
        b"::" * 10_000,
        b"//" * 10_000,
        b"$CATEGORY: " + b"a/" * 10_000,
        b"x{" + b"=a~" * 50_000 + b"}",
        b"x{#" + b"9" * 10_000 + b"}",
        b"x{#1e999999999:1e99999}",
        b"x{~%999999999999999999999999%a ~b}",
        b"x{=a -> b =c}",
        "x{=ă}\n\n".encode() * 3,
    ],
)
def test_no_file_of_any_content_raises(name: str, data: bytes) -> None:
    parsed = FORMATS[name].read(data)
    assert all(entry.draft is None for entry in parsed.entries) or parsed.drafts or said(parsed)
    sniffed(data, "tep.bin")


@given(st.binary(max_size=400), st.text(alphabet="{}=~#%:\\[]/-> \n*$abTĐ", max_size=300))
@settings(max_examples=200, deadline=None)
def test_no_gift_of_chance_raises(data: bytes, text: str) -> None:
    for content in (data, text.encode()):
        parsed = FORMATS["gift"].read(content)
        assert parsed.refused or len(parsed.entries) >= 1


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["code", "body", "key", "kind", "stem", "x"]), inner)
    ),
    max_leaves=8,
)


@given(st.lists(json_values, max_size=3), json_values)
@settings(max_examples=200, deadline=None)
def test_no_json_of_chance_raises(items: list[object], pictures: object) -> None:
    document = {"format": "congvu-lms/questions", "version": 1, "items": items, "pictures": pictures}
    assert len(FORMATS["json"].read(json.dumps(document).encode()).entries) in (0, len(items))


def test_a_name_that_stands_twice_in_an_object_is_refused() -> None:
    assert "đứng hai lần" in said(FORMATS["json"].read(b'{"format": "congvu-lms/questions", "format": "x"}'))


def test_more_questions_than_a_file_may_hold_are_refused_in_words() -> None:
    parsed = FORMATS["gift"].read(b"a{T}\n\n" * (MOST_ITEMS + 1))
    assert "10000" in said(parsed)
    assert not parsed.entries


@pytest.mark.parametrize("block", ["Cau hoi {=dung ~sai}\\n\\n", "Mot dong khong co gi\\n", "x{=a\\n", "// chu thich\\n", "\\n"])
def test_a_million_lines_are_answered_within_ten_seconds_and_300_mb(block: str) -> None:
    """In a process of its own, whose memory is measured."""
    program = f"""
import resource, time
from quizzes.interchange import FORMATS
resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
def used():
    # Not ru_maxrss: that still counts the process this one was started from.
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) // 1024
before = used()
data = (b"{block}" * 1_000_000)
start = time.process_time()
parsed = FORMATS["gift"].read(data)
print(time.process_time() - start, used() - before, bool(parsed.findings or parsed.entries))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    seconds, megabytes, answered = done.stdout.split()
    assert answered == "True"
    assert float(seconds) < 10
    assert int(megabytes) < 300


def test_a_cell_of_two_million_characters_is_refused_by_name() -> None:
    header = ";".join(labels[0] for labels in list(COLUMNS.values())[:8])
    parsed = FORMATS["xlsx"].read(f"{header};Đáp án\nK-1;CB1.1;Đúng – sai;NB;{LONG};;;;Đúng\n".encode())
    assert parsed.refused or not parsed.drafts
    assert said(parsed)
    assert "20000" in said(FORMATS["gift"].read(b"x" * 50_000 + b"{T}"))
    item = {"kind": "true_false", "stem": LONG, "body": {}, "key": ["true"], "level": "NB", "topic": "CB1"}
    document = {"format": "congvu-lms/questions", "version": 1, "items": [item]}
    assert FORMATS["json"].read(json.dumps(document).encode()).entries[0].draft is not None  # the bank's own rule refuses it


def test_formulas_in_cells_are_text_both_ways() -> None:
    columns = [Column(labels[0]) for labels in COLUMNS.values()]
    row = {"code": "K-1", "topic": "CB1.1", "kind": "Đúng – sai", "level": "NB", "stem": '=HYPERLINK("http://x")', "key": "Đúng"}
    data = table_workbook(columns, [[row.get(name) for name in COLUMNS]], sheet_name="Câu hỏi")
    [draft] = FORMATS["xlsx"].read(data).drafts
    assert draft.stem == '=HYPERLINK("http://x")'
    assert b"<f>" not in FORMATS["xlsx"].write([draft], {}).content


def test_columns_nobody_knows_and_sheets_without_a_header_are_named() -> None:
    parsed = FORMATS["xlsx"].read("Câu dẫn;Đáp án;Loại câu;Ghi chú riêng\nTrái Đất tròn;Đúng;Đúng – sai;abc\n".encode())
    assert "Ghi chú riêng" in said(parsed)
    assert parsed.drafts[0].key == ["true"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Câu;B;Loại lạ", "không có trong danh mục"),
        ("Câu;12,x;Điền số", "không phải là số"),
        ("Câu;Có;Đúng – sai", "phải là Đúng hoặc Sai"),
        ("Câu;;Điền vào chỗ trống", "chưa có chỗ trống"),
        ("Câu;A;Chọn vùng trên hình", "không ghi được"),
    ],
)
def test_a_row_that_is_wrong_says_what_to_mend_and_where(row: str, says: str) -> None:
    parsed = FORMATS["xlsx"].read(f"Câu dẫn;Đáp án;Loại câu\n{row}\n".encode())
    assert says in said(parsed)
    assert parsed.entries[0].line == 2


def test_html_in_a_stem_becomes_plain_text_and_what_is_lost_is_named() -> None:
    html = '<p>Công thức H<sub>2</sub>O <b>đậm</b></p><script>alert(1)</script><img src="x" onerror="alert(1)" alt="hình">'
    parsed = FORMATS["gift"].read(f"[html]{html.replace('=', chr(92) + '=')}{{T}}".encode())
    [draft] = parsed.drafts
    assert draft.stem == "Công thức H2O **đậm**"
    for what in ("chỉ số dưới", "script", "hình"):
        assert what in said(parsed)


@pytest.mark.parametrize("piece", ["<a ", "<!--", "<p>", "<b>", "</p>", "<a b='", "&#", "<![CDATA[", "<table>"])
def test_html_made_to_be_slow_is_read_to_its_end(piece: str) -> None:
    """What reads HTML by backtracking takes minutes for these."""
    text, found, _images = from_html(piece * 100_000)
    assert isinstance(text, str)
    assert isinstance(found, list)


def test_signs_of_mathematics_are_no_markup() -> None:
    assert not has_markup("a < b & c > d")
    assert has_markup("x <b>y</b>")


def test_what_was_lost_of_a_gift_question_is_named_with_its_line() -> None:
    text = "\n// ghi chú của tôi\n::Tên riêng::Chọn{=đúng#vì đúng ~%50%gần đúng#vì gần ~sai}\n\n$CATEGORY: $course$/Chương một\n\nMô tả\n"
    parsed = FORMATS["gift"].read(text.encode())
    for what in ("Tên riêng", "50% gần đúng", "Chương một", "dòng chú thích", "chỉ có lời dẫn"):
        assert what in said(parsed), what
    assert [entry.line for entry in parsed.entries] == [3, 7]
    assert parsed.drafts[0].whys == {"a": "vì đúng", "b": "vì gần"}
    assert {one.weight for entry in parsed.entries for one in entry.findings} == {Weight.LOST}


def test_the_examples_of_the_gift_documentation_are_read() -> None:
    text = r"""
// true/false
::Q1:: 1+1=2 {T}

::Q2:: What's between orange and green in the spectrum?
{ =yellow # right; good! ~red # wrong, it's yellow ~blue # wrong, it's yellow }

::Q3:: Two plus {=two =2} equals four.

::Q4:: Which animal eats which food? { =cat -> cat food =dog -> dog food }

::Q5:: What is a number from 1 to 5? {#3:2}

::Q6:: What is a number from 1 to 5? {#1..5}

::Q7:: When was Ulysses S. Grant born? {#
     =1822:0
     =%50%1822:2
}

::Q8:: How are you? {}

What two people are entombed in Grant's tomb? {
   ~%-50%No one
   ~%50%Grant
   ~%50%Grant's wife
   ~%-50%Grant's father
}

Mahatma Gandhi's birthday is an Indian holiday on {
~15th
~3rd
=2nd
} of October.

Which answer equals 5? {
~ \= 2 + 2
= \= 2 + 3
~ \= 2 + 4
}
"""
    drafts = FORMATS["gift"].read(text.encode()).drafts
    assert [draft.kind for draft in drafts] == [
        "true_false",
        "single_choice",
        "short_answer",
        "matching",
        "numeric",
        "numeric",
        "numeric",
        "essay",
        "multiple_choice",
        "single_choice",
        "single_choice",
    ]
    assert drafts[2].stem == "Two plus _____ equals four."
    assert (drafts[4].key, drafts[4].body) == (["3"], {"tolerance": "2"})
    assert (drafts[5].key, drafts[5].body) == (["3"], {"tolerance": "2"})
    assert (drafts[8].key, drafts[8].body["scoring"]) == (["b", "c"], "penalty")
    assert drafts[10].body["options"][1]["text"] == "= 2 + 3"
    assert [draft.code for draft in drafts[:3]] == ["Q1", "Q2", "Q3"]
