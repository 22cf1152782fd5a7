"""Handing letters over to the mail server, whatever table they wait in: a feature with letters of its own says how they are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Generic, TypeVar

import structlog
from sqlalchemy.orm import Session

from lms.kit.unit import settings, transaction
from lms.mail.models import OnItsWay
from lms.mail.operations.queue import Held, note_failed, note_sent
from lms.mail.rules import LEASE, Letter
from lms.mail.server import MailServer, NotSentError

log = structlog.get_logger()
H = TypeVar("H", bound=Held)


@dataclass(frozen=True, slots=True)
class Post(Generic[H]):
    """Letters of one table. `take` holds those that are due for this worker; `write` gives one as it goes out, or raises NotSentError
    where it is not to be sent; `emptied`: what of a letter is not kept once it is sent; `at_once`: how many are held at a time."""

    table: type[OnItsWay]
    take: Callable[[Session, datetime, int], list[H]]
    write: Callable[[H], Letter]
    emptied: Mapping[str, Any] = field(default_factory=dict)
    at_once: int = 50


def hand_over(post: Post[H], at: datetime) -> None:
    """Give due letters to the mail server. One that is away delays its letters and nothing else."""
    url, sender = settings().smtp_url, settings().mail_from
    if url is None or sender is None:
        return
    begun = monotonic()

    def moment() -> datetime:
        """As far as we are, also where somebody sets the clock meanwhile."""
        return at + timedelta(seconds=monotonic() - begun)

    with MailServer(url, sender) as server:
        while True:
            taken = moment()
            with transaction() as session:
                held = post.take(session, taken, post.at_once)
            away: NotSentError | None = None
            for letter in held:
                if moment() - taken > LEASE / 2:  # a server this slow: the rest is left until nobody can hold it twice
                    return
                away = _send(post, server, letter, moment, away)
            if away is not None or len(held) < post.at_once:
                return


def _send(post: Post[H], server: MailServer, held: H, moment: Callable[[], datetime], away: NotSentError | None) -> NotSentError | None:
    """Send one letter and note how it went; where the server takes none now, the rest of the batch is put off unasked."""
    try:
        if away is not None:
            raise away
        if held.address is None:
            raise NotSentError("no address any more", may_pass=False)
        server.send(_written(post, held), held.address)
    except NotSentError as failure:
        with transaction() as session:
            note_failed(session, post.table, held, str(failure), moment(), may_pass=failure.may_pass)
        return failure if failure.all_of_them else None
    with transaction() as session:
        note_sent(session, post.table, held.id, moment(), **post.emptied)
    return None


def _written(post: Post[H], held: H) -> Letter:
    """A letter that cannot be written does not hold up those behind it: it is tried again, and in the end somebody looks at it."""
    try:
        return post.write(held)
    except NotSentError:
        raise
    except Exception as fault:
        log.exception("letter_not_written", letter=str(held.id), table=post.table.__name__)
        raise NotSentError(f"{type(fault).__name__}: {fault}", may_pass=True) from fault
