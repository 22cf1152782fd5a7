"""Noting how statements define activities. A wording that is known is known for good, so most statements cost no more than a hash."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast
from uuid import UUID
from weakref import WeakKeyDictionary

import msgspec
from sqlalchemy import Engine, Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from lms.lrs.models import ActivityDefinition
from lms.lrs.rules.activities import activity_key, definition_texts
from lms.lrs.rules.reading import Received

_MOST_REMEMBERED = 50_000
_TABLE = cast(Table, ActivityDefinition.__table__)
# One value for the driver to hand over, and one text of SQL for the server to prepare once (see `operations.rows`).
_ALL_AT_ONCE = (
    "INSERT INTO xapi_activity_definition (activity, digest, position, id, definition) SELECT activity, digest, position, id, definition"
    " FROM json_to_recordset(%s::json) AS given (activity UUID, digest UUID, position UUID, id VARCHAR, definition VARCHAR)"
    " ON CONFLICT DO NOTHING RETURNING digest"
)
# Digests of wordings that are stored, each database's own. What is stored stays, so nothing here ever becomes wrong.
_known: WeakKeyDictionary[Engine, set[str]] = WeakKeyDictionary()


def note_definitions(session: Session, statements: Iterable[tuple[Received, str]]) -> None:
    """Keep the definitions in these statements, each with its position in the store (32 hexadecimal digits)."""
    known = _known.setdefault(cast(Engine, session.get_bind()), set())
    fresh: dict[str, dict[str, Any]] = {}
    for received, position in statements:
        digests = [digest for _activity, digest in received.facts.wordings]
        if known.issuperset(digests):
            continue
        for digest, (activity_id, text) in zip(digests, definition_texts(received.text), strict=True):
            if digest not in known:
                place = {"activity": activity_key(activity_id), "digest": UUID(digest), "position": UUID(position)}
                fresh.setdefault(digest, {**place, "id": activity_id, "definition": text})
    if not fresh:
        return
    own = session.info.setdefault("lrs.defined", set())  # stored by this transaction, which may yet be undone
    own |= _insert(session, list(fresh.values()))
    if len(known) > _MOST_REMEMBERED:
        known.clear()
    known |= fresh.keys() - own


def _insert(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    """Store what is new; returns the digests of that."""
    in_one_order = sorted(rows, key=lambda row: (row["activity"], row["digest"]))  # or two writers could wait for each other
    if session.get_bind().dialect.name == "postgresql":
        stored = session.connection().exec_driver_sql(_ALL_AT_ONCE, (msgspec.json.encode(in_one_order).decode(),))
    else:
        stored = session.connection().execute(sqlite.insert(_TABLE).on_conflict_do_nothing().returning(_TABLE.c.digest), in_one_order)
    return {digest.hex for digest in stored.scalars()}
