"""Slots, deliveries, text messages, records, deletions, reminders and staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "deletion_receipt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("done_at", MOMENT, nullable=False),
        sa.Column("rows", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_receipt")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "deletion_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("requested_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255)),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'done')", name=op.f("ck_deletion_request_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_request")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_deletion_request_conversation_id"), "deletion_request", ["conversation_id"])
    op.create_index(op.f("ix_deletion_request_requested_at"), "deletion_request", ["requested_at"])
    op.create_index(op.f("ix_deletion_request_state"), "deletion_request", ["state"])
    op.create_table(
        "delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("target", sa.String(length=20), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("failure", sa.String(length=80)),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name=op.f("ck_delivery_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_delivery_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_delivery_next_attempt_at"), "delivery", ["next_attempt_at"])
    op.create_index(op.f("ix_delivery_state"), "delivery", ["state"])
    op.create_index(op.f("ix_delivery_subject_id"), "delivery", ["subject_id"])
    op.create_table(
        "reference_try",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_try")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reference_try_who"), "reference_try", ["who"])
    op.create_table(
        "reminder",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("contact_kind", sa.String(length=10), nullable=False),
        sa.Column("contact", sa.Text()),
        sa.Column("contact_key", sa.String(length=32)),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("consent_text_version", sa.String(length=40), nullable=False),
        sa.Column("consented_at", MOMENT, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'gone', 'dead')", name=op.f("ck_reminder_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_reminder_contact_key"), "reminder", ["contact_key"])
    op.create_index(op.f("ix_reminder_conversation_id"), "reminder", ["conversation_id"])
    op.create_index(op.f("ix_reminder_due_on"), "reminder", ["due_on"])
    op.create_index(op.f("ix_reminder_state"), "reminder", ["state"])
    op.create_table(
        "screening_record",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255)),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("rules_version", sa.String(length=80), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("content", sa.Text()),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening_record")),
        sa.UniqueConstraint("hash", name=op.f("uq_screening_record_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_screening_record_conversation_id"), "screening_record", ["conversation_id"])
    op.create_index(op.f("ix_screening_record_created_at"), "screening_record", ["created_at"])
    op.create_table(
        "sms_contact",
        sa.Column("number_key", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("opted_out_at", MOMENT),
        sa.Column("opted_out_by", sa.String(length=40)),
        sa.Column("disclosed_at", MOMENT),
        sa.Column("screening_by_text_at", MOMENT),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("number_key", name=op.f("pk_sms_contact")),
    )
    op.create_index(op.f("ix_sms_contact_conversation_id"), "sms_contact", ["conversation_id"])
    op.create_table(
        "private_link_use",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_private_link_use")),
    )
    op.create_index(op.f("ix_private_link_use_ends_at"), "private_link_use", ["ends_at"])
    op.create_table(
        "ended_conversation",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ended_conversation")),
    )
    op.create_table(
        "sms_inbox",
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("body", sa.Text()),
        sa.Column("media", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.CheckConstraint("state IN ('new', 'answered', 'dropped')", name=op.f("ck_sms_inbox_state")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_sms_inbox")),
    )
    op.create_index(op.f("ix_sms_inbox_conversation_id"), "sms_inbox", ["conversation_id"])
    op.create_index(op.f("ix_sms_inbox_received_at"), "sms_inbox", ["received_at"])
    op.create_index(op.f("ix_sms_inbox_state"), "sms_inbox", ["state"])
    op.create_table(
        "sms_outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("in_reply_to", sa.String(length=64)),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("number", sa.Text()),
        sa.Column("body", sa.Text()),
        sa.Column("idempotency_key", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("provider_id", sa.String(length=64)),
        sa.Column("failure", sa.String(length=80)),
        sa.Column("sent_at", MOMENT),
        sa.CheckConstraint("state IN ('waiting', 'sent', 'dead')", name=op.f("ck_sms_outbox_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sms_outbox")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_sms_outbox_idempotency_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_sms_outbox_conversation_id"), "sms_outbox", ["conversation_id"])
    op.create_index(op.f("ix_sms_outbox_in_reply_to"), "sms_outbox", ["in_reply_to"])
    op.create_index(op.f("ix_sms_outbox_next_attempt_at"), "sms_outbox", ["next_attempt_at"])
    op.create_index(op.f("ix_sms_outbox_state"), "sms_outbox", ["state"])
    op.create_table(
        "staff_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=20)),
        sa.Column("subject_id", sa.String(length=64)),
        sa.Column("change", sa.String(length=80)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_event")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_staff_event_at"), "staff_event", ["at"])
    op.create_index(op.f("ix_staff_event_subject_id"), "staff_event", ["subject_id"])
    op.create_index(op.f("ix_staff_event_username"), "staff_event", ["username"])
    op.create_table(
        "staff_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("subject", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_note")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_staff_note_subject_id"), "staff_note", ["subject_id"])
    op.create_table(
        "staff_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("expires_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_staff_session")),
    )
    op.create_index(op.f("ix_staff_session_username"), "staff_session", ["username"])
    op.create_table(
        "staff_user",
        sa.Column("username", sa.String(length=60), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("disabled_at", MOMENT),
        sa.Column("failed_tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", MOMENT),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_staff_user")),
    )
    op.create_table(
        "slot_cell",
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("seat", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("consultation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["consultation_id"], ["consultation_request.id"], name=op.f("fk_slot_cell_consultation_id_consultation_request"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("starts_at", "seat", name=op.f("pk_slot_cell")),
    )
    op.create_index(op.f("ix_slot_cell_consultation_id"), "slot_cell", ["consultation_id"])
