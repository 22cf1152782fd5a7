"""Whose service this is: the agency at the top of the tree, asked at most once a minute in each process."""

from __future__ import annotations

from time import monotonic

import structlog
from sqlalchemy.exc import OperationalError

from lms.agencies.queries import root_names
from lms.kit.clock import local_date, now
from lms.kit.unit import reading, settings

KEPT_SECONDS = 60
log = structlog.get_logger()


class Identity:
    """The province's name as its own tree has it; None while there is no tree, or a tree with several tops."""

    def __init__(self) -> None:
        self._name: str | None = None
        self._asked_at: float | None = None

    def agency_name(self) -> str | None:
        if self._asked_at is None or monotonic() - self._asked_at > KEPT_SECONDS:
            self._asked_at = monotonic()
            try:
                with reading() as session:
                    names = root_names(session, local_date(now(), settings().zone))
            except OperationalError as error:  # the page that says the database is away has a header, too
                log.warning("agency name not read", error=str(error.orig))
            else:
                self._name = names[0] if len(names) == 1 else None
        return self._name
