"""Fill what handlers read from old events: changes of certificates, and the events of answers."""

from datetime import date

from django.db import migrations

CHUNK_SIZE = 2_000
KINDS = ("certificate.earned", "certificate.revoked", "certificate.expired")


def fill(apps, schema_editor):
    events = apps.get_model("intake", "Event").objects.filter(enrollment__isnull=False)
    fill_changes(events.filter(kind__in=KINDS), apps.get_model("outcomes", "CertificateChange"))
    fill_answers(events.filter(kind="survey.answered"), apps.get_model("outcomes", "Response"))


def fill_changes(events, change):
    for some in chunks(events):
        change.objects.bulk_create(
            change(
                enrollment_id=event.enrollment_id,
                change=event.kind.rpartition(".")[2],
                at=event.occurred_at,
                sender=event.sender,
                key=event.key,
                number=event.data.get("number") or "",
                expires_on=day(event.data.get("expires_on")),
                reason=event.data.get("reason") or "",
            )
            for event in some
        )


def day(text):
    return date.fromisoformat(text) if text else None


def fill_answers(events, response):
    for some in chunks(response.objects.select_related("wave__survey")):
        answers = {
            (one.enrollment_id, one.wave.survey.key, one.wave.key, one.answered_at): one
            for one in some
        }
        answered = events.filter(enrollment__in={one.enrollment_id for one in some})
        # of simultaneous answers the one counts that sorts last
        for event in sorted(answered, key=lambda event: (event.key, event.sender)):
            key = (event.enrollment_id, event.data["survey"], event.data["wave"], event.occurred_at)
            if answer := answers.get(key):
                answer.event_key, answer.event_sender = event.key, event.sender
        response.objects.bulk_update(some, ["event_key", "event_sender"], batch_size=500)


def chunks(rows):
    last = 0
    while some := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK_SIZE]):
        yield some
        last = some[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ('intake', '0001_initial'),
        ('outcomes', '0003_certificate_changes'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
