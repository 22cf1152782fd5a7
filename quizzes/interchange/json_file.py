"""Our own complete format (docs/interchange.md): every part of every item, its tags and its pictures. What is written is read back as it
was."""

from __future__ import annotations

import base64
import binascii
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any, NoReturn

from lms.kit.errors import N_
from quizzes.interchange.document import (
    MOST_ITEMS,
    Entry,
    Finding,
    Parsed,
    Written,
    error,
    lost,
    picture_name,
    refusal,
    shown_name,
    size_refusal,
    too_many_items,
)
from quizzes.interchange.text_bytes import UnreadableError, decoded
from quizzes.rules.bank import ItemDraft

FORMAT, VERSION = "congvu-lms/questions", 1
_NEEDED = ("kind", "stem", "body", "key")
_TEXTS = ("code", "topic", "kind", "level", "stem", "explanation")
_PERHAPS = ("legal_basis", "competency", "lesson", "framework", "purpose")
_DATES = ("valid_from", "valid_to")
_FIELDS = tuple(field.name for field in fields(ItemDraft))
_MOST_VALUES = 3_000_000  # of braces and commas: what a parser makes of more takes too much memory
_DEEPEST = 12


class _TwiceError(ValueError):
    """A name that stands twice in an object."""


class JsonFormat:
    name = "json"
    label = N_("JSON của Công vụ LMS (đầy đủ)")
    suffixes = (".json",)
    media_type = "application/json"

    def recognises(self, data: bytes) -> bool:
        start = data[:4096].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
        return start.startswith((b"{", b"["))

    def read(self, data: bytes) -> Parsed:
        if refused := size_refusal(data):
            return refused
        if sum(map(data.count, (b"{", b"[", b","))) > _MOST_VALUES:
            return refusal(N_("tệp JSON có quá nhiều phần tử; chia thành nhiều tệp nhỏ hơn"))
        loaded = _loaded(data)
        return loaded if isinstance(loaded, Parsed) else _document(*loaded)

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        used = sorted(pictures.keys() & {picture_name(item) for item in items})
        document = {
            "format": FORMAT,
            "version": VERSION,
            "items": [_written(item) for item in items],
            "pictures": {name: base64.b64encode(pictures[name]).decode() for name in used},
        }
        return Written(json.dumps(document, ensure_ascii=False, indent=1).encode("utf-8", "replace"))


def _loaded(data: bytes) -> Parsed | tuple[Any, list[Finding]]:
    """The document and what was done to its letters, or the refusal."""
    try:
        text, notes = decoded(data, lines=False)
        document = json.loads(text, object_pairs_hook=_object, parse_constant=_refuse_constant)
    except UnreadableError:
        return refusal(N_("không đọc được chữ trong tệp; lưu lại với bảng mã UTF-8"))
    except json.JSONDecodeError as failed:
        return refusal(N_("không đọc được JSON: %(reason)s"), line=failed.lineno, reason=failed.msg)
    except _TwiceError as twice:
        return refusal(N_("tên “%(name)s” đứng hai lần trong một đối tượng"), name=str(twice)[:80])
    except (RecursionError, ValueError):
        return refusal(N_("không đọc được JSON: lồng quá sâu hoặc có số không hợp lệ"))
    return document, notes


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _TwiceError(Counter(name for name, _value in pairs).most_common(1)[0][0])
    return found


def _document(document: Any, notes: list[Finding]) -> Parsed:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        return refusal(N_("tệp JSON này không phải của ngân hàng câu hỏi: cần “format”: “%(format)s”"), format=FORMAT)
    if document.get("version") != VERSION:
        return refusal(
            N_("tệp viết theo phiên bản %(version)s; hệ thống này đọc phiên bản %(ours)s"),
            version=str(document.get("version"))[:20],
            ours=VERSION,
        )
    items = document.get("items")
    if not isinstance(items, list):
        return refusal(N_("tệp cần có danh sách “items”"))
    if len(items) > MOST_ITEMS:
        return too_many_items()
    pictures, findings = _pictures(document.get("pictures", {}))
    unknown = sorted(set(document) - {"format", "version", "items", "pictures"})
    if unknown:
        findings.append(lost(N_("không dùng đến “%(names)s”"), names=", ".join(unknown)[:200]))
    entries = tuple(_entry(place, raw) for place, raw in enumerate(items, start=1))
    return Parsed(entries, (*notes, *findings), pictures)


def _pictures(raw: Any) -> tuple[dict[str, bytes], list[Finding]]:
    if not isinstance(raw, dict):
        return {}, [lost(N_("“pictures” phải là một đối tượng: tên hình → nội dung base64"))]
    found: dict[str, bytes] = {}
    findings = []
    for name, text in raw.items():
        try:
            found[name] = base64.b64decode(text, validate=True)
        except (binascii.Error, TypeError, ValueError):
            findings.append(lost(N_("hình “%(name)s” không phải base64"), name=shown_name(name)))
    return found, findings


def _entry(place: int, raw: Any) -> Entry:
    if not isinstance(raw, dict):
        return Entry(place, f"#{place}", None, (error(N_("mục này không phải một câu hỏi")),))
    name = shown_name(next((raw[field] for field in ("code", "stem") if isinstance(raw.get(field), str) and raw[field]), f"#{place}"))
    findings = _type_faults(raw)
    values: dict[str, Any] = {field: raw.get(field) or "" for field in _TEXTS} | {field: raw.get(field) for field in _PERHAPS}
    for field in _DATES:
        try:
            values[field] = date.fromisoformat(raw[field]) if raw.get(field) is not None else None
        except (TypeError, ValueError):
            findings.append(error(N_("“%(name)s” phải là ngày viết dạng 2026-07-01"), name=field))
    if findings:
        return Entry(place, name, None, tuple(findings))
    if unknown := sorted(set(raw) - set(_FIELDS)):
        findings.append(lost(N_("không dùng đến “%(names)s”"), names=", ".join(unknown)[:200]))
    draft = ItemDraft(**values, body=raw["body"], key=raw["key"], whys=raw.get("whys") or {}, tags=tuple(raw.get("tags") or ()))
    return Entry(place, name, draft, tuple(findings))


def _type_faults(raw: Mapping[str, Any]) -> list[Finding]:
    found = [error(N_("thiếu “%(name)s”"), name=field) for field in _NEEDED if raw.get(field) is None]
    found += [
        error(N_("“%(name)s” phải là chữ"), name=field)
        for field in (*_TEXTS, *_PERHAPS)
        if raw.get(field) is not None and not isinstance(raw[field], str)
    ]
    if not isinstance(raw.get("body", {}), dict) or _depth(raw.get("body")) > _DEEPEST:
        found.append(error(N_("“body” phải là một đối tượng, không lồng quá %(most)s lớp"), most=_DEEPEST))
    for field in ("key", "tags"):
        value = raw.get(field)
        if value is not None and not (isinstance(value, list) and all(isinstance(one, str) for one in value)):
            found.append(error(N_("“%(name)s” phải là danh sách các chữ"), name=field))
    whys = raw.get("whys")
    if whys is not None and not (isinstance(whys, dict) and all(isinstance(one, str) for one in whys.values())):
        found.append(error(N_("“whys” phải là một đối tượng: mã phương án → lời giải thích")))
    return found


def _depth(value: Any, so_far: int = 0) -> int:
    if so_far > _DEEPEST or not isinstance(value, dict | list):
        return so_far
    inner = value.values() if isinstance(value, dict) else value
    return max((_depth(one, so_far + 1) for one in inner), default=so_far + 1)


def _written(item: ItemDraft) -> dict[str, Any]:
    """Everything that is not empty, in the order of the draft; dates as ISO writes them."""
    values = {name: getattr(item, name) for name in _FIELDS}
    values |= {name: values[name].isoformat() for name in _DATES if values[name]}
    values["tags"] = list(item.tags)
    return {name: value for name, value in values.items() if name in _NEEDED or value}
