from __future__ import annotations

from django.apps import AppConfig


class BusinessConfig(AppConfig):
    name = "business"
    verbose_name = "Business"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from business import (  # noqa: F401 - both connect themselves
            organization_access,
            signal_receivers,
        )
