"""Append-only audit

The database refuses to change an audit entry, a link of its chain or a checkpoint, and to remove one that no checkpoint covers. A checkpoint
is taken only with the hash of a link that is there. On PostgreSQL the tables cannot be emptied by TRUNCATE either.

A later migration that rebuilds one of these tables on SQLite (batch mode) loses its triggers and must make them again.
Safe beside the previous version, which only adds entries.
"""

from alembic import op

revision = "0005"
down_revision = "0004"

TABLES = ("audit_entry", "audit_link", "audit_checkpoint")
COVERED = {
    "audit_entry": "EXISTS (SELECT 1 FROM audit_link l WHERE l.entry_id = OLD.id"
    " AND l.sequence <= (SELECT max(c.sequence) FROM audit_checkpoint c))",
    "audit_link": "OLD.sequence <= (SELECT max(c.sequence) FROM audit_checkpoint c)",
}
TRUE_HASH = "EXISTS (SELECT 1 FROM audit_link l WHERE l.sequence = NEW.sequence AND l.hash = NEW.hash)"
UNCHANGED = "the audit is append-only: {table} is never changed"
KEPT = "the audit is append-only: no checkpoint covers this row of {table}"
FALSE_CHECKPOINT = "the checkpoint does not have the hash of its link"


def upgrade() -> None:
    make = _postgresql if op.get_bind().dialect.name == "postgresql" else _sqlite
    for table in TABLES:
        make(table, "update", UNCHANGED.format(table=table), "FALSE")
        make(table, "delete", KEPT.format(table=table), COVERED.get(table, "FALSE"))
    make("audit_checkpoint", "insert", FALSE_CHECKPOINT, TRUE_HASH)
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            op.execute(f"CREATE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {table}_update()")


def downgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    guards = [(table, event) for table in TABLES for event in ("update", "delete")] + [("audit_checkpoint", "insert")]
    if postgresql:
        for table in TABLES:
            op.execute(f"DROP TRIGGER {table}_truncate ON {table}")
    for table, event in guards:
        op.execute(f"DROP TRIGGER {table}_{event} ON {table}" if postgresql else f"DROP TRIGGER {table}_{event}")
        if postgresql:
            op.execute(f"DROP FUNCTION {table}_{event}()")


def _sqlite(table: str, event: str, message: str, allowed: str) -> None:
    op.execute(
        f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} WHEN coalesce({allowed}, FALSE) IS FALSE"
        f" BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _postgresql(table: str, event: str, message: str, allowed: str) -> None:
    row = "OLD" if event == "delete" else "NEW"
    refuse = f"IF NOT coalesce({allowed}, FALSE) THEN RAISE EXCEPTION '{message}'; END IF;"
    op.execute(f"CREATE FUNCTION {table}_{event}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {refuse} RETURN {row}; END $$")
    op.execute(f"CREATE TRIGGER {table}_{event} BEFORE {event.upper()} ON {table} FOR EACH ROW EXECUTE FUNCTION {table}_{event}()")
