"""Events recorded by the version before: what is stored comes out of replaying them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import select

from lms.agencies import operations, queries
from lms.agencies.models import AgencyClosure, AgencyCode, AgencyEvent, AgencyVersion
from lms.agencies.operations.stored_events import believed_events
from lms.agencies.rules.closure import FOREVER
from lms.agencies.rules.replay import replay
from lms.kit.actors import SERVICE
from lms.kit.db import Base, Database
from lms.kit.ids import uuid7
from lms.maintenance import schema
from tests.agencies.conftest import assert_closure_true
from tests.postgres import PrivatePostgres

JANUARY, MARCH, JULY = date(2025, 1, 1), date(2025, 3, 1), date(2025, 7, 1)
FIRST, SECOND, THIRD = (datetime(2026, month, 1, 2, 0, tzinfo=UTC) for month in (1, 2, 3))
NOW = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as the version before left it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    else:
        server: PrivatePostgres = request.getfixturevalue("postgres")
        database = Database(server.create(f"old_{uuid7().hex[-8:]}"))
    schema.upgrade(database, "0002")
    yield database
    database.dispose()


def table(name: str) -> sa.Table:
    return Base.metadata.tables[name]


class Writer:
    """Writes rows as the version before did: no details, one event for several agencies."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, into: str, **values: Any) -> None:
        columns = {key: table(into).c[key] for key in values}
        plain = sa.table(into, *(sa.column(key, column.type) for key, column in columns.items()))
        with self.database.engine.begin() as connection:
            connection.execute(sa.insert(plain).values(**values))

    def agency(self) -> UUID:
        agency = uuid7()
        self.insert("agency", id=agency, created_at=FIRST)
        return agency

    def version(
        self, agency: UUID, name: str, parent: UUID | None, days: tuple[date, date], known: tuple[datetime, datetime | None], **other: Any
    ) -> None:
        values = {"kind": "department", "block": "so_nganh", "level": "tinh", "sort_key": name, "search_text": name, **other}
        self.insert(
            "agency_version",
            id=uuid7(),
            agency_id=agency,
            name=name,
            parent_id=parent,
            valid_from=days[0],
            valid_to=days[1],
            recorded_at=known[0],
            superseded_at=known[1],
            **values,
        )

    def code(self, agency: UUID, code: str, days: tuple[date, date]) -> None:
        self.insert(
            "agency_code", id=uuid7(), agency_id=agency, scheme="qd20", code=code, valid_from=days[0], valid_to=days[1], recorded_at=FIRST
        )

    def event(self, kind: str, on: date, at: datetime, links: list[tuple[UUID | None, UUID | None]], number: str | None = None) -> UUID:
        event = uuid7()
        self.insert("agency_event", id=event, kind=kind, effective_on=on, decision_number=number, recorded_at=at)
        for before, after in links:
            self.insert("agency_link", id=uuid7(), event_id=event, predecessor_id=before, successor_id=after)
        return event

    def below(self, above: UUID, agency: UUID, days: tuple[date, date], depth: int) -> None:
        self.insert("agency_closure", ancestor_id=above, descendant_id=agency, valid_from=days[0], valid_to=days[1], depth=depth)


def test_what_was_stored_before_comes_out_of_replaying(old: Database) -> None:  # noqa: PLR0915 (rows, one by one)
    writer = Writer(old)
    root, health, clinic, science, office = (writer.agency() for _ in range(5))
    always, until, since = (JANUARY, FOREVER), (JANUARY, JULY), (JULY, FOREVER)
    writer.event("establish", JANUARY, FIRST, [(None, one) for one in (root, health, clinic, science, office)], "QĐ 1")
    writer.version(root, "Tỉnh", None, always, (FIRST, None), kind="province", legal_basis="QĐ 1")
    writer.version(health, "Sở Y tế", root, always, (FIRST, SECOND))
    writer.version(health, "Sở Y tế", root, until, (SECOND, None))
    writer.version(clinic, "Bệnh viện", health, always, (FIRST, SECOND))
    writer.version(clinic, "Bệnh viện", health, until, (SECOND, None))
    writer.version(clinic, "Bệnh viện", science, since, (SECOND, None))
    writer.version(science, "Sở Khoa học", root, always, (FIRST, THIRD))
    writer.version(science, "Sở Khoa học", root, (JANUARY, MARCH), (THIRD, None))
    writer.version(science, "Sở Khoa học và Công nghệ", root, (MARCH, FOREVER), (THIRD, None), short_name="SKHCN", legal_basis="NQ 2")
    writer.version(office, "Phòng", science, (JANUARY, MARCH), (THIRD, None))
    writer.version(office, "Phòng", None, (MARCH, FOREVER), (THIRD, None))  # without an event of its own
    writer.code(root, "H55", always)
    writer.code(health, "H55.1", until)
    writer.code(science, "H55.2", (MARCH, FOREVER))
    writer.event("merge", JULY, SECOND, [(health, science)], "NQ 1")
    writer.event("rename", MARCH, THIRD, [(science, science)], "NQ 2")
    for one in (root, science, office):
        writer.below(one, one, always, 0)
    writer.below(health, health, until, 0)
    writer.below(clinic, clinic, always, 0)
    writer.below(root, health, until, 1)
    writer.below(root, science, always, 1)
    writer.below(root, clinic, always, 2)
    writer.below(health, clinic, until, 1)
    writer.below(science, clinic, since, 1)
    writer.below(science, office, (JANUARY, MARCH), 1)
    writer.below(root, office, (JANUARY, MARCH), 2)

    schema.upgrade(old)

    with old.reading() as session:
        tree = replay(believed_events(session).values())
        assert tree.faults == []
        stored = session.scalars(select(AgencyVersion).where(AgencyVersion.superseded_at.is_(None))).all()
        fields = ("name", "short_name", "kind", "block", "level", "parent_id", "legal_basis", "valid_from", "valid_to")
        assert {(row.agency_id, *(getattr(row, field) for field in fields)) for row in stored} == {
            (agency, *(getattr(version, field.removesuffix("_id")) for field in fields))
            for agency, own in tree.versions.items()
            for version in own
        }
        codes = session.execute(select(AgencyCode.agency_id, AgencyCode.code, AgencyCode.valid_from, AgencyCode.valid_to)).all()
        assert {tuple(row) for row in codes} == {
            (span.agency, span.code, span.valid_from, span.valid_to) for own in tree.codes.values() for span in own
        }
        assert_closure_true(session)
        # What was known before the merger was recorded, and since when it is known.
        assert queries.subtree_ids(session, science, JULY, SECOND) == {science, clinic}
        assert queries.subtree_ids(session, health, JULY, FIRST) == {health, clinic}
        assert queries.subtree_ids(session, health, JULY, SECOND) == frozenset()
        assert [
            (row.depth, row.recorded_at)
            for row in session.scalars(select(AgencyClosure).where(AgencyClosure.descendant_id == health, AgencyClosure.depth == 1))
        ] == [(1, SECOND)]
        numbers = {entry.decision_number for entry in queries.history_of(session, clinic)}
        assert numbers == {"QĐ 1"}
        assert session.scalars(select(AgencyEvent.kind).where(AgencyEvent.effective_on == JULY)).all() == ["merge"]

    with old.transaction() as session:
        assert queries.soundness(session, JULY).deviations == []
        rebuilt = operations.rebuild_agencies(session, SERVICE, NOW)
        assert (rebuilt.codes, rebuilt.closure_begun, rebuilt.closure_ended) == (0, 0, 0)
        # Only what search finds them by, which is written above as it never was, is made anew.
        assert session.scalars(select(AgencyVersion.recorded_at).where(AgencyVersion.recorded_at == NOW)).all() == []
        operations.rename_agency(session, SERVICE, health, name="Sở Y tế và Dân số", on=MARCH, at=NOW)
        assert queries.agency_names(session, [health], JULY)[health] == "Sở Y tế và Dân số"
        assert_closure_true(session)


def test_the_step_can_be_taken_back(old: Database) -> None:
    schema.upgrade(old)
    schema.downgrade(old, "0002")
    schema.upgrade(old)
    assert schema.differences(old) == []
