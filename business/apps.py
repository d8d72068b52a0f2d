from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig


class BusinessConfig(AppConfig):
    name = "business"
    verbose_name = "Business"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        import_module("business.listening")
