"""What each QTI interaction asks, as a kind of question. Nothing is asked of the kind itself: whether the item is sound is its own rule."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from lms.kit.vietnamese import clean, fold
from quizzes.interchange.document import Finding, error, lost, note
from quizzes.interchange.qti_item import MAPPED, Declared, Sight, decimal, inside
from quizzes.interchange.safe_xml import children, text_of
from quizzes.kinds.base import Scoring
from quizzes.kinds.pictures import CIRCLE, POLY, RECT

_TRUE, _FALSE = frozenset(["dung", "true", "t", "yes", "co"]), frozenset(["sai", "false", "f", "no", "khong"])
_SPACES = re.compile(r"\s+")


MOST_GAPS = 50
MOST_PARTS = 200


class UnreadableError(Exception):
    """The item asks something no kind of question here asks."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


@dataclass(slots=True)
class Native:
    """The parts of an item that depend on its kind, as QTI alone says them."""

    kind: str
    body: dict[str, Any] = field(default_factory=dict)
    key: list[str] = field(default_factory=list)
    whys: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Options:
    listed: list[dict[str, str]]
    ids: Mapping[str, str]


def options_of(sight: Sight, elements: list[Element]) -> Options:
    """Options of any interaction, and what their identifiers are here."""
    if len(elements) > MOST_PARTS:
        raise UnreadableError(error(N_("câu có %(count)s phương án; nhiều nhất đọc được %(most)s"), count=len(elements), most=MOST_PARTS))
    ids = sight.ids([element.get("identifier", "") for element in elements])
    if any(element.get("fixed") == "true" for element in elements) and not sight.ours:
        sight.findings.append(note(N_("vị trí cố định của phương án (fixed) không giữ: phương án được trộn như mọi câu khác")))
    before = len(sight.images)
    listed = [{"id": ids[element.get("identifier", "")], "text": sight.text(element)} for element in elements]
    if len(sight.images) > before:
        del sight.images[before:]
        sight.findings.append(lost(N_("hình trong phương án không chuyển được; hãy tả bằng lời hoặc dùng hình của câu")))
    return Options(listed, ids)


def _right(declared: Declared) -> list[str]:
    """The right values: those named, else those that earn most."""
    return list(declared.correct) or declared.earning


def _scored(sight: Sight, native: Native, declared: Declared, *, several: bool) -> Native:
    """How right parts add up: by our own note, else as the rules say."""
    rules = sight.rules()
    if sight.ours:
        if scoring := sight.noted("SCORING"):
            native.body["scoring"] = scoring
        return native
    partly = [value for _key, value, _written in declared.mapping if value > 0]
    if rules == MAPPED and several:
        takes_back = any(value < 0 for _key, value, _written in declared.mapping)
        native.body["scoring"] = str(Scoring.PENALTY if takes_back and native.kind == "multiple_choice" else Scoring.PARTIAL)
        if takes_back and native.kind != "multiple_choice":
            sight.findings.append(lost(N_("điểm trừ cho phần trả lời sai không chuyển được")))
        if len(set(partly)) > 1:
            sight.findings.append(lost(N_("trọng số khác nhau giữa các phần đúng không chuyển được: các phần được điểm như nhau")))
    elif rules == MAPPED and len(set(partly)) > 1:
        sight.findings.append(lost(N_("điểm từng phần cho phương án gần đúng không chuyển được: chỉ phương án đúng nhất được điểm")))
    return native


def _choice(sight: Sight, interaction: Element) -> Native:
    declared = sight.response(interaction)
    options = options_of(sight, list(children(interaction, "simpleChoice")))
    right = [options.ids.get(name, name) for name in _right(declared)]
    single = interaction.get("maxChoices", "1") == "1"
    if not single and len(right) == 1 and interaction.get("maxChoices") not in (None, "0") and not sight.ours:
        sight.findings.append(lost(N_("số phương án được chọn tối đa không chuyển được")))
    whys = sight.whys(options.ids)
    said = _truth_of(options.listed)
    if said and single and (sight.noted("KIND") == "true_false" or not sight.ours):
        key = [said[one] for one in right if one in said]
        return _scored(sight, Native("true_false", {}, key, {said[one]: why for one, why in whys.items()}), declared, several=False)
    kind = "single_choice" if single else "multiple_choice"
    return _scored(sight, Native(kind, {"options": options.listed}, right, whys), declared, several=not single)


def _truth_of(options: list[dict[str, str]]) -> dict[str, str]:
    """Option → true or false, where the two options say just that."""
    if len(options) != 2:
        return {}
    said = {}
    for option in options:
        word = fold(option["text"]).strip(" .")
        if word in _TRUE | _FALSE:
            said[option["id"]] = "true" if word in _TRUE else "false"
    return said if set(said.values()) == {"true", "false"} else {}


def _match(sight: Sight, interaction: Element) -> Native:
    declared = sight.response(interaction)
    columns = [list(children(column, "simpleAssociableChoice")) for column in children(interaction, "simpleMatchSet")]
    if len(columns) != 2:
        raise UnreadableError(error(N_("câu ghép đôi thiếu một trong hai cột")))
    first, second = (options_of(sight, column) for column in columns)
    pairs = _pairs(declared.correct or declared.earning, first.ids, second.ids)
    truth = _truth_of(second.listed)
    if truth and sight.noted("KIND") != "matching":
        key = [f"{part}={truth.get(value, value)}" for part, value in pairs]
        native = Native("statement_group", {"statements": first.listed}, key, sight.whys(first.ids))
    else:
        key = [f"{part}={value}" for part, value in pairs]
        native = Native("matching", {"premises": first.listed, "options": second.listed}, key)
    if len({part for part, _value in pairs}) < len(pairs):
        raise UnreadableError(error(N_("câu ghép đôi có vế ghép với nhiều vế khác; ở đây mỗi vế trái chỉ ghép với một vế phải")))
    return _scored(sight, native, declared, several=True)


def _pairs(values: tuple[str, ...] | list[str], first: Mapping[str, str], second: Mapping[str, str]) -> list[tuple[str, str]]:
    """`A B` → the ids of both; a pair written the other way about is turned."""
    found = []
    for value in values:
        one, _space, other = _SPACES.sub(" ", value.strip()).partition(" ")
        if one not in first and other in first:
            one, other = other, one
        found.append((first.get(one, one), second.get(other, other)))
    return found


def _associate(sight: Sight, interaction: Element) -> Native:
    declared = sight.response(interaction)
    elements = list(children(interaction, "simpleAssociableChoice"))
    pairs = [tuple(_SPACES.sub(" ", value.strip()).split(" ", 1)) for value in _right(declared)]
    lefts = [pair[0] for pair in pairs]
    if len(set(lefts)) < len(lefts) or any(len(pair) != 2 or pair[1] in lefts for pair in pairs):
        raise UnreadableError(error(N_("các cặp của câu liên kết (associate) không tách được thành hai cột để ghép đôi")))
    sight.findings.append(note(N_("câu liên kết (associate) được chuyển thành câu ghép đôi: vế thứ nhất của mỗi cặp thành cột trái")))
    first = options_of(sight, [one for one in elements if one.get("identifier", "") in lefts])
    second = options_of(sight, [one for one in elements if one.get("identifier", "") not in lefts])
    key = [f"{part}={value}" for part, value in _pairs(_right(declared), first.ids, second.ids)]
    return _scored(sight, Native("matching", {"premises": first.listed, "options": second.listed}, key), declared, several=True)


def _order(sight: Sight, interaction: Element) -> Native:
    declared = sight.response(interaction)
    options = options_of(sight, list(children(interaction, "simpleChoice")))
    key = [f"{options.ids.get(name, name)}={place}" for place, name in enumerate(declared.correct, start=1)]
    native = Native("ordering", {"steps": options.listed}, key)
    if sight.rules() == MAPPED and not sight.ours:
        sight.findings.append(lost(N_("cách chia điểm của câu sắp xếp không chuyển được: đúng cả thứ tự mới được điểm")))
    if sight.ours and (scoring := sight.noted("SCORING")):
        native.body["scoring"] = scoring
    return native


def _hotspot(sight: Sight, interaction: Element) -> Native:
    declared = sight.response(interaction)
    before = len(sight.images)
    picture = sight.text(interaction)  # the prompt is read with the stem; here only the picture counts
    del picture
    images = sight.images[before:]
    del sight.images[before:]
    if not images:
        raise UnreadableError(error(N_("câu chọn vùng không có hình dùng được")))
    elements = list(children(interaction, "hotspotChoice"))
    ids = sight.ids([element.get("identifier", "") for element in elements])
    if interaction.get("maxChoices", "1") != "1" and len(_right(declared)) != 1:
        raise UnreadableError(error(N_("câu chọn nhiều vùng cùng lúc chưa có ở đây; chia thành nhiều câu mỗi câu một vùng")))
    spots = []
    for place, element in enumerate(elements, start=1):
        label = clean(element.get("hotspotLabel") or element.get("label") or element.get("ariaLabel") or text_of(element))
        shape, coords = _shape(element)
        spots.append({"id": ids[element.get("identifier", "")], "text": label or f"Vùng {place}", "shape": shape, "coords": coords})
        if not label:
            sight.findings.append(note(N_("vùng thứ %(place)s trên hình không có tên; tạm gọi là “Vùng %(place)s”"), place=place))
    image = images[0]
    picture_part = {"sha256": image.source, "alt": image.alt, "width": image.width, "height": image.height}
    key = [ids.get(name, name) for name in _right(declared)]
    sight.rules()
    return Native("hotspot", {"picture": picture_part, "spots": spots}, key, sight.whys(ids))


def _shape(element: Element) -> tuple[str, list[int]]:
    """Shape and coordinates as they are kept here: a rectangle by its size instead of its far corner."""
    numbers = [round(decimal(part)) for part in element.get("coords", "").split(",")]
    shape = element.get("shape", "")
    if shape == RECT and len(numbers) == 4:
        return RECT, [numbers[0], numbers[1], numbers[2] - numbers[0], numbers[3] - numbers[1]]
    if shape == POLY and len(numbers) >= 8 and numbers[:2] == numbers[-2:]:
        return POLY, numbers[:-2]  # the first corner again closes it; here it is closed by itself
    if shape in (CIRCLE, POLY):
        return shape, numbers
    raise UnreadableError(error(N_("vùng hình dạng “%(shape)s” chưa có ở đây; dùng chữ nhật, hình tròn hoặc đa giác"), shape=shape[:30]))


def _essay(sight: Sight, interaction: Element) -> Native:
    body: dict[str, Any] = {}
    guidance: list[str] = []
    rubric: list[dict[str, Any]] = []
    for block in inside(sight.body, "rubricBlock"):
        if "candidate" in block.get("view", "candidate").split():
            continue
        found = _criteria(sight, block)
        rubric += found
        holder = next((one for one in inside(block, "div") if one.get("class") == "guidance"), None) if found or sight.ours else block
        if holder is not None and (text := sight.text(holder)):
            guidance.append(text)
    for sample in sight.response(interaction).correct:
        guidance.append(f"Bài mẫu: {sample}")
    if guidance:
        body["guidance"] = "\n\n".join(guidance)
    if not rubric:
        points = min(max(round(sight.maximum), 1), 100)
        rubric = [{"id": "a", "text": "Nội dung bài viết", "points": points}]
        sight.findings.append(
            note(N_("câu tự luận không có tiêu chí chấm; tạm đặt một tiêu chí %(points)s điểm, cần biên tập lại"), points=points)
        )
    for name, message in (("patternMask", N_("khuôn bài trả lời")), ("maxStrings", N_("số đoạn trả lời"))):
        if interaction.get(name):
            sight.findings.append(lost(N_("không chuyển được %(what)s"), what=message))
    body["rubric"] = rubric
    return Native("essay", body)


def _criteria(sight: Sight, block: Element) -> list[dict[str, Any]]:
    """The criteria of a rubric that was written here; those of others are running text."""
    found = []
    for line in inside(block, "li"):
        parts = {span.get("class", ""): span for span in children(line, "span")}
        points = text_of(parts.get("points")).strip()
        if "criterion" in parts and points.isascii() and points.isdigit() and len(points) <= 4:
            found.append({"id": line.get("id", "").removeprefix("_"), "text": sight.text(parts["criterion"]), "points": int(points)})
    return found


BLOCK_READERS: Mapping[str, Callable[[Sight, Element], Native]] = {
    "choiceInteraction": _choice,
    "matchInteraction": _match,
    "associateInteraction": _associate,
    "orderInteraction": _order,
    "hotspotInteraction": _hotspot,
    "extendedTextInteraction": _essay,
}
UNKNOWN_INTERACTIONS: Mapping[str, str] = {
    "hottextInteraction": N_("chọn từ trong đoạn văn (hottext)"),
    "sliderInteraction": N_("thanh trượt (slider)"),
    "gapMatchInteraction": N_("kéo thả vào chỗ trống (gapMatch)"),
    "graphicOrderInteraction": N_("sắp thứ tự trên hình (graphicOrder)"),
    "graphicAssociateInteraction": N_("nối các điểm trên hình (graphicAssociate)"),
    "graphicGapMatchInteraction": N_("kéo thả vào hình (graphicGapMatch)"),
    "selectPointInteraction": N_("chấm điểm tự do trên hình (selectPoint)"),
    "positionObjectInteraction": N_("đặt vật lên hình (positionObject)"),
    "drawingInteraction": N_("vẽ (drawing)"),
    "mediaInteraction": N_("nghe, xem (media)"),
    "uploadInteraction": N_("nộp tệp (upload)"),
    "endAttemptInteraction": N_("nút kết thúc lượt (endAttempt)"),
    "customInteraction": N_("tương tác riêng của hệ thống khác (custom)"),
    "portableCustomInteraction": N_("tương tác riêng của hệ thống khác (PCI)"),
}
