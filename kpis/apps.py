from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = "KPIs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from alerts import listening as alerts
        from dashboard.live import listening as live
        from kpis.query import targets
        from notifications.outbox import outbox

        autodiscover_modules("indicators")
        # rules are made for the targets that are made before
        post_migrate.connect(targets.create_missing, sender=self)
        post_migrate.connect(rules.create_missing, sender=self)
        post_migrate.connect(channels.create_missing, sender=self)
        alerts.listen()
        outbox.listen()
        live.listen()
        # hung under the KPIs that the indicators declare
        autodiscover_modules("drill_downs", "sections")
