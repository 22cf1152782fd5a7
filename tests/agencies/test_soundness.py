"""What is stored is compared with what the events make of it, and made anew where it has come apart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.agencies import operations, queries
from lms.agencies.models import AgencyClosure, AgencyCode, AgencyVersion
from lms.commands import build_cli
from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.clock import local_date, now
from lms.kit.db import Database
from tests.agencies.conftest import AT, DAY, assert_closure_true

JULY = date(2025, 7, 1)
Harm = Callable[[Session, dict[str, UUID]], object]


def rename(session: Session, province: dict[str, UUID]) -> None:
    session.execute(update(AgencyVersion).where(AgencyVersion.agency_id == province["science"]).values(name="Sở khác"))


def cut_life(session: Session, province: dict[str, UUID]) -> None:
    session.execute(update(AgencyVersion).where(AgencyVersion.agency_id == province["office"]).values(valid_to=JULY))


def lose_version(session: Session, province: dict[str, UUID]) -> None:
    session.execute(delete(AgencyVersion).where(AgencyVersion.agency_id == province["clinic"]))


def change_code(session: Session, province: dict[str, UUID]) -> None:
    session.execute(update(AgencyCode).where(AgencyCode.agency_id == province["health"]).values(code="H55.9"))


def lose_closure(session: Session, province: dict[str, UUID]) -> None:
    session.execute(
        delete(AgencyClosure).where(AgencyClosure.ancestor_id == province["root"], AgencyClosure.descendant_id == province["school"])
    )


def wrong_depth(session: Session, province: dict[str, UUID]) -> None:
    session.execute(
        update(AgencyClosure).where(AgencyClosure.descendant_id == province["office"], AgencyClosure.depth == 2).values(depth=3)
    )


@pytest.mark.parametrize(
    ("harm", "table", "whose"),
    [
        (rename, "versions", "science"),
        (cut_life, "versions", "office"),
        (lose_version, "versions", "clinic"),
        (change_code, "codes", "health"),
        (lose_closure, "closure", "school"),
        (wrong_depth, "closure", "office"),
    ],
)
def test_what_has_come_apart_is_found_and_made_anew(
    database: Database, province: dict[str, UUID], harm: Harm, table: str, whose: str
) -> None:
    with database.transaction() as session:
        harm(session, province)
    with database.reading() as session:
        (found,) = queries.soundness(session, DAY).deviations
        assert (found.table, found.agency) == (table, province[whose])
    with database.transaction() as session:
        assert operations.rebuild_agencies(session, SERVICE, AT + timedelta(hours=1))
    with database.reading() as session:
        sound = queries.soundness(session, DAY)
        assert (sound.deviations, sound.faults) == ([], [])
        assert (sound.agencies, sound.events) == (7, 7)
        assert_closure_true(session)
        assert session.scalar(select(AuditEntry.action).order_by(AuditEntry.at.desc()).limit(1)) == "agencies.rebuild"
    with database.transaction() as session:
        assert not operations.rebuild_agencies(session, SERVICE, AT + timedelta(hours=2))


def test_a_tree_with_changes_through_the_years_is_sound(database: Database, province: dict[str, UUID]) -> None:
    with database.transaction() as session:
        operations.rename_agency(session, SERVICE, province["science"], name="Sở KH", on=JULY, at=AT)
        operations.move_agency(session, SERVICE, province["clinic"], parent_id=province["commune"], on=JULY, at=AT)
        operations.merge_agencies(session, SERVICE, [province["health"]], into=province["science"], on=DAY, at=AT)
    with database.reading() as session:
        for day in (JULY - timedelta(days=1), JULY, DAY):
            assert queries.soundness(session, day).deviations == []


def test_the_doctor_names_agency_and_day_and_the_command_that_mends(app: Flask, database: Database, province: dict[str, UUID]) -> None:
    def lms(*arguments: str) -> Result:
        with app.app_context():
            return CliRunner().invoke(build_cli(app), list(arguments))

    assert "agencies: 7 agencies follow from 7 events" in lms("doctor").output
    with database.transaction() as session:
        cut_life(session, province)
        lose_closure(session, province)
    output = lms("doctor").output
    today = local_date(now(), app.extensions["lms.settings"].zone)
    assert "WRONG agencies: 2 agencies" in output
    assert f"versions of Văn phòng Sở Y tế ({province['office']}) from 01/07/2025" in output
    assert f"closure of Trường Tiểu học Đông Ngũ ({province['school']}) from {today:%d/%m/%Y}" in output
    assert "run lms agencies rebuild" in output
    mended = lms("agencies", "rebuild")
    assert mended.exit_code == 0, mended.output
    assert "2 giai đoạn" in mended.output
    assert "agencies: 7 agencies follow from 7 events" in lms("doctor").output
