"""What a revision corrects in the one the public reads, and why: the rows that came to the ledger between the two."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased, undefer

from lms.agencies.queries import ancestors_on
from lms.reports.models import Report, ReportAgency
from lms.reports.rules.body import canonical
from lms.reports.rules.correcting import DIFF_SCHEMA, AgencyCorrection, Cause, FrozenLine, correction_json, corrections, read_corrections
from lms.reports.rules.disclosure import BANDS, EXCLUSIONS, FIGURES
from lms.results.models import Activity, Expectation, ExpectationChange, Outcome
from lms.results.rules import Figures


def correction_text(session: Session, before: Report, after: Report) -> str:
    """The canonical diff of two revisions of one activity."""
    on = session.scalars(select(Activity.counted_on).where(Activity.key == after.activity)).one()
    causes = _causes(session, after.activity, on, before.built_at, after.built_at)
    found = corrections(_lines(session, before.id), _lines(session, after.id), causes)
    return canonical(
        {
            "schema": DIFF_SCHEMA,
            "from": {"report": str(before.id), "revision": before.revision, "sha256": before.sha256},
            "to": {"report": str(after.id), "revision": after.revision},
            "agencies": [correction_json(one) for one in found],
        }
    )


def corrections_of(session: Session, report_id: UUID, *, for_the_public: bool) -> list[AgencyCorrection] | None:
    """What a revision corrects; None where it corrects none (the first that was published)."""
    report = session.get_one(Report, report_id, options=(undefer(Report.diff_text),))
    return None if report.diff_text is None else read_corrections(json.loads(report.diff_text), for_the_public=for_the_public)


def _lines(session: Session, report_id: UUID) -> list[FrozenLine]:
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.figures, ReportAgency.is_withheld)
        .where(ReportAgency.report_id == report_id)
        .order_by(ReportAgency.ordinal, ReportAgency.code)
    )
    return [
        FrozenLine(str(agency), code, figures["name"], Figures.from_dict(figures["figures"]), _withheld(figures, is_withheld))
        for agency, code, figures, is_withheld in rows
    ]


def _withheld(line: Mapping[str, Any], is_withheld: bool) -> tuple[str, ...]:
    """Version 1 showed the public all of an agency's counts but bands and exclusions, or none."""
    if "withheld" in line:
        return tuple(line["withheld"])
    return (FIGURES, BANDS, EXCLUSIONS) if is_withheld else (BANDS, EXCLUSIONS)


def _causes(session: Session, activity: str, on: date, since: datetime, until: datetime) -> dict[str, Counter[str]]:
    """How many rows of each cause were recorded between two moments, for every agency with all below it. Three statements."""
    own: dict[UUID, Counter[str]] = defaultdict(Counter)
    earlier = aliased(Outcome)
    expected = and_(Expectation.activity == Outcome.activity, Expectation.person_id == Outcome.person_id)
    outcomes = session.execute(
        select(Expectation.agency_id, earlier.source_id == Outcome.source_id, func.count())
        .select_from(Outcome)
        .join(Expectation, expected)
        .outerjoin(earlier, earlier.superseded_by == Outcome.id)
        .where(Outcome.activity == activity, Outcome.recorded_at > since, Outcome.recorded_at <= until)
        .group_by(Expectation.agency_id, earlier.source_id == Outcome.source_id)
    )
    for agency, same_sitting, count in outcomes:
        own[agency][Cause.MARKED_AGAIN if same_sitting else Cause.LATE_SITTING] += count
    papers = session.execute(
        select(Expectation.agency_id, func.count())
        .join(ExpectationChange, ExpectationChange.expectation_id == Expectation.id)
        .where(Expectation.activity == activity, ExpectationChange.changed_at > since, ExpectationChange.changed_at <= until)
        .group_by(Expectation.agency_id)
    )
    for agency, count in papers:
        own[agency][Cause.LATE_PAPER] += count
    names = session.execute(
        select(Expectation.agency_id, func.count())
        .where(Expectation.activity == activity, Expectation.recorded_at > since, Expectation.recorded_at <= until)
        .group_by(Expectation.agency_id)
    )
    for agency, count in names:
        own[agency][Cause.LATE_NAME] += count
    above = ancestors_on(session, on, until) if own else {}
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for agency, counts in own.items():
        for ancestor in above.get(agency, [agency]):
            found[str(ancestor)].update({cause.value: count for cause, count in counts.items()})  # type: ignore[attr-defined]
    return found
