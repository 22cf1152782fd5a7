"""Figures of all agencies in one pass over the ledger."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, and_, case, cast, func, select
from sqlalchemy.orm import Session

from lms.results.models import Expectation, Outcome
from lms.results.queries.activities import ActivityRow
from lms.results.queries.counted import below, counted
from lms.results.rules import BANDS, HISTOGRAM_BINS, Cell, Figures

WIDTH = 100 // HISTOGRAM_BINS


@dataclass(frozen=True, slots=True)
class Census:
    """What one pass over the ledger counts, each agency's own staff without those below it: figures by group; excluded people by reason
    and scores by tenth of the scale (100 points belong to the last)."""

    cells: tuple[Cell, ...]
    exclusions: Mapping[UUID, Mapping[str, int]]
    histograms: Mapping[UUID, tuple[int, ...]]


def census(session: Session, activity: ActivityRow, root: UUID | None = None, *, known: datetime | None = None) -> Census:
    """All that is counted in an activity, as known at a moment; with `root` only its subtree on the counting day. One statement."""
    rows = counted(activity.key, known, below(activity, root, known))
    tenths: list[ColumnElement[int]] = [
        func.coalesce(func.sum(case((and_(rows.c.score >= low, rows.c.score < high), 1), else_=0)), 0)
        for low, high in pairwise([*range(0, 100, WIDTH), 101])
    ]
    query = select(
        rows.c.agency_id,
        rows.c.group_code,
        rows.c.excluded_because,
        func.count(),
        func.count(rows.c.outcome_id),
        func.coalesce(func.sum(case((rows.c.passed, 1), else_=0)), 0),
        func.coalesce(func.sum(cast(func.round(rows.c.score * 100), Integer)), 0),
        func.coalesce(func.sum(rows.c.attempts), 0),
        *tenths,
    ).group_by(rows.c.agency_id, rows.c.group_code, rows.c.excluded_because)
    figures: dict[tuple[UUID, str], Figures] = {}
    exclusions: dict[UUID, dict[str, int]] = defaultdict(dict)
    histograms: dict[UUID, list[int]] = {}
    for agency_id, group_code, reason, people, took_part, passed, score, attempts, *bins in session.execute(query):
        histogram = histograms.setdefault(agency_id, [0] * HISTOGRAM_BINS)
        if reason is not None:
            exclusions[agency_id][reason] = exclusions[agency_id].get(reason, 0) + people
            found = Figures(excluded=people)
        else:
            for place, count in enumerate(bins):
                histogram[place] += count
            found = Figures(
                expected=people,
                took_part=took_part,
                passed=int(passed),
                score_hundredths=int(score),
                attempts=int(attempts),
                **_banded(bins),
            )
        figures[agency_id, group_code] = figures.get((agency_id, group_code), Figures()) + found
    return Census(
        tuple(Cell(agency_id, group_code, own) for (agency_id, group_code), own in figures.items()),
        exclusions,
        {agency_id: tuple(map(int, own)) for agency_id, own in histograms.items()},
    )


def cells(session: Session, activity: ActivityRow, root: UUID | None = None, *, known: datetime | None = None) -> list[Cell]:
    """Figures per agency and position group, in one pass over the ledger; with `root` only its subtree on the counting day."""
    return list(census(session, activity, root, known=known).cells)


def histogram(session: Session, activity: ActivityRow, root: UUID, *, known: datetime | None = None) -> list[int]:
    """How many standing scores fall into each tenth of the scale; 100 points belong to the last."""
    bins = [0] * HISTOGRAM_BINS
    for own in census(session, activity, root, known=known).histograms.values():
        bins = [one + other for one, other in zip(bins, own, strict=True)]
    return bins


def exclusions(session: Session, activity: ActivityRow, root: UUID, *, known: datetime | None = None) -> dict[str, int]:
    """Excluded people of a subtree by reason."""
    rows = counted(activity.key, known, below(activity, root, known))
    query = select(rows.c.excluded_because, func.count()).where(rows.c.excluded_because.is_not(None)).group_by(rows.c.excluded_because)
    return {row[0]: row[1] for row in session.execute(query)}


def outside_the_denominator(session: Session, activity: ActivityRow, *, known: datetime | None = None) -> int:
    """People who took part without being expected (new since the cut-off, or excluded): named beside the figures, never inside them."""
    if known is None:
        expected = and_(
            Expectation.activity == Outcome.activity,
            Expectation.person_id == Outcome.person_id,
            Expectation.excluded_because.is_(None),
        )
        standing = Outcome.superseded_by.is_(None)
        query = (
            select(func.count())
            .select_from(Outcome)
            .outerjoin(Expectation, expected)
            .where(Outcome.activity == activity.key, standing, Expectation.id.is_(None))
        )
        return session.scalars(query).one()
    rows = counted(activity.key, known)
    unending = and_(Outcome.superseded_at.is_(None), Outcome.superseded_by.is_(None))
    stood = select(func.count()).where(
        Outcome.activity == activity.key, Outcome.recorded_at <= known, unending | (Outcome.superseded_at > known)
    )
    inside = select(func.count(rows.c.outcome_id)).select_from(rows)
    return session.scalars(stood).one() - session.scalars(inside).one()


def _banded(bins: list[int]) -> dict[str, int]:
    """People by band, the best first: every band begins at a tenth of the scale."""
    edges = [HISTOGRAM_BINS, *(low // WIDTH for _, low in BANDS)]
    return {name: int(sum(bins[low:high])) for (name, _), (high, low) in zip(BANDS, pairwise(edges), strict=True)}
