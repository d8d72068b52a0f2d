"""Partition the events on PostgreSQL; no row is copied. Everything happens in one transaction.

The table becomes the open partition of a new one with its name, constraints and indexes. Attaching
it looks through no rows, since it takes all ids, but building nothing anew needs the same
constraints and indexes on both.
"""

from django.db import migrations

INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = 'intake_event'::regclass AND NOT indisprimary
"""
CONSTRAINTS = """
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'intake_event'::regclass AND contype IN ('f', 'p')
"""


def partition(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        cursor.execute(CONSTRAINTS)
        constraints = cursor.fetchall()
        cursor.execute("ALTER TABLE intake_event RENAME TO intake_event_open")
        for name, _ in indexes:
            cursor.execute(f'ALTER INDEX {name} RENAME TO {in_open(name)}')
        for name, definition in constraints:
            if definition.startswith("PRIMARY"):
                cursor.execute(
                    f'ALTER TABLE intake_event_open RENAME CONSTRAINT "{name}" TO {in_open(name)}'
                )
        cursor.execute(
            "CREATE TABLE intake_event (LIKE intake_event_open INCLUDING DEFAULTS"
            " INCLUDING STORAGE) PARTITION BY RANGE (id)"
        )
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE intake_event ADD CONSTRAINT "{name}" {definition}')
        for _, definition in indexes:
            cursor.execute(definition)
        cursor.execute(
            "ALTER TABLE intake_event ATTACH PARTITION intake_event_open"
            " FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
        )
        cursor.execute("CREATE TABLE intake_event_default PARTITION OF intake_event DEFAULT")


def in_open(name):
    """Return another name for an index of the old table, in quotes; names have 63 letters."""
    return f'"open_{name.strip(chr(34))[:58]}"'


def unite(apps, schema_editor):
    """Copy all events into one table again."""
    if schema_editor.connection.vendor != "postgresql":
        return
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(INDEXES)
        indexes = cursor.fetchall()
        cursor.execute(CONSTRAINTS)
        constraints = cursor.fetchall()
        cursor.execute(
            "CREATE TABLE intake_event_whole (LIKE intake_event INCLUDING DEFAULTS"
            " INCLUDING STORAGE)"
        )
        cursor.execute("INSERT INTO intake_event_whole SELECT * FROM intake_event")
        cursor.execute("DROP TABLE intake_event")
        cursor.execute("ALTER TABLE intake_event_whole RENAME TO intake_event")
        for name, definition in constraints:
            cursor.execute(f'ALTER TABLE intake_event ADD CONSTRAINT "{name}" {definition}')
        for _, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))


class Migration(migrations.Migration):
    dependencies = [("intake", "0005_erased_receipts")]

    operations = [migrations.RunPython(partition, unite, elidable=False)]
