from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('curriculum', '0001_initial'),
        ('intake', '0004_horizon'),
    ]

    operations = [
        migrations.AddField(
            model_name='receipt',
            name='is_erased',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('is_erased', True)), fields=['id'], name='erased_receipts'),
        ),
    ]
