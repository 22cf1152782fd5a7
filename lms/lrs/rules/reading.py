"""From the bytes of a request to checked statements, each with the text in which it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from lms.lrs.rules.facts import Facts, facts_of
from lms.lrs.rules.quick import quick_facts
from lms.lrs.rules.statements import check_statement
from lms.lrs.rules.strict_json import MAX_DEPTH, decode, not_json
from lms.lrs.rules.versions import Version

__all__ = ["MAX_DEPTH", "Received", "decode", "from_values", "read_many", "read_one"]


@dataclass(slots=True)
class Received:
    """A valid statement: the exact text in which it was sent, its id, which a PUT may give beside it, and the version of the request that
    brought it. What it says, and what is to be known of it, is found out when it is asked for, unless reading it has found it out."""

    text: str
    id: UUID | None = None
    version: Version = Version.V1
    _values: dict[str, Any] | None = None
    _facts: Facts | None = None

    @property
    def values(self) -> dict[str, Any]:
        if self._values is None:
            self._values = msgspec.json.decode(self.text, type=dict[str, Any])
        return self._values

    @property
    def facts(self) -> Facts:
        if self._facts is None:
            self._facts = facts_of(self.values, self.version)
        return self._facts


def read_one(body: bytes, version: Version = Version.V1) -> Received:
    """The single statement of a PUT. Raises BadRequest or StatementFault."""
    return _quickly(body, version) or _checked(_text(body), "statement", version)


def read_many(body: bytes, version: Version = Version.V1) -> list[Received]:
    """The statements of a POST: one, or an array of them. Raises BadRequest or StatementFault."""
    if not body.lstrip().startswith(b"["):
        return [read_one(body, version)]
    try:
        entries = [bytes(entry) for entry in _decode_entries(body)]
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise not_json(error) from None
    return [_quickly(entry, version) or _checked(_text(entry), f"statements[{index}]", version) for index, entry in enumerate(entries)]


def from_values(statements: Iterable[Mapping[str, Any]]) -> list[Received]:
    """Statements built in this service, held to the same rules as those of others."""
    return [_checked(msgspec.json.encode(values).decode(), f"statements[{index}]", Version.V1) for index, values in enumerate(statements)]


_decode_entries = msgspec.json.Decoder(list[msgspec.Raw]).decode


def _quickly(text: bytes, version: Version) -> Received | None:
    try:
        whole = text.decode()
    except UnicodeDecodeError:
        return None
    facts = quick_facts(text, version)
    return None if facts is None else Received(whole, facts.id, version, None, facts)


def _text(body: bytes) -> str:
    try:
        return body.decode().strip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise not_json(error) from None


def _checked(text: str, path: str, version: Version) -> Received:
    statement = check_statement(decode(text, path), path, version)
    return Received(text, UUID(statement["id"]) if "id" in statement else None, version, statement)
