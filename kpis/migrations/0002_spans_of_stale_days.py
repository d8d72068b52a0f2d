from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("curriculum", "0001_initial"),
        ("kpis", "0001_initial"),
    ]

    operations = [
        migrations.RenameField("staleday", "day", "first"),
        migrations.AddField("staleday", "last", models.DateField(null=True)),
        migrations.AddField(
            "staleday",
            "kind",
            models.CharField(
                blank=True,
                choices=[
                    ("day", "Day"),
                    ("week", "Week"),
                    ("month", "Month"),
                    ("quarter", "Quarter"),
                ],
                default="",
                help_text="Empty: periods of every kind.",
                max_length=10,
            ),
            preserve_default=False,
        ),
    ]
