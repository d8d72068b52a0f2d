from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules, import_string


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = "KPIs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("indicators")
        # by its name: models are not loaded when this file is
        post_migrate.connect(import_string("kpis.targets.create_missing"), sender=self)
        post_migrate.connect(import_string("kpis.alerts.rules.create_missing"), sender=self)
        import_string("kpis.alerts.listening.listen")()
        import_string("kpis.live.listening.listen")()
        import_string("kpis.notices.outbox.listen")()
        post_migrate.connect(import_string("kpis.notices.channels.create_missing"), sender=self)
        # hung under the KPIs that the line above declares
        autodiscover_modules("drill_downs", "sections")
