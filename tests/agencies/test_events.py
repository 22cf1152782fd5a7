"""What is recorded, corrected and withdrawn, in and out of order; and what is refused, in a clear sentence, leaving nothing behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.agencies import operations, queries
from lms.agencies.models import AgencyClosurePast, AgencyEvent, AgencyVersion
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
from lms.agencies.rules.kinds import Decision
from lms.kit.actors import EVERYWHERE, SERVICE, Actor
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.following import AgencyTurn, Consequence, Followers
from lms.kit.ids import uuid7
from tests.agencies.conftest import AT, assert_closure_true
from tests.factories import make_person

JUNE, JULY, AUGUST = date(2025, 6, 1), date(2025, 7, 1), date(2025, 8, 1)
LATER = AT + timedelta(hours=1)
Province = dict[str, UUID]


def founding(name: str = "Sở mới", parent: UUID | None = None, *codes: str) -> Founding:
    return Founding(
        agency=uuid7(),
        name=name,
        kind="department",
        block="so_nganh",
        level="tinh",
        parent=parent,
        codes=tuple(Code("qd20", code) for code in codes),
    )


def record(session: Session, on: date, details: Details, at: datetime = AT, decision: Decision = Decision()) -> UUID:  # noqa: B008
    return operations.record_change(session, SERVICE, Change(on, details, decision), at)


def names_on(session: Session, day: date, known: datetime | None = None) -> set[str]:
    return {row.name for _, row in queries.whole_tree(session, day, EVERYWHERE, known)}


def counts(session: Session) -> list[int]:
    return [
        session.scalar(select(func.count()).select_from(model)) or 0
        for model in (AgencyEvent, AgencyVersion, AgencyClosurePast, AuditEntry)
    ]


def test_two_agencies_consolidate_into_a_new_one(database: Database, province: Province) -> None:
    new = founding("Sở Y tế và Khoa học", province["root"], "H55.9")
    with database.transaction() as session:
        record(session, JULY, Consolidation(agencies=(province["health"], province["science"]), founding=new), decision=Decision("NQ 1"))
    with database.reading() as session:
        assert queries.subtree_ids(session, new.agency, JULY) == {new.agency, province["office"], province["clinic"]}
        assert queries.agency_by_code(session, "H55.9", JULY) == new.agency
        assert queries.agency_by_code(session, "H55.1", JULY) is None
        assert queries.agency(session, new.agency, JULY, EVERYWHERE).legal_basis == "NQ 1"
        assert [heir.id for heir in queries.successors_on(session, province["health"], JULY)] == [new.agency]
        assert {one.id for one in queries.predecessors_of(session, new.agency, JUNE)} == {province["health"], province["science"]}
        assert_closure_true(session)


def test_a_split_agency_ends_and_its_parts_have_declared_shares(database: Database, province: Province) -> None:
    one, other = founding("Sở Một", province["root"]), founding("Sở Hai", province["root"])
    parts = (Part(agency=one.agency, founding=one, share=0.25), Part(agency=other.agency, founding=other, share=0.75))
    with database.transaction() as session:
        record(session, JULY, Division(agency=province["health"], parts=parts, children={province["office"]: one.agency}))
        record(session, AUGUST, Merger(agencies=(other.agency,), into=province["science"]))
    with database.reading() as session:
        assert queries.subtree_ids(session, one.agency, JULY) == {one.agency, province["office"]}
        assert queries.subtree_ids(session, other.agency, JULY) == {other.agency, province["clinic"]}
        heirs = queries.successors_on(session, province["health"], AUGUST)
        assert [(heir.id, heir.share, len(heir.events)) for heir in heirs] == [(province["science"], 0.75, 2), (one.agency, 0.25, 1)]
        came = queries.predecessors_of(session, province["science"], JUNE)
        assert {(origin.id, origin.share) for origin in came} == {(province["science"], 1.0), (province["health"], 0.75)}


def test_an_agency_may_survive_what_is_split_off(database: Database, province: Province) -> None:
    new = founding("Sở tách ra", province["root"])
    with database.transaction() as session:
        record(session, JULY, Division(agency=province["health"], parts=(Part(agency=new.agency, founding=new, share=0.4),), survives=True))
    with database.reading() as session:
        heirs = queries.successors_on(session, province["health"], JULY)
        assert [(heir.id, heir.share) for heir in heirs] == [(province["health"], 0.6), (new.agency, 0.4)]
        assert province["office"] in queries.subtree_ids(session, province["health"], JULY)


def test_a_code_passes_to_the_heir_on_the_day_of_the_merger(database: Database, province: Province) -> None:
    with database.transaction() as session:
        record(session, JULY, Merger(agencies=(province["health"],), into=province["science"]))
        record(session, JULY, Recoding(agency=province["science"], code="H55.1"))
    with database.reading() as session:
        assert queries.agency_by_code(session, "H55.1", date(2025, 6, 30)) == province["health"]
        assert queries.agency_by_code(session, "H55.1", JULY) == province["science"]
        assert queries.agency_by_code(session, "H55.2", JULY) is None
        assert [row.id for row in queries.search_agencies(session, "h55.1", JULY, EVERYWHERE)][:1] == [province["science"]]


def test_a_late_paper_takes_its_place_between_what_is_stored(database: Database, province: Province) -> None:
    with database.transaction() as session:
        record(session, AUGUST, Amendment(agency=province["science"], short_name="SKHCN"))
        record(session, JUNE, Amendment(agency=province["science"], name="Sở Khoa học, Công nghệ"), LATER)
    with database.reading() as session:
        row = queries.agency(session, province["science"], AUGUST, EVERYWHERE)
        assert (row.name, row.short_name) == ("Sở Khoa học, Công nghệ", "SKHCN")
        assert queries.agency(session, province["science"], JULY, EVERYWHERE).short_name is None
        assert "Sở Khoa học và Công nghệ" in names_on(session, AUGUST, AT)


def test_a_late_paper_that_makes_a_stored_event_impossible_is_refused_naming_it(database: Database, province: Province) -> None:
    with database.transaction() as session:
        record(session, AUGUST, Amendment(agency=province["commune"], parent=province["health"]))
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        record(session, JULY, Merger(agencies=(province["health"],), into=province["science"]))
    assert caught.value.code == "stored_event"
    assert "01/08/2025" in str(caught.value)
    assert "Xã Đông Ngũ" in str(caught.value)
    assert "Sở Y tế" in str(caught.value)


def test_a_corrected_event_is_kept_and_names_its_correction(database: Database, province: Province) -> None:
    with database.transaction() as session:
        event = record(session, JULY, Amendment(agency=province["science"], name="Tên sai"))
    with database.transaction() as session:
        new = operations.correct_event(
            session, SERVICE, event, Change(AUGUST, Amendment(agency=province["science"], name="Tên đúng")), LATER
        )
    with database.reading() as session:
        assert "Tên sai" in names_on(session, AUGUST, AT)
        assert "Tên đúng" in names_on(session, AUGUST)
        assert "Sở Khoa học và Công nghệ" in names_on(session, JULY)
        assert queries.event_of(session, new).replaces_id == event
        assert queries.event_of(session, event).superseded_at == LATER
        told = [(entry.id, entry.superseded_at is None) for entry in queries.history_of(session, province["science"], withdrawn=True)]
        assert told[:2] == [(new, True), (event, False)]
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.action == "agencies.correct_event"))
        assert entry.details["before"][0]["versions"][-1]["name"] == "Tên sai"
        assert entry.details["after"][0]["versions"][-1]["name"] == "Tên đúng"
    for again in (operations.correct_event, operations.withdraw_event):
        with pytest.raises(Conflict), database.transaction() as session:
            arguments = (Change(JULY, Amendment(agency=province["science"], name="X")),) if again is operations.correct_event else ()
            again(session, SERVICE, event, *arguments, LATER)  # type: ignore[operator]


def test_an_establishment_is_not_withdrawn_while_people_are_there(database: Database, province: Province) -> None:
    details = Establishment(agency=uuid7(), name="Sở mới", kind="department", block="so_nganh", level="tinh", parent=province["root"])
    with database.transaction() as session:
        event = record(session, JULY, details)
        make_person(session, agency=details.agency, valid_from=JULY)
    with pytest.raises(Conflict) as caught, database.transaction() as session:
        operations.withdraw_event(session, SERVICE, event, LATER)
    assert "Sở mới" in str(caught.value)
    with database.reading() as session:
        assert "Sở mới" in names_on(session, JULY)


def merge_into_itself(province: Province) -> Details:
    return Merger(agencies=(province["health"], province["science"]), into=province["health"])


def split_into_itself(province: Province) -> Details:
    return Division(agency=province["health"], parts=(Part(agency=province["health"]),))


def shares_above_one(province: Province) -> Details:
    return Division(
        agency=province["health"], parts=(Part(agency=province["science"], share=0.7), Part(agency=province["commune"], share=0.7))
    )


REFUSED: Sequence[tuple[str, date, Callable[[Province], Details]]] = [
    ("agency_missing", date(2019, 6, 1), lambda province: Amendment(agency=province["health"], name="Trước khi có")),
    ("agency_missing", JULY, lambda province: Merger(agencies=(province["health"],), into=uuid7())),
    ("merge_into_itself", JULY, merge_into_itself),
    ("merge_into_itself", JULY, split_into_itself),
    ("nobody_to_merge", JULY, lambda province: Merger(agencies=(), into=province["health"])),
    ("nobody_to_merge", JULY, lambda province: Merger(agencies=(province["science"],) * 2, into=province["health"])),
    ("shares", JULY, shares_above_one),
    ("cycle", JULY, lambda province: Amendment(agency=province["root"], parent=province["office"])),
    ("cycle", JULY, lambda province: Amendment(agency=province["health"], parent=province["health"])),
    ("cycle", JULY, lambda province: Merger(agencies=(province["health"],), into=province["office"])),
    ("has_children", JULY, lambda province: Abolition(agency=province["health"], children={province["office"]: province["root"]})),
    ("not_a_child", JULY, lambda province: Abolition(agency=province["health"], children={province["school"]: None})),
    ("ends_at_birth", date(2020, 1, 1), lambda province: Abolition(agency=province["science"])),
    ("parent_missing", JULY, lambda province: Amendment(agency=province["health"], parent=uuid7())),
    ("code_taken", JULY, lambda province: Recoding(agency=province["health"], code="H55.2")),
    ("malformed_code", JULY, lambda province: Recoding(agency=province["health"], code="không phải mã")),
    ("name_missing", JULY, lambda province: Amendment(agency=province["health"], name=" \u00a0 ")),
    ("unknown_word", JULY, lambda province: Amendment(agency=province["health"], block="khối lạ")),
    ("already_exists", JULY, lambda province: Consolidation(agencies=(province["science"],), founding=_again(province["commune"]))),
    ("day_out_of_bounds", date(1900, 1, 1), lambda province: Amendment(agency=province["health"], name="Quá sớm")),
]


def _again(agency: UUID) -> Founding:
    return Founding(agency=agency, name="Đã có", kind="department", block="so_nganh", level="tinh")


@pytest.mark.parametrize(("code", "on", "details"), REFUSED, ids=[f"{number}-{case[0]}" for number, case in enumerate(REFUSED)])
def test_what_makes_no_tree_is_refused_and_leaves_nothing(
    database: Database, province: Province, code: str, on: date, details: Callable[[Province], Details]
) -> None:
    with database.reading() as session:
        before = counts(session)
    change = Change(on, details(province))
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        operations.record_change(session, SERVICE, change, AT)
    assert caught.value.code == code
    assert "%(" not in str(caught.value)
    with database.reading() as session:
        assert counts(session) == before
        assert_closure_true(session)
        with pytest.raises(DomainError) as foreseen:
            operations.preview_change(session, change, AT)
    assert str(foreseen.value) == str(caught.value)


def test_an_ended_agency_takes_part_in_nothing(database: Database, province: Province) -> None:
    with database.transaction() as session:
        record(session, JUNE, Abolition(agency=province["science"]))
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        record(session, JULY, Merger(agencies=(province["health"],), into=province["science"]))
    assert "đã kết thúc" in str(caught.value)


@dataclass
class Notes:
    """A follower that writes down what it is told."""

    told: list[tuple[str, object]] = field(default_factory=list)

    def foresee(self, _session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        return [Consequence("%(count)s đơn vị", len(turn.touched))]

    def follow(self, _session: Session, _actor: Actor, turn: AgencyTurn, _at: datetime) -> None:
        self.told.append(("follow", turn))

    def take_back(self, _session: Session, _actor: Actor, event_id: UUID, _at: datetime) -> None:
        self.told.append(("take_back", event_id))


def test_followers_are_told_who_ends_and_who_is_touched(database: Database, province: Province) -> None:
    notes = Notes()
    change = Change(JULY, Merger(agencies=(province["health"],), into=province["science"]))
    with database.transaction() as session:
        session.info["followers"] = Followers(agencies=(notes,))
        before = counts(session)
        preview = operations.preview_change(session, change, AT)
        assert counts(session) == before
        assert preview.ended == {province["health"]: province["science"]}
        assert preview.moved == {province["health"], province["office"], province["clinic"]}
        assert preview.names[province["health"]] == "Sở Y tế"
        assert [line.count for line in preview.consequences] == [4]
        event = operations.record_change(session, SERVICE, change, AT)
        operations.withdraw_event(session, SERVICE, event, LATER)
        record(session, JULY, Recoding(agency=province["health"], code="H55.77"), LATER)
    (_, turn), taken_back = notes.told
    assert isinstance(turn, AgencyTurn)
    assert (turn.event_id, turn.on, dict(turn.heirs)) == (event, JULY, {province["health"]: province["science"]})
    assert turn.touched == {province["health"], province["office"], province["clinic"], province["science"]}
    assert taken_back == ("take_back", event)
