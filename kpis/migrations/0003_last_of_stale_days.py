from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import F


def fill(apps: Any, schema_editor: Any) -> None:
    """Each row was a single day."""
    apps.get_model("kpis", "StaleDay").objects.filter(last=None).update(last=F("first"))


class Migration(migrations.Migration):
    dependencies = [
        ("kpis", "0002_spans_of_stale_days"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
