"""Questions of Moodle XML, type by type. What Moodle says and no item can say is named, question by question."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from lms.kit.vietnamese import clean, fold
from quizzes.interchange import moodle_cloze
from quizzes.interchange.document import Finding, error, lost, note
from quizzes.interchange.moodle_texts import Texts, decoded
from quizzes.interchange.qti_read_kinds import MOST_GAPS, MOST_PARTS, Native, UnreadableError
from quizzes.interchange.safe_xml import child, children, text_of
from quizzes.kinds.numbers import exact

LETTERS = "abcdefghijklmnopqrstuvwxyz"
_TRUE, _FALSE = frozenset(["dung", "true"]), frozenset(["sai", "false"])
_PLACE = re.compile(r"\[\[([0-9]{1,3})\]\]")
_CRITERION = re.compile(r"-? ?(.{1,2000}?)\s*\(([0-9]{1,3}) (?:điểm|đ|points?|pts?)\)\.?")
_PARTS = frozenset(["answer", "subquestion", "drop", "drag", "dragbox", "selectoption"])
_LONGEST_CRITERION = 2_000
_EVEN = 0.01  # hundredths Moodle writes with five places: 33.33333


class Asked:
    """A question as it is read: its texts, and where its findings go."""

    def __init__(self, element: Element, texts: Texts) -> None:
        self.element, self.texts = element, texts
        self.stem = ""

    @property
    def findings(self) -> list[Finding]:
        return self.texts.findings

    def value(self, name: str, default: str = "") -> str:
        """The text of a simple child, `<single>true</single>`."""
        found = child(self.element, name)
        return default if found is None else text_of(found).strip()

    def lost(self, message: str, **values: Any) -> None:
        self.findings.append(lost(message, **values))

    def read_stem(self) -> None:
        """Raises UnreadableError where the question has more parts than anybody reads."""
        parts = sum(1 for one in self.element if one.tag in _PARTS)
        if parts > MOST_PARTS:
            raise UnreadableError(error(N_("câu có %(count)s phương án; nhiều nhất đọc được %(most)s"), count=parts, most=MOST_PARTS))
        source, written = self.texts.source(child(self.element, "questiontext"))
        self.stem = self.texts.plain(source, written, pictures=True)
        if source.strip() and not self.stem and not self.texts.images:
            self.findings.append(error(N_("câu dẫn không đọc được hoặc để trống")))

    def answers(self) -> list[tuple[str, float, str]]:
        """Text, hundredths of the point, feedback."""
        found = []
        for answer in children(self.element, "answer"):
            source = text_of(child(answer, "text")) or (answer.text or "")
            text = self.texts.plain(source, answer.get("format", "plain_text"))
            self.texts.source(answer)  # its files
            found.append((text, percent(answer.get("fraction")), self.texts.read(child(answer, "feedback"))))
        return found


def percent(text: str | None) -> float:
    try:
        return float((text or "0").replace(",", "."))
    except ValueError:
        return 0.0


def letter(place: int) -> str:
    return LETTERS[place] if place < len(LETTERS) else f"o{place + 1}"


def _multichoice(asked: Asked) -> Native:
    asked.read_stem()
    answers = asked.answers()
    single = asked.value("single", "true") not in ("false", "0", "")
    options = [{"id": letter(place), "text": text} for place, (text, _percent, _feedback) in enumerate(answers)]
    whys = {letter(place): feedback for place, (_text, _percent, feedback) in enumerate(answers) if feedback}
    if asked.value("shuffleanswers") in ("false", "0"):
        asked.findings.append(note(N_("câu đặt không trộn phương án; ở đây phương án được trộn như mọi câu khác")))
    if single:
        best = max((share for _text, share, _feedback in answers), default=0.0)
        key = [letter(place) for place, (_text, share, _feedback) in enumerate(answers) if share == best and best > 0][:1]
        if any(0 < share < best for _text, share, _feedback in answers) or sum(share == best for _t, share, _f in answers) > 1:
            asked.lost(N_("điểm từng phần cho phương án gần đúng không chuyển được: chỉ phương án đúng nhất được điểm"))
        if any(share < 0 for _text, share, _feedback in answers):
            asked.lost(N_("điểm trừ cho phương án sai của câu một lựa chọn không chuyển được"))
        return Native("single_choice", {"options": options}, key, whys)
    return _several(asked, options, [share for _text, share, _feedback in answers], whys)


def _several(asked: Asked, options: list[dict[str, str]], shares: list[float], whys: dict[str, str]) -> Native:
    right = [share for share in shares if share > 0]
    key = [letter(place) for place, share in enumerate(shares) if share > 0]
    body: dict[str, Any] = {"options": options}
    if asked.element.get("type") != "multichoiceset":
        takes_back = any(share < 0 for share in shares)
        body["scoring"] = "penalty" if takes_back else "partial"
        if right and max(right) - min(right) > _EVEN:
            asked.lost(N_("trọng số khác nhau giữa các phần đúng không chuyển được: các phần được điểm như nhau"))
        if not takes_back:
            asked.findings.append(note(N_("tích quá số đáp án đúng thì không được điểm (Moodle vẫn cho điểm)")))
    return Native("multiple_choice", body, key, whys)


def _as_set(asked: Asked) -> Native:
    """The all-or-nothing type of a plugin: several right options, whatever `single` says."""
    asked.read_stem()
    answers = asked.answers()
    options = [{"id": letter(place), "text": text} for place, (text, _share, _feedback) in enumerate(answers)]
    whys = {letter(place): feedback for place, (_text, _share, feedback) in enumerate(answers) if feedback}
    return _several(asked, options, [share for _text, share, _feedback in answers], whys)


def _truefalse(asked: Asked) -> Native:
    asked.read_stem()
    key, whys = [], {}
    for place, answer in enumerate(children(asked.element, "answer")):
        said = fold(text_of(child(answer, "text")))
        truth = "true" if said in _TRUE or (said not in _FALSE and place == 0) else "false"
        if percent(answer.get("fraction")) >= 100:
            key.append(truth)
        if feedback := asked.texts.read(child(answer, "feedback")):
            whys[truth] = feedback
    return Native("true_false", {}, key, whys)


def _shortanswer(asked: Asked) -> Native:
    asked.read_stem()
    accepted = []
    for text, share, feedback in asked.answers():
        if feedback:
            asked.lost(N_("phản hồi cho từng câu trả lời không chuyển được: %(feedback)s"), feedback=feedback[:80])
        if 0 < share < 100:
            asked.lost(N_("câu trả lời được một phần điểm không chuyển được: %(answers)s"), answers=text[:80])
        elif share >= 100 and (words := moodle_cloze.words_of(text, asked.findings)):
            accepted.append(words)
    if asked.value("usecase", "0") == "1":
        asked.lost(N_("phân biệt chữ hoa, chữ thường không chuyển được: ở đây chữ hoa, chữ thường như nhau"))
    return Native("short_answer", {}, accepted)


def _numerical(asked: Asked) -> Native:
    asked.read_stem()
    body: dict[str, Any] = {}
    key: list[str] = []
    for answer in children(asked.element, "answer"):
        value = (text_of(child(answer, "text")) or answer.text or "").strip().replace(",", ".")
        share = percent(answer.get("fraction"))
        if asked.texts.read(child(answer, "feedback")):
            asked.lost(N_("phản hồi cho từng câu trả lời không chuyển được"))
        if value == "*" or share <= 0:
            continue
        if key or share < 100:
            asked.lost(N_("đáp án số thứ hai hoặc được một phần điểm không chuyển được: %(answers)s"), answers=value[:40])
            continue
        key = [value]
        tolerance = text_of(child(answer, "tolerance")).strip().replace(",", ".")
        if (amount := exact(tolerance)) is not None and amount:
            body["tolerance"] = tolerance
    _add_units(asked, body)
    return Native("numeric", body, key)


def _add_units(asked: Asked, body: dict[str, Any]) -> None:
    holder = child(asked.element, "units")
    units = [
        (clean(text_of(child(unit, "unit_name"))), exact(text_of(child(unit, "multiplier")).strip() or "1"))
        for unit in (children(holder, "unit") if holder is not None else ())
    ]
    if len(units) == 1:
        body["unit"] = units[0][0]
    elif units:
        # Moodle divides what was typed by the multiplier; here it is multiplied by the factor.
        factors = [f"{(1 / value).normalize():f}" if value else "1" for _name, value in units]
        body["units"] = [
            {"id": letter(place), "text": name, "factor": factor}
            for place, ((name, _value), factor) in enumerate(zip(units, factors, strict=True))
        ]
    if units and asked.value("unitgradingtype", "0") not in ("0", "") and percent(asked.value("unitpenalty")) not in (0.0, 1.0):
        asked.lost(N_("điểm trừ một phần khi sai đơn vị không chuyển được: sai đơn vị là sai"))


def _matching(asked: Asked) -> Native:
    asked.read_stem()
    premises: list[dict[str, str]] = []
    values: dict[str, str] = {}
    key = []
    for pair in children(asked.element, "subquestion"):
        text = asked.texts.read(pair)
        value = clean(text_of(child(child(pair, "answer"), "text")))
        if not value:
            continue
        option = values.setdefault(value, letter(len(values)))
        if text:
            premises.append({"id": letter(len(premises)), "text": text})
            key.append(f"{premises[-1]['id']}={option}")
    truth = {option: "true" if fold(value) in _TRUE else "false" for value, option in values.items() if fold(value) in _TRUE | _FALSE}
    scoring = {"scoring": "partial"}
    if values and len(truth) == len(values):
        key = [f"{part}={truth[option]}" for part, _sign, option in (one.partition("=") for one in key)]
        return Native("statement_group", {"statements": premises, **scoring}, key)
    options = [{"id": option, "text": value} for value, option in values.items()]
    return Native("matching", {"premises": premises, "options": options, **scoring}, key)


def _ordering(asked: Asked) -> Native:
    asked.read_stem()
    steps = [{"id": letter(place), "text": text} for place, (text, _share, _feedback) in enumerate(asked.answers())]
    body: dict[str, Any] = {"steps": steps}
    grading = asked.value("gradingtype", "ALL_OR_NOTHING")
    if grading not in ("ALL_OR_NOTHING", "-1"):
        body["scoring"] = "partial"
        if grading not in ("RELATIVE_NEXT_EXCLUDE_LAST", "1"):
            asked.lost(N_("cách chia điểm %(grading)s không chuyển được: ở đây chia theo cặp bước liền kề"), grading=grading[:40])
    if asked.value("selecttype", "ALL") not in ("ALL", "0"):
        asked.lost(N_("chỉ rút một số bước cho mỗi lượt không chuyển được: mọi bước đều được hỏi"))
    return Native("ordering", body, [f"{step['id']}={place}" for place, step in enumerate(steps, start=1)])


def _essay(asked: Asked) -> Native:
    asked.read_stem()
    guidance = asked.texts.read(child(asked.element, "graderinfo"))
    rubric: list[dict[str, Any]] = []
    rest: list[str] = []
    for line in guidance.split("\n"):
        if found := _CRITERION.fullmatch(line.strip()[:_LONGEST_CRITERION]):
            rubric.append({"id": letter(len(rubric)), "text": found[1], "points": int(found[2])})
        else:
            rest.append(line)
    body: dict[str, Any] = {"guidance": said} if (said := "\n".join(rest).strip()) else {}
    if not rubric:
        points = min(max(round(percent(asked.value("defaultgrade", "1"))), 1), 100)
        rubric = [{"id": "a", "text": "Nội dung bài viết", "points": points}]
        asked.findings.append(
            note(N_("câu tự luận không có tiêu chí chấm; tạm đặt một tiêu chí %(points)s điểm, cần biên tập lại"), points=points)
        )
    if asked.texts.read(child(asked.element, "responsetemplate")):
        asked.lost(N_("bài viết mẫu đặt sẵn trong ô trả lời không chuyển được"))
    if asked.value("attachments", "0") != "0":
        asked.lost(N_("nộp tệp đính kèm không chuyển được"))
    if asked.value("minwordlimit") or asked.value("maxwordlimit"):
        asked.lost(N_("giới hạn số từ không chuyển được; ghi vào câu dẫn nếu cần"))
    return Native("essay", {"rubric": rubric, **body}, [])


def _cloze(asked: Asked) -> Native:
    source, written = asked.texts.source(child(asked.element, "questiontext"))
    marked, embedded = moodle_cloze.found_in(source)
    if not 1 <= len(embedded) <= MOST_GAPS:
        raise UnreadableError(error(N_("câu có %(count)s chỗ trống; cần từ 1 đến %(most)s"), count=len(embedded), most=MOST_GAPS))
    text = asked.texts.plain(marked, written, pictures=True)
    gaps, key = [], []
    for place, one in enumerate(embedded, start=1):
        gap, accepted = moodle_cloze.gap_of(str(place), one, asked.findings)
        gaps.append(gap)
        key += accepted
    if len({one.weight or "1" for one in embedded}) > 1:
        asked.lost(N_("trọng số khác nhau giữa các phần đúng không chuyển được: các phần được điểm như nhau"))
    asked.stem, gapped = _stem_and_text(asked, moodle_cloze.MARK.sub(lambda found: "{{" + str(int(found[1]) + 1) + "}}", text))
    return Native("cloze", {"text": gapped, "gaps": gaps, "scoring": "partial"}, key)


def _stem_and_text(asked: Asked, text: str) -> tuple[str, str]:
    """What stands before the paragraph with the first gap is the stem."""
    paragraphs = text.split("\n\n")
    first = next((place for place, one in enumerate(paragraphs) if "{{" in one), 0)
    if first == 0:
        asked.findings.append(note(N_("câu không có câu dẫn riêng; tạm đặt “Điền vào chỗ trống.”")))
    return "\n\n".join(paragraphs[:first]) or "Điền vào chỗ trống.", "\n\n".join(paragraphs[first:])


def _words_into_places(asked: Asked) -> Native:
    """ddwtos and gapselect: words numbered from 1, each in a group; `[[2]]` is filled with the second, from those of its group."""
    asked.read_stem()
    choices = []
    for name in ("dragbox", "selectoption"):
        for box in children(asked.element, name):
            choices.append((clean(asked.texts.plain(text_of(child(box, "text")), "html")), text_of(child(box, "group")).strip() or "1"))
    text = asked.stem
    gaps: list[dict[str, Any]] = []
    key: list[str] = []

    def gap(found: re.Match[str]) -> str:
        number = int(found[1])
        if not 1 <= number <= len(choices):
            raise UnreadableError(error(N_("chỗ trống [[%(number)s]] chỉ đến một từ không có"), number=number))
        group = choices[number - 1][1]
        gap_id = str(len(gaps) + 1)
        options = [(letter(place), word) for place, (word, of) in enumerate(choices) if of == group]
        gaps.append({"id": gap_id, "kind": "list", "options": [{"id": one, "text": word} for one, word in options]})
        key.append(f"{gap_id}={letter(number - 1)}")
        return "{{" + gap_id + "}}"

    if not 1 <= len(_PLACE.findall(text)) <= MOST_GAPS:
        count = len(_PLACE.findall(text))
        raise UnreadableError(error(N_("câu có %(count)s chỗ trống; cần từ 1 đến %(most)s"), count=count, most=MOST_GAPS))
    gapped = _PLACE.sub(gap, text)
    asked.stem, gapped = _stem_and_text(asked, gapped)
    asked.findings.append(note(N_("kéo thả từ vào đoạn văn được chuyển thành chọn từ danh sách ở mỗi chỗ trống")))
    return Native("cloze", {"text": gapped, "gaps": gaps, "scoring": "partial"}, key)


def _ddmarker(asked: Asked) -> Native:
    """One marker with one right zone among several is a place to be chosen; anything more is not."""
    asked.read_stem()
    drags = list(children(asked.element, "drag"))
    drops = list(children(asked.element, "drop"))
    numbers = [text_of(child(drag, "no")).strip() for drag in drags]
    right = [place for place, drop in enumerate(drops) if text_of(child(drop, "choice")).strip() in numbers]
    if len(drags) != 1 or len(right) != 1 or len(drops) < 2:
        raise UnreadableError(
            error(N_("câu đặt nhiều dấu lên hình (ddmarker) chưa có ở đây; chỉ đọc được câu một dấu, một vùng đúng trong nhiều vùng"))
        )
    file = child(asked.element, "file")
    content = None if file is None else decoded(file)
    if file is None or content is None:
        raise UnreadableError(error(N_("câu chọn vùng không có hình dùng được")))
    name = file.get("name", "") or "background"
    asked.texts.files[name] = content
    spots = [{"id": letter(place), "text": f"Vùng {place + 1}", **_zone(drop)} for place, drop in enumerate(drops)]
    asked.findings.append(note(N_("các vùng trên hình không có tên trong tệp; tạm gọi là “Vùng 1”, “Vùng 2”…")))
    picture = {"sha256": name, "alt": "", "width": 0, "height": 0}
    return Native("hotspot", {"picture": picture, "spots": spots}, [letter(right[0])])


def _zone(drop: Element) -> dict[str, Any]:
    shape = text_of(child(drop, "shape")).strip().lower()
    numbers = [round(percent(one)) for one in re.split(r"[;,]", text_of(child(drop, "coords")).strip())]
    named = {"rectangle": "rect", "circle": "circle", "polygon": "poly"}.get(shape)
    if named is None:
        raise UnreadableError(
            error(N_("vùng hình dạng “%(shape)s” chưa có ở đây; dùng chữ nhật, hình tròn hoặc đa giác"), shape=shape[:30])
        )
    return {"shape": named, "coords": numbers}


def factor_as_multiplier(factor: Any) -> str:
    value = exact(str(factor))
    return f"{(Decimal(1) / value).normalize():f}" if value else "1"


READERS: Mapping[str, Callable[[Asked], Native]] = {
    "multichoice": _multichoice,
    "multichoiceset": _as_set,
    "truefalse": _truefalse,
    "shortanswer": _shortanswer,
    "numerical": _numerical,
    "matching": _matching,
    "match": _matching,
    "ordering": _ordering,
    "essay": _essay,
    "cloze": _cloze,
    "multianswer": _cloze,
    "ddwtos": _words_into_places,
    "gapselect": _words_into_places,
    "ddmarker": _ddmarker,
}
UNKNOWN_TYPES: Mapping[str, str] = {
    "description": N_("đây là đoạn mô tả, không phải câu hỏi"),
    "ddimageortext": N_("kéo thả lên hình (ddimageortext): chỗ thả không có hình dạng nên không thành câu chọn vùng được"),
    "calculated": N_("câu tính toán sinh số ngẫu nhiên chưa có ở đây; xuất từng bộ số thành câu điền số"),
    "calculatedsimple": N_("câu tính toán sinh số ngẫu nhiên chưa có ở đây; xuất từng bộ số thành câu điền số"),
    "calculatedmulti": N_("câu tính toán sinh số ngẫu nhiên chưa có ở đây; xuất từng bộ số thành câu điền số"),
    "randomsamatch": N_("câu ghép đôi rút ngẫu nhiên chưa có ở đây"),
    "random": N_("chỗ rút câu ngẫu nhiên không phải câu hỏi"),
}
