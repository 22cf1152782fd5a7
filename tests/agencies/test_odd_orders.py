"""Events in odd orders, on one day, corrected under what builds on them, at once from two sides: the tree stays a tree, or says no."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.accounts.operations import move_person
from lms.accounts.operations.succession import PostingsAndRoles
from lms.agencies import queries
from lms.agencies.models import AgencyCode, AgencyEvent, AgencyVersion
from lms.agencies.operations import correct_event, preview_change, record_change, record_changes, withdraw_event, withdraw_import
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Change,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Founding,
    Merger,
    Part,
    Recoding,
)
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.following import Followers
from lms.kit.ids import uuid7
from lms.kit.imports.models import ImportRun
from tests.agencies.conftest import AT, assert_closure_true
from tests.factories import make_person

ON = date(2026, 3, 1)
Province = dict[str, UUID]


def record(database: Database, details: Details, on: date = ON, ordinal: int | None = None, minutes: int = 0) -> UUID:
    with database.transaction() as session:
        session.info["followers"] = Followers(agencies=(PostingsAndRoles(),))
        event = record_change(session, SERVICE, Change(on, details, ordinal=ordinal), AT + timedelta(minutes=minutes))
        assert_closure_true(session)
    return event


def primary(database: Database, person: UUID, on: date) -> UUID | None:
    with database.reading() as session:
        return session.scalar(
            select(Posting.agency_id).where(
                Posting.person_id == person, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on
            )
        )


def founding(name: str, parent: UUID) -> Founding:
    return Founding(agency=uuid7(), name=name, kind="department", block="so_nganh", level="tinh", parent=parent)


def test_who_merges_into_one_that_merges_on_the_same_day_ends_up_in_the_last(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["clinic"], valid_from=date(2020, 1, 1))
    record(database, Merger(agencies=(province["clinic"],), into=province["health"]))
    record(database, Merger(agencies=(province["health"],), into=province["science"]), minutes=1)
    with database.reading() as session:
        (heir,) = queries.successors_on(session, province["clinic"], ON)
        assert heir.id == province["science"]
        assert heir.share == 1.0
    assert primary(database, an, ON) == province["science"]
    assert primary(database, an, ON - timedelta(days=1)) == province["clinic"]


def test_the_same_chain_entered_backwards_is_refused_or_ends_the_same(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["clinic"], valid_from=date(2020, 1, 1))
    record(database, Merger(agencies=(province["health"],), into=province["science"]))
    with pytest.raises(DomainError):
        record(database, Merger(agencies=(province["clinic"],), into=province["health"]), minutes=1)
    record(database, Merger(agencies=(province["clinic"],), into=province["health"]), ordinal=0, minutes=2)
    assert primary(database, an, ON) == province["science"]


def test_parts_of_a_split_merge_on_the_day_they_begin(database: Database, province: Province) -> None:
    one, other = founding("Chi cục Một", province["root"]), founding("Chi cục Hai", province["root"])
    with database.transaction() as session:
        an = make_person(session, agency=province["health"], valid_from=date(2020, 1, 1))
    record(
        database,
        Division(
            agency=province["health"], parts=(Part(agency=one.agency, founding=one, share=0.6), Part(agency=other.agency, founding=other))
        ),
    )
    with pytest.raises(DomainError) as refused:
        record(database, Merger(agencies=(one.agency,), into=province["science"]), minutes=1)
    assert refused.value.code == "ends_at_birth"
    record(database, Merger(agencies=(one.agency,), into=province["science"]), on=ON + timedelta(days=1), minutes=2)
    assert primary(database, an, ON) == one.agency
    assert primary(database, an, ON + timedelta(days=1)) == province["science"]


def test_a_day_corrected_past_what_builds_on_it_is_refused(database: Database, province: Province) -> None:
    made = founding("Sở Mới", province["root"])
    first = record(database, Consolidation(agencies=(province["health"], province["science"]), founding=made))
    record(database, Amendment(agency=made.agency, name="Sở Mới Hơn"), on=ON + timedelta(days=10), minutes=1)
    with database.transaction() as session, pytest.raises(DomainError) as refused:
        correct_event(
            session,
            SERVICE,
            first,
            Change(ON + timedelta(days=20), Consolidation(agencies=(province["health"], province["science"]), founding=made)),
            AT,
        )
    assert refused.value.code == "stored_event"
    with database.transaction() as session, pytest.raises(DomainError):
        withdraw_event(session, SERVICE, first, AT)
    with database.transaction() as session:
        assert_closure_true(session)
        assert session.scalar(select(AgencyEvent.superseded_at).where(AgencyEvent.id == first)) is None


def test_a_merger_corrected_to_another_heir_takes_its_people_along(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["health"], valid_from=date(2020, 1, 1))
    merger = record(database, Merger(agencies=(province["health"],), into=province["science"]))
    with database.transaction() as session:
        session.info["followers"] = Followers(agencies=(PostingsAndRoles(),))
        correct_event(
            session,
            SERVICE,
            merger,
            Change(ON + timedelta(days=5), Merger(agencies=(province["health"],), into=province["commune"])),
            AT + timedelta(hours=1),
        )
        assert_closure_true(session)
    assert primary(database, an, ON) == province["health"]
    assert primary(database, an, ON + timedelta(days=5)) == province["commune"]


@pytest.mark.parametrize("on", [date.min, date.max, date(1945, 9, 1), date(2100, 1, 1)])
def test_days_out_of_all_bounds_are_refused(database: Database, province: Province, on: date) -> None:
    for details in (
        Amendment(agency=province["health"], name="Sở"),
        Merger(agencies=(province["health"],), into=province["science"]),
        Establishment(agency=uuid7(), name="Sở", kind="department", block="so_nganh", level="tinh"),
        Abolition(agency=province["clinic"]),
    ):
        with pytest.raises(DomainError) as refused:
            record(database, details, on=on)
        assert refused.value.code == "day_out_of_bounds"


def test_a_code_of_another_scheme_is_no_hindrance_and_the_same_one_is(database: Database, province: Province) -> None:
    record(database, Recoding(agency=province["health"], scheme="dvhc", code="H55.2"))
    with pytest.raises(Conflict):
        record(database, Recoding(agency=province["health"], scheme="qd20", code="H55.2"), minutes=1)
    with pytest.raises(DomainError):
        record(database, Recoding(agency=province["health"], scheme="iso", code="X"), minutes=2)
    with database.reading() as session:
        held = set(
            session.execute(
                select(AgencyCode.scheme, AgencyCode.code).where(
                    AgencyCode.agency_id == province["health"], AgencyCode.superseded_at.is_(None)
                )
            )
        )
    assert held == {("qd20", "H55.1"), ("dvhc", "H55.2")}


@pytest.mark.parametrize("forged", [UUID(int=0), uuid7()])
def test_agencies_that_never_were_take_part_in_nothing(database: Database, province: Province, forged: UUID) -> None:
    with database.reading() as session:
        before = list(session.scalars(select(AgencyVersion.id).order_by(AgencyVersion.id)))
    for details in (
        Amendment(agency=forged, name="Sở"),
        Amendment(agency=province["health"], parent=forged),
        Merger(agencies=(forged,), into=province["science"]),
        Merger(agencies=(province["health"],), into=forged),
        Merger(agencies=(province["health"],), into=province["science"], children={forged: None}),
        Merger(agencies=(province["health"],), into=province["science"], children={province["clinic"]: forged}),
        Division(agency=province["health"], parts=(Part(agency=forged),)),
        Abolition(agency=province["health"], children={province["office"]: forged, province["clinic"]: forged}),
        Recoding(agency=forged, code="H55.99"),
        Establishment(agency=province["health"], name="Sở Y tế hai", kind="department", block="so_nganh", level="tinh"),
    ):
        with pytest.raises(DomainError), database.transaction() as session:
            preview_change(session, Change(ON, details), AT)
        with pytest.raises(DomainError):
            record(database, details)
    with database.reading() as session:
        assert list(session.scalars(select(AgencyVersion.id).order_by(AgencyVersion.id))) == before


def test_who_moves_below_another_is_out_of_reach_from_the_former_parent(database: Database, province: Province) -> None:
    record(database, Amendment(agency=province["clinic"], parent=province["science"]))
    with database.reading() as session:
        former, later = frozenset((province["health"],)), frozenset((province["science"],))
        assert queries.agency(session, province["clinic"], ON - timedelta(days=1), former).name == "Bệnh viện Đa khoa"
        assert [row.name for row in queries.search_agencies(session, "bệnh viện", ON, former)] == []
        assert [row.name for row in queries.search_agencies(session, "bệnh viện", ON, later)] == ["Bệnh viện Đa khoa"]
        assert [row.name for _, row in queries.whole_tree(session, ON, EVERYWHERE)].count("Bệnh viện Đa khoa") == 1


def test_a_commune_without_a_code_of_its_own_shows_that_of_its_administrative_unit(database: Database, province: Province) -> None:
    record(
        database,
        Establishment(
            agency=uuid7(),
            name="Xã Sảng Mộc",
            kind="commune",
            block="xa_phuong",
            level="xa",
            parent=province["root"],
            codes=(Code("dvhc", "05719"),),
        ),
    )
    with database.reading() as session:
        assert [row.code for row in queries.search_agencies(session, "sang moc", ON, EVERYWHERE)] == ["05719"]
        assert [row.code for row in queries.search_agencies(session, "05719", ON, EVERYWHERE)] == ["05719"]


def test_who_is_put_into_an_agency_that_has_ended_goes_on_in_its_heirs(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["root"], valid_from=date(2020, 1, 1))
    record(database, Merger(agencies=(province["clinic"],), into=province["health"]))
    record(database, Merger(agencies=(province["health"],), into=province["science"]), on=ON + timedelta(days=30), minutes=1)
    with database.transaction() as session:
        move_person(session, SERVICE, an, agency_id=province["clinic"], on=ON - timedelta(days=20), at=AT + timedelta(hours=1))
    days = (ON - timedelta(days=20), ON, ON + timedelta(days=30))
    assert [primary(database, an, day) for day in days] == [province["clinic"], province["health"], province["science"]]


def test_nobody_is_put_into_an_agency_beyond_its_abolition(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["root"], valid_from=date(2020, 1, 1))
    record(database, Abolition(agency=province["clinic"]))
    with pytest.raises(DomainError) as refused, database.transaction() as session:
        move_person(session, SERVICE, an, agency_id=province["clinic"], on=ON - timedelta(days=20), at=AT)
    assert refused.value.code == "agency_ends"
    assert primary(database, an, ON) == province["root"]


def test_a_late_merger_into_an_agency_that_has_ended_is_taken_back_after_what_it_led_to(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["clinic"], valid_from=date(2020, 1, 1))
    later = record(database, Merger(agencies=(province["health"],), into=province["science"]))
    late = record(database, Merger(agencies=(province["clinic"],), into=province["health"]), on=ON - timedelta(days=40), minutes=1)
    assert [primary(database, an, ON - timedelta(days=day)) for day in (41, 40, 0)] == [
        province[key] for key in ("clinic", "health", "science")
    ]
    for event in (later, late):
        with database.transaction() as session:
            session.info["followers"] = Followers(agencies=(PostingsAndRoles(),))
            withdraw_event(session, SERVICE, event, AT + timedelta(hours=2))
    assert primary(database, an, ON) == province["clinic"]
    with database.reading() as session:
        assert len(session.scalars(select(Posting.id)).all()) == 1


def test_an_import_of_a_chain_is_taken_back_from_its_end(database: Database, province: Province) -> None:
    with database.transaction() as session:
        an = make_person(session, agency=province["clinic"], valid_from=date(2020, 1, 1))
        run = import_run(session)
        session.info["followers"] = Followers(agencies=(PostingsAndRoles(),))
        steps = [
            Change(ON, Merger(agencies=(province["clinic"],), into=province["office"])),
            Change(ON + timedelta(days=1), Merger(agencies=(province["office"],), into=province["health"])),
            Change(ON + timedelta(days=2), Merger(agencies=(province["health"],), into=province["science"])),
        ]
        record_changes(session, SERVICE, list(reversed(steps)), AT, import_run_id=run)
    assert primary(database, an, ON + timedelta(days=2)) == province["science"]
    with database.transaction() as session:
        session.info["followers"] = Followers(agencies=(PostingsAndRoles(),))
        assert withdraw_import(session, SERVICE, run, AT + timedelta(hours=1)) == 3
        assert_closure_true(session)
    assert primary(database, an, ON + timedelta(days=2)) == province["clinic"]
    with pytest.raises(Conflict), database.transaction() as session:
        withdraw_import(session, SERVICE, run, AT + timedelta(hours=2))


def import_run(session: Session) -> UUID:
    run = ImportRun(
        id=uuid7(),
        kind="agencies",
        file_name="cay.xlsx",
        file_size=1,
        file_sha256="0",
        options={},
        counts={},
        rows=3,
        faulty_rows=0,
        remarked_rows=0,
        findings=[],
        fingerprint="0",
        created_by_name="",
        created_at=AT,
    )
    session.add(run)
    session.flush()
    return run.id
