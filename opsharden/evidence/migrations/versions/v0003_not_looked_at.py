"""A host that was not looked at is one row: why, without its name, and which controls; and what apply does not do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs filed before keep their findings for such hosts; of theirs, apply was thought to bring about all."""
    op.add_column("finding", sa.Column("by_apply", sa.Boolean, nullable=False, server_default=sa.true()))
    op.create_table(
        "selection",
        sa.Column("key", sa.Integer, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("controls", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_selection"),
        sa.UniqueConstraint("digest", name="uq_selection_digest"),
    )
    with op.batch_alter_table("member") as member:
        member.add_column(sa.Column("cause", sa.Text, nullable=False, server_default=""))
        member.add_column(sa.Column("selection_key", sa.Integer))
        member.create_foreign_key("fk_member_selection_key", "selection", ["selection_key"], ["key"])
