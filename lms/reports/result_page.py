"""What the page of a frozen result shows, put together of the agency's body and what stands beside it. The number of statements does not
depend on how many agencies, people or quarters there are."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.actors import NotFound, Scope
from lms.kit.clock import Quarter
from lms.reports import queries
from lms.reports.models import Report, ReportState
from lms.reports.queries import overview
from lms.reports.queries.bodies import agency_body
from lms.reports.rules.body import AgencyBody
from lms.reports.rules.overview import (
    Lens,
    at_risk,
    competence_gaps,
    gap_map,
    interval_of,
    measures,
    of_block,
    pass_edge,
    pass_rate_of,
    smallest_shown,
    waterfall,
)
from lms.results import queries as ledger
from lms.results.queries import ActivityRow

MOST_LATE = 200  # known-later people are counted one by one up to so many
FEWEST_RIVALS = 3  # with fewer others of its block the block's figures would be those of single agencies


def body_of(session: Session, report: Report, agency: UUID) -> AgencyBody:
    """Raises NotFound where the report says nothing of an agency."""
    body = agency_body(session, report, agency)
    if body is None:
        raise NotFound
    return body


def result_page(session: Session, report: Report, activity: ActivityRow, agency: UUID, *, lens: Lens, scope: Scope) -> dict[str, Any]:
    """All that the template of a frozen result needs."""
    body = body_of(session, report, agency)
    settings = body.report.settings
    rate, smallest = pass_rate_of(settings), smallest_shown(settings)
    groups = queries.position_groups(session)
    parts = overview.parts(session, report.id, agency)
    above = None if body.agency.parent_id is None else agency_body(session, report, UUID(body.agency.parent_id))
    comparison = body.comparison
    known_as = _compared_with(session, body)
    asked = report.consultation_opened_at is not None
    return {
        "report": report,
        "quarter": Quarter.from_code(report.period),
        "body": body,
        "activity": activity,
        "lens": lens,
        "rate": rate,
        "measures": measures(body.figures, comparison, lens, rate),
        "before_quarter": Quarter.from_code(comparison["period"]) if comparison else None,
        "before_code": known_as,
        "predecessors": _predecessors(session, body),
        "known_later": comparison["known_later"] if comparison else (),
        "waterfall": waterfall(comparison, rate),
        "parts": parts,
        "part_measures": [(part, measures(part.figures, part.comparison, lens, rate)) for part in parts],
        "risks": at_risk(parts, body.figures, lens, rate),
        "unconfirmed": overview.unconfirmed(session, report.id, [part.id for part in parts]) if asked else None,
        "gaps": competence_gaps(body.competences, [group.code for group in groups], smallest),
        "smallest": smallest,
        "groups": groups,
        "history": [
            (Quarter.from_code(past.period), past) for past in overview.history(session, agency, report.period, activity.counted_on)
        ],
        "block": _beside_the_block(body, above, settings),
        "pass_mark": pass_edge([(one.histogram, one.figures.passed) for one in (body, above) if one is not None]),
        "outside": ledger.outside_the_denominator(session, activity, known=report.built_at) if above is None else 0,
        "most_late": MOST_LATE,
        "late": _late(session, report, activity, agency),
        "path": queries.path(session, agency, activity.counted_on, scope),
        "corrected": report.state == ReportState.PUBLISHED and report.revision > 1,
    }


def map_page(session: Session, report: Report, agency: UUID, group: str | None) -> dict[str, Any]:
    """The map of agency × competence below an agency, of one position group or of all. Raises NotFound for a group there is none of."""
    body = body_of(session, report, agency)
    groups = queries.position_groups(session)
    if group is not None and group not in {one.code for one in groups}:
        raise NotFound
    parts = overview.parts(session, report.id, agency)
    smallest = smallest_shown(body.report.settings)
    table, whole = gap_map(parts, body.competences, smallest, group)
    return {
        "report": report,
        "body": body,
        "quarter": Quarter.from_code(report.period),
        "table": table,
        "whole": whole,
        "smallest": smallest,
        "group": group,
        "groups": [one for one in groups if any(one.code in competence.groups for competence in body.competences)],
    }


def _compared_with(session: Session, body: AgencyBody) -> str | None:
    """As whose earlier figures the agency's are reported: the code to find its lists by; None where there is nothing to compare with."""
    if body.comparison is None:
        return None
    reported = body.comparison["lenses"]["as_reported"]["agency"]
    return None if reported is None else str(reported)


def _predecessors(session: Session, body: AgencyBody) -> list[dict[str, Any]]:
    """The other agencies that went on in this one, with what was reported of them."""
    comparison = body.comparison
    if comparison is None or not comparison["predecessors"]:
        return []
    names = overview.reported_names(session, comparison["period"], [UUID(one["agency"]) for one in comparison["predecessors"]])
    return [{**one, "name": names.get(UUID(one["agency"]), ("", "—"))[1]} for one in comparison["predecessors"]]


def _beside_the_block(body: AgencyBody, above: AgencyBody | None, settings: Any) -> dict[str, Any] | None:
    """The agency's score and interval beside the block's, where there are enough others that no single one is told."""
    if above is None or "rank" not in settings:
        return None
    others = [child for child in above.children if child.block == body.agency.block and child.id != body.agency.id]
    count, together = of_block(others, body.agency.block)
    own = interval_of(body.figures, settings) if body.standing else None
    return {
        "others": count,
        "figures": together if count >= FEWEST_RIVALS else None,
        "interval": interval_of(together, settings) if count >= FEWEST_RIVALS else None,
        "own": own,
    }


def _late(session: Session, report: Report, activity: ActivityRow, agency: UUID) -> Counter[str]:
    """What came to be known of this quarter since its figures were frozen: people by kind, at most `MOST_LATE` together."""
    return Counter(one.kind for one in ledger.late_people(session, activity, agency, report.built_at, limit=MOST_LATE))
