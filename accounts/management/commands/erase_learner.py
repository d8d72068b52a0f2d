from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.audit import Action, record
from core.external_keys import normalize_key
from curriculum.erasing import erase, personal_data_of
from curriculum.models import Learner


class Command(BaseCommand):
    help = (
        "Delete or anonymize what is held about a learner. Figures stay. Without --yes, only list "
        "what is held and what would become of it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("key", help="Key of the learner.")
        parser.add_argument("--yes", action="store_true", help="Erase; this cannot be undone.")

    def handle(self, *, key: str, yes: bool, **options: Any) -> None:
        learner = Learner.objects.filter(key=normalize_key(key)).first()
        if learner is None:
            raise CommandError(f"There is no learner with the key {key}.")
        for one in personal_data_of(learner):
            why = f" ({one.reason})" if one.reason else ""
            self.stdout.write(f"{one.action}: {one.model}: {len(one.rows):,} rows{why}")
        if yes:
            with transaction.atomic():
                erase(learner)
                record(None, Action.ERASED, about=Learner, row=learner.pk)
            self.stdout.write("Erased.")
