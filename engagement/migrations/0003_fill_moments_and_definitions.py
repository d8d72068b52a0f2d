"""Fill what handlers read from old events: moments of activity, and definitions of courses."""

from collections import defaultdict
from datetime import UTC, datetime, time
from itertools import pairwise

from django.db import migrations

ACTIVITY = (
    *("module.started", "module.completed", "content.viewed", "video.watched", "video.played"),
    *("video.paused", "quiz.attempted", "question.answered", "assignment.submitted"),
    *("discussion.posted", "note.written"),
)
ENROLLMENTS_PER_CHUNK = 500


def fill(apps, schema_editor):
    events = apps.get_model("intake", "Event").objects
    fill_moments(
        events.filter(kind__in=ACTIVITY),
        apps.get_model("curriculum", "Enrollment").objects,
        apps.get_model("engagement", "ActivityMoments"),
    )
    fill_definitions(
        events.filter(kind="course.defined", is_mapped=True),
        apps.get_model("curriculum", "Course").objects,
        apps.get_model("engagement", "CourseDefinition"),
    )


def fill_moments(events, enrollments, model):
    last = 0
    ids = enrollments.order_by("pk").values_list("pk", flat=True)
    while some := list(ids.filter(pk__gt=last)[:ENROLLMENTS_PER_CHUNK]):
        days = defaultdict(list)
        moments = events.filter(enrollment__in=some).order_by("pk")
        for pk, at in moments.values_list("enrollment_id", "occurred_at").iterator():
            days[pk, at.astimezone(UTC).date()].append(seconds(at.astimezone(UTC)))
        model.objects.bulk_create(
            [
                model(enrollment_id=pk, day=day, seconds="".join(f"{one} " for one in of_day))
                for (pk, day), of_day in days.items()
            ],
            batch_size=1000,
        )
        last = some[-1]


def seconds(at):
    passed = at - datetime.combine(at.date(), time(), UTC)
    return f"{passed.seconds}.{passed.microseconds:06}".rstrip("0").rstrip(".")


def fill_definitions(events, courses, model):
    for course in courses.values_list("pk", flat=True):
        rows = events.filter(course=course).order_by("occurred_at", "key", "sender")
        definitions = [
            model(
                course_id=course,
                defined_at=event.occurred_at,
                sender=event.sender,
                key=event.key,
                data=event.data,
            )
            for event in rows
        ]
        # of those that a sender repeats, the last one
        repeated = {
            id(one)
            for one, following in pairwise(definitions)
            if (one.sender, one.data) == (following.sender, following.data)
        }
        model.objects.bulk_create(one for one in definitions if id(one) not in repeated)


class Migration(migrations.Migration):

    dependencies = [
        ('engagement', '0002_moments_and_definitions'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
