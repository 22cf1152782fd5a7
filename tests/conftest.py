"""Shared by all tests: a real database of each kind, the application on it, and a client that signs in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import inspect, text

import courses
import quizzes
from lms.app import create_app
from lms.config import Settings
from lms.kit.db import Base, Database
from tests.postgres import PrivatePostgres

SECRET = "a-secret-key-for-tests-only-0123456789"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    server = PrivatePostgres().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def postgres_url(postgres: PrivatePostgres) -> str:
    url = postgres.create("tests")
    _create_schema(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _create_schema(f"sqlite:///{path}")
    return path


def _create_schema(url: str) -> None:
    database = Database(url)
    Base.metadata.create_all(database.engine)
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database with the current schema; every test that asks runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "lms.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        return f"sqlite:///{path}"
    url: str = request.getfixturevalue("postgres_url")
    database = Database(url)
    with database.engine.begin() as connection:
        tables = [name for name in inspect(connection).get_table_names() if name != "alembic_version"]
        connection.execute(text(f"TRUNCATE {', '.join(tables)} CASCADE"))
    database.dispose()
    return url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        env="demo",
        secret_key=SECRET,
        database_url=database_url,
        data_dir=tmp_path / "var",
        base_url="http://127.0.0.1:8000",
        timezone="Asia/Ho_Chi_Minh",
        locale="vi",
        redis_url=None,
        demo_password=None,
    )


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings, features=(courses.feature, quizzes.feature))
    app.testing = True
    yield app
    app.extensions["lms.database"].dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    return app.extensions["lms.database"]  # type: ignore[no-any-return]
