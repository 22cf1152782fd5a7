"""QTI interactions within a line: one to be typed is a short answer or a number, several make a text with gaps."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from quizzes.interchange import markup
from quizzes.interchange.document import lost, note
from quizzes.interchange.qti_item import MAPPED, Declared, Sight, inside, is_aside
from quizzes.interchange.qti_read_kinds import Native, options_of
from quizzes.interchange.qti_rules import RESPONSE
from quizzes.interchange.qti_write_kinds import GAP_PREFIX, UNIT
from quizzes.interchange.safe_xml import child, children, text_of
from quizzes.kinds.cloze import LIST, NUMBER, WORDS
from quizzes.kinds.numbers import exact

INLINE = ("textEntryInteraction", "inlineChoiceInteraction")
BLANK = "……"
_NUMBERS = frozenset(["float", "integer", "duration"])


def read_inline(sight: Sight, interactions: list[Element]) -> tuple[Native, str]:
    """The item of these interactions, and its stem."""
    rules = sight.rules()
    if sight.noted("KIND") == "numeric" or (len(interactions) == 1 and interactions[0].tag == INLINE[0] and not _is_our_cloze(sight)):
        return _single(sight, interactions), _stem_around(sight)
    return _cloze(sight, interactions, rules)


def _is_our_cloze(sight: Sight) -> bool:
    return sight.noted("KIND") == "cloze"


def _single(sight: Sight, interactions: list[Element]) -> Native:
    """One thing to be typed; with our own numbers, its unit beside it."""
    entry = next((one for one in interactions if one.tag == INLINE[0]), interactions[0])
    declared = sight.response(entry)
    if declared.base_type not in _NUMBERS:
        spec, key = _words(sight, declared)
        return Native("short_answer", spec, key)
    spec, key = _number(sight, entry.get("responseIdentifier", RESPONSE), declared)
    if unit := _unit_beside(sight, entry):
        spec["unit"] = unit
    units = next((one for one in interactions if one.tag == INLINE[1]), None)
    if units is not None:
        factors = {name: written for name, _value, written in sight.responses.get(UNIT, Declared()).mapping}
        elements = list(children(units, "inlineChoice"))
        options = options_of(sight, elements)
        spec["units"] = [
            {**option, "factor": factors.get(element.get("identifier", ""), "1")}
            for option, element in zip(options.listed, elements, strict=True)
        ]
    return Native("numeric", spec, key)


def _words(sight: Sight, declared: Declared) -> tuple[dict[str, Any], list[str]]:
    """Every way of being right; what earns less than those is let go and named."""
    accepted = list(dict.fromkeys([*declared.earning, *declared.correct])) if not sight.ours else declared.earning or list(declared.correct)
    partly = [key for key, value, _written in declared.mapping if value > 0 and key not in declared.earning]
    if partly:
        sight.findings.append(lost(N_("câu trả lời được một phần điểm không chuyển được: %(answers)s"), answers=", ".join(partly)[:200]))
    return {}, accepted


def _number(sight: Sight, response: str, declared: Declared) -> tuple[dict[str, Any], list[str]]:
    key = list(declared.correct[:1]) or declared.earning[:1]
    spec: dict[str, Any] = {}
    for test in inside(sight.root, "equal"):
        if response not in {one.get("identifier") for one in inside(test, "variable")}:
            continue
        if not key and (value := child(test, "baseValue")) is not None:
            key = [text_of(value).strip()]
        tolerances = test.get("tolerance", "").split()
        if test.get("toleranceMode", "exact") == "exact" or not tolerances:
            continue
        if len(set(tolerances)) > 1:
            sight.findings.append(lost(N_("sai số hai phía khác nhau không chuyển được; dùng %(tolerance)s"), tolerance=tolerances[0]))
        name = "tolerance_percent" if test.get("toleranceMode") == "relative" else "tolerance"
        if (value_of := exact(tolerances[0])) is not None and (value_of or name == "tolerance_percent"):
            spec[name] = tolerances[0]
    if any(True for _one in inside(sight.root, "equalRounded")):
        sight.findings.append(lost(N_("so sánh sau khi làm tròn (equalRounded) không chuyển được; đặt lại sai số cho câu")))
    return spec, key


def _unit_beside(sight: Sight, entry: Element) -> str:
    """Our own unit stands behind its entry, in a span of its own."""
    if not sight.ours:
        return ""
    for parent in sight.body.iter():
        siblings = list(parent)
        if entry in siblings:
            place = siblings.index(entry) + 1
            if place < len(siblings) and siblings[place].tag == "span" and siblings[place].get("class") == "unit":
                return text_of(siblings[place])
    return ""


def _stem_around(sight: Sight) -> str:
    """The whole text, with a blank where others put what is to be typed; our own line for the answer is no part of it."""

    def instead(element: Element) -> str | None:
        if element.tag in INLINE:
            return BLANK
        return "" if is_aside(element) or (sight.ours and element.get("class") == "answer") else None

    read = markup.read_inside(sight.body, instead)
    sight.took(read)
    return read.text.removesuffix(BLANK).strip() or read.text


def _cloze(sight: Sight, interactions: list[Element], rules: str) -> tuple[Native, str]:
    names = [one.get("responseIdentifier", "") for one in interactions]
    if sight.ours:
        ids = {name: name.removeprefix(GAP_PREFIX) for name in names}
    else:
        ids = {name: str(place) for place, name in enumerate(dict.fromkeys(names), start=1)}
    gaps, key = [], []
    for interaction in interactions:
        gap_id = ids[interaction.get("responseIdentifier", "")]
        gap, accepted = _gap(sight, interaction)
        gaps.append({"id": gap_id, **gap})
        key += [f"{gap_id}={value}" for value in accepted]
    stem, text = _stem_and_text(sight, ids)
    body: dict[str, Any] = {"text": text, "gaps": gaps}
    if sight.ours:
        if scoring := sight.noted("SCORING"):
            body["scoring"] = scoring
    elif rules == MAPPED or any(True for _one in inside(sight.root, "sum")):
        body["scoring"] = "partial"
    return Native("cloze", body, key), stem


def _gap(sight: Sight, interaction: Element) -> tuple[dict[str, Any], list[str]]:
    declared = sight.response(interaction)
    if interaction.tag == INLINE[1]:
        options = options_of(sight, list(children(interaction, "inlineChoice")))
        right = list(declared.correct) or declared.earning
        return {"kind": LIST, "options": options.listed}, [options.ids.get(name, name) for name in right]
    if declared.base_type in _NUMBERS:
        spec, key = _number(sight, interaction.get("responseIdentifier", ""), declared)
        if unit := _unit_beside(sight, interaction):
            spec["unit"] = unit
        return {"kind": NUMBER, **spec}, key
    spec, accepted = _words(sight, declared)
    return {"kind": WORDS, **spec}, accepted


def _stem_and_text(sight: Sight, ids: dict[str, str]) -> tuple[str, str]:
    """Our own are two parts; of others, what stands before the paragraph with the first gap is the stem."""

    def instead(element: Element) -> str | None:
        if element.tag in INLINE:
            return "{{" + ids.get(element.get("responseIdentifier", ""), "?") + "}}"
        return "" if is_aside(element) or (sight.ours and element.get("class") == "unit") else None

    parts = list(sight.body)
    if sight.ours:
        gapped = [one for one in parts if one.get("class") == "cloze"]
        before = [one for one in parts if one not in gapped]
    else:
        parts = _flattened(parts)
        first = next((place for place, one in enumerate(parts) if _has_gap(one)), 0)
        before, gapped = parts[:first], parts[first:]
    stem, text = markup.read(before, instead), markup.read(gapped, instead)
    sight.took(stem)
    sight.took(text)
    if not stem.text:
        sight.findings.append(note(N_("câu không có câu dẫn riêng; tạm đặt “Điền vào chỗ trống.”")))
    return stem.text or "Điền vào chỗ trống.", text.text


def _flattened(parts: list[Element]) -> list[Element]:
    """Boxes that only hold other blocks (grids of TAO) are opened, so that stem and text can be told apart."""
    while len(parts) == 1 and parts[0].tag in ("div", "section", "contentBody") and not (parts[0].text or "").strip() and len(parts[0]):
        parts = list(parts[0])
    return parts


def _has_gap(element: Element) -> bool:
    return any(one.tag in INLINE for one in element.iter())
