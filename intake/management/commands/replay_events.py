from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet
from tqdm import tqdm

from curriculum.models import Course
from intake.management.replay_report import left_as_is
from intake.models import Event
from intake.replay import replay_events


class Command(BaseCommand):
    help = (
        "Rebuild the facts from the stored events. Imported facts stay, and so do the facts of "
        "enrollments, payments and so on whose events have been purged in part."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--course",
            action="append",
            default=[],
            help="Key of a course. Default: all.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        courses = _named(options["course"])
        events = Event.objects.filter(is_mapped=True)
        if courses is not None:
            events = events.filter(course__in=courses)
        with tqdm(total=events.count(), unit=" events", disable=options["verbosity"] < 1) as bar:
            replayed = replay_events(courses, progress=bar.update)
        self.stdout.write(f"Events replayed: {replayed:,}.")
        if left := left_as_is(courses):
            self.stdout.write(left)


def _named(keys: list[str]) -> QuerySet[Course] | None:
    """Return the courses with these keys; None, which means all events, if there are no keys."""
    if not keys:
        return None
    courses = Course.objects.filter(key__in=keys)
    if unknown := sorted(set(keys) - {course.key for course in courses}):
        raise CommandError(f"Unknown course: {', '.join(unknown)}.")
    return courses
