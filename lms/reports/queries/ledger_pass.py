"""The ledger read once for a report, as it was known at a moment: everything that is counted in people, for all agencies."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, String, and_, case, cast, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from lms.results.models import Expectation, ExpectationChange, Outcome
from lms.results.rules import BANDS, HISTOGRAM_BINS, Cell, Figures

SEPARATOR = ";"
FIGURES = ("expected", "excluded", "took_part", "passed", "score_hundredths", "good", "fair", "average", "weak", "attempts")


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
    """One statement; memory grows with the people (some sixty bytes each) and with agencies times groups."""
    found = LedgerPass()
    prints: list[str] = []
    for agency, group, reason, rows, counts, bins, fingerprint in _rows(session, activity, known):
        figures = Figures(**dict(zip(FIGURES, counts, strict=True)))
        found.cells.append(Cell(agency, group, figures))
        if reason is not None:
            reasons = found.exclusions[agency]
            reasons[reason] = reasons.get(reason, 0) + rows
        histogram = found.histograms.setdefault(agency, [0] * HISTOGRAM_BINS)
        for place, count in enumerate(bins):
            histogram[place] += count
        found.expectations += rows
        found.outcomes += figures.took_part
        # In the order of the people, whatever order the database put them together in.
        prints.append(f"{agency.hex}|{group}|{reason or ''}|" + SEPARATOR.join(sorted(fingerprint.split(SEPARATOR))))
    found.sha256 = hashlib.sha256("\n".join(sorted(prints)).encode()).hexdigest()
    return found


def count_inputs(session: Session, activity: str, known: datetime) -> tuple[int, int]:
    """How many expectations and standing outcomes of expected people were known at a moment: has one come in late that says it was
    recorded before?"""
    statement, _ = _known(activity, known)
    expected, outcomes = session.execute(statement.with_only_columns(func.count(), func.count(Outcome.id))).one()
    return int(expected), int(outcomes)


def was_known(known: datetime) -> ColumnElement[bool]:
    """Did an outcome stand at that moment: recorded by then, and what took its place was not?"""
    later = aliased(Outcome)
    replaced_later = select(literal(1)).where(later.id == Outcome.superseded_by, later.recorded_at > known).exists()
    return and_(Outcome.recorded_at <= known, or_(Outcome.superseded_by.is_(None), replaced_later))


def _known(activity: str, known: datetime) -> tuple[Select[*tuple[Any, ...]], ColumnElement[str | None]]:
    """Expectations with the outcome that stood, and why somebody was left out, all as known then."""
    place = func.row_number().over(
        partition_by=ExpectationChange.expectation_id, order_by=(ExpectationChange.changed_at, ExpectationChange.id)
    )
    changes = (
        select(ExpectationChange.expectation_id, ExpectationChange.excluded_before, place.label("place"))
        .where(ExpectationChange.changed_at > known)
        .subquery()
    )
    # The first change after that moment says what stood until then.
    reason: ColumnElement[str | None] = case(
        (changes.c.expectation_id.is_not(None), changes.c.excluded_before), else_=Expectation.excluded_because
    )
    outcome = and_(Outcome.activity == Expectation.activity, Outcome.person_id == Expectation.person_id, reason.is_(None), was_known(known))
    statement = (
        select(Expectation.id)
        .select_from(Expectation)
        .outerjoin(changes, and_(changes.c.expectation_id == Expectation.id, changes.c.place == 1))
        .outerjoin(Outcome, outcome)
        .where(Expectation.activity == activity, Expectation.recorded_at <= known)
    )
    return statement, reason


def _rows(session: Session, activity: str, known: datetime) -> Any:
    statement, reason = _known(activity, known)
    hundredths = cast(func.round(Outcome.score * 100), Integer)
    bands = [_sum(and_(Outcome.score >= low, Outcome.score < high)) for high, low in pairwise((101, *(low for _, low in BANDS)))]
    edges = [*range(0, 100, 100 // HISTOGRAM_BINS), 101]
    bins = [_sum(and_(Outcome.score >= low, Outcome.score < high)) for low, high in pairwise(edges)]
    row = _hex(Expectation.person_id) + _hex(Outcome.id) + func.coalesce(cast(hundredths, String), "") + _mark(Outcome.passed)
    grouped: Select[*tuple[Any, ...]] = statement.with_only_columns(
        Expectation.agency_id,
        Expectation.group_code,
        reason,
        func.count(),
        _sum(reason.is_(None)),
        _sum(reason.is_not(None)),
        func.count(Outcome.id),
        _sum(Outcome.passed),
        func.coalesce(func.sum(hundredths), 0),
        *bands,
        func.coalesce(func.sum(Outcome.attempts), 0),
        *bins,
        func.aggregate_strings(row, SEPARATOR),
    ).group_by(Expectation.agency_id, Expectation.group_code, reason)
    figures = len(FIGURES)
    for agency, group, why, rows, *counts, fingerprint in session.execute(grouped).all():
        yield agency, group, why, rows, counts[:figures], counts[figures:], fingerprint


def _sum(condition: ColumnElement[bool] | Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _hex(column: Any) -> ColumnElement[str]:
    """An identifier as 32 digits on both databases; nothing for none."""
    return func.coalesce(func.replace(cast(column, String), "-", ""), "")


def _mark(column: Any) -> ColumnElement[str]:
    return case((column, "+"), else_="-")
