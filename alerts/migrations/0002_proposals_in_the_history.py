
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0001_initial'),
    ]

    operations = [
        migrations.AlterField(
            model_name='alertevent',
            name='kind',
            field=models.CharField(choices=[('opened', 'Opened'), ('worsened', 'Worsened'), ('acknowledged', 'Acknowledged'), ('snoozed', 'Snoozed'), ('unsnoozed', 'Snooze ended'), ('commented', 'Commented'), ('recovered', 'Recovered'), ('closed', 'Closed'), ('inhibited', 'Held back'), ('reopened', 'Reopened'), ('restated', 'Restated'), ('proposed', 'Change proposed')], max_length=12),
        ),
    ]
