"""A run says what made it start."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Runs filed before were all started by a person."""
    op.add_column("run", sa.Column("trigger", sa.String(20), nullable=False, server_default="person"))
