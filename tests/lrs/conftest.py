import pytest
from flask import Flask

from lms.kit.db import Database
from tests.lrs.making import Store, make_credential


@pytest.fixture
def store(app: Flask, database: Database) -> Store:
    """An outside program with a credential for everything."""
    make_credential(database)
    return Store(app.test_client())
