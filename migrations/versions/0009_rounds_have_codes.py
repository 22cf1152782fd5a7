"""Rounds have codes

Rounds there were get the quarter for their code and the key they have in the ledger. States, purposes and ways of counting that are new
are allowed. Two conditions that the models had stated before and no migration had written come with them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

CHECKS: dict[str, dict[str, str]] = {
    "import_run": {"undone": "state <> 'undone' OR undone_at IS NOT NULL"},
    "agency_link": {"share": "share IS NULL OR share BETWEEN 0 AND 1"},
    "item": {"purpose": "purpose IN ('exam', 'practice', 'both')"},
    "item_version": {
        "span": "valid_from < valid_to",
        "state": "state IN ('draft', 'in_review', 'approved', 'retired')",
    },
    "round": {
        "window": "opens_at < closes_at",
        "state": "state IN ('draft', 'open', 'closed', 'locked')",
        "attempts_allowed": "attempts_allowed > 0",
        "pass_mark": "pass_mark >= 0 AND pass_mark <= 100",
        "purpose": "purpose IN ('quarterly', 'practice', 'course_test', 'contest')",
        "counting": "counting IN ('highest', 'first', 'last')",
    },
    "attempt": {
        "state": "state IN ('open', 'marking', 'submitted', 'expired')",
        "finished": (
            "(state = 'open') = (submitted_at IS NULL) AND (state IN ('open', 'marking')) = (score IS NULL)"
            " AND (state IN ('open', 'marking')) = (passed IS NULL) AND (state = 'open') = (receipt IS NULL)"
        ),
    },
}
BEFORE: dict[str, dict[str, str]] = {
    "import_run": {},
    "agency_link": {},
    "item": {},
    "item_version": {"span": "valid_from < valid_to", "state": "state IN ('draft', 'approved', 'retired')"},
    "round": {name: CHECKS["round"][name] for name in ("window", "state", "attempts_allowed", "pass_mark")},
    "attempt": {
        "state": "state IN ('open', 'submitted', 'expired')",
        "finished": (
            "(state = 'open') = (submitted_at IS NULL) AND (state = 'open') = (score IS NULL)"
            " AND (state = 'open') = (passed IS NULL) AND (state = 'open') = (receipt IS NULL)"
        ),
    },
}


def upgrade() -> None:
    op.execute("UPDATE round SET code = quarter, activity = 'quarterly-test:' || quarter")
    _checked(BEFORE, CHECKS, nullable=False)


def downgrade() -> None:
    _checked(CHECKS, BEFORE, nullable=True)


def _checked(before: dict[str, dict[str, str]], after: dict[str, dict[str, str]], *, nullable: bool) -> None:
    for table, checks in after.items():
        with op.batch_alter_table(table) as batch:
            if table == "round":
                batch.alter_column("code", existing_type=sa.String(), nullable=nullable)
                batch.alter_column("activity", existing_type=sa.String(), nullable=nullable)
            for name in before[table]:
                batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
            for name, condition in checks.items():
                batch.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)
