"""What the pages of a frozen result reckon: the change taken apart, who needs attention, gaps that cannot be supported, quarters across
a merger."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert

from lms.agencies.operations import merge_agencies
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.models import Report, ReportAgency
from lms.reports.queries.overview import history
from lms.reports.rules.body import Competence, Mastery
from lms.reports.rules.overview import (
    Lens,
    Part,
    at_risk,
    competence_gaps,
    gap_map,
    measures,
    pass_edge,
    waterfall,
)
from lms.results.models import Activity
from lms.results.rules import Figures, PassRate, Tally
from tests.factories import make_agency

RATE = PassRate.OF_THOSE_WHO_TOOK_PART
LINES = {"A": (40, 50), "B": (20, 50)}


def lens(before: tuple[int, int] | None, after: tuple[int, int]) -> dict[str, object]:
    def tally(one: tuple[int, int] | None) -> dict[str, int] | None:
        return None if one is None else Tally(one[1], one[1], one[0]).as_dict()

    return {"agency": str(UUID(int=1)), "before": tally(before), "after": tally(after)}


# A 40/50 and B 20/50 became C, which passes 65 of 100: docs/results.md.
WORKED = {
    "period": "20262",
    "lenses": {
        "as_reported": lens((40, 50), (65, 100)),
        "restated": lens((60, 100), (65, 100)),
        "same_people": lens((60, 100), (65, 100)),
    },
    "split": {"passing": {"hundredths": {"performance": 500, "composition": 0, "structure": -2000}}, "participation": None},
    "predecessors": [],
    "known_later": [],
}


def part(number: int, took_part: int, passed: int, before: tuple[int, int] | None = None, expected: int = 20) -> Part:
    comparison = None
    if before is not None:
        comparison = {**WORKED, "lenses": dict.fromkeys(Lens, lens(before, (passed, took_part)))}
    return Part(UUID(int=number), f"H55.{number}", f"Sở {number}", "so_nganh", Figures(expected, 0, took_part, passed), None, comparison)


def test_the_worked_case_falls_by_structure_and_rises_by_performance() -> None:
    drawn = waterfall(WORKED, RATE)
    assert drawn is not None
    assert (drawn.before, drawn.after, drawn.total) == (Decimal(80), Decimal(65), Decimal(-15))
    assert [(step.name, step.points) for step in drawn.steps] == [
        ("structure", Decimal(-20)),
        ("composition", Decimal(0)),
        ("performance", Decimal(5)),
    ]
    structure, _, performance = drawn.steps
    assert structure.start + structure.width == pytest.approx(drawn.before_at)
    assert performance.start + performance.width == pytest.approx(drawn.after_at)
    assert drawn.low <= 60
    assert drawn.high >= 80


@given(st.integers(0, 100), st.integers(-3000, 3000), st.integers(-3000, 3000), st.integers(-3000, 3000))
def test_a_drawing_never_leaves_its_frame_further_than_a_rate_may(after: int, performance: int, composition: int, structure: int) -> None:
    parts = {"performance": performance, "composition": composition, "structure": structure}
    start = after * 100 - sum(parts.values())
    if not 0 <= start <= 10_000 or not all(0 <= start + one <= 10_000 for one in (structure, structure + composition)):
        return
    comparison = {**WORKED, "split": {"passing": {"hundredths": parts}}, "lenses": dict.fromkeys(Lens, lens((1, 2), (after, 100)))}
    drawn = waterfall(comparison, RATE)
    assert drawn is not None
    assert drawn.before + sum(step.points for step in drawn.steps) == drawn.after
    for step in drawn.steps:
        assert 0 <= step.start <= step.start + step.width <= 100.01


@pytest.mark.parametrize(("through", "change"), [("as_reported", -15), ("restated", 5), ("same_people", 5)])
def test_each_lens_tells_another_change(through: str, change: int) -> None:
    _, passing = measures(Figures(100, 0, 100, 65), WORKED, Lens(through), RATE)
    assert passing.change == change


def test_without_an_earlier_quarter_nothing_is_compared() -> None:
    assert waterfall(None, RATE) is None
    assert measures(Figures(10, 0, 8, 4), None, Lens.RESTATED, RATE)[1].change is None


def test_those_at_risk_are_below_the_whole_and_large_enough_to_be_asked() -> None:
    parts = [part(1, 20, 18, (20, 20)), part(2, 10, 9, (8, 10)), part(3, 15, 3, (14, 15)), part(4, 0, 0, expected=4)]
    risks = at_risk(parts, Figures(64, 0, 45, 30), Lens.AS_REPORTED, RATE)
    assert [one.part.code for one in risks.lowest] == ["H55.2"]
    assert [one.part.code for one in risks.falls] == ["H55.3", "H55.1"]


def test_a_cell_of_too_few_people_is_not_shown_and_counted_as_hidden() -> None:
    few, many = Mastery(3, 4, 4), Mastery(30, 50, 10)
    table = competence_gaps(
        (Competence("AT", "An toàn", {"N1": many, "N2": few}), Competence("DL", "Dữ liệu", {"N1": many})), ["N2", "N1"], 5
    )
    assert table.columns == ("N2", "N1")
    assert [(row.key, row.cells) for row in table.rows] == [("DL", (None, Decimal("60.0"))), ("AT", (None, Decimal("60.0")))]
    assert table.hidden == 1


def test_the_map_of_one_group_hides_what_all_groups_together_support() -> None:
    one = Competence("AT", "An toàn", {"N1": Mastery(3, 4, 4), "N2": Mastery(5, 6, 6)})
    parts = [replace(part(1, 10, 8), competences=(one,))]
    assert gap_map(parts, (one,), 5)[0].rows[0].cells == (Decimal("80.0"),)
    table, whole = gap_map(parts, (one,), 5, "N1")
    assert table.rows[0].cells == (None,)
    assert (table.hidden, whole.cells) == (1, (None,))


def test_the_pass_line_is_drawn_only_where_the_counts_leave_one_place_for_it() -> None:
    assert pass_edge([([0, 0, 0, 0, 3, 2, 5, 1, 1, 0], 9)]) == 50
    assert pass_edge([([0, 0, 0, 0, 3, 0, 5, 1, 1, 0], 7)]) is None  # 50 or 60
    assert pass_edge([([0, 0, 0, 0, 3, 0, 5, 1, 1, 0], 7), ([0, 0, 0, 0, 0, 2, 5, 0, 0, 0], 5)]) == 60
    assert pass_edge([([0, 0, 0, 0, 3, 4, 5, 1, 1, 0], 8)]) is None  # within a tenth


def test_last_quarters_of_a_merged_agency_are_those_of_both_it_came_from(database: Database) -> None:
    at = datetime(2026, 4, 2, 3, tzinfo=UTC)
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        one, other = (make_agency(session, name, parent=root, code=f"H55.{name}") for name in LINES)
        activity = {
            "key": "quarterly-test:2026-Q1",
            "period": "20261",
            "title": "Quý I",
            "counted_on": date(2026, 2, 1),
            "registered_at": at,
        }
        session.execute(insert(Activity).values(**activity))
        session.execute(
            insert(Report).values(
                id=uuid7(), activity=activity["key"], period="20261", revision=1, state="published", manifest={}, built_at=at
            )
        )
        report = session.query(Report.id).scalar()
        for name, agency in zip(LINES, (one, other), strict=True):
            passed, people = LINES[name]
            stored = {"name": name, "figures": Figures(people, 0, people, passed).as_dict()}
            session.add(ReportAgency(report_id=report, agency_id=agency, parent_id=root, code=name, is_withheld=False, figures=stored))
        merge_agencies(session, SERVICE, [other], into=one, on=date(2026, 5, 1), at=at)
        session.flush()
        past = history(session, one, "20263", date(2026, 8, 1))
        before_the_merger = history(session, one, "20263", date(2026, 4, 1))
    assert [(row.period, row.figures.passed if row.figures else None, set(row.names)) for row in past] == [("20261", 60, {"A", "B"})]
    assert before_the_merger[0].names == ()
    assert before_the_merger[0].figures is not None
    assert Fraction(before_the_merger[0].figures.passed, 50) == Fraction(4, 5)
