"""What a change would do, as a page shows it, and a mark by which the very same is known again when it is confirmed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.agencies.operations import Preview
from lms.agencies.queries.changes import names_of
from lms.agencies.rules.differences import differences
from lms.agencies.rules.events import Change, encoded
from lms.agencies.views.words import Sentence, difference_rows, mentioned, sentence
from lms.kit.errors import N_, Conflict
from lms.kit.following import PEOPLE, RETURNING, Consequence, followers_of

SHOWN_DIFFERENCES = 40
"""Rows of the table before and after; of more the number is said."""

Look = Callable[[Session, datetime], Preview]


@dataclass(frozen=True, slots=True)
class Shown:
    """A preview ready for its page. `mark` is the same as long as the change would do the same."""

    mark: str
    sentence: Sentence
    rows: list[dict[str, Any]]
    unshown: int
    consequences: list[tuple[int, str]]
    hindrances: list[tuple[int, str]]
    people: int
    begins_in_the_past: int  # days between the day it takes effect and today; 0: today or later


def show(session: Session, look: Look, change: Change | None, event_id: UUID | None, *, today: date, at: datetime) -> Shown:
    """Work a change out. `event_id`: the recorded event that is corrected or withdrawn. Only reads. Raises DomainError."""
    seen = look(session, at)
    lines = list(seen.consequences)
    if event_id is not None:
        for follower in followers_of(session).agencies:
            lines += follower.foresee_return(session, event_id)
    if change is not None:  # a correction: where people go is told, not that they come back first
        lines = [line for line in lines if line.of != RETURNING]
    found = differences(seen.before, seen.after)
    parents = {version.parent for versions in (*seen.before.values(), *seen.after.values()) for version in versions if version.parent}
    on = change.on if change else today
    missing = names_of(session, (parents | mentioned(change.details if change else None)) - seen.names.keys(), with_parents=False)
    names = {**{agency: missing.on(agency, on) for agency in missing.spans}, **seen.names}
    told = sentence(change.details, change.kind, on, names_of(session, mentioned(change.details))) if change else []
    return Shown(
        mark=_mark(seen, lines, change, event_id),
        sentence=told,
        rows=difference_rows(found[:SHOWN_DIFFERENCES], names),
        unshown=max(0, len(found) - SHOWN_DIFFERENCES),
        consequences=[_line(line) for line in lines if not line.hinders],
        hindrances=[_line(line) for line in lines if line.hinders],
        people=sum(line.count for line in lines if line.of == PEOPLE),
        begins_in_the_past=max(0, (today - on).days),
    )


def confirm_unchanged(
    session: Session, look: Look, change: Change | None, event_id: UUID | None, mark: str, *, today: date, at: datetime
) -> None:
    """Inside the transaction that writes: what is about to be done is what was shown. Raises Conflict."""
    shown = show(session, look, change, event_id, today=today, at=at)
    if shown.mark != mark:
        raise Conflict(
            N_("Cây đơn vị hoặc danh sách cán bộ đã thay đổi từ lúc xem trước. Chưa ghi gì. Xem lại hệ quả dưới đây rồi xác nhận lần nữa."),
            code="changed_since_preview",
        )
    if shown.hindrances:
        raise Conflict(N_("Còn việc phải giải quyết trước. Chưa ghi gì."), code="hindered")


def _line(line: Consequence) -> tuple[int, str]:
    return line.count, _(line.text, **line.values)


def _mark(seen: Preview, lines: list[Consequence], change: Change | None, event_id: UUID | None) -> str:
    decision = change.decision if change else None
    facts = [
        str(event_id),
        None if change is None else [change.on, change.ordinal, encoded(change.details)],
        None if decision is None else [decision.number, decision.dated, decision.note],
        sorted((str(agency), msgspec.to_builtins(versions)) for agency, versions in seen.before.items()),
        sorted((str(agency), msgspec.to_builtins(versions)) for agency, versions in seen.after.items()),
        [[line.text, line.count, {name: str(value) for name, value in line.values.items()}] for line in lines],
    ]
    return hashlib.sha256(msgspec.json.encode(facts, order="deterministic")).hexdigest()
