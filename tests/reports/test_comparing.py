"""A report beside the one of the quarter before and all that is public, read from the database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from lms.agencies.operations import record_change
from lms.agencies.rules.events import Change, Consolidation, Founding
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.models import Report, ReportAgency
from lms.reports.queries.comparing import compared_with, previous_report, public_reports
from lms.reports.queries.reading import counted_reports, nodes
from lms.reports.rules.disclosure import FIGURES, RESTATED, withheld
from lms.results.queries import ActivityRow
from tests.factories import make_agency, make_people
from tests.results.test_known_at import begin, exclude, sit

APRIL, JULY, AUGUST = date(2026, 4, 1), date(2026, 7, 1), date(2026, 8, 1)
SPRING, SUMMER = datetime(2026, 6, 20, tzinfo=UTC), datetime(2026, 9, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)


class Province:
    """A of 50 and B of so many become C; Z stays."""

    def __init__(self, session: Session, size_of_b: int, size_of_z: int = 20) -> None:
        self.root = make_agency(session, "Tỉnh", kind="province", code="H55")
        self.a, self.b, self.z, self.y = (make_agency(session, f"Sở {name}", parent=self.root, code=f"H55.{name}") for name in "ABZY")
        sizes = {self.a: (50, 40), self.b: (size_of_b, size_of_b * 2 // 5), self.z: (size_of_z, size_of_z), self.y: (40, 40)}
        self.people = {agency: make_people(session, agency, [{}] * size) for agency, (size, _) in sizes.items()}
        for agency, (_, passed) in sizes.items():
            self.second = begin(session, "20262", APRIL, agency, self.people[agency], SPRING)
            for number, person in enumerate(self.people[agency]):
                sit(session, self.second, person, 80 if number < passed else 20, SPRING)
        self.c = uuid7()
        founding = Founding(agency=self.c, name="Sở C", kind="department", block="so_nganh", level="tinh", parent=self.root)
        record_change(session, SERVICE, Change(JULY, Consolidation(agencies=(self.a, self.b), founding=founding)), SPRING + HOUR)

    def publish(self, session: Session) -> Report:
        """The second quarter's report as version 1 froze it, with what that withholds decided by today's rules."""
        reports = counted_reports(session, self.second)
        hidden = withheld(reports)
        report = Report(
            activity=self.second.key,
            period="20262",
            revision=1,
            state="published",
            manifest={},
            built_at=SPRING + HOUR,
            published_at=SPRING + 2 * HOUR,
        )
        session.add(report)
        session.flush()
        for agency, one in reports.items():
            stored = {name: getattr(one.node, name) for name in ("code", "name", "block", "level", "sort_key")}
            session.add(
                ReportAgency(
                    report_id=report.id,
                    agency_id=agency,
                    parent_id=one.node.parent_id,
                    code=one.node.code,
                    is_withheld=FIGURES in hidden[agency],
                    figures={
                        **stored,
                        "figures": one.figures.as_dict(),
                        "own": one.own.as_dict(),
                        "groups": {group: figures.as_dict() for group, figures in one.groups.items()},
                    },
                )
            )
        session.flush()
        return report

    def hold_third(self, session: Session, passed_in_c: int) -> ActivityRow:
        of_c = [*self.people[self.a], *self.people[self.b]]
        third = begin(session, "20263", AUGUST, self.c, of_c, SUMMER)
        for agency in (self.z, self.y):
            begin(session, "20263", AUGUST, agency, self.people[agency], SUMMER)
            for person in self.people[agency]:
                sit(session, third, person, 80, SUMMER)
        for number, person in enumerate(of_c):
            sit(session, third, person, 80 if number < passed_in_c else 20, SUMMER)
        return third


@pytest.fixture
def queries(database: Database) -> list[str]:
    counted: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))
    return counted


def test_the_worked_case_is_read_from_the_ledger_and_late_papers_stand_beside_it(database: Database, queries: list[str]) -> None:
    with database.transaction() as session:
        province = Province(session, 50)
        province.publish(session)
        exclude(session, province.second, province.people[province.b][0], "maternity", SUMMER, "QĐ 9/QĐ-SNV")
        third = province.hold_third(session, 65)
    with database.reading() as session:
        previous = previous_report(session, "20262", SUMMER + HOUR)
        assert previous is not None
        queries.clear()
        compared = compared_with(session, third, SUMMER + HOUR, previous)
        assert sum(one.startswith("SELECT") for one in queries) == 6
        body = compared.bodies[province.c]
        assert body["split"]["passing"] == {
            "performance": "1/20",
            "composition": "0",
            "structure": "-1/5",
            "total": "-3/20",
            "hundredths": {"performance": 500, "composition": 0, "structure": -2000},
        }
        assert body["lenses"]["restated"]["before"]["passed"] == 60
        assert body["known_later"] == [{"kind": "excluded", "reason": "maternity", "people": 1}]
        assert compared.bodies[province.root]["known_later"] == body["known_later"]
        assert compared.bodies[province.z]["known_later"] == []
        assert compared.comparisons[province.z].passing is not None
        assert compared.comparisons[province.z].passing.total == Fraction(0)
        again = compared_with(session, third, SUMMER + HOUR, previous)
        assert again.bodies == compared.bodies


def test_a_paper_that_comes_after_both_reports_moves_neither(database: Database) -> None:
    with database.transaction() as session:
        province = Province(session, 50)
        previous = province.publish(session)
        third = province.hold_third(session, 65)
        before = compared_with(session, third, SUMMER + HOUR, previous).bodies
        exclude(session, province.second, province.people[province.b][0], "sick", SUMMER + 5 * HOUR)
        exclude(session, third, province.people[province.b][1], "sick", SUMMER + 5 * HOUR)
        assert compared_with(session, third, SUMMER + HOUR, previous).bodies == before


@pytest.mark.parametrize(("size_of_b", "is_hidden"), [(3, True), (50, False)])
def test_what_a_merger_would_tell_of_public_reports_is_withheld(database: Database, size_of_b: int, is_hidden: bool) -> None:
    with database.transaction() as session:
        province = Province(session, size_of_b)
        previous = province.publish(session)
        third = province.hold_third(session, (50 + size_of_b) // 2)
        history = public_reports(session, AUGUST, SUMMER + HOUR)
        assert [one.period for one in history] == ["20262"]
        assert public_reports(session, AUGUST, SPRING) == []
        compared = compared_with(session, third, SUMMER + HOUR, previous)
        reports = counted_reports(session, third)
        hidden = withheld(reports, history, period="20263", compared_with="20262", comparisons=compared.comparisons)
        assert {node.id for node in nodes(session, AUGUST)} == set(hidden)
        assert (FIGURES in hidden[province.c]) == is_hidden
        assert (RESTATED in hidden[province.c]) == is_hidden
        assert FIGURES not in hidden[province.root]
        assert UUID(str(province.c)) in reports
