"""The time that staff and a person agreed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add the column; requests that were confirmed before have none."""
    op.add_column("consultation_request", sa.Column("agreed_start", sa.DateTime(timezone=True)))
