import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from lms.kit.db import Database
from tests.lrs.making import Store, make_credential


@pytest.fixture
def store(app: Flask, database: Database) -> Store:
    """An outside program with a credential for everything."""
    make_credential(database)
    return Store(app.test_client())


@pytest.fixture
def months_put_back(database: Database) -> Iterator[None]:
    """The tables stay for the next test: as they were, without months."""
    yield
    with database.transaction() as session:
        if database.is_sqlite:
            return
        found = session.scalars(
            text("SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^xapi_(statement|term)_(20[0-9]{2}_|later)'")
        )
        for name in found.all():
            session.execute(text(f"DROP TABLE {name}"))
        bounds = session.scalars(text("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE relname = 'xapi_statement_earlier'")).one()
        border = re.findall(r"'([^']+)'", bounds)[-1]
        session.execute(text(f"CREATE TABLE xapi_statement_later PARTITION OF xapi_statement FOR VALUES FROM ('{border}') TO (MAXVALUE)"))
