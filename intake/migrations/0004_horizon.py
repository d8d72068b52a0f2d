import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('curriculum', '0001_initial'),
        ('intake', '0003_fill_receipts'),
    ]

    operations = [
        migrations.CreateModel(
            name='Horizon',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('received_before', models.DateTimeField(help_text='Events received before this time may have been purged.')),
                ('first_occurred_at', models.DateTimeField(help_text='When the earliest purged event happened.')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='IncompleteHistory',
            fields=[
                ('enrollment', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='incomplete_history', serialize=False, to='curriculum.enrollment')),
                ('purged', models.PositiveIntegerField(help_text='Number of purged events.')),
                ('last_received_at', models.DateTimeField(help_text='When the last of them was received.')),
            ],
            options={
                'verbose_name_plural': 'incomplete histories',
                'ordering': ('enrollment',),
            },
        ),
        migrations.AddField(
            model_name='importrun',
            name='has_purged_events',
            field=models.BooleanField(default=False, editable=False),
        ),
    ]
