"""What corrected outcomes would do to the figures of agencies: counted as the next report would count them, beside what is frozen and
what the public reads. Only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.reports import queries
from lms.reports.models import Report, ReportAgency
from lms.reports.rules import AgencyReport, roll_up
from lms.results import queries as ledger
from lms.results.models import Expectation, Outcome
from lms.results.queries import ActivityRow
from lms.results.rules import Cell, Figures, difference, figures_of

BATCH = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Correction:
    """The outcome a person would have."""

    person_id: UUID
    score: Decimal
    passed: bool


@dataclass(frozen=True, slots=True)
class AgencyChange:
    """An agency whose figures would change: as the ledger has them now, as they would be, and as they are published (None: not published;
    `withheld`: published without this agency's figures, which stay hidden)."""

    agency_id: UUID
    code: str
    name: str
    before: Figures
    after: Figures
    rank_before: int | None
    rank_after: int | None
    published: Figures | None
    withheld: bool


def foresee_corrections(session: Session, activity: ActivityRow, corrections: Iterable[Correction]) -> list[AgencyChange]:
    """The agencies whose figures or rank would change, in the order of the tree; a correction of one who is not expected changes none."""
    moved = _moved_cells(session, activity, corrections)
    if not moved:
        return []
    nodes = queries.nodes(session, activity.counted_on)
    cells = ledger.cells(session, activity)
    before = roll_up(nodes, cells)
    after = roll_up(nodes, [*cells, *(Cell(agency, group, figures) for (agency, group), figures in moved.items())])
    changed = [agency for agency in before if _shown(before[agency]) != _shown(after[agency])]
    published = _published(session, activity, changed)
    return [
        AgencyChange(
            agency_id=agency,
            code=before[agency].node.code,
            name=before[agency].node.name,
            before=before[agency].figures,
            after=after[agency].figures,
            rank_before=before[agency].rank,
            rank_after=after[agency].rank,
            published=published.get(agency, (None, False))[0],
            withheld=published.get(agency, (None, False))[1],
        )
        for agency in changed
    ]


def _shown(report: AgencyReport) -> tuple[Figures, int | None, int | None]:
    return report.figures, report.rank, report.ranked_of


def _moved_cells(session: Session, activity: ActivityRow, corrections: Iterable[Correction]) -> dict[tuple[UUID, str], Figures]:
    """By how much the figures of each agency's own groups would move; a few hundred people at a time."""
    moved: dict[tuple[UUID, str], Figures] = defaultdict(Figures)
    for some in _some(corrections):
        wanted = {one.person_id: one for one in some}
        rows = session.execute(
            select(Expectation.person_id, Expectation.agency_id, Expectation.group_code, Outcome.score, Outcome.passed)
            .outerjoin(
                Outcome,
                (Outcome.activity == Expectation.activity) & (Outcome.person_id == Expectation.person_id) & Outcome.superseded_by.is_(None),
            )
            .where(Expectation.activity == activity.key, Expectation.excluded_because.is_(None), Expectation.person_id.in_(wanted.keys()))
        )
        for person_id, agency_id, group_code, score, passed in rows:
            old = Figures() if score is None else figures_of(score, passed)
            new = figures_of(wanted[person_id].score, wanted[person_id].passed)
            moved[agency_id, group_code] += difference(new, old)
    return {place: figures for place, figures in moved.items() if figures != Figures()}


def _published(session: Session, activity: ActivityRow, agencies: Sequence[UUID]) -> dict[UUID, tuple[Figures | None, bool]]:
    report = session.scalar(select(Report).where(Report.activity == activity.key, Report.state == "published"))
    return {} if report is None else dict(_frozen(session, report, agencies))


def _frozen(session: Session, report: Report, agencies: Sequence[UUID]) -> Iterator[tuple[UUID, tuple[Figures | None, bool]]]:
    for some in _some(agencies):
        rows = session.execute(
            select(ReportAgency.agency_id, ReportAgency.figures, ReportAgency.is_withheld).where(
                ReportAgency.report_id == report.id, ReportAgency.agency_id.in_(some)
            )
        )
        for agency_id, figures, is_withheld in rows:
            yield agency_id, (Figures.from_dict(figures["figures"]), is_withheld)


def _some(all_of_them: Iterable[T]) -> Iterator[list[T]]:
    """A few hundred at a time."""
    rest = iter(all_of_them)
    while some := list(islice(rest, BATCH)):
        yield some
