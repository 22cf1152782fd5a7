"""A QTI item as it stands in its tree, under the names of QTI 2: what is declared, what is shown, what it says of its marking."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.interchange import markup
from quizzes.interchange.document import Finding, lost, note
from quizzes.interchange.markup import Image
from quizzes.interchange.qti_write import EXPLANATION, FEEDBACK, OURS, written_id
from quizzes.interchange.safe_xml import child, children, text_of
from quizzes.kinds.options import ID

CORRECT, MAPPED, UNKNOWN = "correct", "mapped", "unknown"
_ASIDE = frozenset(["rubricBlock", "feedbackBlock", "feedbackInline", "infoControl", "stylesheet", "companionMaterialsInfo"])
# Rules that say no more than “right or wrong”, “so much for each part” and “show the feedback”.
_KNOWN_RULES = frozenset(
    [
        *("responseProcessing", "responseCondition", "responseIf", "responseElse", "responseElseIf", "setOutcomeValue", "match"),
        *("variable", "correct", "baseValue", "mapResponse", "sum", "multiple", "isNull", "not", "and", "gt", "gte", "containerSize"),
        *("product", "equal", "default"),
    ]
)
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Declared:
    """What is said of a response: the right values, and what each earns where there is a map."""

    base_type: str = "identifier"
    correct: tuple[str, ...] = ()
    mapping: tuple[tuple[str, float, str], ...] = ()  # key, what it earns, as it is written
    is_area: bool = False

    @property
    def earning(self) -> list[str]:
        """The keys that earn most, as they are written; empty without a map."""
        most = max((value for _key, value, _written in self.mapping), default=0.0)
        return [key for key, value, _written in self.mapping if value == most and value > 0]


@dataclass(slots=True)
class Sight:
    """An item being read. What of it cannot be carried is put into `findings` by whoever meets it."""

    root: Element
    body: Element
    responses: Mapping[str, Declared]
    notes: Mapping[str, list[str]]
    maximum: float
    feedback: dict[str, dict[str, str]]
    findings: list[Finding] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)

    @property
    def ours(self) -> bool:
        """Did this service write it? Then identifiers are ids, and what stands in the notes is believed."""
        return "KIND" in self.notes

    def noted(self, name: str) -> str:
        return next(iter(self.notes.get(name, ())), "")

    def response(self, interaction: Element) -> Declared:
        return self.responses.get(interaction.get("responseIdentifier", ""), Declared())

    def text(self, element: Element | None) -> str:
        """The text inside; what it cannot say is a finding, what it shows a picture of the item."""
        read = markup.read_inside(element, _nothing_aside)
        self.took(read)
        return read.text

    def took(self, read: markup.Read) -> None:
        self.findings += markup.findings(read.lost)
        self.images += read.images

    def ids(self, identifiers: Iterable[str]) -> dict[str, str]:
        """Identifier → id here: our own read back; those of others as they are, or letters where ids may not be so written."""
        names = list(dict.fromkeys(identifiers))
        if self.ours:
            return {name: written_id(name) for name in names}
        if all(ID.fullmatch(name) for name in names):
            return {name: name for name in names}
        return {name: _LETTERS[place] if place < len(_LETTERS) else f"o{place + 1}" for place, name in enumerate(names)}

    def whys(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Reasons given for options, taken out of the feedback."""
        found = {}
        for outcome in list(self.feedback):
            if outcome == EXPLANATION and self.ours:
                continue
            for name in list(self.feedback[outcome]):
                if name in ids:
                    found[ids[name]] = self.feedback[outcome].pop(name)
        return found

    def explanation(self) -> str:
        """All feedback that is not for one option."""
        texts = [text for outcome, by_name in self.feedback.items() if outcome != FEEDBACK or not self.ours for text in by_name.values()]
        return "\n\n".join(dict.fromkeys(text for text in texts if text))

    def rules(self) -> str:
        """How it is marked: against the right answer, by a map, or in a way of its own (a finding)."""
        processing = child(self.root, "responseProcessing")
        if processing is None:
            return CORRECT
        template = processing.get("template", "") or processing.get("templateLocation", "")
        if template:
            name = template.rstrip("/").rpartition("/")[2].removesuffix(".xml").lower()
            known = {"match_correct": CORRECT, "map_response": MAPPED, "map_response_point": MAPPED}
            if name not in known:
                self.findings.append(lost(N_("mẫu chấm “%(name)s” không có ở đây; câu được chấm theo đáp án đúng"), name=clean(name)[:60]))
            return known.get(name, UNKNOWN)
        names = {element.tag for element in processing.iter()}
        if strange := sorted(names - _KNOWN_RULES):
            self.findings.append(
                lost(N_("quy tắc chấm riêng (%(names)s) không chuyển được; câu được chấm theo đáp án"), names=", ".join(strange)[:120])
            )
        return MAPPED if "mapResponse" in names else CORRECT if "correct" in names or "match" in names else UNKNOWN


def seen(root: Element) -> Sight:
    """An item as it stands, before it is known what it asks."""
    body = child(root, "itemBody")
    outcomes = {one.get("identifier", ""): one for one in children(root, "outcomeDeclaration")}
    sight = Sight(
        root=root,
        body=body if body is not None else Element("itemBody"),
        responses={one.get("identifier", ""): _declared(one) for one in children(root, "responseDeclaration")},
        notes={name.removeprefix(OURS): _values(one, "defaultValue") for name, one in outcomes.items() if name.startswith(OURS)},
        maximum=_maximum(outcomes),
        feedback={},
    )
    _collect_feedback(sight)
    _name_what_is_not_carried(sight)
    return sight


def inside(element: Element, name: str) -> Iterator[Element]:
    """All elements of this name, at any depth."""
    return element.iter(name)


def decimal(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return 0.0


def _declared(declaration: Element) -> Declared:
    entries = []
    mapping = child(declaration, "mapping")
    for entry in children(mapping, "mapEntry") if mapping is not None else ():
        written = entry.get("mappedValue", "")
        entries.append((entry.get("mapKey", ""), decimal(written), written))
    return Declared(
        base_type=declaration.get("baseType", "identifier"),
        correct=tuple(_values(declaration, "correctResponse")),
        mapping=tuple(entries),
        is_area=child(declaration, "areaMapping") is not None,
    )


def _values(declaration: Element, name: str) -> list[str]:
    holder = child(declaration, name)
    return [] if holder is None else [text_of(value).strip() for value in children(holder, "value")]


def _maximum(outcomes: Mapping[str, Element]) -> float:
    """The most an answer can earn, where it is said."""
    score = outcomes.get("SCORE")
    if score is not None and score.get("normalMaximum"):
        return decimal(score.get("normalMaximum"))
    most = outcomes.get("MAXSCORE")
    return decimal(next(iter(_values(most, "defaultValue")), "")) if most is not None else 0.0


def _collect_feedback(sight: Sight) -> None:
    for element in [*children(sight.root, "modalFeedback"), *inside(sight.body, "feedbackInline"), *inside(sight.body, "feedbackBlock")]:
        read = markup.read_inside(element)
        sight.findings += markup.findings(read.lost)
        if read.images:
            sight.findings.append(lost(N_("hình trong lời giải thích không chuyển được")))
        if read.text:
            by_name = sight.feedback.setdefault(element.get("outcomeIdentifier", ""), {})
            name = element.get("identifier", "")
            by_name[name] = f"{by_name[name]}\n\n{read.text}" if name in by_name else read.text


def _name_what_is_not_carried(sight: Sight) -> None:
    root, found = sight.root, sight.findings
    if root.get("adaptive") == "true":
        found.append(lost(N_("câu thích ứng (adaptive): nhiều lượt trả lời trong một câu không chuyển được")))
    if root.get("timeDependent") == "true":
        found.append(lost(N_("giới hạn thời gian riêng của câu không chuyển được")))
    if child(root, "stylesheet") is not None:
        found.append(note(N_("tệp trình bày (stylesheet) không dùng đến")))
    for name, message in (
        ("assessmentStimulusRef", N_("đoạn học liệu dùng chung (stimulus) không chuyển được; chép vào câu dẫn nếu cần")),
        ("catalogInfo", N_("thông tin hỗ trợ tiếp cận riêng (catalog) không chuyển được")),
        ("apipAccessibility", N_("thông tin hỗ trợ tiếp cận riêng (APIP) không chuyển được")),
        ("companionMaterialsInfo", N_("công cụ kèm theo (máy tính, bảng tra) không chuyển được")),
    ):
        if child(root, name) is not None:
            found.append(lost(message))


def _nothing_aside(element: Element) -> str | None:
    """What stands beside a text and is read by itself."""
    return "" if is_aside(element) or element.tag.endswith("Interaction") else None


def is_aside(element: Element) -> bool:
    """Is this read by itself, and no part of the text around it?"""
    if element.tag == "rubricBlock":
        return "candidate" not in element.get("view", "candidate").split()
    return element.tag in _ASIDE
