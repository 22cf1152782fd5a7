"""The text of a file whose encoding nobody states: UTF-8, UTF-16, Windows-1258, TCVN3 or VNI."""

from __future__ import annotations

import re
from collections import Counter

from lms.kit.errors import N_, DomainError
from lms.kit.legacy_encodings import Encoding, decode, recognised
from lms.kit.sheets import text as sheet_text
from quizzes.interchange.document import Finding, note

_WORD = re.compile(r"[A-Za-z\xa1-\xff]+")
_SAMPLE = 200_000
_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")


class UnreadableError(Exception):
    """A file that is no text."""


def decoded(data: bytes, *, lines: bool = True) -> tuple[str, list[Finding]]:
    """The text in Unicode NFC, with line ends as `\\n` where it is one of `lines`, and what was done to it. Raises UnreadableError."""
    try:
        text = sheet_text.decode(data, "")
    except DomainError as failed:
        raise UnreadableError from failed
    found: list[Finding] = []
    if not text.isascii() and not _is_unicode(data):
        encoding = _old_encoding(text)
        if encoding is not None:
            text = decode(text, encoding)
        found.append(
            note(
                N_("tệp viết theo bảng mã %(encoding)s, đã đổi sang Unicode; đọc lại vài câu trước khi nhập"),
                encoding=str(encoding or "Windows-1258"),
            )
        )
    text = text.removeprefix("\ufeff")
    return _LINE_ENDS.sub("\n", text) if lines else text, found


def _is_unicode(data: bytes) -> bool:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data[:65_536]:
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _old_encoding(text: str) -> Encoding | None:
    """TCVN3 or VNI, where the letters are still those of Western fonts; None: it is Unicode by now."""
    if any(char > "\xff" for char in text[:_SAMPLE] if char.isalpha()):
        return None
    votes = Counter(encoding for word in _WORD.findall(text[:_SAMPLE])[:5000] if (encoding := recognised(word)) is not None)
    return votes.most_common(1)[0][0] if votes else None
