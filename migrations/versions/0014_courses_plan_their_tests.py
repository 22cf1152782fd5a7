"""Courses plan their tests

A version of a course keeps the test planned for its end, a lesson its places in frameworks of competence. Versions there were have
neither: both come with the next load.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("course_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("test", JSON, server_default=sa.text("'{}'"), nullable=False))

    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.add_column(sa.Column("frameworks", JSON, server_default=sa.text("'[]'"), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("lesson", schema=None) as batch_op:
        batch_op.drop_column("frameworks")

    with op.batch_alter_table("course_version", schema=None) as batch_op:
        batch_op.drop_column("test")
