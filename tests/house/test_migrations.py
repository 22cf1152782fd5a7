"""The schema goes up, down and up again, and is then what the models say, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import CheckConstraint, inspect

from lms.kit.db import Base, Database
from lms.maintenance import schema
from tests.postgres import PrivatePostgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        server: PrivatePostgres = request.getfixturevalue("postgres")
        url = server.create(f"migrations_{tmp_path.name}")
    database = Database(url)
    yield database
    database.dispose()


def test_up_down_and_up_again_ends_equal_to_the_models(empty: Database) -> None:
    schema.upgrade(empty)
    assert schema.differences(empty) == []
    schema.downgrade(empty, "base")
    assert set(inspect(empty.engine).get_table_names()) <= {"alembic_version"}
    schema.upgrade(empty)
    assert schema.differences(empty) == []
    assert schema.current_revision(empty) == schema.newest_revision(empty)


def test_the_database_holds_every_condition_the_models_state(empty: Database) -> None:
    schema.upgrade(empty)
    there = inspect(empty.engine)
    for table in Base.metadata.sorted_tables:
        stated = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
        assert {check["name"] for check in there.get_check_constraints(table.name)} == stated, table.name


def test_upgrading_the_newest_schema_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)
    assert set(Base.metadata.tables) < set(inspect(empty.engine).get_table_names())
