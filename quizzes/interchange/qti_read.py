"""A QTI item read as a question, whatever edition it is of and whoever wrote it."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, replace
from datetime import date
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.interchange import markup
from quizzes.interchange.document import Finding, code_of, error, lost, note
from quizzes.interchange.leftovers import completed
from quizzes.interchange.markup import Image
from quizzes.interchange.qti_gaps import INLINE, read_inline
from quizzes.interchange.qti_item import Sight, inside, is_aside, seen
from quizzes.interchange.qti_read_kinds import BLOCK_READERS, MOST_GAPS, UNKNOWN_INTERACTIONS, Native, UnreadableError
from quizzes.interchange.qti_write import written_id
from quizzes.interchange.safe_xml import child
from quizzes.rules.bank import ItemDraft

STORED_NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Known:
    """What a manifest says of an item, for those that do not say it themselves."""

    code: str = ""
    topic: str = ""
    level: str = ""
    legal_basis: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """The item, or why it is none. Its picture is named by the address the item gives."""

    draft: ItemDraft | None
    findings: tuple[Finding, ...]
    image: Image | None = None


def read_item(root: Element, known: Known | None = None) -> Reading:
    """The item of a tree under the names of QTI 2 (`qti_names.in_common`)."""
    sight = seen(root)
    draft, image = _native(sight, known or Known())
    if draft is None:
        return Reading(None, markup.distinct(sight.findings))
    rest = sight.noted("REST")
    if rest and sight.ours:
        draft, held = completed(draft, rest)
        if not held:
            sight.findings.append(note(N_("câu đã được sửa ở hệ thống khác; phần dữ liệu riêng không còn khớp được bỏ qua")))
    return Reading(draft, markup.distinct(sight.findings), image)


def native_item(root: Element) -> ItemDraft | None:
    """The item as QTI alone says it, without what is carried beside it."""
    return _native(seen(root), Known())[0]


def _native(sight: Sight, known: Known) -> tuple[ItemDraft | None, Image | None]:
    try:
        native, stem = _asked(sight)
    except UnreadableError as unreadable:
        sight.findings.append(unreadable.finding)
        return None, None
    image = _picture(sight, native)
    picture = native.body.get("picture")
    if isinstance(picture, dict) and not picture["alt"]:
        picture["alt"] = clean(sight.root.get("title", "") or sight.root.get("identifier", ""))
        sight.findings.append(note(markup.NO_ALT))
    return _draft(sight, known, native, stem), image


def _asked(sight: Sight) -> tuple[Native, str]:
    """What the item asks, and its stem."""
    if child(sight.root, "templateDeclaration") is not None or child(sight.root, "templateProcessing") is not None:
        raise UnreadableError(error(N_("câu sinh số ngẫu nhiên (template) chưa có ở đây; xuất từng phương án cụ thể thành câu riêng")))
    interactions = [one for one in sight.body.iter() if one.tag.endswith("Interaction")]
    if not interactions:
        raise UnreadableError(error(N_("không có phần trả lời nào; đây là trang thông tin, không phải câu hỏi")))
    if len(interactions) > MOST_GAPS:
        raise UnreadableError(error(N_("câu có %(count)s chỗ trống; cần từ 1 đến %(most)s"), count=len(interactions), most=MOST_GAPS))
    if all(one.tag in INLINE for one in interactions):
        return read_inline(sight, interactions)
    if len(interactions) > 1:
        raise UnreadableError(
            error(N_("câu gồm %(count)s phần trả lời khác nhau; tách thành từng câu rồi nhập lại"), count=len(interactions))
        )
    asked = interactions[0]
    if asked.tag not in BLOCK_READERS:
        names = UNKNOWN_INTERACTIONS.get(asked.tag)
        raise UnreadableError(error(N_("dạng câu này chưa có ở đây: %(what)s"), what=names) if names else _strange(asked.tag))
    native = BLOCK_READERS[asked.tag](sight, asked)
    return native, _stem(sight, asked)


def _strange(tag: str) -> Finding:
    return error(N_("dạng câu “%(tag)s” không thuộc QTI"), tag=tag[:60])


def _stem(sight: Sight, asked: Element) -> str:
    """Everything said around the interaction, and its prompt."""
    prompt = child(asked, "prompt")

    def instead(element: Element) -> str | None:
        if element is asked:
            return None if prompt is not None else ""
        return "" if is_aside(element) else None

    # Of the interaction itself only the prompt is read: what stands beside it there has been read already.
    for one in list(asked):
        if one is not prompt:
            asked.remove(one)
    read = markup.read_inside(sight.body, instead)
    sight.took(read)
    return read.text


def _picture(sight: Sight, native: Native) -> Image | None:
    """The item's picture: that of its places, else the first one it shows."""
    if isinstance(picture := native.body.get("picture"), dict):
        for _further in sight.images:
            sight.findings.append(lost(N_("hình thứ hai trở đi của câu không chuyển được; mỗi câu có một hình")))
        image = Image(picture["sha256"], picture["alt"], picture["width"], picture["height"])
        picture["sha256"] = picture_of(image.source)
        return image
    if not sight.images:
        return None
    image = sight.images[0]
    if len(sight.images) > 1:
        sight.findings.append(lost(N_("hình thứ hai trở đi của câu không chuyển được; mỗi câu có một hình")))
    native.body["picture"] = {"sha256": picture_of(image.source), "alt": image.alt, "width": image.width, "height": image.height}
    return image


def picture_of(source: str) -> str:
    """What a picture is called by its address: those this service wrote by the name they had here."""
    stem = posixpath.splitext(posixpath.basename(source))[0]
    return stem if STORED_NAME.fullmatch(stem) else source


def _draft(sight: Sight, known: Known, native: Native, stem: str) -> ItemDraft:
    identifier, title = sight.root.get("identifier", ""), clean(sight.root.get("title", ""))
    code = written_id(identifier) if sight.ours else known.code or code_of(identifier) or code_of(title)
    if native.kind != "essay" and not sight.ours:
        for block in inside(sight.body, "rubricBlock"):
            if "candidate" not in block.get("view", "candidate").split():
                sight.findings.append(lost(N_("hướng dẫn cho người chấm (rubricBlock) không chuyển được ở loại câu này")))
    whys = native.whys
    draft = ItemDraft(
        code=code,
        topic=sight.noted("TOPIC") or known.topic,
        kind=native.kind,
        level=sight.noted("LEVEL") or known.level,
        stem=stem or title,
        body=native.body,
        key=native.key,
        explanation=sight.explanation(),
        whys=whys,
        legal_basis=sight.noted("LEGAL_BASIS") or known.legal_basis or None,
        competency=sight.noted("COMPETENCY") or None,
        framework=sight.noted("FRAMEWORK") or None,
        lesson=sight.noted("LESSON") or None,
        tags=tuple(sight.notes.get("TAGS", ())),
        purpose=sight.noted("PURPOSE") or None,
    )
    return replace(draft, valid_from=_day(sight, "VALID_FROM"), valid_to=_day(sight, "VALID_TO"))


def _day(sight: Sight, name: str) -> date | None:
    text = sight.noted(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        sight.findings.append(lost(N_("ngày “%(day)s” không đọc được"), day=text[:20]))
        return None
