"""Terms of all months in one table

A rare agent was looked for in the index of each month. Terms lie in one table again, so that its one index leads to the statements of
any term wherever they are. The largest partition becomes that table and takes in the others: where all lies in one, nothing is copied.
"""

from alembic import op

revision = "0013"
down_revision = "0012"

PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'xapi_term'::regclass ORDER BY pg_relation_size(c.oid) DESC, c.relname
"""
# Where what is stored ends and months begin that are still to be cut off: the same for statements.
BORDER = """
SELECT substring(pg_get_expr(c.relpartbound, c.oid) FROM $$FROM \\('?([^')]+)'?\\)$$) FROM pg_class c WHERE c.oid = 'xapi_statement_later'::regclass
"""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("LOCK TABLE xapi_statement, xapi_term")
    largest, *others = op.get_bind().exec_driver_sql(PARTITIONS).scalars().all()
    op.execute(f"ALTER TABLE xapi_term DETACH PARTITION {largest}")
    for other in others:
        op.execute(f"INSERT INTO {largest} SELECT * FROM {other}")  # noqa: S608  # names are the server's own
    op.execute("DROP TABLE xapi_term")
    op.execute(f"ALTER TABLE {largest} RENAME TO xapi_term")
    name = (
        op.get_bind()
        .exec_driver_sql("SELECT conname FROM pg_constraint WHERE conrelid = 'xapi_term'::regclass AND contype = 'p'")
        .scalar_one()
    )
    if name != "pk_xapi_term":
        op.execute(f"ALTER TABLE xapi_term RENAME CONSTRAINT {name} TO pk_xapi_term")
    op.execute("ANALYZE xapi_term")


def downgrade() -> None:
    """What is stored becomes one partition, up to where the statements' last partition begins; months are cut off the next one again."""
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("LOCK TABLE xapi_statement, xapi_term")
    border = op.get_bind().exec_driver_sql(BORDER).scalar_one()
    op.execute("ALTER TABLE xapi_term RENAME TO xapi_term_earlier")
    op.execute("ALTER TABLE xapi_term_earlier RENAME CONSTRAINT pk_xapi_term TO pk_xapi_term_earlier")
    op.execute("CREATE TABLE xapi_term (LIKE xapi_term_earlier INCLUDING DEFAULTS) PARTITION BY RANGE (position)")
    op.execute("ALTER TABLE xapi_term ADD CONSTRAINT pk_xapi_term PRIMARY KEY (term, position)")
    if border == "MINVALUE":
        op.execute("ALTER TABLE xapi_term_earlier RENAME TO xapi_term_later")
        op.execute("ALTER TABLE xapi_term_later RENAME CONSTRAINT pk_xapi_term_earlier TO pk_xapi_term_later")
        op.execute("ALTER TABLE xapi_term ATTACH PARTITION xapi_term_later FOR VALUES FROM (MINVALUE) TO (MAXVALUE)")
        return
    op.execute(f"CREATE TABLE xapi_term_later PARTITION OF xapi_term FOR VALUES FROM ('{border}') TO (MAXVALUE)")
    moved = f"DELETE FROM xapi_term_earlier WHERE position >= '{border}' RETURNING *"  # noqa: S608  # a bound the server gave
    op.execute(f"WITH moved AS ({moved}) INSERT INTO xapi_term SELECT * FROM moved")  # noqa: S608
    op.execute(f"ALTER TABLE xapi_term ATTACH PARTITION xapi_term_earlier FOR VALUES FROM (MINVALUE) TO ('{border}')")
