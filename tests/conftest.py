"""Shared by all tests: a real database of each kind, the application on it, and a client that signs in."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select, text
from werkzeug.routing import Rule

import courses
import quizzes
from lms.accounts.models import Account, SignIn
from lms.accounts.rules.tokens import token_hash
from lms.app import create_app
from lms.config import Settings
from lms.kit.clock import now
from lms.kit.db import Base, Database
from lms.maintenance import schema
from tests import kept_connections
from tests.page_client import PageClient
from tests.postgres import PrivatePostgres


class CompiledTemplates(BytecodeCache):
    """Templates as they were compiled for an earlier test: each test has an application of its own, but the pages are the same."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = CompiledTemplates()

_COMPILED_RULES: dict[Any, dict[str, Any]] = {}
_compile_rule = Rule.compile


def _compile_once(rule: Rule) -> None:
    """What an address compiles to depends on its text alone, and compiling is most of what an application costs: once for all tests."""
    key = (rule.rule, rule.subdomain, rule.host, rule.merge_slashes, repr(rule.defaults))
    if key not in _COMPILED_RULES:
        _compile_rule(rule)
        names = ("_parts", "_trace", "_converters", "arguments")
        builders = {name: getattr(rule, name).__func__ for name in ("_build", "_build_unknown")}
        _COMPILED_RULES[key] = {name: getattr(rule, name) for name in names} | builders
        return
    for name, value in _COMPILED_RULES[key].items():
        setattr(rule, name, value.__get__(rule) if name.startswith("_build") else value)


Rule.compile = _compile_once  # type: ignore[method-assign]
hypothesis.settings.register_profile("suite", max_examples=30, deadline=None)  # a property that needs more says so itself
hypothesis.settings.load_profile("suite")
SECRET = "a-secret-key-for-tests-only-0123456789"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PrivatePostgres]:
    server = PrivatePostgres().start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_postgres(postgres: PrivatePostgres) -> Iterator[Callable[[], str]]:
    """Empties the session's PostgreSQL database and gives its address. Its connection stays open: a new one would have to learn every
    table anew, which takes longer than the emptying."""
    url = postgres.create("tests")
    kept_connections.keep("tests")
    _create_schema(url)
    database = Database(url)
    # Few tables hold anything after a test: emptying those alone takes a tenth of the time of truncating all.
    filled = text(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM \"{table}\")" for table in Base.metadata.tables))

    def empty() -> str:
        with database.engine.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))  # the audit's own triggers refuse to be emptied
            for table in connection.scalars(filled).all():
                connection.execute(text(f'DELETE FROM "{table}"'))
        return url

    yield empty
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    _create_schema(f"sqlite:///{path}")
    return path


def _create_schema(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database with the current schema; every test that asks runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "lms.db"
        path.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        return f"sqlite:///{path}"
    address: str = request.getfixturevalue("empty_postgres")()
    return address


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
    app.test_client_class = PageClient
    app.jinja_env.bytecode_cache = COMPILED
    yield app
    app.extensions["lms.database"].dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    return app.extensions["lms.database"]  # type: ignore[no-any-return]


@pytest.fixture
def sign_in(app: Flask, database: Database) -> Callable[[str], FlaskClient]:
    """`client = sign_in("hocvien")`: a browser in which the person of that login name is signed in."""

    def client_of(login: str) -> FlaskClient:
        token = secrets.token_urlsafe(32)
        at = now()
        with database.transaction() as session:
            person_id = session.scalars(select(Account.person_id).where(Account.login_name == login)).one()
            session.add(SignIn(token_hash=token_hash(token), person_id=person_id, created_at=at, expires_at=at + timedelta(days=400)))
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["_fresh"] = True
        client.get("/accessibility")  # asks what is asked once a minute, so that counting statements starts level
        return client

    return client_of
