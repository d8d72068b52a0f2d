
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('curriculum', '0010_structure_versions'),
        ('kpis', '0008_composite_measurements'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='compositemeasurement',
            name='composite_by_course',
        ),
        migrations.RemoveIndex(
            model_name='measurement',
            name='measurement_by_course',
        ),
        migrations.AddIndex(
            model_name='compositemeasurement',
            index=models.Index(fields=['course', 'kpi', 'period_kind', 'period_start'], name='composite_by_course_period'),
        ),
        migrations.AddIndex(
            model_name='measurement',
            index=models.Index(fields=['course', 'kpi', 'period_kind', 'period_start'], name='measurement_by_course_period'),
        ),
    ]
