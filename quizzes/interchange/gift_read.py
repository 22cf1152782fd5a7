"""One question of a GIFT file as an item, with everything named that an item cannot say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from lms.kit.errors import N_
from quizzes.interchange import leftovers
from quizzes.interchange.document import Entry, Finding, code_of, distinct, error, lost, note, shown_name, tidy
from quizzes.interchange.gift_text import Block, inner, restored
from quizzes.interchange.plain_text import from_html, has_markup
from quizzes.kinds.base import Scoring
from quizzes.kinds.true_false import FALSE, TRUE
from quizzes.rules.bank import LEVELS, MOST_BODY, ItemDraft, tidy_tag

IDS = "abcdefghijklmnopqrstuvwxyz"
BLANK = "_____"
WHOLE, HALF_PERCENT = Decimal(100), Decimal("0.5")
_FORMAT = re.compile(r"\s*\[(html|plain|markdown|moodle)\]", re.IGNORECASE)
_WEIGHT = re.compile(r"\s*%(-?[0-9]+(?:[.,][0-9]*)?)%")
_TRUTHS = {"T": TRUE, "TRUE": TRUE, "F": FALSE, "FALSE": FALSE}
_MARKDOWN = re.compile(r"(?m)^#{1,6} |\[[^\]]+\]\([^)]+\)|(?<![*\w])[*_][^*_\s][^*_]*[*_](?![*\w])|`")


class _UnreadableError(Exception):
    """What makes a question unreadable."""

    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.finding = error(message, **values)


@dataclass
class _Answer:
    text: str
    right: bool
    weight: Decimal | None
    why: str
    wild: bool = False  # a star in it stands for any text


@dataclass
class _Question:
    """A question while it is read: its texts in the format it was written in, and what was found so far."""

    format: str = "moodle"
    findings: list[Finding] = field(default_factory=list)

    def text(self, raw: str) -> str:
        """A text of it as items keep text."""
        written, raw = _written_in(raw, self.format)
        plain = restored(raw)
        if written == "html" or (written == "moodle" and has_markup(plain)):
            text, found, images = from_html(plain)
            self.findings += found
            self.findings += [lost(N_("hình “%(name)s”"), name=shown_name(image.source)) for image in images]
            return tidy(text)
        if written == "markdown" and _MARKDOWN.search(plain):
            self.findings.append(note(N_("đánh dấu Markdown khác **chữ đậm** được giữ nguyên như chữ thường")))
        return tidy(plain)

    def lose(self, message: str, **values: Any) -> None:
        self.findings.append(lost(message, **values))


@dataclass(frozen=True)
class _Said:
    kind: str
    body: dict[str, Any]
    key: list[str]
    whys: dict[str, str] = field(default_factory=dict)


def entry(block: Block, place: int, topic: str) -> Entry:
    """What a question became."""
    question = _Question()
    if len(block.text) > MOST_BODY:
        finding = error(N_("câu dài hơn %(most)s ký tự; có thể thiếu dòng trống giữa hai câu"), most=MOST_BODY)
        return Entry(place, shown_name(block.text[:200]), None, (finding,), block.line)
    title, text = _title(inner(block.text).strip())
    name = shown_name(block.id or title or _FORMAT.sub("", restored(text), count=1))
    try:
        said = _said(question, text)
    except _UnreadableError as unreadable:
        return Entry(place, name, None, (unreadable.finding,), block.line)
    if said is None:
        return Entry(place, name, None, (lost(N_("chỉ có lời dẫn, không có phần trả lời {…}: không phải câu hỏi")),), block.line)
    stem, explanation, parts = said
    draft = ItemDraft(
        code=_code(question, block, title, stem),
        topic=topic,
        kind=parts.kind,
        level=next((tag for tag in block.tags if tag in LEVELS), ""),
        stem=stem,
        body=parts.body,
        key=parts.key,
        explanation=explanation,
        whys=parts.whys,
        tags=tuple(sorted({tidy_tag(tag) for tag in block.tags if tag not in LEVELS} - {""})),
    )
    if block.leftovers:
        draft, held = leftovers.completed(draft, block.leftovers)
        question.findings = [] if held else [*question.findings, _altered()]
    return Entry(place, shown_name(draft.code or name), draft, distinct(question.findings), block.line)


def _altered() -> Finding:
    return note(N_("câu đã được sửa ở nơi khác; phần dữ liệu kèm theo không còn khớp nên không dùng"))


def _code(question: _Question, block: Block, title: str, stem: str) -> str:
    code = code_of(block.id) or ("" if block.id else code_of(title))
    if block.id and not code:
        question.lose(N_("mã “%(name)s” không dùng được (chữ không dấu, số, dấu chấm, gạch nối)"), name=shown_name(block.id))
    if title and not code_of(title) and not stem.startswith(tidy(title).rstrip(".… ")):
        question.lose(N_("tên câu “%(name)s”"), name=shown_name(title))
    return code


def _title(text: str) -> tuple[str, str]:
    if not text.startswith("::"):
        return "", text
    title, sign, rest = text[2:].partition("::")
    return (tidy(restored(title)), rest) if sign else ("", text)


def _written_in(raw: str, otherwise: str) -> tuple[str, str]:
    found = _FORMAT.match(raw)
    return (found[1].lower(), raw[found.end() :]) if found else (otherwise, raw)


def _said(question: _Question, text: str) -> tuple[str, str, _Said] | None:
    question.format, text = _written_in(text, question.format)
    start, end = text.find("{"), text.rfind("}")
    if start < 0 and end < 0:
        return None
    if start < 0 or end < start:
        raise _UnreadableError(N_("ngoặc { } của phần trả lời chưa đóng hoặc chưa mở; dấu ngoặc trong lời văn viết \\{ và \\}"))
    answers = text[start + 1 : end]
    if "{" in answers or "}" in answers:
        raise _UnreadableError(
            N_("có hơn một phần trả lời {…} trong câu; dấu ngoặc trong lời văn viết \\{ và \\}, hai câu cách nhau một dòng trống")
        )
    before, after = text[:start], text[end + 1 :]
    stem = question.text(f"{before.rstrip()} {BLANK} {after.lstrip()}" if after.strip() else before)
    answers, _sign, general = answers.partition("####")
    return stem, question.text(general), _parts(question, answers.strip())


def _parts(question: _Question, answers: str) -> _Said:
    if not answers:
        question.findings.append(note(N_("câu tự luận được đặt một tiêu chí chấm chung 10 điểm; sửa lại cho đúng hướng dẫn chấm")))
        return _Said("essay", {"rubric": [{"id": "a", "text": "Nội dung bài viết", "points": 10}]}, [])
    truth = _TRUTHS.get(answers.partition("#")[0].strip().upper())
    readers: tuple[tuple[bool, Callable[[_Question, str], _Said]], ...] = (
        (answers.startswith("#"), _numeric),
        ("~" in answers, _choice),
        (truth is not None, _true_false),
        ("->" in answers, _matching),
        (True, _short_answer),
    )
    return next(read(question, answers) for fits, read in readers if fits)


def _true_false(question: _Question, answers: str) -> _Said:
    truth, *whys = answers.split("#")
    if any(why.strip() for why in whys):
        question.lose(N_("lời phản hồi riêng của câu đúng – sai: %(text)s"), text=shown_name(" / ".join(map(question.text, whys))))
    return _Said("true_false", {}, [_TRUTHS[truth.strip().upper()]])


def _answers(question: _Question, answers: str, sign: str, *, plain: bool = False) -> list[_Answer]:
    found = []
    for raw in re.split(sign, answers):
        if not raw.strip():
            continue
        right, unsigned = raw.startswith("="), raw.removeprefix("=")
        weight = _WEIGHT.match(unsigned)
        text, _hash, why = (unsigned[weight.end() :] if weight else unsigned).partition("#")
        value = Decimal(weight[1].replace(",", ".")) if weight else None
        found.append(_Answer(tidy(restored(text)) if plain else question.text(text), right, value, question.text(why), "*" in text))
    return found


def _choice(question: _Question, answers: str) -> _Said:
    given = _answers(question, answers, r"~|(?==)")
    options = [{"id": _id(place), "text": answer.text} for place, answer in enumerate(given)]
    whys = {_id(place): answer.why for place, answer in enumerate(given) if answer.why}
    right = [_id(place) for place, answer in enumerate(given) if answer.right and answer.weight in (None, WHOLE)]
    partly = [answer for answer in given if answer.weight and answer.weight != WHOLE]
    if len(right) == 1:
        if partly:
            question.lose(
                N_("điểm từng phần của phương án: %(names)s"), names=shown_name(", ".join(f"{one.weight}% {one.text}" for one in partly))
            )
        return _Said("single_choice", {"options": options}, right, whys)
    if right:
        question.findings.append(note(N_("câu có nhiều đáp án đúng (=) được nhập thành câu nhiều lựa chọn, đúng hết mới được điểm")))
        return _Said("multiple_choice", {"options": options}, right, whys)
    right = [_id(place) for place, answer in enumerate(given) if answer.weight and answer.weight > 0]
    if not right:
        raise _UnreadableError(
            N_("chưa có đáp án đúng: đặt = trước phương án đúng, hoặc %50% trước các phương án đúng của câu nhiều lựa chọn")
        )
    return _Said("multiple_choice", {"options": options, "scoring": _scoring(question, given)}, right, whys)


def _scoring(question: _Question, given: list[_Answer]) -> str:
    gains = [one.weight for one in given if one.weight and one.weight > 0]
    pains = [one.weight for one in given if one.weight and one.weight < 0]
    wrong = len(given) - len(gains)
    shares = [WHOLE / len(gains)] * len(gains)
    uneven = any(abs(gain - share) > HALF_PERCENT for gain, share in zip(gains, shares, strict=True))
    if uneven or (pains and (len(pains) < wrong or any(abs(pain + WHOLE / wrong) > HALF_PERCENT and pain != -WHOLE for pain in pains))):
        weights = ", ".join(f"{one.weight or 0:f}%" for one in given)
        question.lose(N_("trọng số riêng của từng phương án (%(weights)s): mỗi phương án đúng được tính bằng nhau"), weights=weights)
    return str(Scoring.PENALTY if pains else Scoring.PARTIAL)


def _matching(question: _Question, answers: str) -> _Said:
    premises: list[dict[str, str]] = []
    options: dict[str, dict[str, str]] = {}
    key = []
    for raw in answers.split("="):
        if not raw.strip():
            continue
        left, arrow, right = raw.partition("->")
        if not arrow:
            raise _UnreadableError(N_("cặp “%(pair)s” thiếu dấu ->"), pair=shown_name(restored(raw)))
        right, _sign, why = right.partition("#")
        if why.strip():
            question.lose(N_("lời phản hồi của cặp ghép: %(text)s"), text=shown_name(restored(why)))
        text = tidy(restored(right))
        option = options.setdefault(text.casefold(), {"id": _id(len(options)), "text": text})
        if left.strip():
            premises.append({"id": str(len(premises) + 1), "text": question.text(left)})
            key.append(f"{len(premises)}={option['id']}")
    return _Said("matching", {"premises": premises, "options": list(options.values()), "scoring": str(Scoring.PARTIAL)}, key)


def _short_answer(question: _Question, answers: str) -> _Said:
    given = _answers(question, answers, "(?==)", plain=True)
    whole = [one for one in given if one.right and one.weight in (None, WHOLE) and not one.wild]
    if not whole:
        raise _UnreadableError(N_("không hiểu phần trả lời “%(text)s”"), text=shown_name(restored(answers)))
    for one in given:
        if one not in whole:
            question.lose(N_("câu trả lời được một phần điểm hoặc có dấu *: %(text)s"), text=shown_name(one.text))
        elif one.why:
            question.lose(N_("lời phản hồi của đáp án “%(text)s”: %(why)s"), text=shown_name(one.text), why=shown_name(one.why))
    return _Said("short_answer", {}, [one.text for one in whole])


def _numeric(question: _Question, answers: str) -> _Said:
    raw = answers[1:].strip()
    given = _answers(question, raw, "(?==)", plain=True) if raw.startswith("=") else _bare_number(question, raw)
    whole = [one for one in given if one.weight in (None, WHOLE)]
    if not whole:
        raise _UnreadableError(N_("câu điền số chưa có đáp án được trọn điểm"))
    key, tolerance = _number(whole[0].text)
    for one in given:
        if one is not whole[0]:
            question.lose(N_("đáp án số thêm: %(text)s"), text=shown_name(f"{one.weight or WHOLE:f}% {one.text}"))
        if one.why:
            question.lose(N_("lời phản hồi của đáp án “%(text)s”: %(why)s"), text=shown_name(one.text), why=shown_name(one.why))
    return _Said("numeric", {"tolerance": f"{tolerance:f}"} if tolerance else {}, [f"{key:f}"])


def _bare_number(question: _Question, raw: str) -> list[_Answer]:
    text, _sign, why = raw.partition("#")
    return [_Answer(text.strip(), right=True, weight=None, why=question.text(why))]


def _number(text: str) -> tuple[Decimal, Decimal]:
    """The number and its tolerance: `12.5`, `12.5:0.1` or `12..13`."""
    try:
        if ".." in text:
            least, _dots, most = text.partition("..")
            low, high = _exact(least), _exact(most)
            return (low + high) / 2, abs(high - low) / 2
        value, _colon, tolerance = text.partition(":")
        return _exact(value), abs(_exact(tolerance)) if tolerance.strip() else Decimal(0)
    except (InvalidOperation, ValueError, OverflowError):
        raise _UnreadableError(N_("đáp án “%(text)s” không phải là số"), text=shown_name(restored(text))) from None


def _exact(text: str) -> Decimal:
    value = Decimal(restored(text).strip().replace(",", "."))
    if not value.is_finite() or abs(value.adjusted()) > 30:
        raise ValueError(text)
    return value


def _id(place: int) -> str:
    return IDS[place] if place < len(IDS) else f"p{place + 1}"
