
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('curriculum', '0001_initial'),
        ('intake', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Receipt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sender', models.CharField(max_length=100)),
                ('key', models.CharField(max_length=200, verbose_name='id')),
                ('kind', models.CharField(max_length=100)),
                ('digest', models.BigIntegerField(help_text='Digest of the content.')),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'ordering': ('-pk',),
            },
        ),
        migrations.RemoveConstraint(
            model_name='event',
            name='event_taken_once',
        ),
        migrations.AlterField(
            model_name='event',
            name='id',
            field=models.BigIntegerField(editable=False, help_text='The id of its receipt.', primary_key=True, serialize=False),
        ),
        migrations.AlterField(
            model_name='event',
            name='kind',
            field=models.CharField(max_length=100),
        ),
        migrations.AddIndex(
            model_name='event',
            index=models.Index(fields=['kind'], name='event_by_kind'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='course',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='curriculum.course'),
        ),
        migrations.AddConstraint(
            model_name='receipt',
            constraint=models.UniqueConstraint(models.F('sender'), models.F('key'), models.F('kind'), name='event_taken_once'),
        ),
    ]
