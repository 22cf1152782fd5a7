"""How each kind of question is written in questions.yaml: from what an author writes to body, key and reasons.

What is wrong with the way it is written is told here; what is wrong with the question itself is its kind's own rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.kinds.base import Problem
from quizzes.kinds.cloze import LIST
from quizzes.kinds.true_false import FALSE, TRUE

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """The parts of an item that depend on its kind."""

    body: dict[str, Any]
    key: list[str]
    whys: dict[str, str] = field(default_factory=dict)


class WrittenWrongError(Exception):
    def __init__(self, message: str, **values: Any) -> None:
        super().__init__(message)
        self.problem = Problem(message, values)


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a kind, beside those every item has, and how they are read."""

    fields: frozenset[str]
    read: Callable[[Raw], Written]


def is_text(value: Any) -> bool:
    return isinstance(value, str) and "\x00" not in value and bool(clean(value))


def _text(value: Any, name: str) -> str:
    """A text, or a number or word of YAML that stands for its own text."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    if not is_text(value):
        raise WrittenWrongError(N_("“%(name)s” phải là chữ hoặc số"), name=name)
    return clean(value)


def _list(raw: Raw, name: str, *needed: str) -> list[Mapping[str, Any]]:
    values = raw.get(name)
    if not isinstance(values, list) or not values:
        raise WrittenWrongError(N_("“%(name)s” phải là danh sách"), name=name)
    for value in values:
        if not isinstance(value, Mapping) or not all(is_text(value.get(one)) or isinstance(value.get(one), int) for one in needed):
            raise WrittenWrongError(N_("mỗi mục của “%(name)s” cần: %(needed)s"), name=name, needed=", ".join(needed))
    return values


def _named(values: list[Mapping[str, Any]]) -> list[dict[str, str]]:
    return [{"id": _text(value["id"], "id"), "text": _text(value["text"], "text")} for value in values]


def _whys(values: list[Mapping[str, Any]]) -> dict[str, str]:
    return {_text(value["id"], "id"): _text(value["why"], "why") for value in values if value.get("why") is not None}


def _key_list(raw: Raw) -> list[str]:
    key = raw.get("key")
    if not isinstance(key, list) or not all(is_text(one) for one in key):
        raise WrittenWrongError(N_("“key” phải là danh sách mã phương án, ví dụ [b]"))
    return [clean(one) for one in key]


def _key_map(raw: Raw) -> Mapping[Any, Any]:
    key = raw.get("key")
    if not isinstance(key, Mapping) or not key:
        raise WrittenWrongError(N_("“key” phải ghi đáp án của từng phần, ví dụ {a: x, b: y}"))
    return key


def _scoring(raw: Raw) -> dict[str, str]:
    return {"scoring": _text(raw["scoring"], "scoring")} if raw.get("scoring") is not None else {}


def _choice(raw: Raw) -> Written:
    options = raw.get("options")
    if not isinstance(options, list) or not all(
        isinstance(option, Mapping) and all(is_text(option.get(name)) for name in ("id", "text", "why")) for option in options
    ):
        raise WrittenWrongError(N_("mỗi phương án cần “id”, “text” và “why” là chữ"))
    return Written({"options": _named(options)} | _scoring(raw), sorted(_key_list(raw)), _whys(options))


def _true_false(raw: Raw) -> Written:
    if not isinstance(raw.get("key"), bool):
        raise WrittenWrongError(N_("đáp án của câu đúng – sai là true hoặc false"))
    # The kind itself says that it has no options of its own.
    return Written({"options": raw["options"]} if raw.get("options") else {}, [TRUE if raw["key"] else FALSE])


def _statements(raw: Raw) -> Written:
    values = _list(raw, "statements", "id", "text", "why")
    if not all(isinstance(value.get("right"), bool) for value in values):
        raise WrittenWrongError(N_("mỗi nhận định cần “right: true” hoặc “right: false”"))
    key = [f"{_text(value['id'], 'id')}={TRUE if value['right'] else FALSE}" for value in values]
    return Written({"statements": _named(values)} | _scoring(raw), key, _whys(values))


def _matching(raw: Raw) -> Written:
    premises, options = _list(raw, "premises", "id", "text"), _list(raw, "options", "id", "text")
    key = [f"{_text(part, 'key')}={_text(value, 'key')}" for part, value in _key_map(raw).items()]
    return Written({"premises": _named(premises), "options": _named(options)} | _scoring(raw), sorted(key))


def _ordering(raw: Raw) -> Written:
    key = [f"{step}={place}" for place, step in enumerate(_key_list(raw), start=1)]
    return Written({"steps": _named(_list(raw, "steps", "id", "text"))} | _scoring(raw), key)


def _number(raw: Raw) -> dict[str, Any]:
    """What belongs to a number, in an item or in a gap."""
    return {name: _text(raw[name], name) for name in ("tolerance", "tolerance_percent", "unit") if raw.get(name) is not None}


def _numeric(raw: Raw) -> Written:
    body = _number(raw)
    if raw.get("units") is not None:
        units = _list(raw, "units", "id", "text")
        body["units"] = [{**named, "factor": _text(unit.get("factor"), "factor")} for named, unit in zip(_named(units), units, strict=True)]
    return Written(body, [_text(raw.get("key"), "key")])


def _words(raw: Raw) -> dict[str, Any]:
    return {"diacritics": _text(raw["diacritics"], "diacritics")} if raw.get("diacritics") is not None else {}


def _short_answer(raw: Raw) -> Written:
    key = raw.get("key")
    return Written(_words(raw), [_text(one, "key") for one in (key if isinstance(key, list) else [key])])


def _cloze(raw: Raw) -> Written:
    gaps = []
    for value in _list(raw, "gaps", "id", "kind"):
        gap = {"id": _text(value["id"], "id"), "kind": _text(value["kind"], "kind"), **_number(value), **_words(value)}
        if gap["kind"] == LIST:
            gap["options"] = _named(_list(value, "options", "id", "text"))
        gaps.append(gap)
    key = []
    for part, accepted in _key_map(raw).items():
        key += [f"{_text(part, 'key')}={_text(one, 'key')}" for one in (accepted if isinstance(accepted, list) else [accepted])]
    return Written({"text": _text(raw.get("text"), "text"), "gaps": gaps} | _scoring(raw), key)


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise WrittenWrongError(N_("“%(name)s” phải là số nguyên"), name=name)
    return value


def _hotspot(raw: Raw) -> Written:
    spots = _list(raw, "spots", "id", "text", "shape")
    body = []
    for named, spot in zip(_named(spots), spots, strict=True):
        coords = spot.get("coords")
        if not isinstance(coords, list):
            raise WrittenWrongError(N_("“%(name)s” phải là danh sách"), name="coords")
        body.append({**named, "shape": _text(spot["shape"], "shape"), "coords": [_whole(one, "coords") for one in coords]})
    return Written({"spots": body}, _key_list(raw), _whys(spots))


def _essay(raw: Raw) -> Written:
    rubric = _list(raw, "rubric", "id", "text", "points")
    body: dict[str, Any] = {"rubric": [named | {"points": one["points"]} for named, one in zip(_named(rubric), rubric, strict=True)]}
    if raw.get("guidance") is not None:
        body["guidance"] = _text(raw["guidance"], "guidance")
    if raw.get("markers") is not None:
        body["markers"] = _whole(raw["markers"], "markers")
    return Written(body, [])


def read_picture(raw: Raw) -> dict[str, Any]:
    """The picture of an item of any kind: one that is in the store already."""
    picture = raw.get("picture")
    if picture is None:
        return {}
    if not isinstance(picture, Mapping) or not picture.keys() <= {"sha256", "alt", "width", "height"}:
        raise WrittenWrongError(N_("“picture” cần sha256, alt, width và height của một hình trong kho"))
    sizes = {side: _whole(picture.get(side), side) for side in ("width", "height")}
    return {"picture": {"sha256": _text(picture.get("sha256"), "sha256"), "alt": _text(picture.get("alt"), "alt"), **sizes}}


FORMS: Mapping[str, Form] = {
    "single_choice": Form(frozenset({"options"}), _choice),
    "multiple_choice": Form(frozenset({"options", "scoring"}), _choice),
    "true_false": Form(frozenset({"options"}), _true_false),
    "statement_group": Form(frozenset({"statements", "scoring"}), _statements),
    "matching": Form(frozenset({"premises", "options", "scoring"}), _matching),
    "ordering": Form(frozenset({"steps", "scoring"}), _ordering),
    "numeric": Form(frozenset({"tolerance", "tolerance_percent", "unit", "units"}), _numeric),
    "short_answer": Form(frozenset({"diacritics"}), _short_answer),
    "cloze": Form(frozenset({"text", "gaps", "scoring"}), _cloze),
    "hotspot": Form(frozenset({"spots"}), _hotspot),
    "essay": Form(frozenset({"rubric", "guidance", "markers"}), _essay),
}
