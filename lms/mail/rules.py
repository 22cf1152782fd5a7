"""Decisions about letters: how long to try, what a server's answer means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LEASE = timedelta(minutes=10)  # a worker that says nothing for so long has died
FIRST_WAIT = timedelta(minutes=2)
LONGEST_WAIT = timedelta(hours=4)
GIVE_UP = timedelta(days=3)
WRITTEN_FROM = 7  # the hour of the province's day from which letters are written


class MessageState(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Attachment:
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter ready to be sent."""

    id: UUID
    address: str | None
    subject: str
    body: str
    tries: int
    created_at: datetime
    attachments: tuple[Attachment, ...] = ()


def next_try(created_at: datetime, tries: int, at: datetime) -> datetime | None:
    """When to try again after `tries` failures that may pass: 2, 4, 8 … minutes, at most four hours later; None: given up."""
    if at - created_at >= GIVE_UP:
        return None
    wait: timedelta = min(FIRST_WAIT * 2 ** min(tries - 1, 10), LONGEST_WAIT)
    return at + wait
