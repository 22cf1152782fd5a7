"""The database's schema: brought to the newest migration, compared with the models."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from lms.kit.db import Base, Database

# Of partitioned tables (lms.lrs.operations.partitions): cut off by month, so the models do not name them.
_PARTITION = re.compile(r"xapi_(?:statement|term)_(?:[0-9]{4}_[0-9]{2}|earlier|later)")


def is_of_models(_object: object, name: str | None, kind: str, reflected: bool, _compared_to: object) -> bool:
    """Is this something the models speak of? A partition, attached or detached, has the columns of its table and is left out."""
    return not (kind == "table" and reflected and _PARTITION.fullmatch(name or ""))


def alembic_config(database: Database) -> Config:
    spec = importlib.util.find_spec("migrations")
    if spec is None or spec.origin is None:
        raise RuntimeError("the migrations folder is not installed beside the application")
    config = Config()
    config.set_main_option("script_location", str(Path(spec.origin).parent))
    config.attributes["engine"] = database.engine
    return config


def upgrade(database: Database, revision: str = "head") -> None:
    command.upgrade(alembic_config(database), revision)


def downgrade(database: Database, revision: str) -> None:
    command.downgrade(alembic_config(database), revision)


@cache
def newest_revision(database: Database) -> str | None:
    """The newest migration of the installed files; they do not change while the process lives."""
    return ScriptDirectory.from_config(alembic_config(database)).get_current_head()


def current_revision(database: Database) -> str | None:
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def differences(database: Database) -> list[str]:
    """What the models say and the database does not have, or the other way round; empty when they agree."""
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": is_of_models})
        return [repr(difference) for difference in compare_metadata(context, Base.metadata)]
