"""Unknown names

Passwords tried on names that are nobody's are counted like an account's. Safe beside the previous version: add only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "unknown_name",
        sa.Column("name_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name_hash", name=op.f("pk_unknown_name")),
    )
    with op.batch_alter_table("unknown_name", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_unknown_name_counted_at"), ["counted_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("unknown_name", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_unknown_name_counted_at"))

    op.drop_table("unknown_name")
