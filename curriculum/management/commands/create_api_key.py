from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from curriculum.access import create_api_key
from curriculum.models import ApiKey, Course


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

    def handle(self, *args: Any, **options: Any) -> None:
        name = named(options["name"])
        courses = found(options["course"])
        try:
            _, secret = create_api_key(
                name, options["scope"], courses=courses, creates_unknown=options["create_unknown"]
            )
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(secret)


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
