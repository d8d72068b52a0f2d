from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo import accounts
from demo.load import NotEmpty, load
from demo.write_story import SEED


class Command(BaseCommand):
    # the supervisor says the accounts itself once all runs
    stealth_options = ("is_announced",)
    help = "Write demonstration data up to yesterday into an empty database, and measure them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=SEED, help="Other people, other noise.")

    def handle(self, *args: Any, **options: Any) -> None:
        bars = Bars(is_hidden=options["verbosity"] < 1)
        passwords = accounts.choose_passwords()
        self._say(options, "Loading a year of demonstration data; it takes a minute or two.")
        try:
            load(timezone.now(), seed=options["seed"], progress=bars.advance, passwords=passwords)
        except NotEmpty:
            raise CommandError(
                "There are courses here already, and demonstration data would mix with them. "
                "To start afresh, delete the data folder, or give another by KPI_DATA_DIR."
            ) from None
        finally:
            bars.close()
        if not (settings.IS_LOCAL and options.get("is_announced")):
            self._say_accounts(passwords)

    def _say_accounts(self, passwords: Mapping[str, str]) -> None:
        where = "kept nowhere: it is shown this once"
        if settings.IS_LOCAL:
            where = f"also in {settings.KPI_DATA_DIR / accounts.FILE}"
        self.stdout.write(f"Accounts (role, e-mail address and password, which is {where}):")
        for role, email in accounts.ACCOUNTS:
            self.stdout.write(f"  {role} {email} {passwords[role]}")

    def _say(self, options: dict[str, Any], words: str) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(words)
            self.stdout.flush()


class Bars:
    """A progress bar per stage, each begun by its first step."""

    def __init__(self, *, is_hidden: bool) -> None:
        self.is_hidden = is_hidden
        self.bars: dict[str, tqdm[Any]] = {}

    def advance(self, what: str, by: int, total: int) -> None:
        if what not in self.bars:
            self.close()
            name = f"  {what[0].upper()}{what[1:]}"
            self.bars[what] = tqdm(desc=name, total=total, disable=self.is_hidden)
        self.bars[what].update(by)

    def close(self) -> None:
        for bar in self.bars.values():
            bar.close()
