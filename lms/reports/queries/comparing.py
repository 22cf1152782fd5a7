"""A report beside the one of the quarter before, and beside all that is public: what comparison and disclosure control are made from.
Everything as it was known at a moment, so that a frozen report can be made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.queries import passages_between
from lms.reports.models import Report, ReportAgency
from lms.reports.queries.reading import nodes
from lms.reports.rules.comparison import Comparison, compare, comparison_json, later_by_agency
from lms.reports.rules.disclosure import FIGURES, DisclosureSettings, Published
from lms.reports.rules.rolling_up import AgencyReport, Node
from lms.results.models import Activity
from lms.results.queries import ActivityRow, flows, late_news
from lms.results.rules import Figures, PassRate


@dataclass(frozen=True, slots=True)
class Compared:
    """`period` of the earlier report; `comparisons` for disclosure control, `bodies` as they are kept."""

    period: str
    comparisons: Mapping[UUID, Comparison]
    bodies: Mapping[UUID, dict[str, Any]]


class _Kept(msgspec.Struct):
    """What of a body says who was counted where."""

    agency: dict[str, Any]
    figures: dict[str, int]
    own: dict[str, int]
    groups: dict[str, dict[str, int]]
    public: dict[str, list[str]]


_READER = msgspec.json.Decoder(_Kept)


def compared_with(
    session: Session, activity: ActivityRow, known: datetime, previous: Report, rate: PassRate = PassRate.OF_THOSE_WHO_TOOK_PART
) -> Compared:
    """Every agency of an activity's counting day beside a frozen report of an earlier one. Six statements, however many agencies."""
    title, earlier_day = session.execute(select(Activity.title, Activity.counted_on).where(Activity.key == previous.activity)).one()
    earlier = ActivityRow(previous.activity, previous.period, title, earlier_day)
    before = {node.id: node.parent_id for node in nodes(session, earlier_day, known=previous.built_at)}
    after = {node.id: node.parent_id for node in nodes(session, activity.counted_on, known=known)}
    passages = passages_between(session, earlier_day, activity.counted_on, known)
    moved = flows(session, earlier, previous.built_at, activity, known)
    comparisons = compare(before, after, moved, passages, rate)
    news = [(one.agency_id, one.kind, one.reason, one.people) for one in late_news(session, earlier, previous.built_at, known)]
    later = later_by_agency(before, after, passages, news)
    return Compared(
        previous.period,
        comparisons,
        {agency: comparison_json(one, period=previous.period, known_later=later.get(agency, ())) for agency, one in comparisons.items()},
    )


def previous_report(session: Session, period: str, known: datetime) -> Report | None:
    """The report of the quarter before that was public at a moment, or was last: with which a report of `period` is compared."""
    return session.scalar(
        select(Report)
        .where(Report.period == period, Report.published_at.is_not(None), Report.published_at <= known)
        .order_by(Report.published_at.desc(), Report.revision.desc())
        .limit(1)
    )


def public_reports(
    session: Session,
    counted_on: date,
    known: datetime,
    settings: DisclosureSettings = DisclosureSettings(),  # noqa: B008  # frozen
    *,
    but: UUID | None = None,
) -> list[Published]:
    """The latest reports that had been published by a moment, whatever became of them, in the order they were: against which a report
    counted on a day is held; `but` not that one itself. Two statements a report."""
    rows = session.execute(
        select(Report.id, Report.period, Activity.counted_on)
        .join(Activity, Activity.key == Report.activity)
        .where(Report.published_at.is_not(None), Report.published_at <= known, Report.id.is_distinct_from(but))
        .order_by(Report.published_at.desc(), Report.revision.desc())
        .limit(settings.memory)
    ).all()
    return [_published(session, row.id, row.period, row.counted_on, (counted_on, known)) for row in reversed(rows)]


def _published(session: Session, report_id: UUID, period: str, then: date, until: tuple[date, datetime]) -> Published:
    reports: dict[UUID, AgencyReport] = {}
    withheld: dict[UUID, Sequence[str]] = {}
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.parent_id, ReportAgency.body, ReportAgency.figures, ReportAgency.is_withheld).where(
            ReportAgency.report_id == report_id
        )
    )
    for agency, parent, body, stored, is_withheld in rows:
        if body:
            kept = _READER.decode(body)
            withheld[agency] = kept.public["withheld"]
        else:  # frozen by version 1, which withheld all or nothing
            kept = _Kept(stored, stored["figures"], stored["own"], stored["groups"], {})
            withheld[agency] = [FIGURES] if is_withheld else []
        head = kept.agency
        node = Node(agency, parent, head["code"], head["name"], head["block"], head["level"], head["sort_key"])
        groups = {group: Figures.from_dict(figures) for group, figures in kept.groups.items()}
        reports[agency] = AgencyReport(node, Figures.from_dict(kept.figures), Figures.from_dict(kept.own), groups, (), None, None)
    return Published(period, reports, withheld, passages_between(session, then, *until))
