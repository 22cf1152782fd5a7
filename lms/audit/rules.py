"""The chain's arithmetic: what an entry is, word for word, and how one hash follows from another. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

GENESIS = "0" * 64  # what the first link follows
LEAST_KEPT = timedelta(days=92)  # three months, the least that level 3 asks for; how long really is the retention's setting

_json = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True, slots=True)
class Entry:
    """An audit entry as it is stored."""

    id: UUID
    at: datetime
    actor_id: UUID | None
    actor_name: str
    action: str
    subject: str
    details: Mapping[str, Any]
    request_id: str | None
    remote_address: str | None


def canonical(entry: Entry) -> bytes:
    """The entry as JSON: keys sorted, no blanks, UTF-8, the moment in UTC with microseconds. The same on every database."""
    return _json.encode(
        {
            "action": entry.action,
            "actor_id": str(entry.actor_id) if entry.actor_id else None,
            "actor_name": entry.actor_name,
            "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "details": entry.details,
            "id": str(entry.id),
            "remote_address": entry.remote_address,
            "request_id": entry.request_id,
            "subject": entry.subject,
        }
    )


def following(previous: str, entry: Entry) -> str:
    """The hash of the link after `previous`: SHA-256(previous ‖ canonical entry), in hexadecimal."""
    return hashlib.sha256(previous.encode() + canonical(entry)).hexdigest()


def as_table(details: Mapping[str, Any]) -> tuple[list[tuple[str, Any, Any]], list[tuple[str, Any]]]:
    """Details as they are read: (field, before, after) of what changed, and (field, value) of the rest."""
    before, after = details.get("before"), details.get("after")
    changed: list[tuple[str, Any, Any]] = []
    if "before" in details or "after" in details:
        if isinstance(before, Mapping | None) and isinstance(after, Mapping | None):
            keys = list(dict.fromkeys([*(before or {}), *(after or {})]))
            changed = [(key, (before or {}).get(key), (after or {}).get(key)) for key in keys]
        else:
            changed = [("", before, after)]
    return changed, [(key, value) for key, value in details.items() if key not in ("before", "after")]
