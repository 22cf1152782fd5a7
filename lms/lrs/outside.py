"""Sending statements to a store outside: one connection kept open, time-outs, and every answer turned into what it means."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from uuid import UUID

import msgspec
import requests
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from lms.lrs.queries.forwarding import Outgoing
from lms.lrs.rules.attachments import Attachment, attachments_of, part_headers
from lms.lrs.rules.forwarding import BATCH, MAX_BYTES, Answer, meaning, takes
from lms.lrs.rules.multipart import last_boundary, part_head

CONNECT_SECONDS = 3.05
READ_SECONDS = 5.0
DELIVERY_SECONDS = 60.0  # after which no further request of a delivery begins: its target is leased for a time
_MOST_OF_ANSWER = 16 * 1024  # of an answer is read; the rest would be ids we know
_IN_MEMORY = 1024 * 1024

Files = Callable[[bytes], Iterable[bytes]]
"""The pieces of a content, by its hash."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int  # 0: there was none
    said: str
    wait: float | None = None  # seconds it asked us to wait

    @property
    def answer(self) -> Answer:
        return meaning(self.status)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that a store will never take, and why."""

    position: UUID
    statement_id: UUID
    status: int
    reason: str


@dataclass(slots=True)
class Delivery:
    """How far a delivery came: everything up to `through` is done with."""

    through: UUID | None = None
    stored: int = 0
    refused: list[Refusal] = field(default_factory=list)
    complete: bool = True  # False: the rest must wait, for trouble or because the time for one delivery is over
    trouble: str | None = None
    wait: float | None = None


class OutsideStore:
    """A store and our name there. Use it from one thread at a time."""

    def __init__(self, endpoint: str, username: str, password: str, version: str, *, read_seconds: float = READ_SECONDS) -> None:
        self.version = version
        self._address = f"{endpoint}statements"
        self._read_seconds = read_seconds
        self._session = requests.Session()
        self._session.trust_env = False  # what the settings say is all there is: no .netrc, no proxy of somebody's shell
        self._session.auth = HTTPBasicAuth(username.encode(), password.encode())  # bytes: names may be any text
        self._session.headers.update({"X-Experience-API-Version": version, "User-Agent": "cong-vu-lms"})
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0))

    def close(self) -> None:
        self._session.close()

    def send(self, statements: Sequence[Outgoing], files: Files) -> Reply:
        """One request. Never raises for what happens on the way."""
        body = b"[" + b",".join(statement.text.encode() for statement in statements) + b"]"
        contents = {
            attachment.sha2: attachment
            for statement in statements
            if statement.contents
            for attachment in attachments_of(msgspec.json.decode(statement.text), "")
            if attachment.sha2 in statement.contents
        }
        if not contents:
            return self._post(body, "application/json")
        boundary = f"lms-{secrets.token_hex(16)}"
        with SpooledTemporaryFile(max_size=_IN_MEMORY) as whole:
            for piece in _multipart(body, boundary, contents.values(), files):
                whole.write(piece)
            length = whole.tell()
            whole.seek(0)
            return self._post(whole, f"multipart/mixed; boundary={boundary}", length)

    def _post(self, body: bytes | IO[bytes], content_type: str, length: int | None = None) -> Reply:
        headers = {"Content-Type": content_type} | ({} if length is None else {"Content-Length": str(length)})
        until = time.monotonic() + CONNECT_SECONDS + 2 * self._read_seconds
        try:
            with self._session.post(
                self._address,
                data=body,
                headers=headers,
                timeout=(CONNECT_SECONDS, self._read_seconds),
                allow_redirects=False,
                stream=True,
            ) as response:
                said = _beginning(response, until)
                return Reply(response.status_code, said.strip(), _seconds(response.headers.get("Retry-After")))
        except (requests.RequestException, OSError) as error:
            return Reply(0, f"{type(error).__name__}: {error}"[:500])


def deliver(store: OutsideStore, statements: Sequence[Outgoing], files: Files, *, trial: bool = False) -> Delivery:
    """Send statements in their order. A batch that is refused is halved until it is known which statement it is for; `trial` sends one
    alone first, to see whether the store is there again. Those of a version it cannot take are refused without asking it."""
    delivery = _sent(store, [one for one in statements if takes(store.version, one.version)], files, trial=trial)
    others = [one for one in statements if not takes(store.version, one.version)]
    reached = [one for one in others if delivery.complete or (delivery.through is not None and one.position < delivery.through)]
    delivery.refused += [Refusal(one.position, one.id, 0, f"xAPI {one.version} > {store.version}") for one in reached]
    return delivery


def _sent(store: OutsideStore, statements: Sequence[Outgoing], files: Files, *, trial: bool) -> Delivery:
    delivery = Delivery()
    batches = list(_batches(statements))[::-1]
    if trial and statements:
        batches = [*list(_batches(statements[1:]))[::-1], list(statements[:1])]
    until = time.monotonic() + DELIVERY_SECONDS
    while batches:
        if time.monotonic() > until:
            delivery.complete = False
            return delivery
        batch = batches.pop()
        reply = store.send(batch, files)
        match reply.answer:
            case Answer.STORED:
                delivery.stored += len(batch)
            case Answer.PARTLY_KNOWN if len(batch) == 1:
                delivery.stored += 1
            case Answer.REFUSED if len(batch) == 1:
                delivery.refused.append(Refusal(batch[0].position, batch[0].id, reply.status, reply.said[:1000]))
            case Answer.PARTLY_KNOWN | Answer.REFUSED:
                half = len(batch) // 2
                batches += [batch[half:], batch[:half]]
                continue
            case Answer.LATER:
                delivery.trouble = f"HTTP {reply.status}: {reply.said[:500]}" if reply.status else reply.said
                delivery.wait, delivery.complete = reply.wait, False
                return delivery
        delivery.through = batch[-1].position
    return delivery


def _batches(statements: Iterable[Outgoing]) -> Iterator[list[Outgoing]]:
    """As many as one request takes; one that has files goes alone."""
    batch: list[Outgoing] = []
    size = 0
    for statement in statements:
        length = len(statement.text)
        alone = bool(statement.contents)
        if batch and (alone or batch[-1].contents or len(batch) >= BATCH or size + length > MAX_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(statement)
        size += length
    if batch:
        yield batch


def _multipart(body: bytes, boundary: str, contents: Iterable[Attachment], files: Files) -> Iterator[bytes]:
    yield part_head(boundary, [("Content-Type", "application/json")])[2:]  # the first boundary begins the body
    yield body
    for attachment in contents:
        yield part_head(boundary, part_headers(attachment))
        yield from files(attachment.sha2)
    yield last_boundary(boundary)


def _beginning(response: requests.Response, until: float) -> str:
    """What the store says, as far as it is short and comes soon: one that drips must not keep us."""
    said = b""
    for piece in response.iter_content(1024):
        said += piece
        if len(said) >= _MOST_OF_ANSWER or time.monotonic() > until:
            break
    return said.decode("utf-8", errors="replace")


def _seconds(text: Any) -> float | None:
    return float(text) if isinstance(text, str) and text.isascii() and text.isdigit() else None
