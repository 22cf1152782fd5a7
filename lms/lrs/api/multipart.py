"""Requests that store statements, with what they attach, and answers that give it back (Communication 1.5)."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask import Response, request
from sqlalchemy.orm import Session

from lms.kit.db import Database
from lms.kit.errors import N_
from lms.kit.unit import database
from lms.lrs.api.requests import current_version, json_body
from lms.lrs.contents import PIECE, Contents, Spool, check_signatures
from lms.lrs.guard import MAX_BODY, current_credential
from lms.lrs.queries import StatementPage, StoredStatement
from lms.lrs.queries.attachments import content_piece, contents_at
from lms.lrs.rules.attachments import (
    MAX_ANSWER,
    MAX_CONTENT,
    MAX_PARTS,
    MAX_REQUEST,
    Attachment,
    attachments_of,
    by_hash,
    check_content,
    check_first_part,
    has_attachments,
    hasher,
    match_part,
    part_headers,
    require_contents,
    too_large,
    too_many,
)
from lms.lrs.rules.faults import BadRequest, TooLarge
from lms.lrs.rules.multipart import boundary_of, last_boundary, part_head, parts
from lms.lrs.rules.reading import Received, decode
from lms.lrs.rules.versions import Version

ReadStatements = Callable[[bytes, Version], list[Received]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What a request brought: checked statements, and the contents of their attachments, if any came."""

    statements: list[Received]
    contents: Contents | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """A content to be given back: as the first statement that speaks of it calls it."""

    attachment: Attachment
    length: int


@contextmanager
def sent(read: ReadStatements, at: datetime) -> Iterator[Sent]:
    """The request's statements and attachments, checked whole; what was put aside on the way goes at the end. `at` is the present, for
    certificates. Raises BadRequest, StatementFault or TooLarge; the sooner the less is read."""
    if request.mimetype == "application/json":
        body = json_body()
        statements = read(body, current_version())
        for received, path in _with_attachments(statements, body):
            require_contents(attachments_of(received.values, path))
        yield Sent(statements)
        return
    if request.mimetype != "multipart/mixed":
        raise BadRequest(N_("Content-Type phải là application/json, hoặc multipart/mixed khi gửi kèm tệp"), code="unsupported_content_type")
    request.max_content_length = min(MAX_REQUEST, current_credential().max_body or MAX_REQUEST)
    with Spool() as spool:
        yield _sent_in_parts(read, spool, at)


def _sent_in_parts(read: ReadStatements, spool: Spool, at: datetime) -> Sent:
    found = parts(_pieces(), boundary_of(request.headers.get("Content-Type", "")))
    first = next(found, None)
    if first is None:
        raise BadRequest(N_("Nội dung multipart/mixed không có phần nào"), code="invalid_multipart")
    check_first_part(first[0])
    body = _limited(first[1])
    statements = read(body, current_version())
    speaking = [(received, attachments_of(received.values, path)) for received, path in _with_attachments(statements, body)]
    declared = by_hash(attachment for _received, attachments in speaking for attachment in attachments)
    for number, (headers, content) in enumerate(found, start=2):
        if number > MAX_PARTS + 1:
            raise too_many()
        sha2 = match_part(headers, declared, number)
        measured = _Measured(content, sha2, number)
        spool.add(sha2, measured)
        check_content(headers, sha2, measured.digest(), measured.length, number)
    for received, attachments in speaking:
        require_contents(attachments, spool.held)
        check_signatures(received, attachments, spool, at)
    return Sent(statements, spool if speaking else None)


class _Measured:
    """A part's content as it passes: its hash and its length, which must not become too great."""

    def __init__(self, content: Iterator[bytes], sha2: bytes, number: int) -> None:
        self._content, self._hash, self._number = content, hasher(sha2), number
        self.length = 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._content:
            self.length += len(piece)
            if self.length > MAX_CONTENT:
                raise too_large(self._number)
            self._hash.update(piece)
            yield piece

    def digest(self) -> bytes:
        return bytes(self._hash.digest())


def _pieces() -> Iterator[bytes]:
    while piece := request.stream.read(PIECE):
        yield piece


def _limited(content: Iterator[bytes]) -> bytes:
    """The statements are held in memory, so there is as little of them as without attachments."""
    body = bytearray()
    for piece in content:
        body += piece
        if len(body) > MAX_BODY:
            raise TooLarge(N_("Phần phát biểu của multipart/mixed vượt quá %(size)s KB"), code="too_large", size=MAX_BODY // 1024)
    return bytes(body)


def _with_attachments(statements: Sequence[Received], body: bytes) -> Iterator[tuple[Received, str]]:
    """Those that speak of attachments, each with its place in the request, where a fault in it is reported."""
    for index, received in enumerate(statements):
        if has_attachments(received.values):
            yield received, f"statements[{index}]" if body.lstrip().startswith(b"[") else "statement"


def what_fits(session: Session, page: StatementPage) -> tuple[StatementPage, list[Given]]:
    """As many statements from the beginning of a page as one answer may bring with their contents, at least one, and the contents."""
    brought = _brought(session, page.statements)
    together: dict[bytes, int] = {}
    for count, statement in enumerate(page.statements):
        together |= brought.get(statement.position, {})
        if count and sum(together.values()) > MAX_ANSWER:
            page = StatementPage(page.statements[:count], page.statements[count - 1].position)
            break
    return page, _given(page.statements, brought)


def given_with(session: Session, statement: StoredStatement) -> list[Given]:
    """What came with a statement, each content once, in the order in which it speaks of it."""
    return _given([statement], _brought(session, [statement]))


def _brought(session: Session, statements: Sequence[StoredStatement]) -> dict[UUID, dict[bytes, int]]:
    """By position the lengths of what came with these statements."""
    brought: dict[UUID, dict[bytes, int]] = {}
    for found in contents_at(session, [statement.position for statement in statements]):
        brought.setdefault(found.position, {})[found.sha2] = found.length
    return brought


def _given(statements: Sequence[StoredStatement], brought: Mapping[UUID, Mapping[bytes, int]]) -> list[Given]:
    given: dict[bytes, Given] = {}
    for statement in statements:
        if here := brought.get(statement.position):
            for attachment in attachments_of(decode(statement.text, "statement"), "statement"):
                if attachment.sha2 in here:
                    given.setdefault(attachment.sha2, Given(attachment, here[attachment.sha2]))
    return list(given.values())


def multipart_response(body: str, given: Sequence[Given]) -> Response:
    """`attachments=true`: the statements as the first part, then what came with them, streamed from the store."""
    boundary = secrets.token_hex(24)
    kept = database()  # an answer is streamed when the request is over and the application no longer the current one
    heads = [part_head(boundary, part_headers(one.attachment)) for one in given]
    opening = part_head(boundary, [("Content-Type", "application/json")])[2:] + body.encode()
    closing = last_boundary(boundary)

    def pieces() -> Iterator[bytes]:
        yield opening
        for head, one in zip(heads, given, strict=True):
            yield head
            yield from _content(kept, one)
        yield closing

    response = Response(pieces(), content_type=f"multipart/mixed; boundary={boundary}")
    response.content_length = len(opening) + len(closing) + sum(map(len, heads)) + sum(one.length for one in given)
    return response


def _content(kept: Database, one: Given) -> Iterator[bytes]:
    """A look for each piece: a slow reader holds no connection. One dropped meanwhile ends the answer short of its Content-Length."""
    left, number = one.length, 0
    while left > 0:
        with kept.reading() as session:
            data = content_piece(session, one.attachment.sha2, number)
        if data is None:
            raise OSError(f"content dropped while it was read: {one.attachment.hash_text}")
        yield data
        left, number = left - len(data), number + 1
