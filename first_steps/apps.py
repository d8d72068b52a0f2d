from __future__ import annotations

from django.apps import AppConfig


class FirstStepsConfig(AppConfig):
    name = "first_steps"
    verbose_name = "First steps"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from first_steps import live

        live.connect()
