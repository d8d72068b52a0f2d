from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class XapiConfig(AppConfig):
    name = "xapi"
    verbose_name = "xAPI"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # what statements mean: xapi/statements/meaning.py
        autodiscover_modules("statement_meaning")
