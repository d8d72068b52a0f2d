from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class DemoConfig(AppConfig):
    name = "demo"
    verbose_name = "Demonstration data"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.notices import NOTICES
        from demo import checks, status

        register(checks.no_password_is_known, Tags.security, deploy=True)
        NOTICES.append(status.notice)
