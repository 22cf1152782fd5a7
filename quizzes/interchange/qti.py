"""QTI 2.1, 2.2 and 3.0: one item (.xml) or a package of items (.zip with imsmanifest.xml). docs/interchange.md says what is carried."""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote_to_bytes
from xml.etree.ElementTree import Element

from lms.kit.errors import N_
from quizzes.interchange import safe_xml, safe_zip
from quizzes.interchange.document import (
    MOST_ITEMS,
    MOST_PICTURES,
    Entry,
    Finding,
    Loss,
    Parsed,
    Written,
    error,
    limited,
    lost,
    note,
    picture_name,
    refusal,
    shown_name,
    size_refusal,
    too_many_items,
)
from quizzes.interchange.leftovers import leftovers
from quizzes.interchange.markup import Image
from quizzes.interchange.qti_manifest import MANIFEST, Contents, Listed, Packed, contents, manifest, media_type, resolved
from quizzes.interchange.qti_names import EDITIONS, Edition, in_common, in_edition
from quizzes.interchange.qti_read import STORED_NAME, Known, native_item, picture_of, read_item
from quizzes.interchange.qti_write import Href, Sheet, add_notes
from quizzes.interchange.qti_write_kinds import KIND_WRITERS
from quizzes.rules.bank import CODE, ItemDraft

_HEAD = 4_000
MOST_ITEM_ELEMENTS = 20_000
MOST_PACKAGE_ELEMENTS = 400_000
_ITEM_ROOTS = ("assessmentItem", "qti-assessment-item")
_OLD = b"questestinterop"
_TOO_MANY = N_("câu hoặc gói lớn hơn mức đọc được trong một lần; chia thành nhiều gói nhỏ hơn")
_LOST_SCORING = N_("QTI không có cách chia điểm theo cặp bước liền kề; hệ thống khác chỉ cho điểm khi đúng cả thứ tự")
_LOST_MARKS = N_("hệ thống khác có thể không chấm “không phân biệt dấu tiếng Việt”")
_LOST_MARKERS = N_("QTI không nói số người chấm mỗi bài")


@dataclass(frozen=True, slots=True)
class Qti:
    """One edition. Every edition is read by all of them; each writes its own."""

    edition: Edition

    @property
    def name(self) -> str:
        return f"qti{self.edition.number.replace('.', '')}"

    @property
    def label(self) -> str:
        return {"2.1": N_("IMS QTI 2.1 (gói ZIP)"), "2.2": N_("IMS QTI 2.2 (gói ZIP)"), "3.0": N_("1EdTech QTI 3.0 (gói ZIP)")}[
            self.edition.number
        ]

    @property
    def suffixes(self) -> tuple[str, ...]:
        return (".zip", ".xml")

    @property
    def media_type(self) -> str:
        return "application/zip"

    def recognises(self, data: bytes) -> bool:
        head = _manifest_head(data) if safe_zip.is_zip(data) else data[:_HEAD]
        if self.edition.number == "2.1" and _OLD in head:
            return True  # to say that it is too old
        return self.edition.namespace.encode() in head or self.edition.item_type.encode() in head

    def read(self, data: bytes) -> Parsed:
        if refused := size_refusal(data):
            return refused
        try:
            return _Reader().package(data) if safe_zip.is_zip(data) else _Reader().single(data)
        except (safe_xml.XmlRefusedError, safe_zip.ZipRefusedError) as failed:
            return Parsed(findings=(failed.finding,))

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        return _Writer(self.edition, pictures).package(items)


def _manifest_head(data: bytes) -> bytes:
    try:
        package = safe_zip.opened(data)
        path = _manifest_path(package)
        return package.read(path)[:200_000] if path else b""
    except safe_zip.ZipRefusedError:
        return b""


def _manifest_path(package: safe_zip.Package) -> str:
    """The manifest, at the top or in the one folder everything was packed in."""
    found = [name for name in package.names if posixpath.basename(name).lower() == MANIFEST]
    return min(found, key=lambda name: (name.count("/"), name)) if found else ""


class _Reader:
    """Reads one file; keeps the pictures its items show."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.package_: safe_zip.Package | None = None
        self.elements = 0

    def single(self, data: bytes) -> Parsed:
        root = safe_xml.parse(data)
        name = safe_xml.local(root)
        if name in _ITEM_ROOTS:
            return Parsed(limited([self._entry(1, root, "", Known())]), pictures=self.pictures)
        if name == _OLD.decode():
            return refusal(N_("tệp là QTI 1.2; xuất lại ở định dạng QTI 2.1 trở lên"))
        if name == "manifest":
            return refusal(N_("đây chỉ là bản kê (imsmanifest.xml); gửi cả gói ZIP"))
        return refusal(N_("tệp XML này không phải câu hỏi QTI (thẻ gốc “%(name)s”)"), name=name[:60])

    def package(self, data: bytes) -> Parsed:
        package = self.package_ = safe_zip.opened(data)
        path = _manifest_path(package)
        if path:
            listed = contents(safe_xml.parse(package.read(path)), posixpath.dirname(path))
        else:
            listed = Contents(tuple(Listed(name, Known()) for name in package.names if name.lower().endswith(".xml")))
        if len(listed.items) > MOST_ITEMS:
            return too_many_items()
        entries = [one for place, item in enumerate(listed.items, start=1) if (one := self._listed(place, item, strict=bool(path)))]
        if not entries:
            return refusal(N_("gói không có câu hỏi QTI nào (không có mục imsqti_item trong imsmanifest.xml)"))
        return Parsed(limited(entries), tuple(_package_findings(listed, bool(path))), self.pictures)

    def _listed(self, place: int, item: Listed, *, strict: bool) -> Entry | None:
        """An item of the package; None where a package without a manifest holds something else there."""
        name = shown_name(item.known.code or item.path)
        package = self.package_
        if package is None or item.path not in package:
            return Entry(place, name, None, (error(N_("gói thiếu tệp “%(path)s” mà bản kê có ghi"), path=shown_name(item.path)),))
        if self.elements > MOST_PACKAGE_ELEMENTS:
            return Entry(place, name, None, (error(_TOO_MANY),))
        try:
            root = safe_xml.parse(package.read(item.path))
        except (safe_xml.XmlRefusedError, safe_zip.ZipRefusedError) as failed:
            return Entry(place, name, None, (failed.finding,))
        if safe_xml.local(root) not in _ITEM_ROOTS:
            found = error(N_("tệp “%(path)s” không phải câu hỏi QTI"), path=shown_name(item.path))
            return Entry(place, name, None, (found,)) if strict else None
        return self._entry(place, root, posixpath.dirname(item.path), item.known)

    def _entry(self, place: int, root: Element, folder: str, known: Known) -> Entry:
        elements = sum(1 for _element in root.iter())
        self.elements += elements
        if elements > MOST_ITEM_ELEMENTS or self.elements > MOST_PACKAGE_ELEMENTS:
            return Entry(place, shown_name(root.get("identifier", "")), None, (error(_TOO_MANY),))
        root = in_common(root)
        reading = read_item(root, known)
        name = shown_name((reading.draft.code if reading.draft else "") or root.get("title", "") or root.get("identifier", ""))
        draft, findings = reading.draft, list(reading.findings)
        if draft is not None and reading.image is not None:
            draft, found = self._with_picture(draft, reading.image, folder)
            findings += found
        return Entry(place, name, draft, tuple(findings))

    def _with_picture(self, draft: ItemDraft, image: Image, folder: str) -> tuple[ItemDraft, list[Finding]]:
        """The item with its picture's name in this file, or without it and why."""
        name, content, finding = self._found(image, folder)
        picture = draft.body.get("picture")
        if content is not None and isinstance(picture, dict):
            self.pictures[name] = content
            if picture.get("sha256") == picture_of(image.source):
                draft = replace(draft, body={**draft.body, "picture": {**picture, "sha256": name}})
            return draft, []
        body = {key: value for key, value in draft.body.items() if key != "picture"}
        return replace(draft, body=body), [finding]

    def _found(self, image: Image, folder: str) -> tuple[str, bytes | None, Finding]:
        source = image.source
        missing = lost(N_("thiếu hình “%(name)s”"), name=shown_name(source))
        if len(self.pictures) >= MOST_PICTURES:
            return "", None, lost(N_("tệp có hơn %(most)s hình; hình “%(name)s” bỏ qua"), most=MOST_PICTURES, name=shown_name(source))
        if source.startswith("data:"):
            content = _embedded(source)
            return f"embedded-{len(self.pictures) + 1}", content, missing
        if re.match(r"[a-z][a-z0-9+.-]*:|//", source, re.IGNORECASE):
            return "", None, lost(N_("hình ở địa chỉ ngoài “%(name)s” không được tải về"), name=shown_name(source))
        path = resolved(folder, source)
        if self.package_ is None or path not in self.package_:
            return "", None, missing
        stem = posixpath.splitext(posixpath.basename(path))[0]
        try:
            return stem if STORED_NAME.fullmatch(stem) else path, self.package_.read(path), missing
        except safe_zip.ZipRefusedError:
            return "", None, missing


def _embedded(source: str) -> bytes | None:
    head, comma, payload = source.partition(",")
    if not comma:
        return None
    try:
        raw = unquote_to_bytes(payload)
        return base64.b64decode(raw, validate=False) if head.endswith(";base64") else raw
    except (binascii.Error, ValueError):
        return None


def _package_findings(listed: Contents, has_manifest: bool) -> list[Finding]:
    found = []
    if not has_manifest:
        found.append(note(N_("gói không có imsmanifest.xml; đọc mọi tệp câu hỏi tìm thấy")))
    if listed.tests:
        found.append(lost(N_("đề kiểm tra (assessmentTest) trong gói không nhập; chỉ nhập câu hỏi")))
    if listed.stimuli:
        found.append(lost(N_("đoạn học liệu dùng chung (stimulus) trong gói không nhập")))
    return found


class _Writer:
    def __init__(self, edition: Edition, pictures: Mapping[str, bytes]) -> None:
        self.edition, self.pictures = edition, pictures

    def package(self, items: Sequence[ItemDraft]) -> Written:
        losses: list[Loss] = []
        packed: list[Packed] = []
        files: dict[str, bytes] = {}
        for number, draft in enumerate(items, start=1):
            if draft.kind not in KIND_WRITERS:
                losses.append(Loss(draft.code, error(N_("không có loại câu hỏi “%(kind)s”"), kind=draft.kind)))
                continue
            name = draft.code if CODE.fullmatch(draft.code) else f"item-{number:05d}"
            path = f"items/{name}.xml"
            if path in files:
                path = f"items/{name}-{number:05d}.xml"
            files[path], shown, interactions = self._item(draft)
            packed.append(Packed(path, draft, shown, interactions))
            losses += [Loss(draft.code, finding) for finding in self._losses(draft)]
        for shown_picture in sorted({picture_name(draft) or "" for draft in items} & self.pictures.keys()):
            files[self._picture_path(shown_picture)[0]] = self.pictures[shown_picture]
        listing = safe_xml.document(manifest(packed, self.edition))
        return Written(safe_zip.packed({MANIFEST: listing, **files}), tuple(losses))

    def _item(self, draft: ItemDraft) -> tuple[bytes, tuple[str, ...], tuple[str, ...]]:
        tree = item_tree(draft, self.edition, self._href)
        interactions = tuple(dict.fromkeys(one.tag for one in tree.iter() if one.tag.endswith("Interaction")))
        name = picture_name(draft)
        shown = (self._picture_path(name)[0],) if name and name in self.pictures else ()
        return safe_xml.document(in_edition(tree, self.edition)), shown, interactions

    def _picture_path(self, name: str) -> tuple[str, str]:
        suffix, kind = media_type(self.pictures.get(name, b""))
        safe = name if STORED_NAME.fullmatch(name) else re.sub(r"[^A-Za-z0-9._-]", "_", name)[:80]
        return f"images/{safe}{suffix}", kind

    def _href(self, name: str) -> tuple[str, str]:
        path, kind = self._picture_path(name)
        return f"../{path}", kind if kind.startswith("image/") else "image/png"

    def _losses(self, draft: ItemDraft) -> list[Finding]:
        found = []
        if draft.kind == "ordering" and draft.body.get("scoring") == "partial":
            found.append(lost(_LOST_SCORING))
        if "ignored" in (draft.body.get("diacritics"), *(gap.get("diacritics") for gap in draft.body.get("gaps", []))):
            found.append(lost(_LOST_MARKS))
        if draft.body.get("markers", 1) != 1:
            found.append(lost(_LOST_MARKERS))
        if (name := picture_name(draft)) and name not in self.pictures:
            found.append(lost(N_("thiếu hình “%(name)s”"), name=name[:80]))
        return found


def item_tree(draft: ItemDraft, edition: Edition, href: Href) -> Element:
    """A sound item under the names of QTI 2, with what QTI has no place for beside it."""
    sheet = Sheet(draft, edition, href)
    KIND_WRITERS[draft.kind](sheet)
    add_notes(sheet)
    outcomes = len(sheet.outcomes)
    native = native_item(_copied(sheet.finished()))
    if native is not None and (rest := leftovers(draft, native)):
        sheet.note("REST", rest)
        place = list(sheet.root).index(sheet.body)
        for further in sheet.outcomes[outcomes:]:
            sheet.root.insert(place, further)
    return sheet.root


def _copied(root: Element) -> Element:
    """Through its own bytes, so that what is compared is what will be read."""
    return in_common(safe_xml.parse(safe_xml.document(root)))


FORMATS = tuple(Qti(edition) for edition in EDITIONS.values())
