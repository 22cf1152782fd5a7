"""Gaps as Moodle writes them into the text of a cloze question: `{1:MULTICHOICE:=đúng#vì sao~sai~%50%gần đúng}`."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, error, lost
from quizzes.interchange.markup import html
from quizzes.interchange.plain_text import from_html
from quizzes.kinds.cloze import LIST, NUMBER, WORDS
from quizzes.kinds.numbers import exact

_TYPES = {
    **dict.fromkeys(["MULTICHOICE", "MC", "MULTICHOICE_V", "MCV", "MULTICHOICE_H", "MCH"], LIST),
    **dict.fromkeys(["MULTICHOICE_S", "MCS", "MULTICHOICE_VS", "MCVS", "MULTICHOICE_HS", "MCHS"], LIST),
    **dict.fromkeys(["SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"], WORDS),
    **dict.fromkeys(["NUMERICAL", "NM"], NUMBER),
    **dict.fromkeys(["MULTIRESPONSE", "MR", "MULTIRESPONSE_H", "MRH", "MULTIRESPONSE_S", "MRS", "MULTIRESPONSE_HS", "MRHS"], ""),
}
_CASE_MATTERS = frozenset(["SHORTANSWER_C", "SAC", "MWC"])
_START = re.compile(r"\{([0-9]{0,4}):([A-Z_]{2,16}):")
_CLOSE = re.compile(r"\\.|\}", re.DOTALL)
_FRACTION = re.compile(r"=|%(-?[0-9]{1,4}(?:[.,][0-9]{0,10})?)%")
_ESCAPED = re.compile(r"\\([}#~/\"\\])")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_LONGEST = 20_000
# Characters of private use: no text of an item has them, and no reader of HTML touches them.
OPEN, CLOSE = "\ue000", "\ue001"
MARK = re.compile(f"{OPEN}([0-9]+){CLOSE}")


@dataclass(frozen=True, slots=True)
class Alternative:
    """One answer of a gap, as HTML: its share of the point in hundredths, and whether anything is said about it."""

    answer: str
    percent: float
    feedback: bool


@dataclass(frozen=True, slots=True)
class Embedded:
    weight: str
    type: str
    alternatives: tuple[Alternative, ...]


def found_in(source: str) -> tuple[str, list[Embedded]]:
    """The HTML with a mark in the place of each gap, and the gaps. Linear in the length of the text."""
    pieces: list[str] = []
    gaps: list[Embedded] = []
    place = 0
    closes = [one.start() for one in _CLOSE.finditer(source) if one[0] == "}"]
    while start := _START.search(source, place):
        end = _end_of(closes, start.end())
        if start[2] not in _TYPES or end < 0:
            pieces.append(source[place : start.end()])
            place = start.end()
            continue
        pieces += [source[place : start.start()], f"{OPEN}{len(gaps)}{CLOSE}"]
        gaps.append(Embedded(start[1], start[2], tuple(_alternatives(source[start.end() : end]))))
        place = end + 1
    return "".join([*pieces, source[place:]]), gaps


def _end_of(closes: list[int], place: int) -> int:
    """Where the gap that began before `place` ends; -1 where it does not."""
    after = bisect_left(closes, place)
    return closes[after] if after < len(closes) and closes[after] - place <= _LONGEST else -1


def _alternatives(text: str) -> Iterable[Alternative]:
    for part in _split(text, "~"):
        fraction = _FRACTION.match(part)
        percent = 0.0
        if fraction:
            percent = 100.0 if fraction[0] == "=" else float((fraction[1] or "0").replace(",", "."))
        answer, *feedback = _split(part[fraction.end() :] if fraction else part, "#")
        yield Alternative(_ESCAPED.sub(r"\1", answer), percent, any(one.strip() for one in feedback))


def _split(text: str, sign: str) -> list[str]:
    """Divided at every sign that is not escaped and not part of an entity (`&#39;`)."""
    parts, begin, place = [], 0, 0
    while place < len(text):
        if text[place] == "\\":
            place += 2
            continue
        if text[place] == sign and not (sign == "#" and place and text[place - 1] == "&"):
            parts.append(text[begin:place])
            begin = place + 1
        place += 1
    return [*parts, text[begin:]]


def gap_of(gap_id: str, embedded: Embedded, findings: list[Finding]) -> tuple[dict[str, Any], list[str]]:
    """A gap of an item and what is right in it. What of it is not carried is added to the findings."""
    kind = _TYPES[embedded.type]
    if any(one.feedback for one in embedded.alternatives):
        findings.append(lost(N_("phản hồi cho từng đáp án trong chỗ trống không chuyển được")))
    if embedded.type in _CASE_MATTERS:
        findings.append(lost(N_("phân biệt chữ hoa, chữ thường không chuyển được: ở đây chữ hoa, chữ thường như nhau")))
    partly = [one for one in embedded.alternatives if 0 < one.percent < 100]
    if partly:
        findings.append(lost(N_("đáp án được một phần điểm trong chỗ trống %(gap)s không chuyển được"), gap=gap_id))
    right = [one.answer for one in embedded.alternatives if one.percent >= 100]
    if kind == LIST:
        return _list_gap(gap_id, embedded, findings)
    if kind == NUMBER:
        return _number_gap(gap_id, right, findings)
    if kind == WORDS:
        accepted = [plain for one in right if (plain := words_of(_plain(one, findings), findings))]
        return {"id": gap_id, "kind": WORDS}, [f"{gap_id}={one}" for one in accepted]
    findings.append(error(N_("chỗ trống chọn nhiều đáp án (MULTIRESPONSE) chưa có ở đây; tách thành câu nhiều lựa chọn")))
    return {"id": gap_id, "kind": LIST, "options": []}, []


def _list_gap(gap_id: str, embedded: Embedded, findings: list[Finding]) -> tuple[dict[str, Any], list[str]]:
    options, key = [], []
    best = max((one.percent for one in embedded.alternatives), default=0)
    for place, one in enumerate(embedded.alternatives):
        option_id = _LETTERS[place] if place < len(_LETTERS) else f"o{place + 1}"
        options.append({"id": option_id, "text": _plain(one.answer, findings)})
        if one.percent == best and best > 0:
            key.append(f"{gap_id}={option_id}")
    return {"id": gap_id, "kind": LIST, "options": options}, key


def _number_gap(gap_id: str, right: list[str], findings: list[Finding]) -> tuple[dict[str, Any], list[str]]:
    if len(right) > 1:
        findings.append(lost(N_("chỗ trống %(gap)s chỉ giữ đáp án số đầu tiên"), gap=gap_id))
    value, _colon, tolerance = _plain(right[0], findings).partition(":") if right else ("", "", "")
    gap: dict[str, Any] = {"id": gap_id, "kind": NUMBER}
    tolerance = tolerance.strip().replace(",", ".")
    if (amount := exact(tolerance)) is not None and amount:
        gap["tolerance"] = tolerance
    return gap, [f"{gap_id}={value.strip().replace(',', '.')}"] if value.strip() else []


def _plain(source: str, findings: list[Finding]) -> str:
    text, found, images = from_html(source)
    findings += found
    if images:
        findings.append(lost(N_("hình trong đáp án không chuyển được; hãy tả bằng lời hoặc dùng hình của câu")))
    return " ".join(text.split())


def words_of(answer: str, findings: list[Finding]) -> str:
    """An accepted answer; empty (and named) where it stands for many: `*` is any run of characters to Moodle, `\\*` a star."""
    if "*" in answer.replace(r"\*", ""):
        findings.append(lost(N_("đáp án có ký tự đại diện (*) không chuyển được: %(answer)s"), answer=answer[:80]))
        return ""
    return answer.replace(r"\*", "*")


def written(gap: Mapping[str, Any], accepted: list[str]) -> str:
    """The gap as Moodle writes it, in HTML."""
    kind = gap.get("kind")
    if kind == LIST:
        options = [one for one in gap.get("options", []) if isinstance(one, Mapping)]
        parts = [f"{'=' if one.get('id') in accepted else '%0%'}{_escaped(str(one.get('text', '')))}" for one in options]
        return "{1:MULTICHOICE:" + "~".join(parts) + "}"
    if kind == NUMBER:
        value = accepted[0] if accepted else ""
        unit = f" {html(str(gap['unit']))}" if gap.get("unit") else ""
        return f"{{1:NUMERICAL:={value}:{absolute_tolerance(gap, value)}}}{unit}"
    return "{1:SHORTANSWER:" + "~".join(f"={_escaped(one.replace('*', chr(92) + '*'))}" for one in accepted) + "}"


def absolute_tolerance(spec: Mapping[str, Any], key: str) -> str:
    """How far from the key is still right, as Moodle takes it: never in hundredths."""
    right = exact(key)
    if "tolerance_percent" in spec and right is not None:
        percent = exact(str(spec["tolerance_percent"]))
        return f"{(abs(right) * (percent or 0) / 100).normalize():f}"
    return str(spec.get("tolerance", 0))


def _escaped(text: str) -> str:
    """As an answer within a gap. A star's own backslash is Moodle's, not that of the gap."""
    source = html(text)
    return re.sub(r"([}#~])", r"\\\1", source.replace("\\", "\\\\").replace("\\\\*", "\\*"))
