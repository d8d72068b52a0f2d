from __future__ import annotations

from django.apps import AppConfig


class BusinessConfig(AppConfig):
    name = "business"
    verbose_name = "Business"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from business import signal_receivers  # noqa: F401 - its receivers connect themselves
