"""CSV as Vietnamese offices write it: UTF-8 with or without a mark, UTF-16, Windows-1258; split by semicolon, comma or tab."""

from __future__ import annotations

import csv
import io
import re
import unicodedata

from lms.kit.errors import N_, DomainError
from lms.kit.legacy_encodings import is_syllable, recognised

_WORD = re.compile(r"[A-Za-z\xa1-\xff]+")
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
        western = content.decode("latin-1")
        if "\x00" not in western and _is_old(western):
            return western  # each letter as its font's program wrote it; whoever reads the cells converts them
        return _text(content, "cp1258", name)


def _is_old(western: str) -> bool:
    """TCVN3 or VNI rather than Windows-1258: more words can be nothing else than can be read the other way."""
    words = [word for word in _WORD.findall(western[:_SAMPLE]) if not word.isascii()][:2000]
    old = sum(recognised(word) is not None for word in words)
    composed = (unicodedata.normalize("NFC", word.encode("latin-1").decode("cp1258", "replace")) for word in words)
    return old > sum(is_syllable(word) for word in composed)


def rows(text: str) -> list[list[str]]:
    """Split into rows of cells, all as text. Raises csv.Error."""
    csv.field_size_limit(1_000_000)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator(text), strict=False))


def separator(text: str) -> str:
    """The separator that cuts most of the first lines into equally many cells; of two alike, the one that makes more."""
    lines = [line for line in text[:_SAMPLE].splitlines()[:50] if line.strip()]

    def fitness(candidate: str) -> tuple[int, int]:
        counts = [count for line in lines if (count := len(next(csv.reader([line], delimiter=candidate), [])) - 1)]
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
