"""How people did topic by topic in a round, for frozen reports: answers of the sittings whose outcomes counted at a moment, with the marks
that stood then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, and_, case, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.kit.competences import CompetenceCell
from lms.results.queries.counted import counted
from quizzes.models import Attempt, FormSlot, ItemVersion, Regrade, Response, Round
from quizzes.queries.topics import topic_names

AT_ONCE = 500
Place = tuple[UUID, str, str]  # agency, position group, topic


def competences(session: Session, activity: str, known: datetime) -> list[CompetenceCell] | None:
    """Cells by agency, group and topic; None for an activity that is no round. Two statements over the answers for any number of people,
    and one for every 500 sittings that had been marked again by then."""
    if session.scalar(select(Round.id).where(Round.activity == activity)) is None:
        return None
    names = topic_names(session)
    cells: dict[Place, CompetenceCell] = {}
    for agency, group, topic, right, answered, people in _first_marks(session, activity, known):
        name = names.get(topic, topic)
        cells[agency, group, topic] = CompetenceCell(agency, group, topic, name, int(right), int(answered), int(people))
    for place, right, answered in _later_marks(session, activity, known):
        agency, group, topic = place
        old = cells.get(place) or CompetenceCell(agency, group, topic, names.get(topic, topic), 0, 0, 0)
        cells[place] = CompetenceCell(agency, group, topic, old.name, old.right + right, old.answered + answered, old.people + 1)
    return list(cells.values())


def _counting(activity: str, known: datetime) -> tuple[Any, Subquery]:
    """Sittings whose outcome counted at that moment."""
    rows = counted(activity, known)
    return select(Attempt.id).select_from(rows).join(Attempt, Attempt.id == rows.c.source_id), rows


def _marked_again(known: datetime) -> ColumnElement[bool]:
    """Joins an attempt with the later mark that stood for it at that moment."""
    later = aliased(Regrade)
    replaced_later = select(later.id).where(later.id == Regrade.superseded_by, later.recorded_at > known).exists()
    return and_(Regrade.attempt_id == Attempt.id, Regrade.recorded_at <= known, or_(Regrade.superseded_by.is_(None), replaced_later))


def _first_marks(session: Session, activity: str, known: datetime) -> Iterator[Any]:
    """Summed by the database, of the sittings that still had their first mark."""
    again = select(Regrade.id).where(_marked_again(known)).correlate(Attempt).exists()
    sittings, rows = _counting(activity, known)
    statement = (
        sittings.join(Response, Response.attempt_id == Attempt.id)
        .join(FormSlot, and_(FormSlot.form_id == Attempt.form_id, FormSlot.slot == Response.slot))
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(~again)
        .with_only_columns(
            rows.c.agency_id,
            rows.c.group_code,
            ItemVersion.topic,
            func.sum(case((Response.points >= 1, 1), else_=0)),
            func.count(),
            func.count(Attempt.id.distinct()),
        )
        .group_by(rows.c.agency_id, rows.c.group_code, ItemVersion.topic)
    )
    yield from session.execute(statement)


def _later_marks(session: Session, activity: str, known: datetime) -> Iterator[tuple[Place, int, int]]:
    """Of the sittings that were marked again, one by one: (place, right, answered)."""
    last: UUID | None = None
    topics: dict[UUID, dict[int, str]] = {}
    sittings, people = _counting(activity, known)
    statement = (
        sittings.join(Regrade, _marked_again(known))
        .with_only_columns(Attempt.id, Attempt.form_id, people.c.agency_id, people.c.group_code, Regrade.points)
        .order_by(Attempt.id)
        .limit(AT_ONCE)
    )
    while True:
        rows = session.execute(statement if last is None else statement.where(Attempt.id > last)).all()
        if not rows:
            return
        last = rows[-1].id
        _learn(session, topics, {row.form_id for row in rows} - topics.keys())
        given: dict[UUID, set[int]] = {row.id: set() for row in rows}
        for attempt, slot in session.execute(select(Response.attempt_id, Response.slot).where(Response.attempt_id.in_(given))):
            given[attempt].add(slot)
        for row in rows:
            right: Counter[str] = Counter()
            count: Counter[str] = Counter()
            for slot, topic in topics[row.form_id].items():
                points = Fraction(row.points.get(str(slot), "0"))
                # A question that counts for everybody is answered by whoever it was shown to.
                if slot in given[row.id] or points:
                    count[topic] += 1
                    right[topic] += points >= 1
            for topic, answered in count.items():
                yield (row.agency_id, row.group_code, topic), right[topic], answered


def _learn(session: Session, topics: dict[UUID, dict[int, str]], forms: set[UUID]) -> None:
    """The topics of these forms' questions, by slot."""
    rows = session.execute(
        select(FormSlot.form_id, FormSlot.slot, ItemVersion.topic)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(FormSlot.form_id.in_(forms))
    )
    for form, slot, topic in rows:
        topics.setdefault(form, {})[slot] = topic
