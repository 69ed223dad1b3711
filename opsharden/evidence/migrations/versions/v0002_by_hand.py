"""A finding says what apply leaves to the administrator."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Findings filed before have nothing to say of it."""
    op.add_column("finding", sa.Column("by_hand", sa.Text, nullable=False, server_default=""))
