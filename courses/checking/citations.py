"""Is every source cited, and does every document the text names by number have a source?"""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.references import Reference, references
from courses.checking.standards import Standards
from courses.checking.written import Passage, WrittenCourse
from lms.kit.errors import N_

# Symbols of people's committees and councils, departments, and papers of single offices.
_LOCAL = re.compile(r"UBND|HĐND|(?:^|[-/])(?:S[A-ZĐ]{2,}|VP[A-ZĐ]*|P[A-ZĐ]{2,})|^(?:BC|TB|TTr|CV|BB|GM|HD)(?:[-/]|$)")
_TITLE = re.compile(r"\b(?:Bộ luật|Luật) [A-ZĐÂĂÊÔƠƯÁÀẢÃẠ][^\W\d_]+(?: [^\W\d_]+)?")
_CITED = re.compile(r"\[\^([^\]\s]+)\]")


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    if course.content is None:
        return
    cited = {source for lesson in course.lessons for line in lesson.lines for source in _CITED.findall(line.text)}
    for source in course.content.sources:
        if source.id not in cited:
            line = course.line_of("course.yaml", f"id: {source.id}")
            findings.error(course.path("course.yaml"), line, N_("Nguồn “%(id)s” không bài nào dẫn: dẫn [^%(id)s] hoặc bỏ."), id=source.id)
    _named_without_source(course, standards, on, findings)
    _titled_without_source(course, standards, on, findings)


def _titled_without_source(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    """Laws named by title alone. Where a title ends in running text cannot be told; its first two words tell laws apart."""
    assert course.content is not None
    known = " ".join(source.text for source in course.content.sources).casefold()
    for passage in course.passages:
        for match in _TITLE.finditer(passage.text) if passage.region != "sources" else ():
            if match[0].casefold().removeprefix("bộ ") not in known:
                ended = any(name.startswith(match[0]) for law in standards.laws if law.ended(on) for name in law.aliases)
                tell = findings.notice if ended or passage.shows_mistakes(match[0]) else findings.error
                tell(passage.file, passage.line, N_("“%(law)s…” chưa có nguồn trong course.yaml: thêm vào “sources”."), law=match[0])


def _named_without_source(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    assert course.content is not None
    known = [reference for source in course.content.sources for reference in references(source.text)]
    ended = [reference for law in standards.laws if law.ended(on) for reference in references(f"Luật {law.number}")]
    told: set[tuple[str, str]] = set()
    for passage in course.passages:
        if passage.region == "sources":
            continue
        for named in references(passage.text):
            if any(named.is_same(one) for one in known) or (passage.file, named.written) in told:
                continue
            told.add((passage.file, named.written))
            owed = not (_LOCAL.search(named.symbol or "") or passage.shows_mistakes(named.text) or any(named.is_same(one) for one in ended))
            _tell(passage, named, owed, findings)


def _tell(passage: Passage, named: Reference, owed: bool, findings: Findings) -> None:
    """What an office of a province issues may be made up for an example, and a document that has ended is named to warn of it: a source
    is welcome, and not owed."""
    tell = findings.error if owed else findings.notice
    tell(passage.file, passage.line, N_("Văn bản %(number)s chưa có nguồn trong course.yaml: thêm vào “sources”."), number=named.written)
