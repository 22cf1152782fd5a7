"""What pages of frozen results read beside the body of the agency itself: those right below it, its earlier quarters, who confirmed.
Every function is one statement or says how many, however many agencies there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyEvent
from lms.agencies.queries import passages_between
from lms.agencies.rules.lineage import Passage, backward
from lms.reports.models import AgencyVerdict, Report, ReportAgency, ReportState, Verdict
from lms.reports.rules.body import Competence, Mastery, Standing
from lms.reports.rules.overview import Part
from lms.results.models import Activity
from lms.results.rules import Figures

QUARTERS = 7  # earlier ones beside today's
WHOLE = 1.0


class _Kept(msgspec.Struct):
    """What of a body its parent's page shows."""

    agency: dict[str, Any]
    figures: dict[str, int]
    standing: dict[str, Any] | None
    comparison: dict[str, Any] | None
    competences: list[dict[str, Any]]


_READER = msgspec.json.Decoder(_Kept)


@dataclass(frozen=True, slots=True)
class Past:
    """A quarter before: the figures of the agency as it is today, put together of all that went on in it. `names`: whose they are where it
    was not the agency alone; `figures` None: part of an agency that was divided, or nobody, and not comparable."""

    period: str
    figures: Figures | None
    names: tuple[str, ...] = ()


def parts(session: Session, report_id: UUID, parent: UUID) -> list[Part]:
    """The agencies right below one, in the order of the tree."""
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.body, ReportAgency.figures)
        .where(ReportAgency.report_id == report_id, ReportAgency.parent_id == parent)
        .order_by(ReportAgency.ordinal, ReportAgency.code)
    )
    return [_part(agency, body, stored) for agency, body, stored in rows]


def unconfirmed(session: Session, report_id: UUID, agencies: Iterable[UUID]) -> dict[UUID, bool]:
    """Of these agencies those that did not confirm their draft: True where an objection waits for an answer, False for the silent."""
    rows = session.execute(
        select(AgencyVerdict.agency_id, AgencyVerdict.verdict, AgencyVerdict.answered_at).where(
            AgencyVerdict.report_id == report_id, AgencyVerdict.replaced_at.is_(None)
        )
    )
    said = {agency: (verdict, answered) for agency, verdict, answered in rows}
    found: dict[UUID, bool] = {}
    for agency in agencies:
        verdict, answered = said.get(agency, (None, None))
        if verdict is None or (verdict == Verdict.OBJECT and answered is None):
            found[agency] = verdict is not None
    return found


def reported_names(session: Session, period: str, agencies: Iterable[UUID]) -> dict[UUID, tuple[str, str]]:
    """(code, name) of agencies as a period's report that is or was public called them."""
    wanted = set(agencies)
    if not wanted:
        return {}
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.code, ReportAgency.figures)
        .join(Report, Report.id == ReportAgency.report_id)
        .where(Report.period == period, Report.published_at.is_not(None), ReportAgency.agency_id.in_(wanted))
        .order_by(Report.revision)
    )
    return {agency: (code, str(stored["name"])) for agency, code, stored in rows}


def history(session: Session, agency: UUID, period: str, counted_on: date) -> list[Past]:
    """The last quarters before a period, the earliest first, each of the published report. Four statements."""
    reports = session.execute(
        select(Report.id, Report.period, Activity.counted_on)
        .join(Activity, Activity.key == Report.activity)
        .where(Report.period < period, Report.state == ReportState.PUBLISHED)
        .order_by(Report.period.desc())
        .limit(QUARTERS)
    ).all()[::-1]
    if not reports:
        return []
    passages = passages_between(session, reports[0].counted_on, counted_on)
    days = _days(session, [passage.event for passage in passages])
    came_from = {report.id: _whole(agency, [one for one in passages if days[one.event] > report.counted_on]) for report in reports}
    wanted = {one for ids in came_from.values() for one in ids}
    rows = session.execute(
        select(ReportAgency.report_id, ReportAgency.agency_id, ReportAgency.parent_id, ReportAgency.figures).where(
            ReportAgency.report_id.in_(came_from), ReportAgency.agency_id.in_(wanted)
        )
    )
    kept = {(report, one): (parent, stored) for report, one, parent, stored in rows}
    return [_past(report.period, report.id, agency, came_from[report.id], kept) for report in reports]


def _past(period: str, report: UUID, agency: UUID, ids: Sequence[UUID], kept: Mapping[tuple[UUID, UUID], Any]) -> Past:
    there = {one: kept[report, one] for one in ids if (report, one) in kept}
    tops = {one: stored for one, (parent, stored) in there.items() if parent not in there}  # what lies in another is counted there
    if not tops:
        return Past(period, None)
    names = () if set(tops) == {agency} else tuple(str(stored["name"]) for stored in tops.values())
    return Past(period, sum((Figures.from_dict(stored["figures"]) for stored in tops.values()), Figures()), names)


def _whole(agency: UUID, passages: Sequence[Passage]) -> list[UUID]:
    """All agencies that went on in one, if they did so wholly; else none."""
    reached = backward(agency, passages)
    return list(reached) if all(one.share == WHOLE for one in reached.values()) else []


def _days(session: Session, events: Sequence[UUID]) -> dict[UUID, date]:
    if not events:
        return {}
    return {row[0]: row[1] for row in session.execute(select(AgencyEvent.id, AgencyEvent.effective_on).where(AgencyEvent.id.in_(events)))}


def _part(agency: UUID, body: str, stored: Mapping[str, Any]) -> Part:
    if not body:  # frozen by version 1
        return Part(agency, stored["code"], stored["name"], stored["block"], Figures.from_dict(stored["figures"]), None, None)
    kept = _READER.decode(body)
    return Part(
        id=agency,
        code=kept.agency["code"],
        name=kept.agency["name"],
        block=kept.agency["block"],
        figures=Figures.from_dict(kept.figures),
        standing=None if kept.standing is None else Standing(**kept.standing),
        comparison=kept.comparison,
        competences=tuple(
            Competence(one["code"], one["name"], {group: Mastery(**mastery) for group, mastery in one["groups"].items()})
            for one in kept.competences
        ),
    )
