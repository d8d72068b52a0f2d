from __future__ import annotations

from django.db import migrations

KEY = "career-impact"


def make(apps, schema_editor):
    """Ask graduates of their careers from the start; staff may reword it or switch it off."""
    apps.get_model("outcomes", "Survey").objects.get_or_create(
        key=KEY,
        defaults={
            "title": "What came of your course",
            "asks_nps": False,
            "asks_csat": False,
            "asks_career": True,
            "follows_completion": True,
        },
    )


class Migration(migrations.Migration):

    dependencies = [
        ("outcomes", "0001_initial"),
    ]

    operations = [migrations.RunPython(make, migrations.RunPython.noop)]
