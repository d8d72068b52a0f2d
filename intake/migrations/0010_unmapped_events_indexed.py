from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0009_events_by_object")]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("is_mapped", False)), fields=["kind"], name="event_unmapped"
            ),
        ),
    ]
