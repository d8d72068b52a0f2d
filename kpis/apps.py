from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class KpisConfig(AppConfig):
    name = "kpis"
    verbose_name = "KPIs"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import changes
        from kpis import signal_receivers  # noqa: F401 - its receivers connect themselves
        from kpis.definitions import registry
        from kpis.query import targets
        from kpis.recompute import changed_facts, definition_history

        changes.SLOT.create = changed_facts.FactChanges
        autodiscover_modules("indicators")
        registry.check_declarations()
        post_migrate.connect(targets.create_missing, sender=self)
        post_migrate.connect(definition_history.queue_after_migrating, sender=self)
        # After the indicators, because they add tables to KPIs.
        autodiscover_modules("drill_downs")
