"""Files nobody means well with get an answer a person can read: within ten seconds of work, within the memory of a worker."""

from __future__ import annotations

import subprocess
import sys

import pytest

from quizzes.interchange import FORMATS
from quizzes.interchange.document import Parsed
from quizzes.interchange.markup import LONGEST_MARKUP
from quizzes.interchange.safe_zip import ZipRefusedError, opened
from tests.quizzes.interchange import hostile

XML_FORMATS = {"moodle": b"quiz", "qti22": b"assessmentItem", "qti30": b"qti-assessment-item"}
SECONDS, MEGABYTES = 10, 300


def nothing_good(parsed: Parsed) -> list[str]:
    """What was said, of a file that must not give an item."""
    assert parsed.drafts == []
    return [str(finding) for finding in (*parsed.findings, *(one for entry in parsed.entries for one in entry.findings))]


@pytest.mark.parametrize("name", sorted(XML_FORMATS))
@pytest.mark.parametrize("case", sorted(hostile.xml()))
def test_hostile_xml_is_refused_in_words(name: str, case: str) -> None:
    data = hostile.xml(XML_FORMATS[name])[case]()
    FORMATS[name].recognises(data)
    assert nothing_good(FORMATS[name].read(data))


@pytest.mark.parametrize("case", sorted(hostile.zips()))
def test_a_hostile_package_is_refused_in_words(case: str) -> None:
    data = hostile.zips()[case]()
    FORMATS["qti22"].recognises(data)
    said = nothing_good(FORMATS["qti22"].read(data))
    assert said
    assert not any("\x00" in text for text in said)


@pytest.mark.parametrize("case", ["climbs out", "an absolute path", "a drive", "backslashes", "a link", "a password", "100,000 files"])
def test_such_a_package_is_not_even_opened(case: str) -> None:
    with pytest.raises(ZipRefusedError):
        opened(hostile.zips()[case]())


def test_nothing_of_this_machine_is_read() -> None:
    for case in ("a file of this machine", "a parameter entity"):
        parsed = FORMATS["moodle"].read(hostile.xml()[case]())
        assert not any("root:" in text for text in nothing_good(parsed))


def test_script_in_a_stem_is_let_go_and_named() -> None:
    question = (
        b'<quiz><question type="truefalse"><name><text>c1</text></name><questiontext format="html"><text><![CDATA['
        b"<p onclick=\"x()\">\xc4\x90\xc3\xbang?</p><script>alert(1)</script><img src=x onerror=alert(1)><a href='javascript:x()'>n</a>"
        b']]></text></questiontext><answer fraction="100"><text>true</text></answer></question></quiz>'
    )
    [entry] = FORMATS["moodle"].read(question).entries
    assert entry.draft is not None
    assert "alert" not in entry.draft.stem
    assert "script" in " ".join(str(finding) for finding in entry.findings)


@pytest.mark.parametrize("tag", [b"<div>", b"<ul><li>", b"<b>", b"<p><b>"])
def test_html_nested_without_end_is_named_and_not_read(tag: bytes) -> None:
    source = tag * (LONGEST_MARKUP // len(tag) - 10)
    question = b'<quiz><question type="essay"><questiontext format="html"><text><![CDATA[%s]]></text></questiontext></question></quiz>'
    assert nothing_good(FORMATS["moodle"].read(question % source))


def test_the_whole_collection_costs_no_more_than_a_worker_has() -> None:
    """In a process of its own: the operating system ends it where it works longer, and says how much memory it took."""
    program = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS * 6}, {SECONDS * 6}))\n"
        "from quizzes.interchange import FORMATS\n"
        "from tests.quizzes.interchange import hostile\n"
        "for name, root in (('moodle', b'quiz'), ('qti30', b'qti-assessment-item')):\n"
        "    for make in hostile.xml(root).values():\n"
        "        FORMATS[name].read(make())\n"
        "for make in hostile.zips().values():\n"
        "    FORMATS['qti22'].read(make())\n"
        # Not ru_maxrss: that still counts the process this one was started from.
        "print(next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    assert int(done.stdout) // 1024 < 2 * MEGABYTES  # with the program itself and the files as they are made here
