from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('outcomes', '0002_surveys'),
    ]

    operations = [
        migrations.AddField(
            model_name='wave',
            name='completed_before',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='wave',
            name='completed_from',
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='wave',
            name='days_after_completion',
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
