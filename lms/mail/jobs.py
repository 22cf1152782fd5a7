"""The worker's part: once a day one letter a person, and handing letters over all day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from uuid import UUID

import structlog
from flask import current_app

from lms.kit.clock import local_date
from lms.kit.jobs import Periodic
from lms.kit.notices import Notice, NoticeSource
from lms.kit.unit import reading, settings, transaction
from lms.mail import operations, post
from lms.mail.models import Message
from lms.mail.queries import addresses, is_written
from lms.mail.rules import WRITTEN_FROM, Letter
from lms.mail.writing import digest

log = structlog.get_logger()

PEOPLE_AT_ONCE = 200


def write_letters(at: datetime) -> None:
    """Write the day's letters, from seven in the morning on; a day that is written is not written again."""
    if settings().smtp_url is None or at.astimezone(settings().zone).hour < WRITTEN_FROM:
        return
    day = local_date(at, settings().zone)
    with reading() as session:
        if is_written(session, day):
            return
        notices = _of_today(current_app.extensions["lms.notices"], at)
    letters = unreachable = 0
    people = iter(notices.items())
    while batch := dict(islice(people, PEOPLE_AT_ONCE)):
        with transaction() as session:
            reachable = addresses(session, batch)
            unreachable += len(batch) - len(reachable)
            letters += operations.write_digests(session, {person: batch[person] for person in reachable}, digest, at)
    with transaction() as session:
        operations.finish_day(session, day, letters, unreachable, at)
    log.info("letters_written", day=day.isoformat(), letters=letters, unreachable=unreachable)


def hand_over(at: datetime) -> None:
    """Give due letters to the mail server."""
    post.hand_over(POST, at)


def _of_today(sources: Iterable[NoticeSource], at: datetime) -> dict[UUID, list[Notice]]:
    notices: dict[UUID, list[Notice]] = defaultdict(list)
    with reading() as session:
        for source in sources:
            for notice in source(session, at, settings().zone):
                notices[notice.person_id].append(notice)
    return notices


def _as_written(letter: Letter) -> Letter:
    return letter


POST = post.Post(Message, operations.take_due, _as_written, emptied={"body": ""})
PERIODIC = (
    Periodic(name="mail.write_letters", seconds=300, run=write_letters),
    Periodic(name="mail.hand_over", seconds=20, run=hand_over),
)
