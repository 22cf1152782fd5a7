"""Contents of attachments on their way into the store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import Protocol, Self

from lms.kit.errors import N_
from lms.lrs.rules.attachments import SIGNATURE, Attachment
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import Received
from lms.lrs.rules.signatures import MAX_SIGNATURE, check_signature

PIECE = 256 * 1024  # octets held at once on the way in and out
_IN_MEMORY = 1024 * 1024


class Contents(Protocol):
    """Contents by hash: of a request, or of another store's export."""

    def __contains__(self, sha2: object) -> bool: ...

    def length(self, sha2: bytes) -> int: ...

    def pieces(self, sha2: bytes) -> Iterator[bytes]:
        """In order, each of PIECE octets but the last; none where the content is empty. May be asked for again."""


class Spool:
    """Contents in one temporary file, which goes when the `with` is left; a few small ones never touch the disk."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115  # closed by __exit__
        self._places: dict[bytes, tuple[int, int]] = {}
        self._end = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()

    def __contains__(self, sha2: object) -> bool:
        return sha2 in self._places

    @property
    def held(self) -> frozenset[bytes]:
        return frozenset(self._places)

    def add(self, sha2: bytes, pieces: Iterable[bytes]) -> None:
        """Take a content in under its hash, which the caller checks as the pieces pass; where it is held already they are let pass."""
        if sha2 in self._places:
            for _again in pieces:
                pass
            return
        start = self._end
        self._file.seek(start)
        for piece in pieces:
            self._end += self._file.write(piece)
        self._places[sha2] = (start, self._end - start)

    def length(self, sha2: bytes) -> int:
        return self._places[sha2][1]

    def pieces(self, sha2: bytes) -> Iterator[bytes]:
        start, length = self._places[sha2]
        for at in range(start, start + length, PIECE):
            self._file.seek(at)
            yield self._file.read(min(PIECE, start + length - at))


def check_signatures(received: Received, attachments: Sequence[Attachment], contents: Contents, at: datetime) -> None:
    """Hold each signature of a statement that is among the contents against it; those within a SubStatement sign something else. Raises
    StatementFault."""
    for attachment in attachments:
        if attachment.usage_type != SIGNATURE or attachment.is_within or attachment.sha2 not in contents:
            continue
        if contents.length(attachment.sha2) > MAX_SIGNATURE:
            raise StatementFault(attachment.path, N_("%(path)s: chữ ký vượt quá %(size)s MB"), size=MAX_SIGNATURE // (1024 * 1024))
        check_signature(b"".join(contents.pieces(attachment.sha2)), received, attachment.path, at)
