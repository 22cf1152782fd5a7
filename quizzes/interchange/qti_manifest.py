"""imsmanifest.xml: what a package holds, and what is said of each item beside the item itself (LOM)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote
from xml.etree.ElementTree import Element, SubElement

from lms.kit.vietnamese import clean
from quizzes.interchange.document import code_of, topic_of
from quizzes.interchange.qti_names import Edition
from quizzes.interchange.qti_read import Known
from quizzes.interchange.safe_xml import child, children, local, text_of
from quizzes.rules.bank import LEVELS, ItemDraft

MANIFEST = "imsmanifest.xml"
_LOM = "http://ltsc.ieee.org/xsd/LOM"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_CATALOG = "cong-vu-lms"
_TOPIC, _LEVEL, _BASIS = "discipline", "educational level", "isbasedon"


@dataclass(frozen=True, slots=True)
class Listed:
    """An item a manifest lists: where it is in the package, and what is known of it."""

    path: str
    known: Known


@dataclass(frozen=True, slots=True)
class Packed:
    """An item as a package being written holds it, with the paths of its pictures."""

    path: str
    draft: ItemDraft
    pictures: tuple[str, ...]
    interactions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    items: tuple[Listed, ...]
    tests: int = 0
    stimuli: int = 0


def contents(root: Element, folder: str) -> Contents:
    """What a manifest lists; `folder` is where it lies in the package."""
    items, tests, stimuli = [], 0, 0
    for resource in root.iter():
        if local(resource) != "resource":
            continue
        kind = resource.get("type", "").lower()
        tests += kind.startswith("imsqti_test")
        stimuli += kind.startswith("imsqti_stimulus")
        href = resource.get("href") or next((one.get("href", "") for one in children(resource, "file")), "")
        if ("item" in kind and "imsqti" in kind) and href:
            items.append(Listed(resolved(folder, href), _known(child(resource, "metadata"))))
    return Contents(tuple(items), tests, stimuli)


def resolved(folder: str, href: str) -> str:
    """A path inside the package; one that climbs out of it is nowhere, for no entry may be so called."""
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0].partition("?")[0])))


def _known(metadata: Element | None) -> Known:
    if metadata is None:
        return Known()
    found = {"code": "", "topic": "", "level": "", "legal_basis": ""}
    for element in metadata.iter():
        name = local(element)
        if name == "identifier" and not found["code"]:
            found["code"] = code_of(text_of(child(element, "entry")))
        elif name == "classification":
            purpose = clean(text_of(child(child(element, "purpose"), "value")))
            entry = clean(" ".join(text_of(one) for one in element.iter() if local(one) == "entry"))
            if purpose == _TOPIC and not found["topic"]:
                found["topic"] = topic_of(entry)
            elif purpose == _LEVEL and entry in LEVELS:
                found["level"] = entry
        elif name == "relation" and clean(text_of(child(child(element, "kind"), "value"))) == _BASIS:
            found["legal_basis"] = clean(text_of(child(child(element, "resource"), "description")))
    return Known(**found)


def manifest(items: Iterable[Packed], edition: Edition) -> Element:
    root = Element(
        "manifest",
        {
            "xmlns": edition.manifest_namespace,
            "xmlns:lom": _LOM,
            "xmlns:imsqti": edition.namespace if edition.number != "3.0" else "http://www.imsglobal.org/xsd/imsqti_metadata_v3p0",
            "xmlns:xsi": _XSI,
            "xsi:schemaLocation": f"{edition.manifest_namespace} {edition.manifest_schema}",
            "identifier": "MANIFEST-cong-vu-lms",
        },
    )
    about = SubElement(root, "metadata")
    SubElement(about, "schema").text = edition.manifest_name
    SubElement(about, "schemaversion").text = edition.manifest_version
    SubElement(root, "organizations")
    resources = SubElement(root, "resources")
    for number, item in enumerate(items, start=1):
        resource = SubElement(resources, "resource", {"identifier": f"ITEM-{number:05d}", "type": edition.item_type, "href": item.path})
        metadata = SubElement(resource, "metadata")
        _write_lom(metadata, item.draft)
        _write_qti_metadata(metadata, item.interactions)
        for path in (item.path, *item.pictures):
            SubElement(resource, "file", {"href": path})
    return root


def _write_lom(metadata: Element, draft: ItemDraft) -> None:
    lom = SubElement(metadata, "lom:lom")
    general = SubElement(lom, "lom:general")
    identifier = SubElement(general, "lom:identifier")
    SubElement(identifier, "lom:catalog").text = _CATALOG
    SubElement(identifier, "lom:entry").text = draft.code
    _words(SubElement(general, "lom:title"), clean(draft.stem)[:120] or draft.code)
    SubElement(general, "lom:language").text = "vi"
    for tag in draft.tags:
        _words(SubElement(general, "lom:keyword"), tag)
    if draft.legal_basis:
        relation = SubElement(lom, "lom:relation")
        _value(SubElement(relation, "lom:kind"), _BASIS)
        _words(SubElement(SubElement(relation, "lom:resource"), "lom:description"), draft.legal_basis)
    for purpose, source, entry in (
        (_TOPIC, _CATALOG, draft.topic),
        (_LEVEL, _CATALOG, draft.level),
        ("competency", draft.framework or _CATALOG, draft.competency or ""),
    ):
        if entry:
            classification = SubElement(lom, "lom:classification")
            _value(SubElement(classification, "lom:purpose"), purpose)
            path = SubElement(classification, "lom:taxonPath")
            _words(SubElement(path, "lom:source"), source)
            taxon = SubElement(path, "lom:taxon")
            _words(SubElement(taxon, "lom:entry"), entry)


def _write_qti_metadata(metadata: Element, interactions: Iterable[str]) -> None:
    about = SubElement(metadata, "imsqti:qtiMetadata")
    SubElement(about, "imsqti:timeDependent").text = "false"
    for name in interactions:
        SubElement(about, "imsqti:interactionType").text = name


def _value(parent: Element, value: str) -> None:
    SubElement(parent, "lom:source").text = "LOMv1.0"
    SubElement(parent, "lom:value").text = value


def _words(parent: Element, text: str) -> None:
    SubElement(parent, "lom:string", {"language": "vi"}).text = text


def media_type(content: bytes) -> tuple[str, str]:
    """Suffix and media type of a picture, by its first bytes."""
    for start, found in _SIGNATURES.items():
        if content.startswith(start):
            return found
    return (".webp", "image/webp") if content[8:12] == b"WEBP" else (".bin", "application/octet-stream")


_SIGNATURES: Mapping[bytes, tuple[str, str]] = {
    b"\x89PNG": (".png", "image/png"),
    b"\xff\xd8\xff": (".jpg", "image/jpeg"),
    b"GIF8": (".gif", "image/gif"),
}
