import pytest
from flask import Flask

from lms.kit.db import Database
from lms.lrs.rules.versions import Version
from tests.lrs.making import Store, make_credential


def speaking(version: str, store: Store) -> Store:
    """The same store, spoken to in another version."""
    other = Store(store.client)
    other.headers = {**store.headers, "X-Experience-API-Version": version}
    return other


@pytest.fixture(params=list(Version), ids=["1.0.3", "2.0"])
def version(request: pytest.FixtureRequest) -> Version:
    return Version(request.param)


@pytest.fixture
def lrs(app: Flask, database: Database, version: Version) -> Store:
    """An outside program with a credential for everything, in each of the versions."""
    make_credential(database)
    return speaking(version, Store(app.test_client()))
