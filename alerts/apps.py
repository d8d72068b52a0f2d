from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = "Alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from alerts import listening, shipped_rules

        # rules are made for the targets that the KPIs' own app, listed before, has made
        post_migrate.connect(shipped_rules.create_missing, sender=self)
        listening.listen()
