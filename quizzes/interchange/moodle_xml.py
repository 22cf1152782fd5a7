"""Moodle XML, as Moodle 4 writes and reads it. docs/interchange.md says what is carried.

What Moodle has no place for stands in a `<congvulms>` element of the question, which Moodle passes over: a file of ours comes back whole;
once Moodle has written the file itself, what it does not know is gone.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement

from lms.kit.errors import N_
from lms.kit.vietnamese import clean, fold
from quizzes.interchange import safe_xml
from quizzes.interchange.document import (
    MOST_ITEMS,
    MOST_PICTURES,
    Entry,
    Finding,
    Loss,
    Parsed,
    Written,
    code_of,
    error,
    limited,
    lost,
    note,
    picture_name,
    refusal,
    shown_name,
    size_refusal,
    too_many_items,
    topic_of,
)
from quizzes.interchange.leftovers import completed, leftovers
from quizzes.interchange.markup import NO_ALT, distinct
from quizzes.interchange.moodle_read import READERS, UNKNOWN_TYPES, Asked, percent
from quizzes.interchange.moodle_texts import Budget, Texts, add, file_name
from quizzes.interchange.moodle_write import TYPES, WRITERS, Sheet, cloze_source
from quizzes.interchange.qti_read_kinds import Native, UnreadableError
from quizzes.interchange.safe_xml import child, children, text_of
from quizzes.rules.bank import CODE, LEVEL_NAMES, LEVELS, ItemDraft

OURS = "congvulms"
_LEVEL_TAG = "level:"
_ROOT = "quiz"
_STORED_NAME = re.compile(r"([0-9a-f]{64})\.[a-z]{3,4}")
_TOP = "$course$/top"
_OVERALL = ("correctfeedback", "partiallycorrectfeedback", "incorrectfeedback")
# What Moodle itself puts there, in English and in Vietnamese, which says nothing.
_SAYS_NOTHING = frozenset(
    [
        *("your answer is correct.", "your answer is partially correct.", "your answer is incorrect."),
        *("cau tra loi cua ban dung.", "cau tra loi cua ban dung mot phan.", "cau tra loi cua ban sai."),
        *("cau tra loi cua ban la dung.", "cau tra loi cua ban la sai.", "dap an cua ban dung.", "dap an cua ban sai."),
    ]
)
_UNSAID = {
    "legal_basis": N_("căn cứ pháp lý"),
    "valid_from": N_("ngày có hiệu lực"),
    "valid_to": N_("ngày hết hiệu lực"),
    "competency": N_("năng lực"),
    "framework": N_("khung năng lực"),
    "lesson": N_("bài học"),
    "purpose": N_("mục đích sử dụng"),
}


class MoodleXml:
    name = "moodle"
    label = N_("Moodle XML")
    suffixes = (".xml",)
    media_type = "application/xml"

    def recognises(self, data: bytes) -> bool:
        return b"<quiz" in data[:4_000]

    def read(self, data: bytes) -> Parsed:
        if refused := size_refusal(data):
            return refused
        try:
            return self._read(safe_xml.parse(data))
        except safe_xml.XmlRefusedError as failed:
            return Parsed(findings=(failed.finding,))

    def _read(self, root: Element) -> Parsed:
        if safe_xml.local(root) != _ROOT:
            return refusal(N_("tệp XML này không phải câu hỏi Moodle (thẻ gốc “%(name)s”, cần “quiz”)"), name=safe_xml.local(root)[:60])
        questions = list(children(root, "question"))
        if len(questions) > MOST_ITEMS:
            return too_many_items()
        reader = _Reader()
        entries = [entry for question in questions if (entry := reader.entry(question))]
        if not entries:
            return refusal(N_("tệp không có câu hỏi nào"))
        return Parsed(limited(entries), tuple(reader.findings), reader.pictures)

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        root = Element(_ROOT)
        losses: list[Loss] = []
        topic = None
        for draft in items:
            if draft.kind not in WRITERS:
                losses.append(Loss(draft.code, error(N_("không có loại câu hỏi “%(kind)s”"), kind=draft.kind)))
                continue
            if draft.topic != topic:
                topic = draft.topic
                category = SubElement(root, "question", {"type": "category"})
                add(category, "category", f"{_TOP}/{topic}")
            question, found = _question(draft, pictures)
            root.append(question)
            losses += [Loss(draft.code, finding) for finding in found]
        return Written(safe_xml.document(root), tuple(losses))


class _Reader:
    """Reads the questions of a file one after the other: a category holds for those behind it."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.pictures: dict[str, bytes] = {}
        self.topic = ""
        self.place = 0
        self.budget = Budget()

    def entry(self, question: Element) -> Entry | None:
        kind = question.get("type", "")
        if kind == "category":
            self._category(question)
            return None
        self.place += 1
        name = shown_name(text_of(child(question, "idnumber")) or text_of(child(child(question, "name"), "text")) or f"#{self.place}")
        if kind not in READERS:
            strange = error(N_("loại câu hỏi “%(kind)s” của Moodle chưa có ở đây"), kind=kind[:40])
            return Entry(self.place, name, None, (error(UNKNOWN_TYPES[kind]) if kind in UNKNOWN_TYPES else strange,))
        asked = Asked(question, Texts(self.budget))
        try:
            native = READERS[kind](asked)
        except UnreadableError as unreadable:
            return Entry(self.place, name, None, distinct([*asked.findings, unreadable.finding]))
        draft, found = self.item(asked, native)
        draft, findings = _completed(question, draft, found)
        return Entry(self.place, name, draft, distinct(findings))

    def item(self, asked: Asked, native: Native) -> tuple[ItemDraft, list[Finding]]:
        """The item as Moodle alone says it."""
        named = self._picture(asked, native)
        draft, found = self._with_picture(asked, _draft(asked, native, self.topic), named)
        return draft, [*asked.findings, *found]

    def _category(self, question: Element) -> None:
        path = clean(text_of(child(child(question, "category"), "text")))
        self.topic = topic_of(path)
        last = path.rpartition("/")[2]
        if not self.topic and last != "top":
            found = note(N_("chuyên mục “%(path)s” không phải mã chủ đề; chọn chủ đề khi nhập"), path=path[:120])
            if found not in self.findings:
                self.findings.append(found)
        if clean(text_of(child(child(question, "info"), "text"))):
            found = lost(N_("lời giới thiệu của chuyên mục không chuyển được"))
            if found not in self.findings:
                self.findings.append(found)

    def _picture(self, asked: Asked, native: Native) -> str:
        """Which file is the item's picture; its further pictures and files are named as lost."""
        named = self._shown(asked, native)
        picture = native.body.get("picture")
        if isinstance(picture, dict) and not picture["alt"]:
            picture["alt"] = clean(text_of(child(child(asked.element, "name"), "text"))) or f"#{self.place}"
            asked.findings.append(note(NO_ALT))
        return named

    def _shown(self, asked: Asked, native: Native) -> str:
        if isinstance(picture := native.body.get("picture"), dict):
            return str(picture["sha256"])
        old = child(asked.element, "image_base64")
        if old is not None and text_of(old).strip():
            asked.lost(N_("hình theo cách ghi cũ của Moodle (image_base64) không chuyển được; lưu lại câu bằng Moodle mới"))
        if not asked.texts.images:
            return ""
        image, *further = asked.texts.images
        if further:
            asked.lost(N_("hình thứ hai trở đi của câu không chuyển được; mỗi câu có một hình"))
        named = file_name(image.source)
        if named is None:
            asked.lost(N_("hình ở địa chỉ ngoài “%(name)s” không được tải về"), name=image.source[:80])
            return ""
        native.body["picture"] = {"sha256": named, "alt": image.alt, "width": image.width, "height": image.height}
        return named

    def _with_picture(self, asked: Asked, draft: ItemDraft, named: str) -> tuple[ItemDraft, list[Finding]]:
        """The item with its picture's name in this file, or without it and why."""
        if not named:
            return draft, []
        content = asked.texts.files.get(named)
        picture = draft.body.get("picture")
        if content is None or not isinstance(picture, dict) or len(self.pictures) >= MOST_PICTURES:
            body = {key: value for key, value in draft.body.items() if key != "picture"}
            return replace(draft, body=body), [lost(N_("thiếu hình “%(name)s”"), name=named[:80])]
        stored = _STORED_NAME.fullmatch(named)
        name = stored[1] if stored else named
        if not stored and self.pictures.get(name, content) != content:
            name = f"{self.place}/{name}"  # two questions may each have their “image.png”
        self.pictures[name] = content
        return replace(draft, body={**draft.body, "picture": {**picture, "sha256": name}}), []


def _draft(asked: Asked, native: Native, topic: str) -> ItemDraft:
    name = clean(text_of(child(child(asked.element, "name"), "text")))
    number = clean(asked.value("idnumber"))
    if number and not CODE.fullmatch(number):
        asked.lost(N_("mã (idnumber) “%(code)s” không dùng làm mã câu hỏi được"), code=number[:60])
    level, tags = _level_and_tags(asked.element)
    explanation = asked.texts.read(child(asked.element, "generalfeedback"))
    _name_the_rest(asked, native)
    return ItemDraft(
        code=number if CODE.fullmatch(number) else code_of(name),
        topic=topic,
        kind=native.kind,
        level=level,
        stem=asked.stem or name,
        body=native.body,
        key=native.key,
        explanation=explanation,
        whys=native.whys,
        tags=tags,
    )


def _level_and_tags(question: Element) -> tuple[str, tuple[str, ...]]:
    names = {fold(name): level.value for level, name in LEVEL_NAMES.items()} | {level.value.lower(): level.value for level in LEVELS}
    level, tags = "", []
    for holder in children(question, "tags"):
        for tag in children(holder, "tag"):
            text = clean(text_of(child(tag, "text")))
            said = names.get(fold(text.removeprefix(_LEVEL_TAG)))
            if said and not level:
                level = said
            elif text:
                tags.append(text)
    return level, tuple(tags)


def _name_the_rest(asked: Asked, native: Native) -> None:
    """What Moodle says of a question beside what it asks."""
    question = asked.element
    if child(question, "hint") is not None:
        asked.lost(N_("gợi ý cho các lượt trả lời (hint) không chuyển được"))
    overall = [asked.texts.read(child(question, name)) for name in _OVERALL]
    if any(text and fold(text) not in _SAYS_NOTHING for text in overall):
        asked.lost(N_("phản hồi chung theo kết quả (đúng, đúng một phần, sai) không chuyển được"))
    if asked.value("hidden", "0") == "1":
        asked.findings.append(note(N_("câu đang bị ẩn trong Moodle")))
    grade = percent(asked.value("defaultgrade", "1"))
    if grade not in (0.0, 1.0) and native.kind != "essay":
        asked.findings.append(note(N_("điểm riêng của câu (%(grade)s) không giữ: mỗi câu một điểm trong đề"), grade=f"{grade:g}"))
    if asked.texts.read(child(question, "instructions")):
        asked.lost(N_("lời dẫn về đơn vị tính không chuyển được"))


def _completed(question: Element, draft: ItemDraft, findings: list[Finding]) -> tuple[ItemDraft, list[Finding]]:
    """The item with what is carried beside it. What was known to be lost when it was written is not told again: it is carried."""
    rest = child(question, OURS)
    if rest is None:
        return draft, findings
    whole, held = completed(draft, text_of(rest))
    if not held:
        return whole, [*findings, note(N_("câu đã được sửa ở hệ thống khác; phần dữ liệu riêng không còn khớp được bỏ qua"))]
    known = rest.get("known", "").split()
    return whole, [finding for finding in findings if _fingerprint(finding) not in known]


def _fingerprint(finding: Finding) -> str:
    return hashlib.sha256(str(finding).encode("utf-8", "replace")).hexdigest()[:12]


def _question(draft: ItemDraft, pictures: Mapping[str, bytes]) -> tuple[Element, list[Finding]]:
    sheet = Sheet(draft, pictures, cloze_source(draft) if draft.kind == "cloze" else None)
    WRITERS[draft.kind](sheet)
    tags = SubElement(sheet.root, "tags")
    for tag in (f"{_LEVEL_TAG}{draft.level}", *draft.tags):
        add(tags, "tag", tag)
    unsaid = [name for field, name in _UNSAID.items() if getattr(draft, field)]
    if unsaid:
        sheet.losses.append(lost(N_("Moodle không có chỗ cho: %(what)s (chỉ hệ thống này đọc lại được)"), what=", ".join(unsaid)))
    if (name := picture_name(draft)) and name not in pictures:
        sheet.losses.append(lost(N_("thiếu hình “%(name)s”"), name=name[:80]))
    native, found = _read_back(sheet.root, draft)
    rest = SubElement(sheet.root, OURS)
    rest.text = leftovers(draft, native) or "{}"
    if found:
        rest.set("known", " ".join(dict.fromkeys(map(_fingerprint, found))))
    return sheet.root, sheet.losses


def _read_back(question: Element, draft: ItemDraft) -> tuple[ItemDraft, list[Finding]]:
    """The question as it will be read, without what is carried beside it."""
    reader = _Reader()
    reader.topic = topic_of(draft.topic)
    asked = Asked(safe_xml.parse(safe_xml.document(question)), Texts())
    try:
        native = READERS[TYPES[draft.kind]](asked)
    except UnreadableError:
        # Others cannot read it (a hotspot without its picture), so this service could not either.
        return replace(draft, body={}, key=[]), []
    return reader.item(asked, native)
