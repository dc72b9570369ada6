"""The record of screenings and the audit of staff are only added to: the database itself refuses the rest.

A line of the audit of staff can be neither changed nor taken out. A record of a screening cannot be taken out;
what was judged, when, and its place in the chain cannot be changed. Two things may be done to it, and only
while a row stands in `audit_permission`: empty content and owner together (a deletion, age), or replace content
by content (a new key). `desk.audit.permitted` writes that row and takes it back within one transaction, so that
no other connection ever sees it.

It protects against a slip of this program, a stray statement in a database tool, and other programs that use
the database. It does not protect against somebody with the right to write who means it: they can take the
triggers away, or write the permission as the program does. Changes to screenings made that way are found by the
chain (`make audit`, with a head kept elsewhere); the audit of staff has no chain.

A later step that makes one of these tables anew must make its triggers anew too.
"""

from __future__ import annotations

from typing import List

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

KEPT = ("id", "created_at", "channel", "rules_version", "complete", "digest", "previous", "hash")
"""Columns of a record of a screening that nothing changes."""

TABLES = {"screening_record": ("id", "hash"), "staff_event": ("id",)}
"""Table to what is unique in it."""


def upgrade() -> None:
    """Make the table of the permission, and the triggers."""
    op.create_table(
        "audit_permission",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_permission")),
    )
    postgresql = op.get_bind().dialect.name == "postgresql"
    for table in TABLES:
        for statement in _postgresql(table) if postgresql else _sqlite(table):
            op.execute(statement)


def _lawful(table: str, same: str) -> str:
    """When an update may pass; `same` is how the dialect says "is the same, NULL included"."""
    if table != "screening_record":
        return "1 = 0"
    kept = " AND ".join(f"NEW.{column} {same} OLD.{column}" for column in KEPT)
    emptied = "NEW.content IS NULL AND NEW.conversation_id IS NULL"
    resealed = f"NEW.content IS NOT NULL AND OLD.content IS NOT NULL AND NEW.conversation_id {same} OLD.conversation_id"
    return f"EXISTS (SELECT 1 FROM audit_permission) AND {kept} AND (({emptied}) OR ({resealed}))"


def _sqlite(table: str) -> List[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is only added to'); END"
    # INSERT OR REPLACE takes the old row out without asking a trigger of DELETE.
    taken = " OR ".join(f"{column} = NEW.{column}" for column in TABLES[table])
    return [
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} WHEN NOT ({_lawful(table, 'IS')}) {refuse}",
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}",
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
        f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {taken}) {refuse}",
    ]


def _postgresql(table: str) -> List[str]:
    lawful = _lawful(table, "IS NOT DISTINCT FROM")
    return [
        f"CREATE FUNCTION {table}_only_added() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'UPDATE' THEN IF {lawful} THEN RETURN NEW; END IF; END IF;"
        f" RAISE EXCEPTION '{table} is only added to' USING ERRCODE = 'integrity_constraint_violation';"
        " END $$",
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_only_added()",
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_only_added()",
    ]
