"""Items as questions of Moodle 4: the type that marks most nearly as the item does, with what cannot be said named."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from lms.kit.errors import N_
from quizzes.interchange import moodle_cloze
from quizzes.interchange.document import Finding, lost
from quizzes.interchange.markup import html
from quizzes.interchange.moodle_read import factor_as_multiplier
from quizzes.interchange.moodle_texts import PLUGIN_FILE, add, add_file
from quizzes.interchange.qti_manifest import media_type
from quizzes.kinds.answers import SIGN, by_part
from quizzes.kinds.cloze import GAP
from quizzes.rules.bank import ItemDraft

TYPES: Mapping[str, str] = {
    "single_choice": "multichoice",
    "multiple_choice": "multichoice",
    "true_false": "truefalse",
    "statement_group": "matching",
    "matching": "matching",
    "ordering": "ordering",
    "numeric": "numerical",
    "short_answer": "shortanswer",
    "cloze": "cloze",
    "hotspot": "ddmarker",
    "essay": "essay",
}
_HTML = {"format": "html"}
_TRUTH = {"true": "Đúng", "false": "Sai"}
_MOST_SHARES = 10  # Moodle knows no smaller share than a tenth


class Sheet:
    """A question being written."""

    def __init__(self, draft: ItemDraft, pictures: Mapping[str, bytes], stem: str | None = None) -> None:
        self.draft = draft
        self.losses: list[Finding] = []
        self.root = Element("question", {"type": TYPES[draft.kind]})
        self.picture: tuple[str, bytes] | None = None
        add(self.root, "name", draft.code)
        picture = draft.body.get("picture")
        source = html(draft.stem) if stem is None else stem
        if isinstance(picture, Mapping) and (content := pictures.get(str(picture.get("sha256")))) is not None:
            self.picture = (f"{picture['sha256']}{media_type(content)[0]}", content)
        shown = self.picture if draft.kind != "hotspot" else None
        if shown and isinstance(picture, Mapping):
            image = Element("img", {"src": f"{PLUGIN_FILE}/{shown[0]}", "alt": str(picture.get("alt", ""))})
            for side in ("width", "height"):
                if picture.get(side):
                    image.set(side, str(picture[side]))
            source += f"<p>{_start_tag(image)}</p>"
        text = add(self.root, "questiontext", source, _HTML)
        if shown:
            add_file(text, *shown)
        add(self.root, "generalfeedback", html(draft.explanation), _HTML)
        points = sum(one["points"] for one in draft.body.get("rubric", []) if isinstance(one.get("points"), int))
        for name, value in (
            ("defaultgrade", str(points if draft.kind == "essay" else 1)),
            ("penalty", "0"),
            ("hidden", "0"),
            ("idnumber", draft.code),
        ):
            SubElement(self.root, name).text = value

    def put(self, name: str, value: str) -> None:
        SubElement(self.root, name).text = value

    def answer(self, text: str, fraction: str, *, why: str = "", source: str | None = None) -> Element:
        """An answer; plain where it is typed, HTML where it is chosen (`source`)."""
        attributes = {"fraction": fraction, "format": "moodle_auto_format" if source is None else "html"}
        element = add(self.root, "answer", text if source is None else source, attributes)
        add(element, "feedback", html(why), _HTML)
        return element

    def lost(self, message: str) -> None:
        self.losses.append(lost(message))


def _start_tag(element: Element) -> str:
    attributes = "".join(f' {name}="{_quoted(value)}"' for name, value in element.attrib.items())
    return f"<{element.tag}{attributes}>"


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")


def share(parts: int, sign: int = 1) -> str:
    """A part of a hundred as Moodle writes it: `33.33333`."""
    return f"{sign * 100 / parts:.5f}".rstrip("0").rstrip(".")


def _options(body: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    return [(one["id"], one["text"]) for one in body.get(where, [])]


def _choice(sheet: Sheet) -> None:
    draft = sheet.draft
    single = draft.kind == "single_choice"
    sheet.put("single", "true" if single else "false")
    sheet.put("shuffleanswers", "true")
    sheet.put("answernumbering", "ABCD")
    options = _options(draft.body, "options")
    right, wrong = len(draft.key), len(options) - len(draft.key)
    scoring = draft.body.get("scoring", "all")
    for one_id, text in options:
        if one_id in draft.key:
            fraction = "100" if single else share(right)
        elif single or scoring == "partial":
            fraction = "0"
        else:
            fraction = share(wrong if scoring == "penalty" else 1, -1)
        sheet.answer(text, fraction, why=draft.whys.get(one_id, ""), source=html(text))
    if not single:
        if scoring == "all":
            sheet.lost(N_("Moodle không có “đúng hết mới được điểm” cho câu nhiều lựa chọn: mỗi phương án sai trừ hết điểm"))
        if scoring == "partial":
            sheet.lost(N_("Moodle vẫn cho điểm khi tích quá số đáp án đúng"))
        if max(right, wrong) > _MOST_SHARES:
            sheet.lost(N_("Moodle không nhận phần điểm nhỏ hơn 10%%; câu có thể bị từ chối khi nhập"))


def _true_false(sheet: Sheet) -> None:
    for truth in _TRUTH:
        sheet.answer(truth, "100" if truth in sheet.draft.key else "0", why=sheet.draft.whys.get(truth, ""))


def _pairs(sheet: Sheet, parts: list[tuple[str, str]], values: Mapping[str, str]) -> None:
    sheet.put("shuffleanswers", "true")
    right = by_part(sheet.draft.key) or {}
    used = set()
    for part, text in parts:
        pair = add(sheet.root, "subquestion", html(text), _HTML)
        add(pair, "answer", values.get(right.get(part, ""), ""))
        used.add(right.get(part))
    for value, text in values.items():
        if value not in used:
            add(add(sheet.root, "subquestion", "", _HTML), "answer", text)
    if sheet.draft.body.get("scoring", "all") == "all":
        sheet.lost(N_("Moodle cho điểm từng phần đúng; “đúng hết mới được điểm” không chuyển được"))


def _statement_group(sheet: Sheet) -> None:
    _pairs(sheet, _options(sheet.draft.body, "statements"), _TRUTH)
    if sheet.draft.whys:
        sheet.lost(N_("Moodle không có lời giải thích cho từng nhận định của câu ghép đôi"))


def _matching(sheet: Sheet) -> None:
    _pairs(sheet, _options(sheet.draft.body, "premises"), dict(_options(sheet.draft.body, "options")))


def _ordering(sheet: Sheet) -> None:
    places = by_part(sheet.draft.key) or {}
    texts = dict(_options(sheet.draft.body, "steps"))
    partial = sheet.draft.body.get("scoring") == "partial"
    sheet.put("layouttype", "VERTICAL")
    sheet.put("selecttype", "ALL")
    sheet.put("selectcount", "0")
    sheet.put("gradingtype", "RELATIVE_NEXT_EXCLUDE_LAST" if partial else "ALL_OR_NOTHING")
    for place, step in enumerate(sorted(places, key=lambda one: int(places[one])), start=1):
        sheet.answer(texts[step], str(place), source=html(texts[step]))


def _numeric(sheet: Sheet) -> None:
    draft = sheet.draft
    answer = sheet.answer(draft.key[0], "100")
    SubElement(answer, "tolerance").text = moodle_cloze.absolute_tolerance(draft.body, draft.key[0])
    units = [(str(one["text"]), factor_as_multiplier(one["factor"])) for one in draft.body.get("units", [])]
    if draft.body.get("unit") and not units:
        units = [(str(draft.body["unit"]), "1")]
    if units:
        holder = SubElement(sheet.root, "units")
        for name, multiplier in units:
            unit = SubElement(holder, "unit")
            SubElement(unit, "multiplier").text = multiplier
            SubElement(unit, "unit_name").text = name
    several = len(units) > 1
    for name, value in (("unitgradingtype", "1" if several else "0"), ("unitpenalty", "1"), ("showunits", "2" if several else "0")):
        sheet.put(name, value)
    sheet.put("unitsleft", "0")


def _short_answer(sheet: Sheet) -> None:
    sheet.put("usecase", "0")
    for text in sheet.draft.key:
        sheet.answer(text.replace("*", r"\*"), "100")
    _name_lost_marks(sheet, [sheet.draft.body])


def _name_lost_marks(sheet: Sheet, specs: list[Mapping[str, Any]]) -> None:
    if any(spec.get("diacritics") == "ignored" for spec in specs):
        sheet.lost(N_("Moodle không bỏ qua dấu tiếng Việt khi so câu trả lời"))


def cloze_source(draft: ItemDraft) -> str:
    """Stem and text in one, each gap where it stands."""
    accepted: dict[str, list[str]] = {}
    for text in draft.key:
        part, _sign, value = text.partition(SIGN)
        accepted.setdefault(part, []).append(value)
    gaps = {gap["id"]: gap for gap in draft.body.get("gaps", [])}
    pieces = GAP.split(draft.body.get("text", ""))
    marked = "".join(piece if place % 2 == 0 else f"{moodle_cloze.OPEN}{place}{moodle_cloze.CLOSE}" for place, piece in enumerate(pieces))
    source = _braces_kept(_in_paragraphs(draft.stem) + _in_paragraphs(marked))

    def gap(found: re.Match[str]) -> str:
        gap_id = pieces[int(found[1])]
        return moodle_cloze.written(gaps[gap_id], accepted.get(gap_id, [])) if gap_id in gaps else ""

    return moodle_cloze.MARK.sub(gap, source)


def _in_paragraphs(text: str) -> str:
    source = html(text)
    return source if source.startswith("<p>") else f"<p>{source}</p>"


def _braces_kept(source: str) -> str:
    """A brace of the text itself begins no gap."""
    return source.replace("{", "&#123;")


def _cloze(sheet: Sheet) -> None:
    if sheet.draft.body.get("scoring", "all") == "all":
        sheet.lost(N_("Moodle cho điểm từng phần đúng; “đúng hết mới được điểm” không chuyển được"))
    _name_lost_marks(sheet, list(sheet.draft.body.get("gaps", [])))


def _hotspot(sheet: Sheet) -> None:
    draft = sheet.draft
    if sheet.picture is not None:
        add_file(sheet.root, *sheet.picture)
    drag = SubElement(sheet.root, "drag")
    SubElement(drag, "no").text = "1"
    SubElement(drag, "text").text = "Vị trí"
    for number, spot in enumerate(draft.body.get("spots", []), start=1):
        numbers = [str(one) for one in spot["coords"]]
        drop = SubElement(sheet.root, "drop")
        SubElement(drop, "no").text = str(number)
        SubElement(drop, "shape").text = {"rect": "rectangle", "circle": "circle"}.get(spot["shape"], "polygon")
        if spot["shape"] == "poly":
            SubElement(drop, "coords").text = ";".join(f"{x},{y}" for x, y in zip(numbers[::2], numbers[1::2], strict=True))
        else:
            SubElement(drop, "coords").text = ",".join(numbers[:2]) + ";" + ",".join(numbers[2:])
        SubElement(drop, "choice").text = "1" if spot["id"] in draft.key else "0"
    sheet.lost(N_("Moodle không có tên vùng và lời giải thích cho từng vùng trên hình"))


def _essay(sheet: Sheet) -> None:
    body = sheet.draft.body
    for name, value in (("responseformat", "editor"), ("responserequired", "1"), ("responsefieldlines", "15"), ("attachments", "0")):
        sheet.put(name, value)
    criteria = "".join(f"<li>{html(one['text'])} ({one['points']} điểm)</li>" for one in body.get("rubric", []))
    guidance = _in_paragraphs(body["guidance"]) if body.get("guidance") else ""
    add(sheet.root, "graderinfo", f"{guidance}<ul>{criteria}</ul>", _HTML)
    add(sheet.root, "responsetemplate", "", _HTML)
    if body.get("markers", 1) != 1:
        sheet.lost(N_("Moodle không nói số người chấm mỗi bài"))


WRITERS: Mapping[str, Callable[[Sheet], None]] = {
    "single_choice": _choice,
    "multiple_choice": _choice,
    "true_false": _true_false,
    "statement_group": _statement_group,
    "matching": _matching,
    "ordering": _ordering,
    "numeric": _numeric,
    "short_answer": _short_answer,
    "cloze": _cloze,
    "hotspot": _hotspot,
    "essay": _essay,
}
