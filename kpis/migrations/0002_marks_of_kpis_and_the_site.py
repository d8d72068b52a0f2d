from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kpis", "0001_initial")]

    operations = [
        migrations.RenameField("dirtyday", "category", "key"),
        migrations.AlterField(
            "dirtyday",
            "key",
            models.CharField(help_text="A category, or one KPI of it.", max_length=100),
        ),
        migrations.AlterField(
            "dirtyday",
            "course",
            models.ForeignKey(
                blank=True,
                help_text="Empty: of the site alone.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="curriculum.course",
            ),
        ),
    ]
