from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('business', '0003_subscriptions_held'),
    ]

    operations = [
        migrations.AddField(
            model_name='invitation',
            name='has_purged_event',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='payment',
            name='has_purged_event',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='referral',
            name='has_purged_event',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddField(
            model_name='subscriptionchange',
            name='has_purged_event',
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
