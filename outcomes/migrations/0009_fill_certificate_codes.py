"""Give the certificates that exist already their public codes."""

from django.db import migrations

from core.readable_codes import random_code

CHUNK_SIZE = 2_000


def fill(apps, schema_editor):
    code = apps.get_model("outcomes", "CertificateCode")
    certified = apps.get_model("outcomes", "Certificate").objects.order_by("enrollment")
    last = 0
    while True:
        rows = certified.filter(enrollment__gt=last, enrollment__certificate_code=None)
        some = list(rows.values_list("enrollment", flat=True).distinct()[:CHUNK_SIZE])
        if not some:
            return
        code.objects.bulk_create(
            (code(enrollment_id=pk, code=random_code(16)) for pk in some), ignore_conflicts=True
        )
        last = some[-1]


class Migration(migrations.Migration):

    dependencies = [
        ('outcomes', '0008_certificate_codes'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
