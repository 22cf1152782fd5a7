"""Strict JSON: what a decoder takes that the standard does not want is found out here."""

from __future__ import annotations

import json
import re
from itertools import accumulate
from typing import Any

import msgspec

from lms.kit.errors import N_
from lms.lrs.rules.faults import BadRequest, StatementFault

MAX_DEPTH = 100  # objects within objects; deeper ones serve nobody but those who want to exhaust a stack

_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"')
_BRACKET = re.compile(rb"[\[\]{}]")


def decode(text: str, path: str) -> Any:
    """Strict JSON: UTF-8, no NaN, no key twice, no endless nesting. Raises BadRequest or StatementFault."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise not_json(error) from None
    given = text.encode()
    if given.count(b"{") + given.count(b"[") <= MAX_DEPTH and msgspec.json.encode(value) == given:
        return value  # as most write it, without white space: what is written from the value has no key twice
    bare = _STRING.sub(b"", given)
    brackets = _BRACKET.findall(bare)
    if len(brackets) > 2 * MAX_DEPTH and max(accumulate(1 if mark in b"[{" else -1 for mark in brackets)) > MAX_DEPTH:
        raise StatementFault(path, N_("%(path)s: lồng nhau quá %(depth)s lớp"), depth=MAX_DEPTH)
    # Outside strings a colon stands after each key, and only there: fewer after decoding means that a key was given twice.
    if bare.count(b":") != _STRING.sub(b"", msgspec.json.encode(value)).count(b":"):
        raise StatementFault(path, N_('%(path)s: khóa "%(key)s" xuất hiện hai lần trong cùng một đối tượng'), key=_repeated_key(text))
    return value


def not_json(error: Exception) -> BadRequest:
    """The refusal of what is no JSON at all."""
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
