from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from curriculum.models import Course
from intake.models import Event
from intake.replay import replay_events


class Command(BaseCommand):
    help = "Rebuild the facts from the events kept; imported facts stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--course", action="append", default=[], help="Only this course's key.")

    def handle(self, *args: Any, **options: Any) -> None:
        courses = Course.objects.all()
        if keys := options["course"]:
            courses = courses.filter(key__in=keys)
            if unknown := sorted(set(keys) - {course.key for course in courses}):
                raise CommandError(f"There is no course {', '.join(unknown)}.")
        total = Event.objects.filter(course__in=courses).count()
        with tqdm(total=total, unit=" events", disable=options["verbosity"] < 1) as bar:
            replayed = replay_events(courses, progress=bar.update)
        self.stdout.write(f"{replayed} events replayed.")
