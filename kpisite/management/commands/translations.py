from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kpisite import translations

USES = ("update", "compile")


class Command(BaseCommand):
    help = (
        "Bring the catalogs of translations up to date: `update` with the sentences of the "
        "sources, `compile` the files that are loaded with the catalogs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("use", choices=USES)
        parser.add_argument("apps", nargs="*", metavar="APP", help="None: all of them.")

    def handle(self, *, use: str, apps: list[str], **options: Any) -> None:
        there = {app.name: app for app in translations.every_app()}
        if unknown := sorted(set(apps) - set(there)):
            raise CommandError(
                f"There is no app {', '.join(unknown)}; there are {', '.join(there)}."
            )
        for language in translations.languages():
            known = translations.known(language)
            for name in apps or there:
                if use == "update":
                    translations.update(there[name], language, known)
                translations.compile_catalog(there[name], language)
