from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from demo import known_password


class Command(BaseCommand):
    help = "Replace the known demonstration password of accounts with random ones, and print them."

    def handle(self, *args: Any, **options: Any) -> None:
        replaced = known_password.replace()
        if replaced:
            self.stdout.write(
                "These accounts had a publicly known password. Their new ones are shown only once:"
            )
        for email, password in replaced.items():
            self.stdout.write(f"  {email} {password}")
        self.stdout.flush()
