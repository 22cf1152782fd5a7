"""An item as a QTI item, under the names of QTI 2 (`qti_names` turns them into those of an edition).

What QTI has no place for stands in outcome variables that only authors see (`CVLMS_…`, docs/interchange.md): every edition knows them,
every system keeps them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from xml.etree.ElementTree import Element, SubElement

from lms.kit.vietnamese import clean
from quizzes.interchange import qti_rules as rules
from quizzes.interchange.markup import write_inline, write_paragraphs
from quizzes.interchange.qti_names import Edition
from quizzes.rules.bank import ItemDraft

TOOL = "Cong vu LMS"
OURS = "CVLMS_"
FEEDBACK, EXPLANATION, SHOWN = "FEEDBACK", "EXPLANATION", "SHOWN"
REST = OURS + "REST"
_LONGEST_TITLE = 120
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")

Href = Callable[[str], tuple[str, str]]
"""The name of a picture → where the item finds it, and its media type."""


def identifier(text: str) -> str:
    """The text as an identifier: those of QTI begin with a letter or `_`, ids of options may begin with a figure."""
    return text if _NAME.fullmatch(text) else f"_{text}"


def written_id(text: str) -> str:
    """`identifier` read back."""
    return text.removeprefix("_")


class Sheet:
    """An item being written: each kind puts its parts where QTI wants them."""

    def __init__(self, draft: ItemDraft, edition: Edition, href: Href) -> None:
        self.draft, self.edition, self.href = draft, edition, href
        self.root = Element(
            "assessmentItem",
            {
                "identifier": identifier(draft.code or "item"),
                "title": clean(draft.stem)[:_LONGEST_TITLE] or draft.code,
                "adaptive": "false",
                "timeDependent": "false",
                "xml:lang": "vi",
                "toolName": TOOL,
                "toolVersion": "1",
            },
        )
        self.responses: list[Element] = []
        self.outcomes: list[Element] = []
        self.body = Element("itemBody")
        self.rules: list[Element] = []
        self.template = ""
        self.feedback: list[str] | None = None

    def response(self, name: str, cardinality: str, base_type: str, correct: list[str]) -> Element:
        """Declare what is answered, and what is right."""
        declaration = Element("responseDeclaration", {"identifier": name, "cardinality": cardinality, "baseType": base_type})
        if correct:
            holder = SubElement(declaration, "correctResponse")
            for value in correct:
                SubElement(holder, "value").text = value
        self.responses.append(declaration)
        return declaration

    def note(self, name: str, *values: str) -> None:
        """What is ours, for authors to see."""
        if not values:
            return
        several = "multiple" if len(values) > 1 else "single"
        declaration = Element(
            "outcomeDeclaration", {"identifier": OURS + name, "cardinality": several, "baseType": "string", "view": "author"}
        )
        holder = SubElement(declaration, "defaultValue")
        for value in values:
            SubElement(holder, "value").text = value
        self.outcomes.append(declaration)

    def stem(self, *, plain: bool = True) -> None:
        """The stem, and the picture where it does not belong to the interaction."""
        write_paragraphs(SubElement(self.body, "div", {"class": "stem"}), self.draft.stem)
        picture = self.draft.body.get("picture")
        if plain and isinstance(picture, Mapping):
            self.picture(SubElement(self.body, "p"), picture)

    def picture(self, parent: Element, picture: Mapping[str, object], *, as_object: bool = False) -> None:
        source, media_type = self.href(str(picture.get("sha256", "")))
        alt = str(picture.get("alt", ""))
        sides = {name: str(picture[name]) for name in ("width", "height") if picture.get(name)}
        if as_object:
            SubElement(parent, "object", {"type": media_type, "data": source, **sides}).text = alt
        else:
            SubElement(parent, "img", {"src": source, "alt": alt, **sides})

    def finished(self) -> Element:
        root = self.root
        root.extend(self.responses)
        root.append(self._score())
        root.extend(self._feedback_outcomes())
        root.extend(self.outcomes)
        root.append(self.body)
        if self.template:
            SubElement(root, "responseProcessing", {"template": self.edition.templates + self.template})
        elif self.rules:
            SubElement(root, "responseProcessing").extend(self.rules)
        root.extend(self._feedback_texts())
        return root

    def _score(self) -> Element:
        attributes = {"identifier": "SCORE", "cardinality": "single", "baseType": "float"}
        if self.draft.kind == "essay":
            points = (one.get("points") for one in self.draft.body.get("rubric", []) if isinstance(one, Mapping))
            attributes["normalMaximum"] = str(sum(one for one in points if isinstance(one, int)))
            if self.edition.number != "2.1":
                attributes["externalScored"] = "human"
        score = Element("outcomeDeclaration", attributes)
        SubElement(SubElement(score, "defaultValue"), "value").text = "0"
        return score

    def _feedback_outcomes(self) -> list[Element]:
        """Reasons are shown for what was chosen, or all of them where `feedback` names them; the explanation always."""
        found = []
        if self.draft.whys and self.feedback is not None:
            outcome = Element("outcomeDeclaration", {"identifier": FEEDBACK, "cardinality": "multiple", "baseType": "identifier"})
            if self.feedback:
                holder = SubElement(outcome, "defaultValue")
                for one in self.feedback:
                    SubElement(holder, "value").text = identifier(one)
            found.append(outcome)
        if self.draft.explanation:
            outcome = Element("outcomeDeclaration", {"identifier": EXPLANATION, "cardinality": "single", "baseType": "identifier"})
            SubElement(SubElement(outcome, "defaultValue"), "value").text = SHOWN
            found.append(outcome)
        return found

    def _feedback_texts(self) -> list[Element]:
        texts = [(FEEDBACK, identifier(one), why) for one, why in self.draft.whys.items()] if self.feedback is not None else []
        if self.draft.explanation:
            texts.append((EXPLANATION, SHOWN, self.draft.explanation))
        return [self._feedback_text(*text) for text in texts]

    def _feedback_text(self, outcome: str, shown_for: str, text: str) -> Element:
        feedback = Element("modalFeedback", {"outcomeIdentifier": outcome, "identifier": shown_for, "showHide": "show"})
        inner = SubElement(feedback, "contentBody") if self.edition.dashes else feedback
        write_paragraphs(inner, text)
        return feedback

    def feedback_for_chosen(self, response: str) -> None:
        """Each reason is shown to whoever chose its option."""
        self.feedback = []
        if self.draft.whys:
            self.rules.append(rules.set_value(FEEDBACK, rules.multiple(rules.variable(response))))

    def choice(self, parent: Element, name: str, one_id: str, text: str, **attributes: str) -> None:
        """An option of any interaction."""
        element = SubElement(parent, name, {"identifier": identifier(one_id), **attributes})
        write_inline(element, text)


def add_notes(sheet: Sheet) -> None:
    """What every item is known by here, for authors to see and for this service to read again."""
    draft = sheet.draft
    sheet.note("KIND", draft.kind)
    notes: dict[str, str | None] = {
        "TOPIC": draft.topic,
        "LEVEL": draft.level,
        "LEGAL_BASIS": draft.legal_basis,
        "VALID_FROM": draft.valid_from.isoformat() if draft.valid_from else None,
        "VALID_TO": draft.valid_to.isoformat() if draft.valid_to else None,
        "COMPETENCY": draft.competency,
        "FRAMEWORK": draft.framework,
        "LESSON": draft.lesson,
        "PURPOSE": draft.purpose,
    }
    for name, value in notes.items():
        if value:
            sheet.note(name, value)
    sheet.note("TAGS", *draft.tags)
    if isinstance(scoring := draft.body.get("scoring"), str):
        sheet.note("SCORING", scoring)
