"""Agencies as events, people through time, second factors, delegation, personal data

Safe beside the previous version: add first, remove in a later release.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "audit_checkpoint",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_checkpoint")),
    )
    op.create_table(
        "audit_link",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_link")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_audit_link_entry_id")),
    )
    op.create_table(
        "failed_address",
        sa.Column("address_hash", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("counted_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_failed_address")),
    )
    with op.batch_alter_table("failed_address", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_failed_address_counted_until"), ["counted_until"], unique=False)

    op.create_table(
        "retention_run",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_retention_run")),
    )
    op.create_table(
        "agency_closure_past",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ancestor_id", sa.Uuid(), nullable=False),
        sa.Column("descendant_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("recorded_at < superseded_at", name=op.f("ck_agency_closure_past_knowledge")),
        sa.ForeignKeyConstraint(["ancestor_id"], ["agency.id"], name=op.f("fk_agency_closure_past_ancestor_id_agency")),
        sa.ForeignKeyConstraint(["descendant_id"], ["agency.id"], name=op.f("fk_agency_closure_past_descendant_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agency_closure_past")),
    )
    with op.batch_alter_table("agency_closure_past", schema=None) as batch_op:
        batch_op.create_index("ix_agency_closure_past_above", ["descendant_id", "superseded_at"], unique=False)
        batch_op.create_index(
            "ix_agency_closure_past_subtree",
            ["ancestor_id", "valid_to", "valid_from", "superseded_at", "recorded_at", "descendant_id"],
            unique=False,
        )

    op.create_table(
        "authenticator",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("secret_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_authenticator_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_authenticator")),
    )
    op.create_table(
        "data_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("present_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("proposed_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("complete_by", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_by", sa.Uuid(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state IN ('open', 'withdrawn')) = (answered_at IS NULL)", name=op.f("ck_data_request_answered")),
        sa.CheckConstraint("kind IN ('correction', 'copy', 'erasure', 'restriction', 'objection')", name=op.f("ck_data_request_kind")),
        sa.CheckConstraint("state IN ('open', 'granted', 'done', 'refused', 'withdrawn')", name=op.f("ck_data_request_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_data_request_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_request")),
    )
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.create_index("ix_data_request_due", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "ix_data_request_open",
            ["person_id", "kind", "field"],
            unique=True,
            postgresql_where=sa.text("state IN ('open', 'granted')"),
            sqlite_where=sa.text("state IN ('open', 'granted')"),
        )
        batch_op.create_index(batch_op.f("ix_data_request_person_id"), ["person_id"], unique=False)

    op.create_table(
        "federated_identity",
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_federated_identity_person_id_person")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_federated_identity")),
    )
    with op.batch_alter_table("federated_identity", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_federated_identity_person_id"), ["person_id"], unique=False)

    op.create_table(
        "leave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.CheckConstraint("valid_from < valid_to", name=op.f("ck_leave_span")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leave")),
    )
    with op.batch_alter_table("leave", schema=None) as batch_op:
        batch_op.create_index("ix_leave_person_days", ["person_id", "valid_to", "valid_from"], unique=False)

    op.create_table(
        "notice_read",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notice_read_person_id_person")),
        sa.PrimaryKeyConstraint("person_id", "version", name=op.f("pk_notice_read")),
    )
    op.create_table(
        "passkey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("credential_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_passkey_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_person_id"), ["person_id"], unique=False)

    op.create_table(
        "past_password",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_past_password_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_past_password")),
    )
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_past_password_person_id"), ["person_id"], unique=False)

    op.create_table(
        "person_apart",
        sa.Column("one_id", sa.Uuid(), nullable=False),
        sa.Column("other_id", sa.Uuid(), nullable=False),
        sa.Column("marked_by", sa.Uuid(), nullable=True),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("one_id < other_id", name=op.f("ck_person_apart_order")),
        sa.ForeignKeyConstraint(["one_id"], ["person.id"], name=op.f("fk_person_apart_one_id_person")),
        sa.ForeignKeyConstraint(["other_id"], ["person.id"], name=op.f("fk_person_apart_other_id_person")),
        sa.PrimaryKeyConstraint("one_id", "other_id", name=op.f("pk_person_apart")),
    )
    with op.batch_alter_table("person_apart", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_apart_other_id"), ["other_id"], unique=False)

    op.create_table(
        "person_merge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kept_id", sa.Uuid(), nullable=False),
        sa.Column("absorbed_id", sa.Uuid(), nullable=False),
        sa.Column("merged_by", sa.Uuid(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["absorbed_id"], ["person.id"], name=op.f("fk_person_merge_absorbed_id_person")),
        sa.ForeignKeyConstraint(["kept_id"], ["person.id"], name=op.f("fk_person_merge_kept_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merge")),
        sa.UniqueConstraint("absorbed_id", name=op.f("uq_person_merge_absorbed_id")),
    )
    with op.batch_alter_table("person_merge", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_person_merge_kept_id"), ["kept_id"], unique=False)

    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_recovery_code_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_code")),
        sa.UniqueConstraint("person_id", "code_hash", name=op.f("uq_recovery_code_person_id_code_hash")),
    )
    op.create_table(
        "roster_columns",
        sa.Column("agency_id", sa.Uuid(), nullable=False),
        sa.Column("fields", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agency.id"], name=op.f("fk_roster_columns_agency_id_agency")),
        sa.PrimaryKeyConstraint("agency_id", name=op.f("pk_roster_columns")),
    )
    op.create_table(
        "sign_in_step",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_sign_in_step_person_id_person")),
        sa.PrimaryKeyConstraint("key_hash", name=op.f("pk_sign_in_step")),
    )
    with op.batch_alter_table("sign_in_step", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_step_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_sign_in_step_person_id"), ["person_id"], unique=False)

    op.create_table(
        "transfer_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("from_agency_id", sa.Uuid(), nullable=True),
        sa.Column("to_agency_id", sa.Uuid(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["from_agency_id"], ["agency.id"], name=op.f("fk_transfer_request_from_agency_id_agency")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_transfer_request_person_id_person")),
        sa.ForeignKeyConstraint(["to_agency_id"], ["agency.id"], name=op.f("fk_transfer_request_to_agency_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_transfer_request")),
    )
    with op.batch_alter_table("transfer_request", schema=None) as batch_op:
        batch_op.create_index("ix_transfer_request_from", ["from_agency_id", "state"], unique=False)
        batch_op.create_index(
            "ix_transfer_request_pending",
            ["person_id"],
            unique=True,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(batch_op.f("ix_transfer_request_person_id"), ["person_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_transfer_request_state"), ["state"], unique=False)
        batch_op.create_index("ix_transfer_request_to", ["to_agency_id", "state"], unique=False)

    op.create_table(
        "roster_batch",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counts", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["import_run.id"], name=op.f("fk_roster_batch_run_id_import_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "ordinal", name=op.f("pk_roster_batch")),
    )
    op.create_table(
        "posting_move",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("posting_id", sa.Uuid(), nullable=True),
        sa.Column("continued_id", sa.Uuid(), nullable=True),
        sa.Column("is_continued", sa.Boolean(), nullable=False),
        sa.Column("from_agency_id", sa.Uuid(), nullable=False),
        sa.Column("to_agency_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["continued_id"], ["posting.id"], name=op.f("fk_posting_move_continued_id_posting"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["event_id"], ["agency_event.id"], name=op.f("fk_posting_move_event_id_agency_event")),
        sa.ForeignKeyConstraint(["from_agency_id"], ["agency.id"], name=op.f("fk_posting_move_from_agency_id_agency")),
        sa.ForeignKeyConstraint(["posting_id"], ["posting.id"], name=op.f("fk_posting_move_posting_id_posting"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["to_agency_id"], ["agency.id"], name=op.f("fk_posting_move_to_agency_id_agency")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_move")),
    )
    with op.batch_alter_table("posting_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_posting_move_continued_id"), ["continued_id"], unique=False)
        batch_op.create_index("ix_posting_move_event_continued", ["event_id", "continued_id"], unique=False)
        batch_op.create_index("ix_posting_move_event_posting", ["event_id", "posting_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_posting_move_posting_id"), ["posting_id"], unique=False)

    op.create_table(
        "role_ending",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("before", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False),
        sa.ForeignKeyConstraint(["event_id"], ["agency_event.id"], name=op.f("fk_role_ending_event_id_agency_event")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_ending")),
    )
    with op.batch_alter_table("role_ending", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_role_ending_event_id"), ["event_id"], unique=False)

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.add_column(sa.Column("password_set_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("last_sign_in_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("agency_closure", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("recorded_at", sa.DateTime(timezone=True), server_default="1970-01-01 00:00:00.000000", nullable=False)
        )

    with op.batch_alter_table("agency_event", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ordinal", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(
            sa.Column(
                "details",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("replaces_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("import_run_id", sa.Uuid(), nullable=True))
        batch_op.create_index("ix_agency_event_import_run_id", ["import_run_id"], unique=False)
        batch_op.create_index("ix_agency_event_replaces_id", ["replaces_id"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_agency_event_replaces_id_agency_event"), "agency_event", ["replaces_id"], ["id"])
        batch_op.create_foreign_key(batch_op.f("fk_agency_event_import_run_id_import_run"), "import_run", ["import_run_id"], ["id"])

    with op.batch_alter_table("agency_link", schema=None) as batch_op:
        batch_op.add_column(sa.Column("share", sa.Double(), nullable=True))

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_action"))
        batch_op.create_index("ix_audit_entry_action", ["action", "at", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_audit_entry_at"))
        batch_op.create_index("ix_audit_entry_at", ["at", "id"], unique=False)
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject"))
        batch_op.create_index("ix_audit_entry_subject", ["subject", "at", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_actor", ["actor_id", "at", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_address", ["remote_address", "at", "id"], unique=False)

    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "details",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(
            sa.Column(
                "decisions",
                sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
                server_default="{}",
                nullable=False,
            )
        )
        batch_op.add_column(sa.Column("undo_job_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("undo_by", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("undo_by_name", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("undo_asked_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column("undo_result", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("undo_error", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True)
        )
        batch_op.create_foreign_key(batch_op.f("fk_import_run_undo_job_id_job"), "job", ["undo_job_id"], ["id"])

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("name_key", sa.String().with_variant(sa.String(collation="C"), "postgresql"), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("merged_into_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(
            "ix_person_merged",
            ["merged_into_id"],
            unique=False,
            postgresql_where=sa.text("merged_into_id IS NOT NULL"),
            sqlite_where=sa.text("merged_into_id IS NOT NULL"),
        )
        batch_op.create_index("ix_person_name_key_birth_date", ["name_key", "birth_date"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_person_merged_into_id_person"), "person", ["merged_into_id"], ["id"])

    with op.batch_alter_table("position_group", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.add_column(sa.Column("nature", sa.String(), server_default="regular", nullable=False))
        batch_op.add_column(sa.Column("decision", sa.String(), nullable=True))

    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.add_column(sa.Column("delegated_from", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("reason", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reviewed_by", sa.Uuid(), nullable=True))
        batch_op.create_index(batch_op.f("ix_role_grant_delegated_from"), ["delegated_from"], unique=False)
        batch_op.create_foreign_key(batch_op.f("fk_role_grant_delegated_from_person"), "person", ["delegated_from"], ["id"])

    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.add_column(sa.Column("method", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("strong", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch_op.add_column(sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("idle_until", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("managing_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("sign_in", schema=None) as batch_op:
        batch_op.drop_column("managing_until")
        batch_op.drop_column("idle_until")
        batch_op.drop_column("last_seen_at")
        batch_op.drop_column("strong")
        batch_op.drop_column("method")

    with op.batch_alter_table("role_grant", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_role_grant_delegated_from_person"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_role_grant_delegated_from"))
        batch_op.drop_column("reviewed_by")
        batch_op.drop_column("reviewed_at")
        batch_op.drop_column("reason")
        batch_op.drop_column("delegated_from")

    with op.batch_alter_table("posting", schema=None) as batch_op:
        batch_op.drop_column("decision")
        batch_op.drop_column("nature")

    with op.batch_alter_table("position_group", schema=None) as batch_op:
        batch_op.drop_column("retired_at")

    with op.batch_alter_table("person", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_person_merged_into_id_person"), type_="foreignkey")
        batch_op.drop_index("ix_person_name_key_birth_date")
        batch_op.drop_index(
            "ix_person_merged", postgresql_where=sa.text("merged_into_id IS NOT NULL"), sqlite_where=sa.text("merged_into_id IS NOT NULL")
        )
        batch_op.drop_column("erased_at")
        batch_op.drop_column("merged_into_id")
        batch_op.drop_column("name_key")

    with op.batch_alter_table("import_run", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_import_run_undo_job_id_job"), type_="foreignkey")
        batch_op.drop_column("undo_error")
        batch_op.drop_column("undo_result")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("undo_asked_at")
        batch_op.drop_column("undo_by_name")
        batch_op.drop_column("undo_by")
        batch_op.drop_column("undo_job_id")
        batch_op.drop_column("decisions")
        batch_op.drop_column("details")

    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_address")
        batch_op.drop_index("ix_audit_entry_actor")
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)
        batch_op.drop_index("ix_audit_entry_at")
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)
        batch_op.drop_index("ix_audit_entry_action")
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)

    with op.batch_alter_table("agency_link", schema=None) as batch_op:
        batch_op.drop_column("share")

    with op.batch_alter_table("agency_event", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_agency_event_import_run_id_import_run"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_agency_event_replaces_id_agency_event"), type_="foreignkey")
        batch_op.drop_index("ix_agency_event_replaces_id")
        batch_op.drop_index("ix_agency_event_import_run_id")
        batch_op.drop_column("import_run_id")
        batch_op.drop_column("replaces_id")
        batch_op.drop_column("details")
        batch_op.drop_column("ordinal")

    with op.batch_alter_table("agency_closure", schema=None) as batch_op:
        batch_op.drop_column("recorded_at")

    with op.batch_alter_table("account", schema=None) as batch_op:
        batch_op.drop_column("last_sign_in_at")
        batch_op.drop_column("password_set_at")

    with op.batch_alter_table("role_ending", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_role_ending_event_id"))

    op.drop_table("role_ending")
    with op.batch_alter_table("posting_move", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_posting_move_posting_id"))
        batch_op.drop_index("ix_posting_move_event_posting")
        batch_op.drop_index("ix_posting_move_event_continued")
        batch_op.drop_index(batch_op.f("ix_posting_move_continued_id"))

    op.drop_table("posting_move")
    op.drop_table("roster_batch")
    with op.batch_alter_table("transfer_request", schema=None) as batch_op:
        batch_op.drop_index("ix_transfer_request_to")
        batch_op.drop_index(batch_op.f("ix_transfer_request_state"))
        batch_op.drop_index(batch_op.f("ix_transfer_request_person_id"))
        batch_op.drop_index(
            "ix_transfer_request_pending", postgresql_where=sa.text("state = 'pending'"), sqlite_where=sa.text("state = 'pending'")
        )
        batch_op.drop_index("ix_transfer_request_from")

    op.drop_table("transfer_request")
    with op.batch_alter_table("sign_in_step", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_step_person_id"))
        batch_op.drop_index(batch_op.f("ix_sign_in_step_expires_at"))

    op.drop_table("sign_in_step")
    op.drop_table("roster_columns")
    op.drop_table("recovery_code")
    with op.batch_alter_table("person_merge", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_merge_kept_id"))

    op.drop_table("person_merge")
    with op.batch_alter_table("person_apart", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_person_apart_other_id"))

    op.drop_table("person_apart")
    with op.batch_alter_table("past_password", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_past_password_person_id"))

    op.drop_table("past_password")
    with op.batch_alter_table("passkey", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_passkey_person_id"))

    op.drop_table("passkey")
    op.drop_table("notice_read")
    with op.batch_alter_table("leave", schema=None) as batch_op:
        batch_op.drop_index("ix_leave_person_days")

    op.drop_table("leave")
    with op.batch_alter_table("federated_identity", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_federated_identity_person_id"))

    op.drop_table("federated_identity")
    with op.batch_alter_table("data_request", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_data_request_person_id"))
        batch_op.drop_index(
            "ix_data_request_open",
            postgresql_where=sa.text("state IN ('open', 'granted')"),
            sqlite_where=sa.text("state IN ('open', 'granted')"),
        )
        batch_op.drop_index("ix_data_request_due")

    op.drop_table("data_request")
    op.drop_table("authenticator")
    with op.batch_alter_table("agency_closure_past", schema=None) as batch_op:
        batch_op.drop_index("ix_agency_closure_past_subtree")
        batch_op.drop_index("ix_agency_closure_past_above")

    op.drop_table("agency_closure_past")
    op.drop_table("retention_run")
    with op.batch_alter_table("failed_address", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_failed_address_counted_until"))

    op.drop_table("failed_address")
    op.drop_table("audit_link")
    op.drop_table("audit_checkpoint")
