"""The schema goes up, down and up again, and is then what the models say, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

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


def test_upgrading_the_newest_schema_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)
    assert set(Base.metadata.tables) < set(inspect(empty.engine).get_table_names())
