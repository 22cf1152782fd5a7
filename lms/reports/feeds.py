"""Results for programs: the JSON of one agency, and the public aggregates in the field style of the provincial data standard."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from lms.kit.formats import percent
from lms.kit.sheets.writer import csv_text
from lms.reports.queries import Publication
from lms.reports.rules import SMALLEST_PUBLIC_NUMBER, AgencyReport
from lms.results.rules import Figures

CSV_COLUMNS = (
    "ma_don_vi",
    "ten_don_vi",
    "ma_don_vi_chu_quan",
    "ky",
    "thuoc_dien",
    "tham_gia",
    "ty_le_tham_gia",
    "dat",
    "ty_le_dat",
    "diem_tb",
)


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


def public_json(publication: Publication, zone: ZoneInfo) -> dict[str, Any]:
    """The published result of all agencies; a withheld one says so and shows no figure."""
    return {
        "ky": publication.period,
        "phien_ban": publication.revision,
        "thoi_diem": f"{publication.published_at.astimezone(zone):%Y-%m-%d %H:%M:%S}",
        "don_vi_tinh": "người",
        "nguong_an_so_lieu": SMALLEST_PUBLIC_NUMBER,
        "don_vi": [_public_line(line) for line in _public_rows(publication)],
    }


def public_csv_rows(publication: Publication) -> Iterator[list[str]]:
    """Header and lines of the CSV; a withheld figure is an empty cell, and no cell can be taken for a formula."""
    yield list(CSV_COLUMNS)
    for row in _public_rows(publication):
        yield [csv_text("" if row[column] is None else str(row[column])) for column in CSV_COLUMNS]


def _public_rows(publication: Publication) -> Iterator[dict[str, Any]]:
    for agency in publication.agencies:
        figures = agency.figures
        yield {
            "ma_don_vi": agency.code,
            "ten_don_vi": agency.name,
            "ma_don_vi_chu_quan": agency.parent_code,
            "ky": publication.period,
            "thuoc_dien": figures and figures.expected,
            "tham_gia": figures and figures.took_part,
            "ty_le_tham_gia": figures and _rate(figures.took_part, figures.expected),
            "dat": figures and figures.passed,
            "ty_le_dat": figures and _rate(figures.passed, figures.took_part),
            "diem_tb": figures and (None if figures.mean_score is None else float(figures.mean_score)),
            "an_so_lieu": figures is None,
        }


def _public_line(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "ky"}


def _rate(part: int, whole: int) -> float | None:
    value = percent(part, whole)
    return None if value is None else float(value)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
