"""Attachments of statements (Data 2.4.11) and the parts of a request that carry them (Communication 1.5.2).

A part belongs to an attachment by its hash and in no other way. What a part's headers say must agree with the attachment; the attachment's
own `length` is not held against the content, for then a statement the standard has accepted would be refused: the hash alone decides.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.faults import BadRequest, StatementFault, TooLarge
from lms.lrs.rules.multipart import media_type

SIGNATURE = "http://adlnet.gov/expapi/attachments/signature"
HASH_HEADER = "X-Experience-API-Hash"

MAX_REQUEST = 64 * 1024 * 1024  # octets of a request in parts, all together
MAX_ANSWER = 64 * 1024 * 1024  # of what a page of several statements brings; `more` leads to the rest
MAX_CONTENT = 32 * 1024 * 1024  # of one attachment
MAX_PARTS = 1000

_KNOWN = frozenset(("usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"))
_REQUIRED = ("usageType", "display", "contentType", "length", "sha2")
_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105  # of RFC 2045
_CONTENT_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}(?:[ \t]*;[ \t]*(?:{_TOKEN}=(?:{_TOKEN}|"(?:[ !#-\[\]-~]|\\[ -~])*"))?)*[ \t]*', re.ASCII)
_ALGORITHMS = {56: hashlib.sha224, 64: hashlib.sha256, 96: hashlib.sha384, 128: hashlib.sha512}


@dataclass(frozen=True, slots=True)
class Attachment:
    """An attachment a statement speaks of, and where in the request it does so. `sha2` is the hash as octets, `hash_text` as written."""

    path: str
    usage_type: str
    content_type: str
    length: int
    sha2: bytes
    hash_text: str
    has_url: bool
    is_within: bool  # of a SubStatement


def check_attachments(value: Any, path: str) -> None:
    """The property `attachments`. Raises StatementFault. Whether the contents are at hand is asked by `require_contents`."""
    for index, entry in enumerate(values.array(value, path)):
        where = f"{path}[{index}]"
        attachment = values.obj(entry, where, _KNOWN, required=_REQUIRED)
        values.iri(attachment["usageType"], f"{where}.usageType")
        values.language_map(attachment["display"], f"{where}.display")
        if "description" in attachment:
            values.language_map(attachment["description"], f"{where}.description")
        if not _CONTENT_TYPE.fullmatch(values.text(attachment["contentType"], f"{where}.contentType")):
            raise StatementFault(f"{where}.contentType", N_("%(path)s: phải là một kiểu nội dung như application/pdf"))
        length = values.number(attachment["length"], f"{where}.length")
        if type(length) is not int or length < 0:
            raise StatementFault(f"{where}.length", N_("%(path)s: phải là số byte, số nguyên không âm"))
        values.sha2(attachment["sha2"], f"{where}.sha2")
        if "fileUrl" in attachment:
            values.iri(attachment["fileUrl"], f"{where}.fileUrl")
        if attachment["usageType"] == SIGNATURE and media_type(attachment["contentType"]) != "application/octet-stream":
            raise StatementFault(f"{where}.contentType", N_("%(path)s: chữ ký phải có kiểu nội dung application/octet-stream"))


def has_attachments(statement: Mapping[str, Any]) -> bool:
    """Does a valid statement speak of any, its SubStatement included? Asked of every statement, so it looks no further."""
    return bool(statement.get("attachments") or statement["object"].get("attachments"))


def attachments_of(statement: Mapping[str, Any], path: str) -> list[Attachment]:
    """Those of a valid statement, then those of its SubStatement."""
    return [
        Attachment(
            path=f"{where}.attachments[{index}]",
            usage_type=entry["usageType"],
            content_type=entry["contentType"],
            length=entry["length"],
            sha2=bytes.fromhex(entry["sha2"]),
            hash_text=entry["sha2"],
            has_url="fileUrl" in entry,
            is_within=is_within,
        )
        for holder, where, is_within in ((statement, path, False), (statement["object"], f"{path}.object", True))
        for index, entry in enumerate(holder.get("attachments", ()))
    ]


def by_hash(attachments: Iterable[Attachment]) -> dict[bytes, list[Attachment]]:
    found: dict[bytes, list[Attachment]] = {}
    for attachment in attachments:
        found.setdefault(attachment.sha2, []).append(attachment)
    return found


def require_contents(attachments: Iterable[Attachment], received: frozenset[bytes] = frozenset()) -> None:
    """Each attachment's content must have come with the request, or be had at an address; a signature must have come, for it is checked.
    Raises StatementFault."""
    for attachment in attachments:
        if attachment.sha2 in received:
            continue
        if not attachment.has_url:
            raise StatementFault(
                f"{attachment.path}.fileUrl",
                N_("%(path)s: tệp đính kèm phải được gửi kèm trong multipart/mixed, hoặc có địa chỉ tải tệp"),
            )
        if attachment.usage_type == SIGNATURE and not attachment.is_within:
            raise StatementFault(attachment.path, N_("%(path)s: chữ ký phải được gửi kèm trong multipart/mixed"))


def part_headers(attachment: Attachment) -> list[tuple[str, str]]:
    """Of the part in which its content is given on."""
    return [
        ("Content-Type", attachment.content_type),
        ("Content-Transfer-Encoding", "binary"),
        (HASH_HEADER, attachment.hash_text),
    ]


def hasher(sha2: bytes) -> Any:
    """An empty hash of the kind these octets are of."""
    return _ALGORITHMS[2 * len(sha2)](usedforsecurity=False)


def check_first_part(headers: Mapping[str, str]) -> None:
    """The statements. Raises BadRequest."""
    if media_type(headers.get("content-type", "")) != "application/json":
        raise BadRequest(N_("Phần đầu tiên của multipart/mixed phải là application/json, chứa các phát biểu"), code="invalid_first_part")


def match_part(headers: Mapping[str, str], declared: Mapping[bytes, Sequence[Attachment]], number: int) -> bytes:
    """The hash of the attachment a part belongs to, by its headers alone. Raises BadRequest naming the part."""
    if headers.get("content-transfer-encoding", "").lower() != "binary":
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed phải có Content-Transfer-Encoding: binary"))
    given = headers.get(HASH_HEADER.lower(), "")
    if len(given) not in _ALGORITHMS or not re.fullmatch("[0-9A-Fa-f]+", given):
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed phải có X-Experience-API-Hash là mã băm SHA-2"))
    sha2 = bytes.fromhex(given)
    owners = declared.get(sha2, ())
    if not owners:
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed không thuộc tệp đính kèm nào của các phát biểu"))
    kind = headers.get("content-type")
    if kind is not None and media_type(kind) not in {media_type(owner.content_type) for owner in owners}:
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed có Content-Type khác với contentType của tệp đính kèm"))
    length = headers.get("content-length")
    if length is not None and length not in {str(owner.length) for owner in owners}:
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed có Content-Length khác với length của tệp đính kèm"))
    return sha2


def check_content(headers: Mapping[str, str], declared: bytes, digest: bytes, length: int, number: int) -> None:
    """What a part turned out to hold. Raises BadRequest."""
    if digest != declared:
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed có nội dung khác với mã băm X-Experience-API-Hash"))
    if headers.get("content-length", str(length)) != str(length):
        raise _bad_part(number, N_("Phần %(number)s của multipart/mixed dài khác với Content-Length của nó"))


def too_large(number: int) -> TooLarge:
    return TooLarge(
        N_("Phần %(number)s của multipart/mixed vượt quá %(size)s MB"), code="too_large", number=number, size=MAX_CONTENT // (1024 * 1024)
    )


def too_many() -> TooLarge:
    return TooLarge(N_("multipart/mixed có quá %(parts)s tệp đính kèm"), code="too_large", parts=MAX_PARTS)


def _bad_part(number: int, message: str) -> BadRequest:
    return BadRequest(message, code="invalid_part", field=f"part[{number}]", number=number)
