from django.db import migrations, models
from django.db.models.functions import Coalesce
from django.utils import timezone


class Migration(migrations.Migration):
    dependencies = [("curriculum", "0007_changes_within_bounds")]

    operations = [
        migrations.AddField(
            model_name="parameter",
            name="revised_at",
            field=models.DateTimeField(auto_now=True, default=timezone.now),
            preserve_default=False,
        ),
        # for the version of all values, which each 304 of the API looks up
        migrations.AddIndex(
            model_name="parameter",
            index=models.Index(fields=["revised_at"], name="latest_parameter_revision"),
        ),
        migrations.AddIndex(
            model_name="parameterchange",
            index=models.Index(fields=["decided_at"], name="latest_parameter_decision"),
        ),
        migrations.AddIndex(
            model_name="parameterchange",
            index=models.Index(
                Coalesce("effective_from", "decided_at"), name="latest_parameter_begin"
            ),
        ),
    ]
