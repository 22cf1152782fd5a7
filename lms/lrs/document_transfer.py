"""Documents beside an export of statements: one a line in `FILE.documents`, with the content as base64. They change and are deleted, so
the file is written anew each time and takes the place of the former one when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from lms.kit.errors import N_, DomainError
from lms.kit.unit import reading, transaction
from lms.lrs.operations.documents import keep_documents
from lms.lrs.operations.transfer import RefusedLine
from lms.lrs.queries.documents import contents_of, documents_after
from lms.lrs.rules.documents import MAX_DOCUMENT, Address, DocumentKind, agent_parameter, check_content, identifying, media_type

BATCH = 100


class DocumentLine(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What the document resource was asked with, and what it was sent."""

    kind: DocumentKind
    id: str
    content_type: str = msgspec.field(name="contentType")
    updated: datetime
    content: bytes
    activity: str | None = None
    agent: dict[str, Any] | None = None
    registration: UUID | None = None


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.documents")


def export_documents(path: Path) -> int:
    """Write every document beside an export; how many there are."""
    part = beside(path).with_suffix(".part")
    count, last = 0, UUID(int=0)
    with part.open("wb") as file:
        while True:
            with reading() as session:
                owned = documents_after(session, last, BATCH)
                contents = contents_of(session, [one.key for one in owned])
            if not owned:
                break
            for one in owned:
                agent = None if one.agent is None else msgspec.json.decode(one.agent)
                place = (one.activity, agent, one.registration)
                line = DocumentLine(DocumentKind(one.kind), one.id, one.content_type, one.updated_at, contents[one.key], *place)
                file.write(msgspec.json.encode(line) + b"\n")
            count, last = count + len(owned), owned[-1].key
        file.flush()
        os.fsync(file.fileno())
    part.replace(beside(path))
    return count


def import_documents(path: Path, *, dry_run: bool = False) -> tuple[int, list[RefusedLine]]:
    """Take in the documents beside an export, if there are any: those whose place is taken stay as they are here. How many were new, and
    the lines that were refused."""
    refused: list[RefusedLine] = []
    kept = 0
    if not beside(path).exists():
        return 0, []
    for batch in _batches(beside(path), refused):
        if not dry_run:
            with transaction() as session:
                kept += keep_documents(session, [(_place(one), one.content, one.content_type, one.updated) for one in batch])
    return kept, refused


def _batches(path: Path, refused: list[RefusedLine]) -> Iterator[list[DocumentLine]]:
    batch: list[DocumentLine] = []
    with path.open("rb") as file:
        for number, text in enumerate(iter(lambda: file.readline(2 * MAX_DOCUMENT), b""), start=1):
            try:
                batch.append(_parsed(text))
            except DomainError as refusal:
                refused.append(RefusedLine(number, refusal))
            if len(batch) >= BATCH:
                yield batch
                batch = []
    yield batch


def _parsed(text: bytes) -> DocumentLine:
    try:
        line = msgspec.json.decode(text, type=DocumentLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise DomainError(N_("Dòng không phải là một tài liệu đã xuất: %(fault)s"), fault=str(fault)) from fault
    needs = (line.kind is not DocumentKind.AGENT_PROFILE, line.kind is not DocumentKind.ACTIVITY_PROFILE)
    if (line.activity is not None, line.agent is not None) != needs or line.updated.tzinfo is None or not line.id:
        raise DomainError(N_("Tài liệu thiếu hoặc thừa hoạt động, người, mã hay giờ ghi"))
    if line.agent is not None:
        agent_parameter(msgspec.json.encode(line.agent).decode(), groups=True)
    check_content(line.content, media_type(line.content_type))
    return line


def _place(line: DocumentLine) -> Address:
    agent = None if line.agent is None else identifying(line.agent)
    return Address(line.kind, line.activity, agent, line.registration, line.id)
