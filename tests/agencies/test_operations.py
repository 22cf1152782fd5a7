"""Changes of organisation: dated, on paper, never overwriting, with the closure following."""

from __future__ import annotations

import random
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from lms.agencies import operations, queries
from lms.agencies.models import AgencyEvent, AgencyVersion
from lms.agencies.rules.events import Change, Recoding
from lms.agencies.rules.kinds import Decision
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from tests.agencies.conftest import AT, DAY, assert_closure_true

JULY = date(2025, 7, 1)
BEFORE = JULY - timedelta(days=1)
PAPER = Decision("Nghị quyết 1683/NQ-UBTVQH15", date(2025, 6, 16))


def establish(session: Session, name: str, parent: UUID | None, on: date = JULY, code: str | None = None) -> UUID:
    return operations.establish_agency(
        session, SERVICE, name=name, kind="department", block="so_nganh", level="tinh", parent_id=parent, on=on, at=AT, code=code
    )


def test_an_established_agency_is_found_from_its_day_on_and_not_before(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        new = establish(session, "Trung tâm Chuyển đổi số", province["science"], code="H55.2.9")
    with database.reading() as session:
        assert queries.agency_by_code(session, "H55.2.9", JULY) == new
        assert queries.agency_by_code(session, "H55.2.9", BEFORE) is None
        assert new in queries.subtree_ids(session, province["root"], JULY)
        assert new not in queries.subtree_ids(session, province["root"], BEFORE)
        assert [step.name for step in queries.path_to(session, new, JULY, EVERYWHERE)][-2:] == [
            "Sở Khoa học và Công nghệ",
            "Trung tâm Chuyển đổi số",
        ]
        assert_closure_true(session)


def test_a_renamed_agency_keeps_its_old_name_before_the_day(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Sở KH và CN mới", on=JULY, at=AT, decision=PAPER)
    with database.reading() as session:
        assert queries.agency_names(session, [province["science"]], BEFORE) == {province["science"]: "Sở Khoa học và Công nghệ"}
        assert queries.agency_names(session, [province["science"]], JULY) == {province["science"]: "Sở KH và CN mới"}
        entry, _ = queries.history_of(session, province["science"])
        assert (entry.kind, entry.before, entry.after) == ("rename", "Sở Khoa học và Công nghệ", "Sở KH và CN mới")
        assert entry.decision_number == PAPER.number
        assert [row.id for row in queries.search_agencies(session, "kh va cn moi", JULY, EVERYWHERE)] == [province["science"]]
        assert_closure_true(session)


def test_what_was_believed_stays_and_is_marked_superseded(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Tên mới", on=JULY, at=AT)
    with database.reading() as session:
        rows = session.execute(
            select(AgencyVersion.name, AgencyVersion.valid_from, AgencyVersion.superseded_at)
            .where(AgencyVersion.agency_id == province["science"])
            .order_by(AgencyVersion.recorded_at, AgencyVersion.valid_from)
        ).all()
    assert [(name, superseded is None) for name, _, superseded in rows] == [
        ("Sở Khoa học và Công nghệ", False),
        ("Sở Khoa học và Công nghệ", True),
        ("Tên mới", True),
    ]


def test_a_moved_agency_takes_along_what_is_below(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.move_agency(session, SERVICE, province["health"], parent_id=province["science"], on=JULY, at=AT)
    with database.reading() as session:
        assert {province["health"], province["office"], province["clinic"]} <= queries.subtree_ids(session, province["science"], JULY)
        assert queries.subtree_ids(session, province["science"], BEFORE) == {province["science"]}
        assert_closure_true(session)


def test_no_agency_comes_below_itself(database: Database, province: dict[str, UUID]) -> None:
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        operations.move_agency(session, SERVICE, province["health"], parent_id=province["office"], on=JULY, at=AT)
    assert caught.value.code == "cycle"
    assert "Văn phòng Sở Y tế" in str(caught.value)
    with database.reading() as session:
        assert_closure_true(session)
        assert set(session.scalars(select(AgencyEvent.kind))) == {"establish"}


def test_a_parent_must_exist_on_every_day_of_its_child(database: Database, province: dict[str, UUID]) -> None:
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        establish(session, "Quá sớm", province["science"], on=date(2019, 12, 31))
    assert caught.value.code == "parent_missing"
    assert "31/12/2019" in str(caught.value)


def test_an_abolished_agency_ends_with_its_code(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.abolish_agency(session, SERVICE, province["science"], on=JULY, at=AT, decision=PAPER)
        again = establish(session, "Sở mới", province["root"], code="H55.2")
    with database.reading() as session:
        assert queries.agency_by_code(session, "H55.2", BEFORE) == province["science"]
        assert queries.agency_by_code(session, "H55.2", JULY) == again
        assert province["science"] not in queries.versions_on(session, JULY)
        assert queries.agency_names(session, [province["science"]], JULY)[province["science"]] == "Sở Khoa học và Công nghệ"
        assert_closure_true(session)


def test_an_agency_with_others_below_cannot_be_abolished(database: Database, province: dict[str, UUID]) -> None:
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        operations.abolish_agency(session, SERVICE, province["commune"], on=JULY, at=AT)
    assert "Trường Tiểu học Đông Ngũ" in str(caught.value)


def test_merging_ends_the_predecessors_and_hands_over_what_was_below(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.merge_agencies(session, SERVICE, [province["health"]], into=province["science"], on=JULY, at=AT, decision=PAPER)
    with database.reading() as session:
        assert queries.subtree_ids(session, province["science"], JULY) == {province["science"], province["office"], province["clinic"]}
        assert queries.subtree_ids(session, province["health"], BEFORE) == {province["health"], province["office"], province["clinic"]}
        assert queries.subtree_ids(session, province["health"], JULY) == frozenset()
        entry, _ = queries.history_of(session, province["health"])
        assert (entry.kind, [one.name for one in entry.successors]) == ("merge", ["Sở Khoa học và Công nghệ"])
        other, _ = queries.history_of(session, province["science"])
        assert [one.name for one in other.predecessors] == ["Sở Y tế"]
        assert_closure_true(session)


def test_merging_into_itself_is_refused(database: Database, province: dict[str, UUID]) -> None:
    with pytest.raises(DomainError) as caught, database.transaction() as session:
        operations.merge_agencies(session, SERVICE, [province["health"]], into=province["health"], on=JULY, at=AT)
    assert caught.value.code == "merge_into_itself"


def test_a_code_borne_by_another_is_refused(database: Database, province: dict[str, UUID]) -> None:
    with pytest.raises(Conflict) as caught, database.transaction() as session:
        establish(session, "Sở trùng mã", province["root"], code="H55.1")
    assert "Sở Y tế" in str(caught.value)


def test_each_change_is_audited(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Tên mới", on=JULY, at=AT)
    with database.reading() as session:
        assert session.scalars(select(AuditEntry.action)).all() == ["agencies.rename"]


@pytest.mark.parametrize("seed", range(3))
def test_after_any_changes_the_stored_closure_equals_the_versions(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    agencies: list[UUID] = []
    with database.transaction() as session:
        for index in range(6):
            agencies.append(establish(session, f"Đơn vị {index}", chance.choice([None, *agencies]), on=date(2024, 1, 1)))
    for step in range(25):
        on = date(2024, 1, 1) + timedelta(days=chance.randrange(400))
        one, other = chance.sample(agencies, 2)
        change = chance.choice(["establish", "move", "move", "rename", "abolish", "merge"])
        try:
            with database.transaction() as session:
                if change == "establish":
                    agencies.append(establish(session, f"Thêm {step}", chance.choice([None, one]), on=on))
                elif change == "move":
                    operations.move_agency(session, SERVICE, one, parent_id=chance.choice([None, other]), on=on, at=AT)
                elif change == "rename":
                    operations.rename_agency(session, SERVICE, one, name=f"Tên {step}", on=on, at=AT)
                elif change == "abolish":
                    operations.abolish_agency(session, SERVICE, one, on=on, at=AT)
                else:
                    operations.merge_agencies(session, SERVICE, [one], into=other, on=on, at=AT)
        except DomainError:
            continue  # refused: the check below sees that nothing of it is left
        finally:
            with database.reading() as session:
                assert_closure_true(session)
    with database.transaction() as session:
        assert not operations.rebuild_agencies(session, SERVICE, AT)


def test_versions_of_a_day_are_one_per_agency(database: Database, province: dict[str, UUID]) -> None:
    with database.reading() as session:
        held = queries.versions_on(session, DAY)
        assert set(held) == set(province.values())
        assert held[province["school"]].parent_id == province["commune"]
        assert queries.ancestors_on(session, DAY)[province["school"]] == [province["school"], province["commune"], province["root"]]


def test_the_whole_tree_counts_as_each_agency_counts_for_itself(database: Database, province: dict[str, UUID]) -> None:
    later = AT + timedelta(days=1)
    with database.transaction() as session:
        operations.assign_code(session, province["school"], "H55.30.9", on=JULY, at=later)
        operations.record_change(
            session, SERVICE, Change(JULY, Recoding(agency=province["school"], scheme="qd20", code="H55.30.8", beside=True)), later
        )
        operations.record_change(session, SERVICE, Change(JULY, Recoding(agency=province["commune"], scheme="dvhc", code="07000")), later)
        operations.record_change(session, SERVICE, Change(JULY, Recoding(agency=province["commune"], code=None)), later)
        operations.move_agency(session, SERVICE, province["clinic"], parent_id=province["commune"], on=JULY, at=later)
        operations.merge_agencies(session, SERVICE, [province["health"]], into=province["science"], on=DAY, at=later)
    health_and_commune = frozenset((province["health"], province["commune"]))
    with database.reading() as session:
        for known in (None, AT, later):
            for day in (BEFORE, JULY, DAY):
                for scope in (EVERYWHERE, health_and_commune, frozenset((province["root"], province["commune"]))):
                    rows = queries.whole_tree(session, day, scope, known)
                    assert [row for _, row in rows] == [queries.agency(session, row.id, day, scope, known) for _, row in rows]
        shown = {row.id: row.code for _, row in queries.whole_tree(session, JULY, EVERYWHERE)}
        assert (shown[province["school"]], shown[province["commune"]]) == ("H55.30.8", "07000")


def test_the_whole_tree_is_one_statement(database: Database, province: dict[str, UUID]) -> None:
    seen: list[str] = []
    with database.reading() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *given: seen.append(given[2]))
        assert len(queries.whole_tree(session, DAY, frozenset((province["root"],)))) == 7
    assert len(seen) == 1
