from __future__ import annotations

from django.apps import AppConfig


class ImprovementConfig(AppConfig):
    name = "improvement"
    verbose_name = "Improvement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from improvement import signal_receivers  # noqa: F401 - its receivers connect themselves
