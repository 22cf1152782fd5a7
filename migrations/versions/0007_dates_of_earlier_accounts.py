"""Give accounts from before the dates their rules count from

Since 0003 an account knows since when its password is in use and when its person last signed in; without them a password never grows too old
and an account never lies unused for too long. Of those made before, the password is at least as old as the activation, and nobody is kept
out by a rule that did not exist: unused days count from this migration on.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

moment = sa.DateTime(timezone=True)
account = sa.table(
    "account",
    sa.column("password_hash", sa.String()),
    sa.column("activated_at", moment),
    sa.column("password_set_at", moment),
    sa.column("last_sign_in_at", moment),
)


def upgrade() -> None:
    connection = op.get_bind()
    at = datetime.now(UTC)
    if connection.dialect.name == "sqlite":
        at = at.replace(tzinfo=None)
    has_password = account.c.password_hash.is_not(None)
    dated = sa.func.coalesce(account.c.activated_at, sa.bindparam("at", at, type_=moment))
    connection.execute(sa.update(account).where(has_password, account.c.password_set_at.is_(None)).values(password_set_at=dated))
    connection.execute(sa.update(account).where(has_password, account.c.last_sign_in_at.is_(None)).values(last_sign_in_at=at))


def downgrade() -> None:
    """The columns go with the migration that made them."""
