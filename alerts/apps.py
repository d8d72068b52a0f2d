from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AlertsConfig(AppConfig):
    name = "alerts"
    verbose_name = "Alerts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from alerts import shipped_rules
        from alerts.evaluation import pending_evaluations

        # runs after the KPI app, which is listed earlier, has created its targets
        post_migrate.connect(shipped_rules.create_missing, sender=self)
        pending_evaluations.listen()
