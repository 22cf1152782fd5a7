"""What people should be told. A feature brings sources of notices; `lms.mail` makes one letter a day of them for each person, so that
nobody is flooded, and remembers what was told, so that nothing is told twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing to tell one person. `key` is the same however often the source is asked: it is told once. `text` is a template marked
    with N_(), filled from `values`; `path` leads to where something can be done about it; `lines` are added below, one a row, as a list
    of names. Smaller `order` comes first in the letter."""

    person_id: UUID
    key: str
    text: str
    path: str
    values: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    order: int = 50


NoticeSource = Callable[[Session, datetime, ZoneInfo], Iterable[Notice]]
"""(session, now, the province's time zone) → what is to be told today. Only reads."""
