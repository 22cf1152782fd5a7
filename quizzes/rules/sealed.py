"""Sealed answers: what a browser keeps of answers that no server has acknowledged, and the file it makes of them.

Each entry is AES-256-GCM under a key of this attempt and person, and bound to attempt, slot, takeover and sequence: it can be neither read,
nor changed, nor moved to another place, nor to another attempt.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from msgspec import Meta

from lms.kit.errors import N_, DomainError, TooLarge
from quizzes.rules.late import LateAnswer

FORMAT = "congvu-lms-sealed-answers"
LARGEST_FILE = 1024 * 1024
_NONCE_BYTES = 12
_LATEST_MILLISECONDS = 253_402_300_799_000  # the end of the year 9999


class SealedEntry(msgspec.Struct, frozen=True):
    slot: Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
    takeover: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    sequence: Annotated[int, Meta(ge=0, le=2**53)]
    sealed: Annotated[str, Meta(max_length=200_000)]


class SealedFile(msgspec.Struct, frozen=True):
    format: str
    version: int
    attempt: UUID
    entries: Annotated[list[SealedEntry], Meta(min_length=1, max_length=500)]


class _Opened(msgspec.Struct, frozen=True):
    answer: Annotated[list[Annotated[str, Meta(max_length=50_000)]], Meta(max_length=50)]
    flagged: bool = False
    at: int | None = None


@dataclass(frozen=True, slots=True)
class OpenedFile:
    attempt_id: UUID
    answers: Sequence[LateAnswer]


def purpose_of_key(attempt_id: UUID, person_id: UUID) -> str:
    """What the key of an attempt's journal is derived for."""
    return f"journal v1 {attempt_id} {person_id}"


def moment(milliseconds: int | None) -> datetime | None:
    """A device's clock, in milliseconds since 1970, as a time; None for what no calendar has."""
    if milliseconds is None or not 0 <= milliseconds <= _LATEST_MILLISECONDS:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def read_file(content: bytes) -> SealedFile:
    """Raises TooLarge, DomainError `not_sealed_answers` for any other file."""
    if len(content) > LARGEST_FILE:
        raise TooLarge(N_("Tệp bài làm lớn nhất 1 MB. Tệp này không phải tệp bài làm."), code="too_large")
    try:
        file = msgspec.json.decode(content, type=SealedFile)
    except (msgspec.ValidationError, msgspec.DecodeError, UnicodeError, RecursionError):
        file = None
    if file is None or file.format != FORMAT or file.version != 1:
        raise DomainError(N_("Đây không phải tệp bài làm đã lưu từ trang làm bài."), code="not_sealed_answers", field="file")
    return file


def open_file(file: SealedFile, key: bytes) -> OpenedFile:
    """Decrypt a file's answers. Raises DomainError `seal_broken` where it was changed, or is another person's."""
    return OpenedFile(file.attempt, [_open(file.attempt, entry, AESGCM(key).decrypt) for entry in file.entries])


def seal(key: bytes, nonce: bytes, attempt_id: UUID, given: LateAnswer) -> str:
    """What the browser's script makes of an answer; here so that both sides are held to the same words."""
    told = {"answer": given.answer, "flagged": given.flagged, "at": round(given.given_at.timestamp() * 1000) if given.given_at else None}
    bound = _bound(attempt_id, given.slot, given.takeover, given.sequence)
    return base64.b64encode(nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(told), bound)).decode()


def _bound(attempt_id: UUID, slot: int, takeover: int, sequence: int) -> bytes:
    return f"{attempt_id}.{slot}.{takeover}.{sequence}".encode()


def _open(attempt_id: UUID, entry: SealedEntry, decrypt: Callable[[bytes, bytes, bytes | None], bytes]) -> LateAnswer:
    try:
        raw = base64.b64decode(entry.sealed, validate=True)
        bound = _bound(attempt_id, entry.slot, entry.takeover, entry.sequence)
        told = msgspec.json.decode(decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], bound), type=_Opened)
    except (binascii.Error, InvalidTag, ValueError, msgspec.ValidationError, msgspec.DecodeError):
        raise DomainError(
            N_("Tệp bài làm đã bị thay đổi, hoặc là của người khác. Lưu lại tệp từ chính trang làm bài."), code="seal_broken", field="file"
        ) from None
    return LateAnswer(entry.slot, entry.takeover, entry.sequence, told.answer, told.flagged, moment(told.at))
