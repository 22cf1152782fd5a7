"""From the bytes of a request to checked statements, each with the text in which it came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any
from uuid import UUID

import msgspec

from lms.kit.errors import N_
from lms.lrs.rules.faults import BadRequest, StatementFault
from lms.lrs.rules.statements import check_statement
from lms.lrs.rules.versions import Version

MAX_DEPTH = 100  # objects within objects; deeper ones serve nobody but those who want to exhaust a stack

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


@dataclass(frozen=True, slots=True)
class Received:
    """A valid statement: what it says, the exact text in which it was sent, its id, which a PUT may give beside it, and the version of
    the request that brought it."""

    values: dict[str, Any]
    text: str
    id: UUID | None = None
    version: Version = Version.V1


def read_one(body: bytes, version: Version = Version.V1) -> Received:
    """The single statement of a PUT. Raises BadRequest or StatementFault."""
    return _checked(_text(body), "statement", version)


def read_many(body: bytes, version: Version = Version.V1) -> list[Received]:
    """The statements of a POST: one, or an array of them. Raises BadRequest or StatementFault."""
    if not body.lstrip().startswith(b"["):
        return [read_one(body, version)]
    try:
        entries = msgspec.json.decode(body, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _not_json(error) from None
    return [_checked(_text(bytes(entry)), f"statements[{index}]", version) for index, entry in enumerate(entries)]


def from_values(statements: Iterable[Mapping[str, Any]]) -> list[Received]:
    """Statements built in this service, held to the same rules as those of others."""
    return [_checked(msgspec.json.encode(values).decode(), f"statements[{index}]", Version.V1) for index, values in enumerate(statements)]


def decode(text: str, path: str) -> Any:
    """Strict JSON: UTF-8, no NaN, no key twice, no endless nesting. Raises BadRequest or StatementFault."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _not_json(error) from None
    bare = _STRING.sub(b"", text.encode())
    brackets = _BRACKET.findall(bare)
    if len(brackets) > 2 * MAX_DEPTH and max(accumulate(1 if mark in b"[{" else -1 for mark in brackets)) > MAX_DEPTH:
        raise StatementFault(path, N_("%(path)s: lồng nhau quá %(depth)s lớp"), depth=MAX_DEPTH)
    # Outside strings a colon stands after each key, and only there: fewer after decoding means that a key was given twice.
    if bare.count(b":") != _STRING.sub(b"", msgspec.json.encode(value)).count(b":"):
        raise StatementFault(path, N_('%(path)s: khóa "%(key)s" xuất hiện hai lần trong cùng một đối tượng'), key=_repeated_key(text))
    return value


def _text(body: bytes) -> str:
    try:
        return body.decode().strip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise _not_json(error) from None


def _checked(text: str, path: str, version: Version) -> Received:
    statement = check_statement(decode(text, path), path, version)
    return Received(statement, text, UUID(statement["id"]) if "id" in statement else None, version)


def _not_json(error: Exception) -> BadRequest:
    return BadRequest(N_("Nội dung gửi lên không phải JSON hợp lệ: %(reason)s"), code="invalid_json", reason=str(error))


def _repeated_key(text: str) -> str:
    def pairs(entries: list[tuple[str, Any]]) -> None:
        seen: set[str] = set()
        for key, _value in entries:
            if key in seen:
                repeated.append(key)
            seen.add(key)

    repeated: list[str] = []
    json.loads(text, object_pairs_hook=pairs)
    return repeated[0]
