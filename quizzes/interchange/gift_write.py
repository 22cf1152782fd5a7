"""An item as a question of GIFT. Kinds without a form of their own are written as the nearest one; what the form has no place for stands
in a comment, so that the item is read back whole here, and is named, since other programs do not read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from lms.kit.errors import N_
from quizzes.interchange import markup
from quizzes.interchange.document import Finding, error
from quizzes.interchange.gift_text import escaped, escaped_answer, mark
from quizzes.kinds.answers import keyed
from quizzes.kinds.base import Scoring
from quizzes.kinds.numbers import tolerance
from quizzes.kinds.true_false import TRUE
from quizzes.rules.bank import ItemDraft

NOT_CARRIED: Mapping[str, str] = {
    "cloze": N_("GIFT không ghi được câu điền vào nhiều chỗ trống; dùng Moodle XML, QTI hoặc JSON"),
    "hotspot": N_("GIFT không ghi được câu chọn vùng trên hình; dùng QTI hoặc JSON"),
}
_TRUTH = {True: "Đúng", False: "Sai"}


def question(item: ItemDraft) -> str:
    """The lines of the question itself, without comments."""
    says = _Says("**" in _all_texts(item))
    answers = _WRITERS[item.kind](item, says)
    explanation = f"####{says(item.explanation)}" if item.explanation else ""
    title = f"::{escaped(item.code)}::" if item.code else ""
    return f"{title}{says.prefix}{says(item.stem)}{{{answers}{explanation}}}"


def comment(item: ItemDraft) -> str:
    """What Moodle, too, reads of a comment: the id number and the tags."""
    marks = [mark("id", item.code), *(mark("tag", tag) for tag in (item.level, *item.tags) if tag)]
    return "// " + " ".join(filter(None, marks))


def refused(item: ItemDraft) -> Finding | None:
    """Why an item cannot be written at all."""
    if item.kind in NOT_CARRIED:
        return error(NOT_CARRIED[item.kind])
    if item.kind not in _WRITERS:
        return error(N_("GIFT không có loại câu “%(kind)s”"), kind=item.kind)
    return None


class _Says:
    """Texts of a question in one format: HTML where anything of it is bold, else plain."""

    def __init__(self, html: bool) -> None:
        self.prefix = "[html]" if html else "[plain]"
        self._html = html

    def __call__(self, text: str) -> str:
        return escaped(markup.html(text) if self._html else text)


def _all_texts(item: ItemDraft) -> str:
    listed = [one.get("text", "") for name in ("options", "premises", "statements", "steps") for one in item.body.get(name, [])]
    return "\n".join([item.stem, item.explanation, *item.whys.values(), *map(str, listed)])


def _why(item: ItemDraft, id_: str, says: _Says) -> str:
    return f"#{says(item.whys[id_])}" if item.whys.get(id_) else ""


def _listed(lines: Sequence[str]) -> str:
    return "".join(f"\n\t{line}" for line in lines) + "\n"


def _single_choice(item: ItemDraft, says: _Says) -> str:
    return _listed(
        [
            ("=" if option["id"] in item.key else "~")
            + _unweighted(says(option["text"]), option["id"] in item.key)
            + _why(item, option["id"], says)
            for option in item.body["options"]
        ]
    )


def _unweighted(text: str, right: bool) -> str:
    """A text that begins like a weight gets a real one before it."""
    return f"%{100 if right else 0}%{text}" if text.startswith("%") else text


def _multiple_choice(item: ItemDraft, says: _Says) -> str:
    options, right = item.body["options"], len(item.key)
    wrong = len(options) - right
    pain = Decimal(-100) if item.body.get("scoring", Scoring.ALL) == Scoring.ALL else Decimal(-100) / max(wrong, 1)
    pain = Decimal(0) if item.body.get("scoring") == Scoring.PARTIAL else pain
    gain = Decimal(100) / right
    weights = {option["id"]: _percent(gain if option["id"] in item.key else pain) for option in options}
    return _listed([f"~%{weights[one['id']]}%{says(one['text'])}{_why(item, one['id'], says)}" for one in options])


def _percent(value: Decimal) -> str:
    text = f"{value:.5f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _true_false(item: ItemDraft, says: _Says) -> str:
    return "TRUE" if item.key == [TRUE] else "FALSE"


def _pairs(pairs: Sequence[tuple[str, str]], spare: Sequence[str], says: _Says) -> str:
    lines = [f"={says(left)} -> {escaped(right)}" for left, right in pairs]
    return _listed([*lines, *(f"= -> {escaped(right)}" for right in spare)])


def _matching(item: ItemDraft, says: _Says) -> str:
    texts = {option["id"]: option["text"] for option in item.body["options"]}
    right = keyed(item.key)
    pairs = [(premise["text"], texts[right[premise["id"]]]) for premise in item.body["premises"]]
    return _pairs(pairs, [text for id_, text in texts.items() if id_ not in right.values()], says)


def _statement_group(item: ItemDraft, says: _Says) -> str:
    right = keyed(item.key)
    return _pairs([(one["text"], _TRUTH[right[one["id"]] == TRUE]) for one in item.body["statements"]], [], says)


def _ordering(item: ItemDraft, says: _Says) -> str:
    places = keyed(item.key)
    return _pairs([(step["text"], places[step["id"]]) for step in item.body["steps"]], [], says)


def _numeric(item: ItemDraft, says: _Says) -> str:
    value = Decimal(item.key[0])
    margin = tolerance(item.body, value)
    return f"#{value:f}:{margin:f}" if margin else f"#{value:f}"


def _short_answer(item: ItemDraft, says: _Says) -> str:
    return _listed([f"={_unweighted(escaped_answer(text), True)}" for text in item.key])


def _essay(item: ItemDraft, says: _Says) -> str:
    return ""


_WRITERS: Mapping[str, Callable[[ItemDraft, _Says], str]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
    "true_false": _true_false,
    "statement_group": _statement_group,
    "matching": _matching,
    "ordering": _ordering,
    "numeric": _numeric,
    "short_answer": _short_answer,
    "essay": _essay,
}
