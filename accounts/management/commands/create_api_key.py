from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.api_keys import create_api_key
from accounts.models import ApiKey
from curriculum.models import Course

DAYS = re.compile(r"(\d{1,4})d", re.ASCII)


class Command(BaseCommand):
    help = "Make an API key and print its secret, alone, on standard output: it is not kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The sender; event ids are unique within it.")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            metavar="SCOPE",
            help=f"What it may do; repeatable: {', '.join(ApiKey.Scope.values)}.",
        )
        parser.add_argument(
            "--course",
            action="append",
            default=[],
            metavar="KEY",
            help="A course it is limited to; repeatable; without it: every course.",
        )
        parser.add_argument(
            "--create-unknown",
            action="store_true",
            help="Make learners, courses, runs and modules not seen before on the fly.",
        )

        parser.add_argument(
            "--expires",
            metavar="DATE",
            help="The last day that it is good, such as 2027-03-31, or a number of days as in "
            "90d; without it: until it is revoked.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = named(options["name"])
        courses = found(options["course"])
        expires_at = end_of(options["expires"], timezone.localdate())
        try:
            _, secret = create_api_key(
                name,
                options["scope"],
                courses=courses,
                creates_unknown=options["create_unknown"],
                expires_at=expires_at,
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)


def end_of(text: str | None, today: date) -> datetime | None:
    """When the last day is over, in the provider's zone; CommandError when it is no day to come."""
    if text is None:
        return None
    days = DAYS.fullmatch(text)
    try:
        last = today + timedelta(days=int(days[1])) if days else date.fromisoformat(text)
        moment = datetime.combine(last + timedelta(days=1), time())
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"--expires {text} is no day; write one such as 2027-03-31, or a number of days: 90d."
        ) from error
    if last < today:
        raise CommandError(f"--expires {text} is over; today is {today}.")
    return timezone.make_aware(moment)


def named(name: str) -> str:
    """Return the name; CommandError when it is empty, too long or taken."""
    name = name.strip()
    try:
        ApiKey(name=name).clean_fields(exclude={"prefix", "digest", "scopes"})
    except ValidationError as error:
        raise CommandError(f"The name {name!r}: {' '.join(error.messages)}") from error
    if ApiKey.objects.filter(name=name).exists():
        raise CommandError(f"There is an API key {name} already; choose another name.")
    return name


def found(keys: list[str]) -> list[Course]:
    """Return the courses with these keys; CommandError names those that are not there."""
    courses = list(Course.objects.filter(key__in=keys))
    if unknown := sorted(set(keys) - {course.key for course in courses}):
        raise CommandError(f"There is no course with the key {', '.join(unknown)}.")
    return courses
