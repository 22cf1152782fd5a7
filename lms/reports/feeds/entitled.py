"""An agency's result as JSON for those entitled to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from lms.kit.formats import percent
from lms.reports.rules import AgencyReport
from lms.results.rules import Figures


def figures_json(figures: Figures) -> dict[str, Any]:
    """Counts in people; rates in per cent with one decimal, null where there is nothing to divide by."""
    participation = percent(figures.took_part, figures.expected)
    passing = percent(figures.passed, figures.took_part)
    return {
        **{name: value for name, value in figures.as_dict().items() if name != "score_hundredths"},
        "missing": figures.missing,
        "failed": figures.failed,
        "participation_rate": None if participation is None else float(participation),
        "pass_rate": None if passing is None else float(passing),
        "mean_score": None if figures.mean_score is None else float(figures.mean_score),
    }


def report_json(
    report: AgencyReport, children: Mapping[UUID, AgencyReport], *, period: str, state: str, counted_at: datetime
) -> dict[str, Any]:
    """One agency's result with its groups and the agencies right below it."""
    return {
        "period": period,
        "state": state,
        "counted_at": _utc(counted_at),
        "agency": {"code": report.node.code, "name": report.node.name},
        "unit": "people",
        "figures": figures_json(report.figures),
        "groups": {group: figures_json(figures) for group, figures in report.groups.items()},
        "children": [
            {"code": child.code, "name": child.name, "figures": figures_json(children[child.id].figures)} for child in report.children
        ],
    }


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
