from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ImprovementConfig(AppConfig):
    name = "improvement"
    verbose_name = "Improvement"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from improvement import (
            shipped_rules,
            signal_receivers,  # noqa: F401 - its receivers connect themselves
        )

        # runs after the apps below, which are listed earlier, have created their rows
        post_migrate.connect(shipped_rules.create_missing, sender=self)
