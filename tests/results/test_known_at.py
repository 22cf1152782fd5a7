"""Every figure opens to lists of exactly its size, today and as known at any moment; what came to be known since is told beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Leave, Posting
from lms.accounts.operations.merging import merge_persons
from lms.agencies.models import AgencyVersion
from lms.agencies.operations import record_change
from lms.agencies.rules.events import Abolition, Change, Consolidation, Founding
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.reports.rules.comparison import compare
from lms.results.models import Activity, Outcome
from lms.results.operations import add_expectations, change_expectation, record_expectations, record_outcome, supersede_outcomes
from lms.results.queries import (
    ActivityRow,
    activity_of_period,
    census,
    count_people,
    exclusions,
    flows,
    histogram,
    late_news,
    late_people,
    outside_the_denominator,
    papers,
    people,
)
from lms.results.rules import UNITS, Figures, PeopleList, Tally
from tests.factories import make_agency, make_people

AT = datetime(2026, 11, 20, 3, tzinfo=UTC)
DAY = date(2026, 10, 1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Place:
    root: UUID
    department: UUID
    people: list[UUID]
    activity: ActivityRow


def begin(
    session: Session, period: str, day: date, agency: UUID, persons: list[UUID], at: datetime, root: UUID | None = None
) -> ActivityRow:
    """An activity whose list are these people, all expected."""
    key = f"quarterly-test:{period[:4]}-Q{period[4:]}"
    if session.get(Activity, key) is None:
        record_expectations(session, key, period, [], at, title=f"Kiểm tra {period}", counted_on=day)
    version = session.scalar(
        select(AgencyVersion.id).where(AgencyVersion.agency_id == agency, AgencyVersion.valid_from <= day, AgencyVersion.valid_to > day)
    )
    rows = [
        {"person_id": one, "agency_id": agency, "agency_version_id": version, "group_code": "N2", "excluded_because": None}
        for one in persons
    ]
    add_expectations(session, key, rows, at)
    found = activity_of_period(session, period)
    assert found is not None
    return found


def sit(session: Session, activity: ActivityRow, person: UUID, score: int, at: datetime, attempts: int = 1) -> UUID:
    return record_outcome(
        session,
        activity=activity.key,
        period=activity.period,
        person_id=person,
        source_id=uuid7(),
        attempts=attempts,
        score=Decimal(score),
        passed=score >= 50,
        occurred_at=at,
        at=at,
    )


def exclude(
    session: Session, activity: ActivityRow, person: UUID, because: str | None, at: datetime, evidence: str = "QĐ 12/QĐ-SNV"
) -> None:
    change_expectation(session, SERVICE, activity.key, person, excluded_because=because, evidence=evidence, at=at)


@pytest.fixture
def place(database: Database) -> Place:
    with database.transaction() as session:
        root = make_agency(session, "Ủy ban nhân dân tỉnh", kind="province")
        department = make_agency(session, "Sở Nội vụ", parent=root)
        persons = make_people(session, department, [{} for _ in range(8)])
        return Place(root, department, persons, begin(session, "20264", DAY, department, persons, AT))


def figures(session: Session, place: Place, known: datetime | None = None) -> Figures:
    return sum((cell.figures for cell in census(session, place.activity, known=known).cells), Figures())


def sizes(session: Session, place: Place, known: datetime | None = None) -> dict[str, int]:
    """How long every list is, read as a list."""
    return {which.value: len(people(session, place.activity, place.root, which, limit=None, known=known)) for which in PeopleList}


def assert_lists_are_as_long(session: Session, place: Place, known: datetime | None = None) -> None:
    found = figures(session, place, known)
    assert sizes(session, place, known) == {which.value: getattr(found, which.value) for which in PeopleList}
    assert sizes(session, place, known) == {
        which.value: count_people(session, place.activity, place.root, which, known=known) for which in PeopleList
    }
    assert sum(exclusions(session, place.activity, place.root, known=known).values()) == found.excluded
    assert sum(histogram(session, place.activity, place.root, known=known)) == found.took_part
    assert found.good + found.fair + found.average + found.weak == found.took_part


def test_what_is_recorded_later_leaves_what_was_known_as_it_was(place: Place, database: Database) -> None:
    with database.transaction() as session:
        first, second, third, fourth = place.people[:4]
        sit(session, place.activity, first, 40, AT)
        sit(session, place.activity, second, 90, AT)
    frozen = AT + HOUR
    with database.transaction() as session:
        before = (figures(session, place), sizes(session, place))
        later = frozen + HOUR
        sit(session, place.activity, first, 80, later)  # marked again
        sit(session, place.activity, third, 60, later, attempts=2)
        exclude(session, place.activity, second, "maternity", later)
        exclude(session, place.activity, fourth, "sick", later)
        exclude(session, place.activity, fourth, None, later + HOUR)
        more = make_people(session, place.department, [{}])
        begin(session, "20264", DAY, place.department, more, later)
    with database.reading() as session:
        assert (figures(session, place, frozen), sizes(session, place, frozen)) == before
        assert_lists_are_as_long(session, place, frozen)
        assert_lists_are_as_long(session, place, frozen + HOUR)
        assert_lists_are_as_long(session, place)
        now_ = figures(session, place)
        assert (now_.expected, now_.excluded, now_.took_part, now_.passed, now_.attempts) == (8, 1, 2, 2, 3)
        assert (
            outside_the_denominator(session, place.activity) == outside_the_denominator(session, place.activity, known=AT + 9 * HOUR) == 1
        )
        assert outside_the_denominator(session, place.activity, known=frozen) == 0
        told = [(one.kind, one.reason, one.people) for one in late_news(session, place.activity, frozen)]
        assert told == [("excluded", "maternity", 1), ("included", None, 1), ("outcome", None, 2)]
        shown = late_people(session, place.activity, place.root, frozen)
        assert sorted(one.kind for one in shown) == ["excluded", "included", "outcome", "outcome"]
        assert late_news(session, place.activity, frozen, frozen) == []


def test_every_unit_is_declared(place: Place, database: Database) -> None:
    assert set(UNITS) == set(Figures().as_dict()) - {"score_hundredths"}
    assert {name for name, unit in UNITS.items() if unit == "lượt"} == {"attempts"}


def test_outcomes_corrected_in_bulk_are_known_since_they_were_recorded(place: Place, database: Database) -> None:
    person = place.people[0]
    with database.transaction() as session:
        old = sit(session, place.activity, person, 40, AT)
        row = {
            "id": uuid7(),
            "activity": place.activity.key,
            "period": "20264",
            "person_id": person,
            "source_id": uuid7(),
            "attempts": 1,
            "score": Decimal(70),
            "passed": True,
            "occurred_at": AT,
            "recorded_at": AT + 2 * HOUR,
        }
        supersede_outcomes(session, [row], {old: row["id"]})  # type: ignore[dict-item]
    with database.reading() as session:
        assert figures(session, place, AT + HOUR).passed == 0
        assert figures(session, place).passed == 1
        assert_lists_are_as_long(session, place, AT + HOUR)


@pytest.mark.parametrize("excluded", [None, "kept", "absorbed"])
def test_two_records_of_one_person_were_two_until_they_were_merged(place: Place, database: Database, excluded: str | None) -> None:
    kept, absorbed, outsider = place.people[0], place.people[1], None
    with database.transaction() as session:
        sit(session, place.activity, kept, 45, AT)
        sit(session, place.activity, absorbed, 85, AT)
        if excluded:
            exclude(session, place.activity, kept if excluded == "kept" else absorbed, "sick", AT)
    frozen = AT + HOUR
    with database.transaction() as session:
        before = (figures(session, place), sizes(session, place))
        outsider = make_people(session, place.department, [{}])[0]
        sit(session, place.activity, outsider, 99, AT)
        merge_persons(session, SERVICE, kept, absorbed, {}, at=frozen + HOUR)
        merge_persons(session, SERVICE, place.people[2], outsider, {}, at=frozen + HOUR)
    with database.reading() as session:
        assert (figures(session, place, frozen), sizes(session, place, frozen)) == before
        assert_lists_are_as_long(session, place, frozen)
        assert_lists_are_as_long(session, place)
        now_ = figures(session, place)
        assert (now_.expected, now_.excluded, now_.took_part) == (7, 0, 2)


def test_an_exclusion_shows_the_paper_it_rests_on(place: Place, database: Database) -> None:
    by_hand, by_roster = place.people[:2]
    with database.transaction() as session:
        exclude(session, place.activity, by_hand, "sick", AT, "Giấy ra viện số 7")
        exclude(session, place.activity, by_roster, "maternity", AT, "")
        session.add(Leave(person_id=by_roster, reason="maternity", decision="QĐ 45/QĐ-SNV", valid_from=date(2026, 9, 1)))
    with database.reading() as session:
        rows = people(session, place.activity, place.root, PeopleList.EXCLUDED)
        assert set(papers(session, place.activity, rows).values()) >= {"Giấy ra viện số 7"}
        assert count_people(session, place.activity, place.root, PeopleList.EXCLUDED, reason="sick") == 1
        assert exclusions(session, place.activity, place.root) == {"sick": 1, "maternity": 1}


def test_a_quarter_without_any_attempt_has_figures_and_no_rates(place: Place, database: Database) -> None:
    with database.reading() as session:
        found = figures(session, place)
        assert (found.expected, found.took_part, found.missing, found.mean_score) == (8, 0, 8, None)
        assert_lists_are_as_long(session, place)
        moved = flows(session, place.activity, None, place.activity, None)
        tree = {place.root: None, place.department: place.root}
        compared = compare(tree, tree, moved, [])
        assert compared[place.root].passing is None
        assert compared[place.root].participation is not None
        assert compared[place.root].participation.total == 0


def test_an_agency_abolished_between_cut_off_and_close_keeps_its_people_and_its_place(place: Place, database: Database) -> None:
    with database.transaction() as session:
        sit(session, place.activity, place.people[0], 90, AT)
        session.execute(update(Posting).where(Posting.agency_id == place.department).values(valid_to=DAY + timedelta(days=20)))
        record_change(session, SERVICE, Change(DAY + timedelta(days=20), Abolition(agency=place.department)), AT + HOUR)
    with database.reading() as session:
        for known in (AT, AT + 2 * HOUR, None):
            assert count_people(session, place.activity, place.department, PeopleList.EXPECTED, known=known) == 8
            assert count_people(session, place.activity, place.root, PeopleList.PASSED, known=known) == 1


STEPS = st.lists(st.tuples(st.sampled_from(("sit", "exclude", "include", "merge")), st.integers(0, 5), st.integers(0, 100)), max_size=10)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
@example(steps=[("sit", 0, 0), ("sit", 3, 0), ("merge", 2, 0), ("sit", 1, 0), ("merge", 1, 0)])
@example(steps=[("sit", 0, 90), ("sit", 1, 40), ("exclude", 0, 0), ("merge", 0, 0), ("sit", 1, 60), ("merge", 4, 0), ("include", 0, 0)])
def test_nothing_that_happens_later_moves_what_was_known(place: Place, database: Database, steps: list[tuple[str, int, int]]) -> None:
    known: list[tuple[datetime, Figures, dict[str, int]]] = []
    with database.transaction() as session:
        at = AT
        alive = list(place.people[:6])
        for step, number, score in steps:
            at += HOUR
            person = alive[number % len(alive)]
            if step == "sit":
                sit(session, place.activity, person, score, at)
            elif step == "merge" and len(alive) > 1:
                other = alive[(number + 1) % len(alive)]
                alive.remove(other)
                merge_persons(session, SERVICE, person, other, {}, at=at)
            elif step in {"exclude", "include"}:
                exclude(session, place.activity, person, "sick" if step == "exclude" else None, at)
            session.flush()
            known.append((at, figures(session, place), sizes(session, place)))
        for moment, found, lists in known:
            assert figures(session, place, moment) == found
            assert sizes(session, place, moment) == lists
        session.rollback()


def test_two_quarters_are_laid_beside_each_other_in_one_statement(database: Database) -> None:
    """A 40/50 and B 20/50 become C 65/100: read from the ledger, restated by the lineage."""
    with database.transaction() as session:
        root = make_agency(session, "Tỉnh", kind="province")
        a = make_agency(session, "Sở A", parent=root)
        b = make_agency(session, "Sở B", parent=root)
        of_a, of_b = make_people(session, a, [{}] * 50), make_people(session, b, [{}] * 50)
        second = begin(session, "20262", date(2026, 4, 1), a, of_a, AT)
        begin(session, "20262", date(2026, 4, 1), b, of_b, AT)
        for persons, passed in ((of_a, 40), (of_b, 20)):
            for number, person in enumerate(persons):
                sit(session, second, person, 80 if number < passed else 20, AT)
        c = uuid7()
        founding = Founding(agency=c, name="Sở C", kind="department", block="so_nganh", level="tinh", parent=root)
        record_change(session, SERVICE, Change(date(2026, 7, 1), Consolidation(agencies=(a, b), founding=founding)), AT)
        third = begin(session, "20263", date(2026, 8, 1), c, [*of_a, *of_b], AT)
        for number, person in enumerate([*of_a, *of_b]):
            sit(session, third, person, 80 if number < 65 else 20, AT)
    counted: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))
    with database.reading() as session:
        counted.clear()
        moved = flows(session, second, AT, third, AT)
        assert sum(one.startswith("SELECT") for one in counted) == 1
    assert {(one.agency_before, one.agency_after): one.before for one in moved} == {
        (a, c): Tally(50, 50, 40, 40 * 8000 + 10 * 2000),
        (b, c): Tally(50, 50, 20, 20 * 8000 + 30 * 2000),
    }
    assert sum((one.after for one in moved), Tally()).passed == sum((one.both_after for one in moved), Tally()).passed == 65


def test_the_census_is_one_statement(place: Place, database: Database) -> None:
    counted: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *arguments: counted.append(arguments[2]))
    for known in (None, AT):
        with database.reading() as session:
            counted.clear()
            census(session, place.activity, known=known)
            assert sum(one.startswith("SELECT") for one in counted) == 1


def test_what_was_superseded_before_its_moment_was_kept_is_not_counted_twice(place: Place, database: Database) -> None:
    """Rows of before the moment was kept: superseded at once, as far as is known."""
    with database.transaction() as session:
        sit(session, place.activity, place.people[0], 40, AT)
        sit(session, place.activity, place.people[0], 90, AT + HOUR)
        session.execute(update(Outcome).values(superseded_at=None))
    with database.reading() as session:
        assert figures(session, place, AT + 2 * HOUR).took_part == 1
