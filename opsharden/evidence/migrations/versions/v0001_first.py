"""Runs, what was asked, what came out and what Ansible did."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first tables."""
    op.create_table(
        "control",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("severity", sa.String(20), nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("level", sa.Integer, nullable=False),
        sa.Column("risk", sa.String(20), nullable=False),
        sa.Column("references", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_control"),
        sa.UniqueConstraint("digest", name="uq_control_digest"),
    )
    op.create_index("ix_control_id", "control", ["id"])
    op.create_table(
        "finding",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("control", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("observed", sa.Text, nullable=False),
        sa.Column("expected", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_finding"),
        sa.UniqueConstraint("digest", name="uq_finding_digest"),
    )
    op.create_index("ix_finding_control", "finding", ["control"])
    op.create_table(
        "observation",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("rc", sa.Integer, nullable=False),
        sa.Column("stdout", sa.LargeBinary, nullable=False),
        sa.Column("stderr", sa.LargeBinary, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("native", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_observation"),
        sa.UniqueConstraint("digest", name="uq_observation_digest"),
    )
    op.create_table(
        "run",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("verb", sa.String(20), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("exit_code", sa.Integer),
        sa.Column("operator", sa.Text, nullable=False),
        sa.Column("control_node", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("inventory_digest", sa.Text, nullable=False),
        sa.Column("content_digest", sa.Text, nullable=False),
        sa.Column("profiles", sa.JSON, nullable=False),
        sa.Column("parent", sa.String(32)),
        sa.Column("owner_node", sa.Text, nullable=False),
        sa.Column("owner_boot", sa.Text, nullable=False),
        sa.Column("owner_pid", sa.Integer, nullable=False),
        sa.Column("owner_started", sa.BigInteger, nullable=False),
        sa.ForeignKeyConstraint(["parent"], ["run.id"], name="fk_run_parent"),
        sa.PrimaryKeyConstraint("key", name="pk_run"),
        sa.UniqueConstraint("id", name="uq_run_id"),
    )
    op.create_index("ix_run_started_at", "run", ["started_at"])
    op.create_index("ix_run_state", "run", ["state"])
    op.create_table(
        "sheet",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_sheet"),
        sa.UniqueConstraint("digest", name="uq_sheet_digest"),
    )
    op.create_table(
        "change",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("run_key", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("task", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["run_key"], ["run.key"], name="fk_change_run_key"),
        sa.PrimaryKeyConstraint("key", name="pk_change"),
    )
    op.create_index("ix_change_run_key", "change", ["run_key"])
    op.create_table(
        "finding_observation",
        sa.Column("finding_key", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("observation_key", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["finding_key"], ["finding.key"], name="fk_finding_observation_finding_key"),
        sa.ForeignKeyConstraint(
            ["observation_key"], ["observation.key"], name="fk_finding_observation_observation_key"
        ),
        sa.PrimaryKeyConstraint("finding_key", "seq", name="pk_finding_observation"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "member",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("run_key", sa.Integer, nullable=False),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sheet_key", sa.Integer),
        sa.Column("timing", sa.LargeBinary),
        sa.ForeignKeyConstraint(["run_key"], ["run.key"], name="fk_member_run_key"),
        sa.ForeignKeyConstraint(["sheet_key"], ["sheet.key"], name="fk_member_sheet_key"),
        sa.PrimaryKeyConstraint("key", name="pk_member"),
        sa.UniqueConstraint("run_key", "host", name="uq_member_run_key_host"),
    )
    op.create_table(
        "run_control",
        sa.Column("run_key", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("control_key", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["control_key"], ["control.key"], name="fk_run_control_control_key"),
        sa.ForeignKeyConstraint(["run_key"], ["run.key"], name="fk_run_control_run_key"),
        sa.PrimaryKeyConstraint("run_key", "seq", name="pk_run_control"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sheet_finding",
        sa.Column("sheet_key", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("finding_key", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["finding_key"], ["finding.key"], name="fk_sheet_finding_finding_key"),
        sa.ForeignKeyConstraint(["sheet_key"], ["sheet.key"], name="fk_sheet_finding_sheet_key"),
        sa.PrimaryKeyConstraint("sheet_key", "seq", name="pk_sheet_finding"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sheet_observation",
        sa.Column("sheet_key", sa.Integer, nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("observation_key", sa.Integer, nullable=False),
        sa.Column("peer", sa.Text, nullable=False),
        sa.ForeignKeyConstraint(["observation_key"], ["observation.key"], name="fk_sheet_observation_observation_key"),
        sa.ForeignKeyConstraint(["sheet_key"], ["sheet.key"], name="fk_sheet_observation_sheet_key"),
        sa.PrimaryKeyConstraint("sheet_key", "seq", name="pk_sheet_observation"),
        sqlite_with_rowid=False,
    )
