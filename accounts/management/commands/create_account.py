from __future__ import annotations

import sys
from getpass import getpass
from secrets import token_urlsafe
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Value
from django.db.models.functions import Concat

from accounts.account_creation import LEARNER, MANAGER, ROLES, STAFF, create_account
from accounts.management.commands.create_api_key import courses_with_keys
from accounts.models import User
from accounts.other_grants import OTHER_GRANTS
from accounts.sign_in import password_links
from curriculum.models import CourseRun, Learner


class Command(BaseCommand):
    help = (
        "Create an account. Asks for the password, or prints only a generated password "
        "(--generate) or a link to set one (--no-input) to standard output."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=ROLES)
        parser.add_argument("email", help="The e-mail address to sign in with.")
        parser.add_argument("--name", default="", help="The name shown on pages and in e-mails.")
        parser.add_argument(
            "--superuser", action="store_true", help="Staff only: may do everything in the admin."
        )
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME",
            help="Staff only: a group of permissions from the admin; repeatable.",
        )
        parser.add_argument(
            "--course",
            action="append",
            default=[],
            metavar="KEY",
            help="Manager only: a course to grant; repeatable.",
        )
        parser.add_argument(
            "--run",
            action="append",
            default=[],
            metavar="COURSE/RUN",
            help="Manager only: a single run to grant, such as statistics/2026-spring; repeatable.",
        )
        parser.add_argument(
            "--learner",
            metavar="KEY",
            help="Learner only: the learner's key in events.",
        )
        for grant in OTHER_GRANTS.values():
            parser.add_argument(
                f"--{grant.name}",
                action="append",
                default=[],
                metavar="KEY",
                help=f"{grant.role.title()} only: the key of an organization; repeatable.",
            )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--generate", action="store_true", help="Generate and print a password.")
        how.add_argument(
            "--no-input", action="store_true", help="Print a link to set the password."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        check_options(options)
        given = {
            "name": options["name"],
            "is_superuser": options["superuser"],
            "groups": groups_named(options["group"]),
            "courses": courses_with_keys(options["course"]),
            "runs": runs_named(options["run"]),
            "learner": learner_with(options["learner"]),
            "others": others_named(options),
        }
        password = self._password(options)
        try:
            account = create_account(options["role"], options["email"], password, **given)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self._report(account, password, options)

    def _password(self, options: dict[str, Any]) -> str:
        if options["generate"] or options["no_input"]:
            return token_urlsafe(18)
        if not sys.stdin.isatty():
            raise CommandError(
                "Cannot ask for a password without a terminal. Add --generate or --no-input."
            )
        return prompt_for_password(User(email=options["email"], name=options["name"]))

    def _report(self, account: User, password: str, options: dict[str, Any]) -> None:
        created = f"Created the account {account.email}."
        if options["no_input"]:
            self.stderr.write(
                f"{created} Set its password with this link, which works once and for "
                f"{password_links.hours_valid()} hours:"
            )
            self.stdout.write(password_links.link_of(account))
        elif options["generate"]:
            self.stderr.write(f"{created} This is its password, which is not shown again:")
            self.stdout.write(password)
        else:
            self.stdout.write(created)


def check_options(options: dict[str, Any]) -> None:
    """Raise CommandError for an option of another role, and for a manager without courses."""
    fitting = {
        "superuser": STAFF,
        "group": STAFF,
        "course": MANAGER,
        "run": MANAGER,
        "learner": LEARNER,
        **{name: grant.role for name, grant in OTHER_GRANTS.items()},
    }
    for option, role in fitting.items():
        if options[option] and options["role"] != role:
            raise CommandError(f"--{option} is only for the role {role}.")
    enough = ["course", "run", *(name for name, one in OTHER_GRANTS.items() if one.is_enough)]
    if options["role"] == MANAGER and not any(options[name] for name in enough):
        raise CommandError(
            "A manager needs at least one course, run or organization: add --course KEY, "
            "--run COURSE/RUN or --organization KEY."
        )
    if options.get("seat") and not options["learner"]:
        raise CommandError("A seat belongs to a learner: add --learner KEY.")


def groups_named(names: list[str]) -> list[Group]:
    groups = list(Group.objects.filter(name__in=names))
    if unknown := sorted(set(names) - {group.name for group in groups}):
        existing = (
            ", ".join(Group.objects.order_by("name").values_list("name", flat=True)) or "none"
        )
        raise CommandError(f"Unknown group: {', '.join(unknown)}. Existing groups: {existing}.")
    return groups


def runs_named(names: list[str]) -> list[CourseRun]:
    """Find runs by the keys of their course and their own; keys may contain slashes."""
    name = Concat("course__key", Value("/"), "key")
    found = {one.name: one for one in CourseRun.objects.annotate(name=name).filter(name__in=names)}
    if unknown := sorted(set(names) - found.keys()):
        raise CommandError(f"Unknown run: {', '.join(unknown)}. Write COURSE/RUN.")
    return list(found.values())


def others_named(options: dict[str, Any]) -> dict[str, list[Any]]:
    try:
        return {name: one.named(options[name]) for name, one in OTHER_GRANTS.items()}
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from error


def learner_with(key: str | None) -> Learner | None:
    if key is None:
        return None
    learner = Learner.objects.filter(key=key).first()
    if learner is None:
        raise CommandError(f"Unknown learner: {key}.")
    if learner.user_id:
        raise CommandError(f"The learner {key} already has an account.")
    return learner


def prompt_for_password(account: User) -> str:
    """Ask until an acceptable password was entered twice."""
    while True:
        password = getpass("Password: ")
        try:
            validate_password(password, account)
        except ValidationError as error:
            sys.stderr.write("\n".join(error.messages) + "\n")
            continue
        if getpass("Password (again): ") == password:
            return password
        sys.stderr.write("The passwords do not match. Try again.\n")
