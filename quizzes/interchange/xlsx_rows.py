"""A row of our question template: what its cells mean for each kind, both ways. Pure.

Cells hold one line of text. Whatever a row has no cell for stands in its last cell as leftovers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from lms.kit.errors import N_
from lms.kit.sheets import Cell, cell_text
from lms.kit.sheets.values import parse_day
from lms.kit.vietnamese import clean, fold
from quizzes.interchange.document import Finding, error
from quizzes.interchange.xlsx_gaps import WrittenWrongError, gaps_of, text_with_gaps
from quizzes.kinds.answers import keyed
from quizzes.kinds.base import Scoring
from quizzes.kinds.numbers import exact, typed_number
from quizzes.kinds.options import MOST_OPTIONS
from quizzes.kinds.true_false import FALSE, TRUE
from quizzes.rules.bank import KIND_NAMES, LEVEL_NAMES, PURPOSE_NAMES, ItemDraft, tidy_tag

LETTERS = "ABCDEFGHIJKL"[:MOST_OPTIONS]
SCORING_NAMES = {Scoring.ALL: "Đúng hết mới được điểm", Scoring.PARTIAL: "Từng phần", Scoring.PENALTY: "Từng phần, trừ khi sai"}
YES, NO = "Đúng", "Sai"
ARROW = "=>"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "code": ("Mã câu", "Mã", "Mã câu hỏi"),
    "topic": ("Chủ đề",),
    "kind": ("Loại câu", "Loại câu hỏi"),
    "level": ("Mức độ",),
    "stem": ("Câu dẫn", "Câu hỏi", "Nội dung câu hỏi"),
    "text": ("Đoạn văn có chỗ trống", "Đoạn văn"),
    **{letter: (letter, f"Phương án {letter}", f"Đáp án {letter}") for letter in LETTERS},
    "key": ("Đáp án", "Đáp án đúng"),
    "tolerance": ("Sai số",),
    "unit": ("Đơn vị tính",),
    "scoring": ("Cách tính điểm",),
    "explanation": ("Giải thích", "Giải thích chung"),
    **{f"why_{letter}": (f"Vì sao {letter}", f"Giải thích {letter}") for letter in LETTERS},
    "legal_basis": ("Căn cứ pháp lý", "Căn cứ"),
    "valid_from": ("Hiệu lực từ", "Ngày hiệu lực"),
    "valid_to": ("Hết hiệu lực từ", "Hết hiệu lực"),
    "competency": ("Năng lực",),
    "framework": ("Khung năng lực",),
    "lesson": ("Bài học",),
    "purpose": ("Mục đích sử dụng", "Mục đích"),
    "tags": ("Nhãn",),
    "leftovers": ("Dữ liệu kèm theo (không sửa)",),
}
_POINTS = re.compile(r"(.*\S)\s*\[([0-9]{1,3})\]", re.DOTALL)
_NOT_WORDS = re.compile(r"[^0-9a-z]+")


def _names(table: Mapping[Any, str]) -> dict[str, str]:
    return {_NOT_WORDS.sub("", fold(word)): str(name) for name, label in table.items() for word in (str(name), label)}


_KINDS, _LEVELS = _names(KIND_NAMES), _names(LEVEL_NAMES)
_PURPOSES, _SCORINGS = _names(PURPOSE_NAMES), _names(SCORING_NAMES)
_TRUTHS = {"dung": TRUE, "d": TRUE, "true": TRUE, "t": TRUE, "sai": FALSE, "s": FALSE, "false": FALSE, "f": FALSE}


@dataclass
class Cells:
    """The cells of a row by field."""

    values: Mapping[str, Cell]
    findings: list[Finding] = field(default_factory=list)

    def text(self, name: str) -> str:
        return clean(cell_text(self.values.get(name)))

    def named(self, name: str, table: Mapping[str, str]) -> str:
        """What a word of a list stands for; empty for an empty cell."""
        word = self.text(name)
        found = table.get(_NOT_WORDS.sub("", fold(word)), "")
        if word and not found:
            self.findings.append(
                error(N_("“%(value)s” không có trong danh mục của cột %(column)s"), value=word[:40], column=COLUMNS[name][0])
            )
        return found

    def day(self, name: str) -> date | None:
        try:
            return parse_day(self.values.get(name))
        except ValueError:
            self.findings.append(
                error(
                    N_("cột %(column)s: “%(value)s” không phải ngày (ngày/tháng/năm)"), column=COLUMNS[name][0], value=self.text(name)[:40]
                )
            )
            return None

    def decimal(self, name: str) -> Decimal | None:
        """A number as Vietnamese write it, or as the cell holds it."""
        value = self.values.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return Decimal(str(value))
        return typed_number(self.text(name))

    @property
    def listed(self) -> list[tuple[str, str]]:
        """The filled option cells: (id, text)."""
        return [(letter.lower(), text) for letter in LETTERS if (text := self.text(letter))]


def item_of(cells: Cells) -> ItemDraft | None:
    """The item of a row; None where findings say why not."""
    kind = cells.named("kind", _KINDS)
    if not kind and not cells.text("kind"):
        kind = _guessed(cells)
    level, purpose = cells.named("level", _LEVELS), cells.named("purpose", _PURPOSES)
    starts, ends = cells.day("valid_from"), cells.day("valid_to")
    if kind and kind not in _READERS:
        cells.findings.append(error(N_("bảng tính không ghi được loại câu “%(kind)s”; dùng QTI hoặc JSON"), kind=KIND_NAMES[kind]))
    if cells.findings:
        return None
    try:
        body, key = _READERS[kind](cells)
    except WrittenWrongError as wrong:
        cells.findings.append(wrong.finding)
        return None
    return ItemDraft(
        code=cells.text("code"),
        topic=cells.text("topic"),
        kind=kind,
        level=level,
        stem=cells.text("stem"),
        body=body,
        key=key,
        explanation=cells.text("explanation"),
        whys={letter.lower(): why for letter in LETTERS if (why := cells.text(f"why_{letter}"))},
        legal_basis=cells.text("legal_basis") or None,
        valid_from=starts,
        valid_to=ends,
        competency=cells.text("competency") or None,
        lesson=cells.text("lesson") or None,
        framework=cells.text("framework") or None,
        tags=tuple(sorted({tidy for tag in cells.text("tags").split(",") if (tidy := tidy_tag(tag))})),
        purpose=purpose or None,
    )


def _guessed(cells: Cells) -> str:
    """The kind of a row that names none: choice questions are what most files hold."""
    return "multiple_choice" if len(_letters(cells.text("key"))) > 1 else "single_choice"


def _letters(text: str) -> list[str]:
    return [letter.lower() for letter in re.split(r"[\s,;/+&]+", text.upper()) if letter]


def _texts(pairs: list[tuple[str, str]]) -> list[dict[str, Any]]:
    return [{"id": id_, "text": text} for id_, text in pairs]


def _scoring(cells: Cells) -> dict[str, str]:
    found = cells.named("scoring", _SCORINGS)
    if cells.findings:
        raise WrittenWrongError(cells.findings.pop())
    return {"scoring": found} if found else {}


def _choice(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    return {"options": _texts(cells.listed)} | _scoring(cells), sorted(_letters(cells.text("key")))


def _true_false(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    given = cells.values.get("key")
    truth = (TRUE if given else FALSE) if isinstance(given, bool) else _TRUTHS.get(fold(cells.text("key")).strip(" ."))
    if truth is None:
        raise WrittenWrongError(error(N_("cột Đáp án của câu đúng – sai phải là Đúng hoặc Sai")))
    return {}, [truth]


def _statements(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    words = [_TRUTHS.get(fold(word)) for word in re.split(r"[\s,;/]+", cells.text("key")) if word]
    if len(words) != len(cells.listed) or None in words:
        raise WrittenWrongError(error(N_("cột Đáp án cần một chữ Đ hoặc S cho mỗi nhận định, theo thứ tự A, B, C…, ví dụ: Đ S Đ Đ")))
    key = [f"{id_}={word}" for (id_, _text), word in zip(cells.listed, words, strict=True)]
    return {"statements": _texts(cells.listed)} | _scoring(cells), key


def _matching(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    premises: list[dict[str, str]] = []
    options: dict[str, dict[str, str]] = {}
    key = []
    for id_, text in cells.listed:
        left, arrow, right = (part.strip() for part in text.partition(ARROW))
        if not arrow or not right:
            raise WrittenWrongError(error(N_("ô %(column)s của câu ghép đôi viết: vế trái => vế phải"), column=id_.upper()))
        option = options.setdefault(right.casefold(), {"id": "abcdefghijkl"[len(options)], "text": right})
        if left:
            premises.append({"id": str(len(premises) + 1), "text": left})
            key.append(f"{len(premises)}={option['id']}")
    return {"premises": premises, "options": list(options.values())} | _scoring(cells), key


def _ordering(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    return {"steps": _texts(cells.listed)} | _scoring(cells), [f"{id_}={place}" for place, (id_, _text) in enumerate(cells.listed, 1)]


def _numeric(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    value = cells.decimal("key")
    if value is None:
        raise WrittenWrongError(error(N_("cột Đáp án: “%(value)s” không phải là số"), value=cells.text("key")[:40]))
    body = {"unit": cells.text("unit")} if cells.text("unit") else {}
    margin = cells.text("tolerance")
    if margin.endswith("%"):
        percent = typed_number(margin[:-1])
        name = "tolerance_percent"
    else:
        percent, name = cells.decimal("tolerance"), "tolerance"
    if margin and percent is None:
        raise WrittenWrongError(error(N_("cột Sai số: “%(value)s” không phải là số (ví dụ 0,5 hoặc 5%%)"), value=margin[:40]))
    return body | ({name: f"{percent:f}"} if percent else {}), [f"{value:f}"]


def _short_answer(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    return {}, [text for one in cells.text("key").split("|") if (text := one.strip())]


def _cloze(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    text, gaps, key = gaps_of(cells.text("text"))
    return {"text": text, "gaps": gaps} | _scoring(cells), key


def _essay(cells: Cells) -> tuple[dict[str, Any], list[str]]:
    rubric = []
    for id_, text in cells.listed:
        points = _POINTS.fullmatch(text)
        if points is None:
            raise WrittenWrongError(
                error(N_("ô %(column)s của câu tự luận viết tiêu chí và số điểm: Nêu đúng căn cứ [2]"), column=id_.upper())
            )
        rubric.append({"id": id_, "text": points[1], "points": int(points[2])})
    return {"rubric": rubric}, []


_READERS: Mapping[str, Callable[[Cells], tuple[dict[str, Any], list[str]]]] = {
    "single_choice": _choice,
    "multiple_choice": _choice,
    "true_false": _true_false,
    "statement_group": _statements,
    "matching": _matching,
    "ordering": _ordering,
    "numeric": _numeric,
    "short_answer": _short_answer,
    "cloze": _cloze,
    "essay": _essay,
}
CARRIED = frozenset(_READERS)


def row_of(item: ItemDraft) -> dict[str, object]:
    """The cells of an item of a carried kind: texts, and days as days."""
    listed, key = _WRITERS[item.kind](item)
    ids = [id_ for id_, _text in listed]
    scoring = item.body.get("scoring")
    cells: dict[str, object] = {
        "code": item.code,
        "topic": item.topic,
        "kind": KIND_NAMES[item.kind],
        "level": LEVEL_NAMES.get(item.level, ""),  # type: ignore[call-overload]
        "stem": item.stem,
        "key": key,
        "scoring": SCORING_NAMES[Scoring(scoring)] if scoring in tuple(Scoring) else "",
        "unit": item.body.get("unit", ""),
        "tolerance": _margin(item.body),
        "text": text_with_gaps(item) if item.kind == "cloze" else "",
        "explanation": item.explanation,
        "legal_basis": item.legal_basis or "",
        "valid_from": item.valid_from,
        "valid_to": item.valid_to,
        "competency": item.competency or "",
        "framework": item.framework or "",
        "lesson": item.lesson or "",
        "purpose": PURPOSE_NAMES.get(item.purpose, "") if item.purpose else "",  # type: ignore[call-overload]
        "tags": ", ".join(item.tags),
    }
    cells |= {LETTERS[place]: text for place, (_id, text) in enumerate(listed)}
    cells |= {f"why_{LETTERS[ids.index(id_)]}": why for id_, why in item.whys.items() if id_ in ids}
    return cells


def _margin(body: Mapping[str, Any]) -> str:
    name = "tolerance_percent" if "tolerance_percent" in body else "tolerance"
    value = exact(str(body.get(name, "")))
    return (f"{value:f}".replace(".", ",") + ("%" if name == "tolerance_percent" else "")) if value else ""


Listed = list[tuple[str, str]]


def _listed_in(item: ItemDraft, where: str) -> Listed:
    return [(one["id"], one["text"]) for one in item.body[where]]


def _write_choice(item: ItemDraft) -> tuple[Listed, str]:
    listed = _listed_in(item, "options")
    return listed, ", ".join(LETTERS[place] for place, (id_, _text) in enumerate(listed) if id_ in item.key)


def _write_statements(item: ItemDraft) -> tuple[Listed, str]:
    right = keyed(item.key)
    listed = _listed_in(item, "statements")
    return listed, " ".join("Đ" if right[id_] == TRUE else "S" for id_, _text in listed)


def _write_matching(item: ItemDraft) -> tuple[Listed, str]:
    right = keyed(item.key)
    texts = dict(_listed_in(item, "options"))
    pairs = [(id_, f"{text} {ARROW} {texts[right[id_]]}") for id_, text in _listed_in(item, "premises")]
    spare = [("", f"{ARROW} {text}") for id_, text in texts.items() if id_ not in right.values()]
    return [*pairs, *spare][: len(LETTERS)], ""


def _write_ordering(item: ItemDraft) -> tuple[Listed, str]:
    place = keyed(item.key)
    return sorted(_listed_in(item, "steps"), key=lambda one: int(place[one[0]])), ""


_WRITERS: Mapping[str, Callable[[ItemDraft], tuple[Listed, str]]] = {
    "single_choice": _write_choice,
    "multiple_choice": _write_choice,
    "true_false": lambda item: ([], YES if item.key == [TRUE] else NO),
    "statement_group": _write_statements,
    "matching": _write_matching,
    "ordering": _write_ordering,
    "numeric": lambda item: ([], f"{Decimal(item.key[0]):f}".replace(".", ",")),
    "short_answer": lambda item: ([], " | ".join(item.key)),
    "cloze": lambda _item: ([], ""),
    "essay": lambda item: ([(one["id"], f"{one['text']} [{one['points']}]") for one in item.body["rubric"]], ""),
}
