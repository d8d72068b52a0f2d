from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from kpisite.i18n import catalogs

ACTIONS = ("update", "compile")


class Command(BaseCommand):
    help = (
        "Update the translation catalogs: `update` writes the messages of the sources into the "
        "catalogs and compiles them, `compile` only compiles them."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=ACTIONS)
        parser.add_argument("apps", nargs="*", metavar="APP", help="Default: all apps.")

    def handle(self, *, action: str, apps: list[str], **options: Any) -> None:
        known_apps = {app.name: app for app in catalogs.every_app()}
        if unknown := sorted(set(apps) - set(known_apps)):
            raise CommandError(
                f"Unknown app {', '.join(unknown)}. Known apps: {', '.join(known_apps)}."
            )
        for language in catalogs.languages():
            translated = catalogs.translated_messages(language)
            for name in apps or known_apps:
                if action == "update":
                    catalogs.update(known_apps[name], language, translated)
                catalogs.compile_catalog(known_apps[name], language)
