"""Requests, call-backs and alerts: the first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("seen_at", MOMENT),
        sa.CheckConstraint("kind IN ('urgent', 'call_today')", name=op.f("ck_alert_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_alert_conversation_id"), "alert", ["conversation_id"])
    op.create_index(op.f("ix_alert_created_at"), "alert", ["created_at"])
    op.create_table(
        "callback_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("contact", sa.String(length=320), nullable=False),
        sa.Column("outcome", sa.String(length=20)),
        sa.Column("idempotency_key", sa.String(length=255)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_request")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_callback_request_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_callback_request_conversation_id"), "callback_request", ["conversation_id"])
    op.create_index(op.f("ix_callback_request_created_at"), "callback_request", ["created_at"])
    op.create_table(
        "consultation_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("reference", sa.String(length=7), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20)),
        sa.Column("email", sa.String(length=320)),
        sa.Column("consent_text_version", sa.String(length=40), nullable=False),
        sa.Column("consented_at", MOMENT, nullable=False),
        sa.Column("windows", JSON, nullable=False),
        sa.Column("screened", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("verdict", JSON, nullable=False),
        sa.Column("findings", JSON, nullable=False),
        sa.Column("answers", JSON, nullable=False),
        sa.Column("rules_version", sa.String(length=80), nullable=False),
        sa.Column("idempotency_key", sa.String(length=255), nullable=False),
        sa.CheckConstraint("status IN ('requested', 'contacted', 'confirmed', 'closed', 'cancelled')", name=op.f("ck_consultation_request_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consultation_request")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_consultation_request_idempotency_key")),
        sa.UniqueConstraint("reference", name=op.f("uq_consultation_request_reference")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_consultation_request_conversation_id"), "consultation_request", ["conversation_id"])
    op.create_index(op.f("ix_consultation_request_created_at"), "consultation_request", ["created_at"])
    op.create_index(op.f("ix_consultation_request_status"), "consultation_request", ["status"])
