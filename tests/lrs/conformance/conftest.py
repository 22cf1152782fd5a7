from pathlib import Path

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


# What is asked of a request alone is answered before a database is; what is stored and read is tried on both.
OF_STORING = (
    "test_communication_2_1",
    "test_communication_2_2",
    "test_communication_3_1",
    "test_data_2_3",
    "test_data_2_4_11",
    "test_data_2_5",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    twice = [item for item in items if item.path.parent == here and "postgresql" in item.name and not item.path.name.startswith(OF_STORING)]
    if twice:
        config.hook.pytest_deselected(items=twice)
        gone = set(twice)
        items[:] = [item for item in items if item not in gone]
