"""Other indexes begin with the course; these made each stored figure dearer by a tenth."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("curriculum", "0011_completion_indexed"),
        ("kpis", "0009_course_figures_by_period"),
    ]

    operations = [
        migrations.AlterField(
            model_name="compositemeasurement",
            name="course",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="curriculum.course",
            ),
        ),
        migrations.AlterField(
            model_name="measurement",
            name="course",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                to="curriculum.course",
            ),
        ),
    ]
