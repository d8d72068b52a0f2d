from __future__ import annotations

from django.db import migrations

from curriculum import planner


def refresh(apps, schema_editor):
    """Replace what SQLite's planner learned from the first rows of each index alone."""
    planner.refresh()


class Migration(migrations.Migration):

    dependencies = [
        ("curriculum", "0009_enrollment_moments"),
    ]

    operations = [migrations.RunPython(refresh, migrations.RunPython.noop)]
