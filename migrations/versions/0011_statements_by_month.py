"""Statements by month

Every id and where it stands move into a narrow table. On PostgreSQL the tables of statements and of their terms become partitioned by
position, whose first bits are the milliseconds of `stored`. What is there stays where it is: the old table becomes the partition of
everything before the next month, so that a store of any size is brought here in the time it takes to read it once. The worker cuts
months off the partition of all later time (`lms.lrs.operations.partitions`).

Not beside the previous version: that one does not know where ids are kept now.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

TABLES = ("xapi_statement", "xapi_term")
IDS = "INSERT INTO xapi_statement_id (id, position, target_id) SELECT id, position, target_id FROM xapi_statement"
# The first position of the month after everything that is stored, and after today.
BEGIN_OF_NEXT_MONTH = """
SELECT lpad(to_hex(extract(epoch FROM date_trunc('month', greatest(now(), max(stored)), 'UTC') + interval '1 month')::bigint * 1000), 12, '0')
    || repeat('0', 20)
FROM (SELECT stored FROM xapi_statement ORDER BY position DESC LIMIT 1)
"""


def upgrade() -> None:
    op.execute(IDS)
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("LOCK TABLE xapi_statement, xapi_term")
    border = op.get_bind().exec_driver_sql(BEGIN_OF_NEXT_MONTH).scalar_one()
    for table in TABLES:
        _partition(table, border)


def downgrade() -> None:
    """Puts everything into one table again; partitions that were detached stay apart, and their ids are forgotten."""
    if op.get_bind().dialect.name == "postgresql":
        for table in TABLES:
            _put_together(table)
    op.execute("DELETE FROM xapi_statement_id")


def _partition(table: str, border: str) -> None:
    earlier, later = f"{table}_earlier", f"{table}_later"
    indexes = _indexes(table)
    op.execute(f"ALTER TABLE {table} RENAME TO {earlier}")
    op.execute(f"ALTER INDEX pk_{table} RENAME TO pk_{earlier}")
    for name, _definition in indexes:
        op.execute(f"ALTER INDEX {name} RENAME TO {name}_earlier")
    op.execute(f"CREATE TABLE {table} (LIKE {earlier} INCLUDING DEFAULTS) PARTITION BY RANGE (position)")
    key = "position" if table == "xapi_statement" else "term, position"
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for _name, definition in indexes:
        op.execute(definition)
    op.execute(f"ALTER TABLE {table} ATTACH PARTITION {earlier} FOR VALUES FROM (MINVALUE) TO ('{border}')")
    op.execute(f"CREATE TABLE {later} PARTITION OF {table} FOR VALUES FROM ('{border}') TO (MAXVALUE)")


def _put_together(table: str) -> None:
    whole = f"{table}_whole"
    op.execute(f"CREATE TABLE {whole} (LIKE {table} INCLUDING DEFAULTS)")
    op.execute(f"INSERT INTO {whole} SELECT * FROM {table}")  # noqa: S608
    indexes = _indexes(table)
    op.execute(f"DROP TABLE {table}")
    op.execute(f"ALTER TABLE {whole} RENAME TO {table}")
    key = "position" if table == "xapi_statement" else "term, position"
    op.execute(f"ALTER TABLE {table} ADD CONSTRAINT pk_{table} PRIMARY KEY ({key})")
    for _name, definition in indexes:
        op.execute(definition.replace(" ON ONLY ", " ON "))


def _indexes(table: str) -> list[tuple[str, str]]:
    """(name, what made it) of all but the primary key."""
    found = op.get_bind().exec_driver_sql(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s AND indexname <> %s ORDER BY 1",
        (table, f"pk_{table}"),
    )
    return [(name, definition) for name, definition in found]
