from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from demo import accounts, status
from demo.dataset import SEED
from demo.load import NotEmpty, begin, complete


class Command(BaseCommand):
    # the supervisor prints the accounts itself after the start
    stealth_options = ("is_first_step",)
    help = (
        "Load demonstration data up to yesterday into an empty database, and compute the KPIs. "
        "After an interruption, this loads what is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--seed",
            type=int,
            default=SEED,
            help="Another seed gives other learners and other random values.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        bars = Bars(is_hidden=options["verbosity"] < 1)
        passwords = accounts.choose_passwords()
        if not options.get("is_first_step"):
            self._print(options, "Loading a year of demonstration data. This takes a minute.")
        try:
            if begin(timezone.now(), seed=options["seed"], passwords=passwords):
                self._announce(options, passwords)
            if not options.get("is_first_step"):
                complete(bars.advance)
        except NotEmpty:
            raise CommandError(
                "The database already contains courses. To load demonstration data, delete the "
                "data folder or set KPI_DATA_DIR to another folder."
            ) from None
        except status.Busy:
            raise CommandError(
                "Another process is loading or removing the demonstration data."
            ) from None
        finally:
            bars.close()

    def _announce(self, options: dict[str, Any], passwords: Mapping[str, str]) -> None:
        if options.get("is_first_step") and settings.IS_LOCAL:
            return
        note = "The passwords are shown only once."
        if settings.IS_LOCAL:
            note = f"They are also in {settings.KPI_DATA_DIR / accounts.ACCOUNTS_FILE}."
        self.stdout.write(f"Accounts (role, e-mail address, password). {note}")
        for role, email in accounts.ACCOUNTS:
            self.stdout.write(f"  {role} {email} {passwords[role]}")

    def _print(self, options: dict[str, Any], words: str) -> None:
        if options["verbosity"] > 0:
            self.stdout.write(words)
            self.stdout.flush()


class Bars:
    """One progress bar per stage."""

    def __init__(self, *, is_hidden: bool) -> None:
        self.is_hidden = is_hidden
        self.bars: dict[str, tqdm[Any]] = {}

    def advance(self, stage: str, by: int, total: int) -> None:
        if stage not in self.bars:
            self.close()
            name = f"  {stage[0].upper()}{stage[1:]}"
            self.bars[stage] = tqdm(desc=name, total=total, disable=self.is_hidden)
        self.bars[stage].update(by)

    def close(self) -> None:
        for bar in self.bars.values():
            bar.close()
