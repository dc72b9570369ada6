"""Contacts, names, answers and verdicts of the first tables are kept encrypted."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

from desk.sealing import contact_key, seal

revision = "0002"
down_revision = "0001"

SEALED = {
    "consultation_request": (("name", "phone", "email"), ("verdict", "findings", "answers")),
    "callback_request": (("name", "contact"), ()),
}
STATUSES = "'requested', 'contacted', 'confirmed', 'closed', 'cancelled'"
KINDS = "'urgent', 'call_today', 'delivery', 'free_time'"


def upgrade() -> None:
    """Add the columns, encrypt what is there, and let alerts tell of deliveries."""
    bind = op.get_bind()
    postgresql = bind.dialect.name == "postgresql"
    for table, (texts, documents) in SEALED.items():
        op.add_column(table, sa.Column("contact_key", sa.String(length=32)))
        op.create_index(op.f(f"ix_{table}_contact_key"), table, ["contact_key"])
        if postgresql:  # SQLite does not hold a column to its length or type
            for column in texts + documents:
                op.execute(f'ALTER TABLE {table} ALTER COLUMN "{column}" TYPE TEXT USING "{column}"::text')
        _seal_rows(bind, table, texts, documents)
    op.add_column("consultation_request", sa.Column("slot_start", sa.DateTime(timezone=True)))
    op.execute(
        "ALTER TABLE callback_request ADD COLUMN status VARCHAR(20) DEFAULT 'requested' NOT NULL "
        f"CONSTRAINT ck_callback_request_status CHECK (status IN ({STATUSES}))"
    )
    op.create_index(op.f("ix_callback_request_status"), "callback_request", ["status"])
    if postgresql:
        op.execute("ALTER TABLE alert DROP CONSTRAINT ck_alert_kind")
        op.execute(f"ALTER TABLE alert ADD CONSTRAINT ck_alert_kind CHECK (kind IN ({KINDS}))")
    else:
        _make_alerts_anew()


def _seal_rows(bind: sa.engine.Connection, table: str, texts: tuple, documents: tuple) -> None:
    columns = ", ".join(("id", *texts, *documents))
    for row in bind.execute(sa.text(f"SELECT {columns} FROM {table}")).mappings().all():
        values = {name: seal(row[name]) for name in texts if row[name] is not None}
        for name in documents:
            text = row[name] if isinstance(row[name], str) else json.dumps(row[name])
            values[name] = seal(text)
        contact = next((row[name] for name in ("phone", "contact", "email") if row.get(name)), None)
        values["contact_key"] = contact_key(contact)
        changes = ", ".join(f"{name} = :{name}" for name in values)
        bind.execute(sa.text(f"UPDATE {table} SET {changes} WHERE id = :id"), {**values, "id": row["id"]})


def _make_alerts_anew() -> None:
    """SQLite cannot change a check: a table with the new one takes the rows over."""
    op.execute("ALTER TABLE alert RENAME TO alert_before")
    for column in ("conversation_id", "created_at"):
        op.drop_index(op.f(f"ix_alert_{column}"), "alert_before")
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("conversation_id", sa.String(length=255), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_alert_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
        sqlite_autoincrement=True,
    )
    for column in ("conversation_id", "created_at"):
        op.create_index(op.f(f"ix_alert_{column}"), "alert", [column])
    columns = "id, created_at, kind, conversation_id, channel, seen_at"
    op.execute(f"INSERT INTO alert ({columns}) SELECT {columns} FROM alert_before")
    op.drop_table("alert_before")
