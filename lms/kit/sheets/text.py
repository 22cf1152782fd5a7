"""CSV as Vietnamese offices write it: UTF-8 with or without a mark, UTF-16, Windows-1258; split by semicolon, comma or tab."""

from __future__ import annotations

import csv
import io
import unicodedata

from lms.kit.errors import N_, DomainError

_SEPARATORS = ";,\t"
_SAMPLE = 64 * 1024


def decode(content: bytes, name: str) -> str:
    """The text of a file whose encoding is not stated. Raises DomainError where it is no text."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return _text(content, encoding, name)
    if b"\x00" in content[:_SAMPLE]:
        # Every second byte of Latin letters is zero in UTF-16; on which side tells the order.
        return _text(content, "utf-16-be" if content[0] == 0 else "utf-16-le", name)
    try:
        return _text(content, "utf-8", name)
    except DomainError:
        return _text(content, "cp1258", name)


def rows(text: str) -> list[list[str]]:
    """Split into rows of cells, all as text. Raises csv.Error."""
    csv.field_size_limit(1_000_000)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator(text), strict=False))


def separator(text: str) -> str:
    """The separator that occurs equally often in most of the first lines; of two alike, the more frequent."""
    lines = [line for line in text[:_SAMPLE].splitlines()[:50] if line.strip()]

    def fitness(candidate: str) -> tuple[int, int]:
        counts = [count for line in lines if (count := line.count(candidate))]
        return max(((counts.count(count), count) for count in set(counts)), default=(0, 0))

    return max(_SEPARATORS, key=fitness)


def _text(content: bytes, encoding: str, name: str) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise _unreadable(name) from error
    if "\x00" in text:
        raise _unreadable(name)
    return unicodedata.normalize("NFC", text)  # Windows-1258 writes tones as marks of their own


def _unreadable(name: str) -> DomainError:
    return DomainError(
        N_("Không đọc được chữ trong tệp %(file)s. Lưu lại dạng CSV UTF-8 hoặc .xlsx rồi gửi lại."),
        code="unknown_encoding",
        field="file",
        file=name,
    )
