"""The running application's units of work, for views, commands and jobs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from flask import current_app
from sqlalchemy.orm import Session

from lms.config import Settings
from lms.kit.db import Database
from lms.kit.secrets import Vault


def database() -> Database:
    return cast(Database, current_app.extensions["lms.database"])


def settings() -> Settings:
    return cast(Settings, current_app.extensions["lms.settings"])


def vault() -> Vault:
    return cast(Vault, current_app.extensions["lms.vault"])


@contextmanager
def transaction() -> Iterator[Session]:
    """One POST, API call, command or job step. The only place that commits."""
    with database().transaction() as session:
        yield session


@contextmanager
def single_statement() -> Iterator[Session]:
    """One POST that is one statement (see `Database.single_statement`)."""
    with database().single_statement() as session:
        yield session


@contextmanager
def reading() -> Iterator[Session]:
    with database().reading() as session:
        yield session
