"""The ledger read once for a report, as it was known at a moment: everything that is counted in people, for all agencies."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, String, and_, case, cast, func, select
from sqlalchemy.orm import Session

from lms.results.queries.counted import counted
from lms.results.rules import BANDS, HISTOGRAM_BINS, Cell, Figures

SEPARATOR = ";"
PASSED, NOT_PASSED = "+", "!"
WIDTH = 100 // HISTOGRAM_BINS


@dataclass(slots=True)
class LedgerPass:
    """Figures of each agency's own staff by position group; people excluded by reason; standing scores in tenths of the scale; how many
    rows that was made of, and a fingerprint of them."""

    cells: list[Cell] = field(default_factory=list)
    exclusions: dict[UUID, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    histograms: dict[UUID, list[int]] = field(default_factory=dict)
    expectations: int = 0
    outcomes: int = 0
    sha256: str = ""

    @property
    def inputs(self) -> Mapping[str, Any]:
        """For the manifest: who was expected, what stands of each, and how many they are."""
        return {"expectations": self.expectations, "outcomes": self.outcomes, "sha256": self.sha256}


def read_ledger(session: Session, activity: str, known: datetime) -> LedgerPass:
    """One statement; memory grows with the people (some seventy bytes each) and with agencies times groups."""
    found = LedgerPass()
    prints: list[str] = []
    figures: dict[tuple[UUID, str], Figures] = {}
    for agency, group, reason, people, took_part, passed, score, attempts, fingerprint, *bins in _rows(session, activity, known):
        found.expectations += people
        found.outcomes += took_part
        prints.append(f"{agency.hex}|{group}|{reason or ''}|{_in_order(fingerprint)}")
        histogram = found.histograms.setdefault(agency, [0] * HISTOGRAM_BINS)
        if reason is not None:
            reasons = found.exclusions[agency]
            reasons[reason] = reasons.get(reason, 0) + people
            part = Figures(excluded=people)
        else:
            for place, count in enumerate(bins):
                histogram[place] += int(count)
            part = Figures(people, 0, took_part, int(passed), int(score), **_banded(bins), attempts=int(attempts))
        figures[agency, group] = figures[agency, group] + part if (agency, group) in figures else part
    found.cells = [Cell(agency, group, own) for (agency, group), own in figures.items()]
    found.sha256 = hashlib.sha256("\n".join(sorted(prints)).encode()).hexdigest()
    return found


def count_inputs(session: Session, activity: str, known: datetime) -> tuple[int, int]:
    """How many rows of the list and outcomes that count were known at a moment: has one come in late that says it was recorded before?"""
    rows = counted(activity, known)
    listed, outcomes = session.execute(select(func.count(), func.count(rows.c.outcome_id)).select_from(rows)).one()
    return int(listed), int(outcomes)


def _rows(session: Session, activity: str, known: datetime) -> Sequence[Any]:
    rows = counted(activity, known)
    hundredths = cast(func.round(rows.c.score * 100), Integer)
    bins = [_sum(and_(rows.c.score >= low, rows.c.score < high)) for low, high in pairwise([*range(0, 100, WIDTH), 101])]
    mark = case((rows.c.passed, PASSED), else_=NOT_PASSED)
    fingerprint = cast(rows.c.id, String) + func.coalesce(cast(rows.c.outcome_id, String) + cast(hundredths, String), "") + mark
    return session.execute(
        select(
            rows.c.agency_id,
            rows.c.group_code,
            rows.c.excluded_because,
            func.count(),
            func.count(rows.c.outcome_id),
            _sum(rows.c.passed),
            func.coalesce(func.sum(hundredths), 0),
            func.coalesce(func.sum(rows.c.attempts), 0),
            func.aggregate_strings(fingerprint, SEPARATOR),
            *bins,
        ).group_by(rows.c.agency_id, rows.c.group_code, rows.c.excluded_because)
    ).all()


def _banded(bins: Sequence[int]) -> dict[str, int]:
    """People by band, the best first: every band begins at a tenth of the scale."""
    edges = [HISTOGRAM_BINS, *(low // WIDTH for _, low in BANDS)]
    return {name: int(sum(bins[low:high])) for (name, _), (high, low) in zip(BANDS, pairwise(edges), strict=True)}


def _sum(condition: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _in_order(fingerprint: str) -> str:
    """Of the people of one cell, the same on every database: identifiers without dashes, in an order of their own."""
    return SEPARATOR.join(sorted(fingerprint.replace("-", "").split(SEPARATOR)))
