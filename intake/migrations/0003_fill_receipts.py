"""Give a receipt for every stored event, under the event's id."""

from django.core.management.color import no_style
from django.db import migrations

from intake.events.receipts import digest_of_event

CHUNK_SIZE = 5_000


def fill(apps, schema_editor):
    event, receipt = apps.get_model("intake", "Event"), apps.get_model("intake", "Receipt")
    last = 0
    while events := list(event.objects.filter(pk__gt=last).order_by("pk")[:CHUNK_SIZE]):
        receipt.objects.bulk_create(
            receipt(
                pk=one.pk,
                sender=one.sender,
                key=one.key,
                kind=one.kind,
                digest=digest_of_event(one),
                received_at=one.received_at,
                course_id=one.course_id,
            )
            for one in events
        )
        last = events[-1].pk
    with schema_editor.connection.cursor() as cursor:
        for sql in schema_editor.connection.ops.sequence_reset_sql(no_style(), [receipt]):
            cursor.execute(sql)


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0002_receipts'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
