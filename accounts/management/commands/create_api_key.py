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
    help = "Create an API key and print only its secret, which is not stored, to standard output."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="The sender. Event ids are unique per sender.")
        parser.add_argument(
            "--scope",
            action="append",
            required=True,
            metavar="SCOPE",
            help=f"What the key may do; repeatable. One of {', '.join(ApiKey.Scope.values)}.",
        )
        parser.add_argument(
            "--course",
            action="append",
            default=[],
            metavar="KEY",
            help="Limit the key to this course; repeatable. Default: all courses.",
        )
        parser.add_argument(
            "--create-unknown",
            action="store_true",
            help="Let events create learners, courses, runs and modules that do not exist yet.",
        )
        parser.add_argument(
            "--expires",
            metavar="DATE",
            help="The last day on which the key works, such as 2027-03-31, or a number of days, "
            "such as 90d. Default: it works until it is revoked.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = unused_name(options["name"])
        courses = courses_with_keys(options["course"])
        expires_at = expiry(options["expires"], timezone.localdate())
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


def expiry(text: str | None, today: date) -> datetime | None:
    """Return the end of the last day, in the provider's time zone; CommandError for a past day."""
    if text is None:
        return None
    days = DAYS.fullmatch(text)
    try:
        last = today + timedelta(days=int(days[1])) if days else date.fromisoformat(text)
        moment = datetime.combine(last + timedelta(days=1), time())
    except (ValueError, OverflowError) as error:
        raise CommandError(
            f"--expires {text} is invalid. Enter a date such as 2027-03-31, or days such as 90d."
        ) from error
    if last < today:
        raise CommandError(f"--expires {text} is in the past. Today is {today}.")
    return timezone.make_aware(moment)


def unused_name(name: str) -> str:
    """Return the trimmed name; CommandError when it is empty, too long or taken."""
    name = name.strip()
    try:
        ApiKey(name=name).clean_fields(exclude={"prefix", "digest", "scopes"})
    except ValidationError as error:
        raise CommandError(f"Invalid name {name!r}: {' '.join(error.messages)}") from error
    if ApiKey.objects.filter(name=name).exists():
        raise CommandError(f"An API key named {name} already exists. Choose another name.")
    return name


def courses_with_keys(keys: list[str]) -> list[Course]:
    """Return the courses with these keys; CommandError names unknown keys."""
    courses = list(Course.objects.filter(key__in=keys))
    if unknown := sorted(set(keys) - {course.key for course in courses}):
        raise CommandError(f"Unknown course: {', '.join(unknown)}.")
    return courses
