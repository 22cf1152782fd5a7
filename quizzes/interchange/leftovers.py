"""What a foreign format has no place for, carried beside it so that what this service wrote it reads back whole.

A leftover names a part of the item, the part as the format itself says it (by its fingerprint), and what it is in truth. It holds only as
long as the format still says what it said: whoever edits the file elsewhere is believed, never the leftover.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date
from typing import Any

from quizzes.rules.bank import ItemDraft

_BODY = "body."
_DATES = ("valid_from", "valid_to")
_ABSENT = "absent"
_DEEPEST = 12


def leftovers(draft: ItemDraft, native: ItemDraft) -> str:
    """What `native`, the item as the format alone would be read, lacks of the draft, as one text; empty where it lacks nothing."""
    wanted, found = _parts(draft), _parts(native)
    rest: dict[str, list[Any]] = {}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in wanted:
            rest[name] = [_fingerprint(found[name])]
        elif name not in found or _json(wanted[name]) != _json(found[name]):
            rest[name] = [_fingerprint(found[name]) if name in found else _ABSENT, wanted[name]]
    return _json(rest) if rest else ""


def completed(native: ItemDraft, text: str) -> tuple[ItemDraft, bool]:
    """The item with its leftovers, and whether all of them still held. Text of any kind is safe to give."""
    try:
        rest = json.loads(text)
    except (ValueError, RecursionError):
        return native, False
    if not isinstance(rest, dict) or _is_deep(rest):
        return native, False
    parts = _parts(native)
    held = {name for name, leftover in rest.items() if _holds(parts, name, leftover)}
    if any(_is_together(name) for name in rest.keys() - held):
        held = {name for name in held if not _is_together(name)}
    for name in held:
        if len(rest[name]) == 1:
            del parts[name]
        else:
            parts[name] = rest[name][1]
    draft = _draft(native, parts)
    return (native, False) if draft is None else (draft, len(held) == len(rest))


def _holds(parts: Mapping[str, Any], name: str, leftover: Any) -> bool:
    return (
        isinstance(leftover, list) and leftover[:1] == [_said(parts, name)] and len(leftover) <= 2 and (len(leftover) == 2 or name in parts)
    )


def _is_together(name: str) -> bool:
    """Options, key and reasons name one another by id: they hold together or not at all."""
    return name.startswith(_BODY) or name in ("key", "whys", "kind")


def _said(parts: Mapping[str, Any], name: str) -> str:
    return _fingerprint(parts[name]) if name in parts else _ABSENT


def _parts(draft: ItemDraft) -> dict[str, Any]:
    parts = asdict(draft)
    body = parts.pop("body")
    for name in _DATES:
        parts[name] = parts[name].isoformat() if parts[name] else None
    parts["tags"] = list(parts["tags"])
    return parts | {_BODY + name: value for name, value in body.items()}


def _draft(native: ItemDraft, parts: Mapping[str, Any]) -> ItemDraft | None:
    """The parts as an item again; None where they are none (a file of a stranger may say anything)."""
    body = {name.removeprefix(_BODY): value for name, value in parts.items() if name.startswith(_BODY)}
    values = {name: value for name, value in parts.items() if not name.startswith(_BODY)}
    try:
        for name in _DATES:
            values[name] = date.fromisoformat(values[name]) if values[name] else None
        draft = replace(native, **{**values, "body": body, "tags": tuple(values["tags"])})
    except (TypeError, ValueError, KeyError):
        return None
    return draft if _is_well_formed(draft) else None


def _is_well_formed(draft: ItemDraft) -> bool:
    """Is everything of the type an item's parts are of?"""
    if not isinstance(draft.key, list) or not isinstance(draft.whys, dict):
        return False
    texts = (draft.code, draft.topic, draft.kind, draft.level, draft.stem, draft.explanation, *draft.key, *draft.tags)
    perhaps = (draft.legal_basis, draft.competency, draft.lesson, draft.framework, draft.purpose)
    return all(isinstance(one, str) for one in (*texts, *draft.whys, *draft.whys.values())) and all(
        one is None or isinstance(one, str) for one in perhaps
    )


def _is_deep(value: Any) -> bool:
    """Is this nested deeper than the body of any item?"""
    level = [value]
    for _depth in range(_DEEPEST):
        level = [inner for one in level if isinstance(one, dict | list) for inner in (one.values() if isinstance(one, dict) else one)]
    return bool(level)


def _fingerprint(value: Any) -> str:
    return hashlib.sha256(_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _json(value: Any) -> str:
    # U+FFFE and U+FFFF are characters to JSON but not to XML.
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.replace("\ufffe", "\\ufffe").replace("\uffff", "\\uffff")
