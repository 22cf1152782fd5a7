"""Another store's statements taken in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import DomainError
from lms.lrs.contents import Contents
from lms.lrs.operations.store import store_statements, take_turn
from lms.lrs.rules.reading import Received


@dataclass(frozen=True, slots=True)
class Line:
    """A statement of an export: `number` counts lines from 1."""

    number: int
    statement: Received


@dataclass(frozen=True, slots=True)
class RefusedLine:
    number: int
    reason: DomainError


def import_lines(
    session: Session, lines: Sequence[Line], authority: Mapping[str, Any] | None, contents: Contents, at: datetime
) -> list[RefusedLine]:
    """Store the statements of these lines; what is known already stays as it is. `authority` answers for them; without one, whoever
    answered for each where it comes from. A line that is refused leaves the others alone; returns those."""
    refused: list[RefusedLine] = []
    place = 0
    take_turn(session, [line.statement for line in lines])
    for group in _by_authority(lines, authority):
        answers_for = authority or group[0].statement.values["authority"]
        try:
            with session.begin_nested():
                store_statements(session, [line.statement for line in group], answers_for, at, first_place=place, contents=contents)
        except DomainError:
            for offset, line in enumerate(group):
                try:
                    with session.begin_nested():
                        store_statements(session, [line.statement], answers_for, at, first_place=place + offset, contents=contents)
                except DomainError as refusal:
                    refused.append(RefusedLine(line.number, refusal))
        place += len(group)
    return refused


def record_import(session: Session, actor: Actor, name: str, counts: Mapping[str, int], at: datetime) -> None:
    audit.record(session, actor, "lrs.import", name, at, **counts)


def record_export(session: Session, actor: Actor, name: str, counts: Mapping[str, int], at: datetime) -> None:
    audit.record(session, actor, "lrs.export", name, at, **counts)


def _by_authority(lines: Sequence[Line], authority: Mapping[str, Any] | None) -> list[list[Line]]:
    """Neighbours for whom the same one answers."""
    if authority is not None:
        return [list(lines)] if lines else []
    groups: list[list[Line]] = []
    last = b""
    for line in lines:
        key = msgspec.json.encode(line.statement.values["authority"])
        if key != last or not groups:
            groups.append([])
        groups[-1].append(line)
        last = key
    return groups
