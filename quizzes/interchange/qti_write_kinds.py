"""How each kind of question is written as a QTI interaction, and its marking as response processing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from quizzes.interchange import qti_rules as rules
from quizzes.interchange.markup import add_text, write_inline, write_paragraphs
from quizzes.interchange.qti_rules import RESPONSE
from quizzes.interchange.qti_write import Sheet, identifier
from quizzes.kinds.answers import SIGN, by_part
from quizzes.kinds.base import Scoring
from quizzes.kinds.cloze import GAP, LIST, NUMBER

UNIT = "UNIT"
GAP_PREFIX = "GAP_"
TRUE_FALSE_TEXTS = {"true": "Đúng", "false": "Sai"}


def _named(body: Mapping[str, Any], where: str) -> list[tuple[str, str]]:
    return [(str(one.get("id", "")), str(one.get("text", ""))) for one in body.get(where, []) if isinstance(one, Mapping)]


def _scoring(body: Mapping[str, Any]) -> str:
    return str(body.get("scoring", Scoring.ALL))


def _choices(sheet: Sheet, options: Iterable[tuple[str, str]], *, most: int, shuffle: bool) -> None:
    interaction = SubElement(
        sheet.body,
        "choiceInteraction",
        {"responseIdentifier": RESPONSE, "shuffle": "true" if shuffle else "false", "maxChoices": str(most)},
    )
    for one_id, text in options:
        sheet.choice(interaction, "simpleChoice", one_id, text)


def _right_or_nothing(sheet: Sheet) -> None:
    """One point for the right answer: by the template every system knows, where nothing else has to be done."""
    if sheet.draft.whys and sheet.feedback is None:
        sheet.feedback_for_chosen(RESPONSE)
    if sheet.rules:
        sheet.rules.insert(0, rules.point_if(rules.is_right(RESPONSE)))
    else:
        sheet.template = "match_correct"


def _single_choice(sheet: Sheet) -> None:
    draft = sheet.draft
    sheet.stem()
    sheet.response(RESPONSE, "single", "identifier", [identifier(one) for one in draft.key])
    _choices(sheet, _named(draft.body, "options"), most=1, shuffle=True)
    _right_or_nothing(sheet)


def _true_false(sheet: Sheet) -> None:
    sheet.stem()
    sheet.response(RESPONSE, "single", "identifier", list(sheet.draft.key))
    _choices(sheet, TRUE_FALSE_TEXTS.items(), most=1, shuffle=False)
    _right_or_nothing(sheet)


def _multiple_choice(sheet: Sheet) -> None:
    draft = sheet.draft
    options = _named(draft.body, "options")
    sheet.stem()
    declaration = sheet.response(RESPONSE, "multiple", "identifier", [identifier(one) for one in draft.key])
    _choices(sheet, options, most=0, shuffle=True)
    scoring = _scoring(draft.body)
    if scoring == Scoring.ALL or not draft.key:
        _right_or_nothing(sheet)
        return
    sheet.feedback_for_chosen(RESPONSE)
    right, wrong = len(draft.key), len(options) - len(draft.key)
    values = [(identifier(one), rules.decimal(Fraction(1, right))) for one in draft.key]
    if scoring == Scoring.PENALTY and wrong > 0:
        values += [(identifier(one), rules.decimal(Fraction(-1, wrong))) for one, _text in options if one not in draft.key]
    rules.add_mapping(declaration, values, lowerBound="0", upperBound="1")
    sheet.rules.insert(0, rules.mapped_score(RESPONSE, most=right if scoring == Scoring.PARTIAL else None))


def _pairs(sheet: Sheet, parts: list[tuple[str, str]], values: list[tuple[str, str]], *, shuffle: bool) -> None:
    key = [text.partition(SIGN) for text in sheet.draft.key]
    pairs = [f"{identifier(part)} {identifier(value)}" for part, _sign, value in key]
    declaration = sheet.response(RESPONSE, "multiple", "directedPair", pairs)
    interaction = SubElement(
        sheet.body,
        "matchInteraction",
        {"responseIdentifier": RESPONSE, "shuffle": "true" if shuffle else "false", "maxAssociations": str(len(parts))},
    )
    for options, most in ((parts, "1"), (values, "0")):
        column = SubElement(interaction, "simpleMatchSet")
        for one_id, text in options:
            sheet.choice(column, "simpleAssociableChoice", one_id, text, matchMax=most)
    if _scoring(sheet.draft.body) == Scoring.PARTIAL and pairs:
        share = rules.decimal(Fraction(1, len(pairs)))
        rules.add_mapping(declaration, [(pair, share) for pair in pairs], lowerBound="0", upperBound="1")
        sheet.rules.insert(0, rules.mapped_score(RESPONSE))
    elif sheet.rules:
        sheet.rules.insert(0, rules.point_if(rules.is_right(RESPONSE)))
    else:
        sheet.template = "match_correct"


def _statement_group(sheet: Sheet) -> None:
    sheet.stem()
    sheet.feedback = list(sheet.draft.whys)
    _pairs(sheet, _named(sheet.draft.body, "statements"), list(TRUE_FALSE_TEXTS.items()), shuffle=False)


def _matching(sheet: Sheet) -> None:
    sheet.stem()
    _pairs(sheet, _named(sheet.draft.body, "premises"), _named(sheet.draft.body, "options"), shuffle=True)


def _ordering(sheet: Sheet) -> None:
    draft = sheet.draft
    sheet.stem()
    places = by_part(draft.key) or {}
    in_order = sorted(places, key=lambda step: (int(places[step]) if places[step].isdigit() else 0, step))
    sheet.response(RESPONSE, "ordered", "identifier", [identifier(step) for step in in_order])
    interaction = SubElement(sheet.body, "orderInteraction", {"responseIdentifier": RESPONSE, "shuffle": "true"})
    for one_id, text in _named(draft.body, "steps"):
        sheet.choice(interaction, "simpleChoice", one_id, text)
    sheet.template = "match_correct"


def _near(spec: Mapping[str, Any], value: Element, response: str) -> Element:
    if "tolerance_percent" in spec:
        return rules.is_near(value, rules.correct(response), str(spec["tolerance_percent"]), relative=True)
    return rules.is_near(value, rules.correct(response), str(spec.get("tolerance", 0)), relative=False)


def _entry(parent: Element, response: str, unit: Any) -> None:
    SubElement(parent, "textEntryInteraction", {"responseIdentifier": response})
    if isinstance(unit, str) and unit:
        add_text(parent, " ")
        SubElement(parent, "span", {"class": "unit"}).text = unit


def _numeric(sheet: Sheet) -> None:
    draft = sheet.draft
    sheet.stem()
    sheet.response(RESPONSE, "single", "float", list(draft.key))
    line = SubElement(sheet.body, "p", {"class": "answer"})
    _entry(line, RESPONSE, draft.body.get("unit"))
    value = rules.variable(RESPONSE)
    if units := draft.body.get("units"):
        factors = [(identifier(str(unit.get("id", ""))), str(unit.get("factor", ""))) for unit in units if isinstance(unit, Mapping)]
        of_key = [unit for unit, factor in factors if factor in ("1", "1.0")]
        rules.add_mapping(sheet.response(UNIT, "single", "identifier", of_key[:1]), factors)
        add_text(line, " ")
        choice = SubElement(line, "inlineChoiceInteraction", {"responseIdentifier": UNIT, "shuffle": "false"})
        for one_id, text in _named(draft.body, "units"):
            sheet.choice(choice, "inlineChoice", one_id, text)
        value = rules.made("product", value, rules.made("mapResponse", identifier=UNIT))
    sheet.rules.append(rules.point_if(_near(draft.body, value, RESPONSE)))


def _words(declaration: Element, accepted: list[str]) -> None:
    mapping = SubElement(declaration, "mapping", {"defaultValue": "0"})
    for text in accepted:
        SubElement(mapping, "mapEntry", {"mapKey": text, "mappedValue": "1", "caseSensitive": "false"})


def _short_answer(sheet: Sheet) -> None:
    sheet.stem()
    _words(sheet.response(RESPONSE, "single", "string", list(sheet.draft.key[:1])), list(sheet.draft.key))
    line = SubElement(sheet.body, "p", {"class": "answer"})
    SubElement(line, "textEntryInteraction", {"responseIdentifier": RESPONSE})
    sheet.template = "map_response"


def _cloze(sheet: Sheet) -> None:
    body = sheet.draft.body
    sheet.stem()
    gaps = {str(gap.get("id", "")): gap for gap in body.get("gaps", []) if isinstance(gap, Mapping)}
    accepted: dict[str, list[str]] = {}
    for text in sheet.draft.key:
        part, _sign, value = text.partition(SIGN)
        accepted.setdefault(part, []).append(value)
    tests = [_declare_gap(sheet, gap_id, gap, accepted.get(gap_id, [])) for gap_id, gap in gaps.items()]

    def write(parent: Element, text: str) -> None:
        for place, piece in enumerate(GAP.split(text)):
            if place % 2 == 0:
                add_text(parent, piece)
            elif piece in gaps:
                _write_gap(sheet, parent, piece, gaps[piece])

    write_paragraphs(SubElement(sheet.body, "div", {"class": "cloze"}), str(body.get("text", "")), write)
    if _scoring(body) == Scoring.PARTIAL and tests:
        sheet.rules += rules.share_for_each(tests)
    elif tests:
        sheet.rules.append(rules.point_if_all(tests))


def _declare_gap(sheet: Sheet, gap_id: str, gap: Mapping[str, Any], accepted: list[str]) -> Element:
    """Declare the response of a gap; gives the test of its being right."""
    name = GAP_PREFIX + gap_id
    if gap.get("kind") == LIST:
        sheet.response(name, "single", "identifier", [identifier(one) for one in accepted])
        return rules.is_right(name)
    if gap.get("kind") == NUMBER:
        sheet.response(name, "single", "float", accepted)
        return _near(gap, rules.variable(name), name)
    _words(sheet.response(name, "single", "string", accepted[:1]), accepted)
    return rules.is_mapped(name)


def _write_gap(sheet: Sheet, parent: Element, gap_id: str, gap: Mapping[str, Any]) -> None:
    name = GAP_PREFIX + gap_id
    if gap.get("kind") != LIST:
        _entry(parent, name, gap.get("unit"))
        return
    choice = SubElement(parent, "inlineChoiceInteraction", {"responseIdentifier": name, "shuffle": "true"})
    for one_id, text in _named(gap, "options"):
        sheet.choice(choice, "inlineChoice", one_id, text)


def _hotspot(sheet: Sheet) -> None:
    body = sheet.draft.body
    sheet.stem(plain=False)
    sheet.response(RESPONSE, "single", "identifier", [identifier(one) for one in sheet.draft.key])
    interaction = SubElement(sheet.body, "hotspotInteraction", {"responseIdentifier": RESPONSE, "maxChoices": "1"})
    if isinstance(picture := body.get("picture"), Mapping):
        sheet.picture(interaction, picture, as_object=not sheet.edition.dashes)
    for spot in body.get("spots", []):
        shape, coords = str(spot.get("shape", "")), list(spot.get("coords", []))
        if shape == "rect" and len(coords) == 4:
            coords = [coords[0], coords[1], coords[0] + coords[2], coords[1] + coords[3]]
        SubElement(
            interaction,
            "hotspotChoice",
            {
                "identifier": identifier(str(spot.get("id", ""))),
                "shape": shape,
                "coords": ",".join(map(str, coords)),
                "hotspotLabel": str(spot.get("text", "")),
            },
        )
    _right_or_nothing(sheet)


def _essay(sheet: Sheet) -> None:
    body = sheet.draft.body
    sheet.stem()
    sheet.response(RESPONSE, "single", "string", [])
    SubElement(sheet.body, "extendedTextInteraction", {"responseIdentifier": RESPONSE})
    block = SubElement(sheet.body, "rubricBlock", {"view": "scorer"})
    if sheet.edition.dashes:
        block.set("use", "scoring")
        block = SubElement(block, "contentBody")
    if isinstance(guidance := body.get("guidance"), str) and guidance:
        write_paragraphs(SubElement(block, "div", {"class": "guidance"}), guidance)
    listed = SubElement(block, "ul", {"class": "criteria"})
    for criterion in body.get("rubric", []):
        line = SubElement(listed, "li", {"id": identifier(str(criterion.get("id", "")))})
        write_inline(SubElement(line, "span", {"class": "criterion"}), str(criterion.get("text", "")))
        add_text(line, " (")
        SubElement(line, "span", {"class": "points"}).text = str(criterion.get("points", ""))
        add_text(line, " điểm)")


KIND_WRITERS: Mapping[str, Callable[[Sheet], None]] = {
    "single_choice": _single_choice,
    "multiple_choice": _multiple_choice,
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
