from __future__ import annotations

from functools import partial
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

from core.progress_bars import ProgressBars
from curriculum.models import Course
from intake.management.replay_report import left_as_is
from intake.replay import is_unfinished, replay_events


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
        parser.add_argument(
            "--anew",
            action="store_true",
            help="Start over instead of continuing an interrupted replay of the same courses.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        courses, resumes = _named(options["course"]), not options["anew"]
        if resumes and is_unfinished(courses):
            self.stdout.write("Continuing an interrupted replay; --anew starts over.")
        bars = ProgressBars(is_hidden=options["verbosity"] < 1)
        try:
            replayed = replay_events(
                courses, resumes=resumes, progress=partial(bars.show, "courses")
            )
        finally:
            bars.close()
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
