from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from demo import known_password


class Command(BaseCommand):
    help = "Give accounts that have the demonstration's password random ones, and print them once."

    def handle(self, *args: Any, **options: Any) -> None:
        replaced = known_password.replace()
        if replaced:
            self.stdout.write(
                "Anybody knew the passwords of these accounts. They have new ones, shown this once:"
            )
        for email, password in replaced.items():
            self.stdout.write(f"  {email} {password}")
        self.stdout.flush()
