"""What a reader of results is shown: which quarter, which agency, within what they may see, frozen or counted just now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.actors import NotFound, Scope
from lms.kit.clock import Quarter
from lms.reports import queries
from lms.reports.frozen import thaw
from lms.reports.queries.bodies import agency_body
from lms.reports.rules import AgencyReport
from lms.results import queries as ledger
from lms.results.queries import ActivityRow
from lms.results.rules import Figures


@dataclass(frozen=True, slots=True)
class Result:
    """One agency's result with what is needed to show it. `revision` None: provisional, counted at `counted_at`."""

    quarter: Quarter
    activity: ActivityRow
    report: AgencyReport
    children: Mapping[UUID, AgencyReport]
    revision: int | None
    is_published: bool
    counted_at: datetime

    @property
    def state(self) -> str:
        return "provisional" if self.revision is None else "published" if self.is_published else "frozen"


def quarter_of(text: str) -> Quarter:
    """Raises NotFound for what is no quarter."""
    try:
        return Quarter.parse(text)
    except ValueError as error:
        raise NotFound from error


def find_activity(session: Session, quarter: Quarter) -> ActivityRow:
    """Raises NotFound where the quarter has no activity."""
    activity = ledger.activity_of_period(session, quarter.code)
    if activity is None:
        raise NotFound
    return activity


def find_agency(session: Session, activity: ActivityRow, code: str, scope: Scope, today: date) -> UUID:
    """An agency of the counting day within a scope as it was that day, or is today. Raises NotFound otherwise."""
    agency = queries.find_agency(session, code, activity.counted_on)
    if agency is None or not any(ledger.is_within(session, scope, agency, day) for day in (activity.counted_on, today)):
        raise NotFound
    return agency


def read_result(session: Session, quarter: Quarter, activity: ActivityRow, agency: UUID, at: datetime) -> Result:
    """The newest frozen result, else the ledger as it stands. Raises NotFound where the agency had no part in it."""
    frozen = queries.current_report(session, activity.key)
    if frozen is not None:
        body = agency_body(session, frozen, agency)
        if body is None:
            raise NotFound
        report, children = thaw(body)
        return Result(quarter, activity, report, children, frozen.revision, frozen.state == "published", frozen.built_at)
    reports = queries.counted_reports(session, activity, agency)
    if agency not in reports:
        raise NotFound
    return Result(quarter, activity, reports[agency], reports, None, False, at)


def previous_figures(session: Session, quarter: Quarter, agency: UUID, at: datetime) -> dict[str, Figures] | None:
    """The same agency a quarter earlier: its own figures under its id, and those of the agencies below it; None where there is none."""
    activity = ledger.activity_of_period(session, quarter.previous().code)
    if activity is None:
        return None
    try:
        result = read_result(session, quarter.previous(), activity, agency, at)
    except NotFound:
        return None
    figures = {str(child.id): result.children[child.id].figures for child in result.report.children}
    return {**figures, str(agency): result.report.figures}
