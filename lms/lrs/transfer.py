"""Statements to a file and from one: one statement a line, in the order of the store, and beside the file a folder of what came with them.

A file that was begun and broken off is gone on with: its last whole line says how far it came. Other stores' exports are taken in as they
are: a line may be a statement, several in an array or in an answer of a store, or a record that holds one (Learning Locker).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import IO, Any, TypeVar
from uuid import UUID

import msgspec

from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, transaction
from lms.lrs import queries
from lms.lrs.contents import PIECE, check_signatures
from lms.lrs.operations.transfer import Line, RefusedLine, import_lines
from lms.lrs.queries.forwarding import Outgoing, content_piece, content_pieces
from lms.lrs.queries.transfer import position_of, statements_after
from lms.lrs.rules.attachments import attachments_of, has_attachments
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.versions import Version

BATCH = 500
MAX_LINE = 16 * 1024 * 1024
_TAIL = 1024 * 1024

_HASHES = {28: "sha224", 32: "sha256", 48: "sha384", 64: "sha512"}

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """`resumed`: statements were in the file before."""

    statements: int
    contents: int
    resumed: bool


@dataclass(slots=True)
class Imported:
    """`read` lines, and how many statements of them were not stored (`refused`; `faults` holds the first of these with their reasons);
    `without_content` were stored without something that had been attached to them and is not in the folder."""

    read: int = 0
    refused: int = 0
    without_content: int = 0
    faults: list[RefusedLine] = field(default_factory=list)


class Folder:
    """Contents beside an export, by their hash; a file that is not what its name says counts as missing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __contains__(self, sha2: object) -> bool:
        if not isinstance(sha2, bytes) or len(sha2) not in _HASHES or not (self._path / sha2.hex()).is_file():
            return False
        with (self._path / sha2.hex()).open("rb") as file:
            return hashlib.file_digest(file, _HASHES[len(sha2)]).digest() == sha2

    def length(self, sha2: bytes) -> int:
        return (self._path / sha2.hex()).stat().st_size

    def pieces(self, sha2: bytes) -> Iterator[bytes]:
        with (self._path / sha2.hex()).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def export_statements(path: Path, since: datetime | None, until: datetime | None, told: Progress = lambda _count: None) -> Exported:
    """Write every statement stored since and before these moments, voided ones too, as it would be given back in exact format. Going on
    with a file that is there. Raises DomainError where that file is none of ours."""
    folder = _folder_of(path)
    after = UUID(int=first_position(since).int - 1) if since is not None and first_position(since).int else UUID(int=0)
    resumed = path.exists() and path.stat().st_size > 0
    if resumed:
        after = max(after, _resumed_after(path))
    with reading() as session:
        bound = first_position(queries.consistent_through(session, now()))
    if until is not None:
        bound = min(bound, first_position(until))
    count, contents = 0, 0
    with path.open("ab") as file:
        while True:
            with reading() as session:
                batch = statements_after(session, after, bound, BATCH)
            if not batch:
                break
            contents += sum(_keep(folder, sha2) for statement in batch for sha2 in statement.contents)
            file.writelines(_line(statement) for statement in batch)  # files first: a line means that all of it is there
            file.flush()
            os.fsync(file.fileno())
            count, after = count + len(batch), batch[-1].position
            told(count)
    return Exported(count, contents, resumed)


def _folder_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.attachments")


def _line(statement: Outgoing) -> bytes:
    """A sender may break lines between the members of a statement; within strings JSON knows none."""
    return statement.text.replace("\r", " ").replace("\n", " ").encode() + b"\n"


def _resumed_after(path: Path) -> UUID:
    """The position of the last whole line's statement; what was written of a further one is cut off."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        begin = max(0, size - _TAIL)
        while True:
            file.seek(begin)
            tail = file.read(size - begin)
            end = tail.rfind(b"\n")
            start = tail.rfind(b"\n", 0, max(end, 0))
            if begin == 0 or (end > 0 and start >= 0):
                break
            begin = max(0, begin - _TAIL)
        file.truncate(begin + end + 1)
    if end < 0:
        return UUID(int=0)
    try:
        last = UUID(msgspec.json.decode(tail[start + 1 : end])["id"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        last = None
    with reading() as session:
        place = None if last is None else position_of(session, last)
    if place is None:
        raise DomainError(N_("Tệp %(path)s đã có và không phải do kho này xuất ra; chọn tên tệp khác"), path=str(path))
    return place


def _keep(folder: Path, sha2: bytes) -> bool:
    """Write a content beside the export, once; whether it was written now."""
    path = folder / sha2.hex()
    if path.exists():
        return False
    folder.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    with part.open("wb") as file, reading() as session:
        for number in content_pieces(session, sha2):
            file.write(content_piece(session, sha2, number))
    part.replace(path)
    return True


def import_statements(
    path: Path, authority: dict[str, Any] | None, *, dry_run: bool = False, told: Progress = lambda _count: None
) -> Imported:
    """Take in a file of statements, one a line; `authority` answers for them, or without one whoever is named in each line. Lines that are
    refused are told and left out; a file may be taken in again, what is known already stays as it is."""
    outcome, contents = Imported(), Folder(_folder_of(path))
    with path.open("rb") as file:
        for lines in _batches(file, outcome, contents, needs_authority=authority is None):
            if not dry_run and lines:
                with transaction() as session:
                    _note(outcome, import_lines(session, lines, authority, contents, now()))
            told(outcome.read)
    return outcome


def _batches(file: IO[bytes], outcome: Imported, contents: Folder, *, needs_authority: bool) -> Iterator[list[Line]]:
    batch: list[Line] = []
    while text := file.readline(MAX_LINE):
        outcome.read += 1
        for said in _statements_of(text) if text.strip() else ():
            try:
                line = _parsed(said, outcome.read, needs_authority=needs_authority)
                outcome.without_content += _lacks_content(line, contents)
                batch.append(line)
            except DomainError as refusal:
                _note(outcome, [RefusedLine(outcome.read, refusal)])
        if len(batch) >= BATCH:
            yield batch
            batch = []
    yield batch


Shape = TypeVar("Shape")


class _Answer(msgspec.Struct):
    statements: list[msgspec.Raw]


class _Record(msgspec.Struct):
    statement: msgspec.Raw


def _statements_of(text: bytes) -> list[bytes]:
    """The statements of a line, as they are written there. Learning Locker keeps points in names of properties as `&46;`."""
    if b'"statement' not in text and not text.lstrip().startswith(b"["):
        return [text]
    if (several := _read(text, list[msgspec.Raw])) is not None:
        return [bytes(one) for one in several] or [text]
    if (answer := _read(text, _Answer)) is not None:
        return [bytes(one) for one in answer.statements] or [text]
    if (record := _read(text, _Record)) is not None:
        return [bytes(record.statement).replace(b"&46;", b".")]
    return [text]


def _read(text: bytes, shape: type[Shape]) -> Shape | None:
    try:
        return msgspec.json.decode(text, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _lacks_content(line: Line, contents: Folder) -> bool:
    """Whether something that was attached is neither in the folder nor told to lie elsewhere; signatures that are there are verified.
    Raises StatementFault."""
    received = line.statement
    if not has_attachments(received.values):
        return False
    attachments = attachments_of(received.values, "statement")
    check_signatures(received, attachments, contents, now())
    return any(one.sha2 not in contents and not one.has_url for one in attachments)


def _parsed(text: bytes, number: int, *, needs_authority: bool) -> Line:
    if len(text) >= MAX_LINE and not text.endswith(b"\n"):
        raise DomainError(N_("Dòng quá dài"))
    try:
        version = msgspec.json.decode(text).get("version", "1.0.0")
    except (msgspec.DecodeError, UnicodeDecodeError, AttributeError, RecursionError):
        version = "1.0.0"
    received = read_one(text, Version.V2 if str(version).startswith("2.") else Version.V1)
    if received.id is None:
        raise DomainError(N_("Phát biểu không có id: nạp lại lần nữa sẽ thành hai phát biểu"))
    if needs_authority and "authority" not in received.values:
        raise DomainError(N_("Phát biểu không ghi ai chịu trách nhiệm (authority)"))
    return Line(number, received)


def _note(outcome: Imported, refused: list[RefusedLine]) -> None:
    outcome.refused += len(refused)
    outcome.faults += refused[: max(0, 100 - len(outcome.faults))]
