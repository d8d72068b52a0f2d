from __future__ import annotations

import sys
from getpass import getpass
from secrets import token_urlsafe
from typing import Any

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import password_links
from accounts.account_creation import LEARNER, MANAGER, ROLES, STAFF, create_account
from accounts.management.commands.create_api_key import found
from accounts.models import User
from curriculum.models import Learner


class Command(BaseCommand):
    help = (
        "Create an account. It asks for the password; with --generate it prints one, with "
        "--no-input a link by which its owner sets one, alone on standard output."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("role", choices=ROLES)
        parser.add_argument("email", help="The e-mail address, by which it signs in.")
        parser.add_argument("--name", default="", help="How it is greeted.")
        parser.add_argument(
            "--superuser", action="store_true", help="Staff: may do everything in the admin."
        )
        parser.add_argument(
            "--group",
            action="append",
            default=[],
            metavar="NAME",
            help="Staff: a group of permissions, as made in the admin; repeatable.",
        )
        parser.add_argument(
            "--course",
            action="append",
            default=[],
            metavar="KEY",
            help="Manager: a course to grant; repeatable, at least one.",
        )
        parser.add_argument(
            "--learner", metavar="KEY", help="Learner: the key by which senders know the learner."
        )
        how = parser.add_mutually_exclusive_group()
        how.add_argument("--generate", action="store_true", help="Make and print a password.")
        how.add_argument(
            "--no-input", action="store_true", help="Print a link that sets the password."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        refuse_what_does_not_fit(options)
        given = {
            "name": options["name"],
            "is_superuser": options["superuser"],
            "groups": groups_named(options["group"]),
            "courses": found(options["course"]),
            "learner": learner_with(options["learner"]),
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
                "There is nobody to ask for a password: add --generate or --no-input."
            )
        return asked_for(User(email=options["email"], name=options["name"]))

    def _report(self, account: User, password: str, options: dict[str, Any]) -> None:
        made = f"The account {account.email} is created."
        if options["no_input"]:
            self.stderr.write(
                f"{made} This link sets its password, once, within {password_links.hours()} hours:"
            )
            self.stdout.write(password_links.link_of(account))
        elif options["generate"]:
            self.stderr.write(f"{made} This is its password, shown this once:")
            self.stdout.write(password)
        else:
            self.stdout.write(made)


def refuse_what_does_not_fit(options: dict[str, Any]) -> None:
    """CommandError for an option of another role, and for a manager of nothing."""
    fitting = {"superuser": STAFF, "group": STAFF, "course": MANAGER, "learner": LEARNER}
    for option, role in fitting.items():
        if options[option] and options["role"] != role:
            raise CommandError(f"--{option} is for the role {role}, not for {options['role']}.")
    if options["role"] == MANAGER and not options["course"]:
        raise CommandError("A manager needs a course: add --course KEY, as often as needed.")


def groups_named(names: list[str]) -> list[Group]:
    groups = list(Group.objects.filter(name__in=names))
    if unknown := sorted(set(names) - {group.name for group in groups}):
        there = ", ".join(Group.objects.values_list("name", flat=True)) or "none"
        raise CommandError(f"There is no group {', '.join(unknown)}; there are: {there}.")
    return groups


def learner_with(key: str | None) -> Learner | None:
    if key is None:
        return None
    learner = Learner.objects.filter(key=key).first()
    if learner is None:
        raise CommandError(f"There is no learner with the key {key}.")
    if learner.user_id:
        raise CommandError(f"The learner {key} has an account already.")
    return learner


def asked_for(account: User) -> str:
    """Ask for a password until a good one is given twice."""
    while True:
        password = getpass("Password: ")
        try:
            validate_password(password, account)
        except ValidationError as error:
            sys.stderr.write("\n".join(error.messages) + "\n")
            continue
        if getpass("The same again: ") == password:
            return password
        sys.stderr.write("The two are not the same; try again.\n")
