from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules

from core.database import sqlite_moments


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = "Core"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        sqlite_moments.register()
        autodiscover_modules("personal_data")
