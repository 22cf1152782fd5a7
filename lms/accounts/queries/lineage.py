"""Where the people of an agency of an earlier day are on a later one: in what share of its people it lives on in which agency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Posting
from lms.agencies.models import Agency
from lms.agencies.queries import agency_names, ancestors_on, successors_on, within
from lms.agencies.queries.lookups import batches
from lms.kit.actors import Everywhere, Scope


@dataclass(frozen=True, slots=True)
class PeopleShare:
    """How many of an agency's people are in one of its heirs; `share` is of all of them, from 0 to 1. `declared`: the share that the
    decisions give to the heir, None where they do not say; `is_heir` is false for an agency people went to by themselves."""

    agency_id: UUID
    name: str
    people: int
    share: float
    declared: float | None
    is_heir: bool


@dataclass(frozen=True, slots=True)
class PeopleLineage:
    """`people` held a primary post in the agency or below it on the first day; `left` of them hold none anywhere on the second, and
    `elsewhere` are in agencies that the asker's scope does not reach on it, of which no more is told."""

    people: int
    heirs: list[PeopleShare]
    left: int
    elsewhere: int = 0


def people_lineage(
    session: Session, agency_id: UUID, since: date, on: date, scope: Scope, *, known: datetime | None = None
) -> PeopleLineage:
    """Where those are on `on` who had a primary post in the agency's subtree on `since`, counted where the agency lay in the scope.

    People are counted under the nearest heir above their post, others under the highest agency above it that is below the top of the
    tree. The people are one statement, however many they are. Who went where the scope does not reach is told as one number.
    """
    then, now = aliased(Posting), aliased(Posting)
    rows = session.execute(
        select(now.agency_id, func.count(then.person_id.distinct()))
        .select_from(then)
        .outerjoin(now, and_(now.person_id == then.person_id, now.is_primary, now.valid_from <= on, on < now.valid_to))
        .where(
            then.is_primary,
            then.valid_from <= since,
            since < then.valid_to,
            within(then.agency_id, frozenset((agency_id,)), since, known),
            within(then.agency_id, scope, since, known),
        )
        .group_by(now.agency_id)
    )
    counts: dict[UUID | None, int] = {row[0]: row[1] for row in rows}
    left = counts.pop(None, 0)
    people = left + sum(counts.values())
    reached = _reached(session, counts, scope, on, known)
    elsewhere = sum(count for agency, count in counts.items() if agency not in reached)
    counts = {agency: count for agency, count in counts.items() if agency in reached}
    heirs = {heir.id: heir for heir in successors_on(session, agency_id, on, since, known)}
    heirs = {heir: heirs[heir] for heir in heirs.keys() & _reached(session, heirs, scope, on, known)}
    gathered = _gathered(session, counts, heirs, on, known)
    names = agency_names(session, gathered, on, known)
    shares = [
        PeopleShare(
            agency_id=agency,
            name=names.get(agency, ""),
            people=count,
            share=count / people if people else 0.0,
            declared=heirs[agency].share if agency in heirs else None,
            is_heir=agency in heirs,
        )
        for agency, count in gathered.items()
    ]
    return PeopleLineage(people, sorted(shares, key=lambda share: (-share.people, not share.is_heir, share.name)), left, elsewhere)


def _reached(session: Session, agencies: Iterable[UUID | None], scope: Scope, on: date, known: datetime | None) -> set[UUID]:
    """Those of the agencies that the scope reaches on a day."""
    ids = [agency for agency in agencies if agency is not None]
    if isinstance(scope, Everywhere):
        return set(ids)
    found: set[UUID] = set()
    for batch in batches(ids):
        found.update(session.scalars(select(Agency.id).where(Agency.id.in_(batch), within(Agency.id, scope, on, known))))
    return found


def _gathered(
    session: Session, counts: Mapping[UUID | None, int], heirs: Mapping[UUID, object], on: date, known: datetime | None
) -> dict[UUID, int]:
    """People by heir; an heir nobody is in counts none."""
    gathered: dict[UUID, int] = dict.fromkeys(heirs, 0)
    above = ancestors_on(session, on, known) if counts else {}
    for agency, people in counts.items():
        if agency is None:
            continue
        path = above.get(agency, [agency])
        nearest = next((one for one in path if one in heirs), path[-2] if len(path) > 1 else path[0])
        gathered[nearest] = gathered.get(nearest, 0) + people
    return gathered
