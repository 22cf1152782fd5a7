"""Fold the names of people already entered

`person.name_key` finds one person entered twice; the previous version does not write it, so rows without it are filled here.
Safe beside the previous version: it changes no other column.
"""

import sqlalchemy as sa
from alembic import op

from lms.kit.vietnamese import fold

revision = "0004"
down_revision = "0003"

BATCH = 1000
person = sa.table("person", sa.column("id", sa.Uuid()), sa.column("full_name", sa.String()), sa.column("name_key", sa.String()))


def upgrade() -> None:
    connection = op.get_bind()
    fill = sa.update(person).where(person.c.id == sa.bindparam("row")).values(name_key=sa.bindparam("key"))
    while rows := connection.execute(sa.select(person.c.id, person.c.full_name).where(person.c.name_key == "").limit(BATCH)).all():
        # A name of marks alone folds to nothing; a space keeps it from being looked at again.
        connection.execute(fill, [{"row": row.id, "key": fold(row.full_name) or " "} for row in rows])


def downgrade() -> None:
    """The column goes with the migration that made it."""
