from __future__ import annotations

from django.apps import AppConfig

from kpisite.celery import app as celery


class KpisiteConfig(AppConfig):
    name = "kpisite"
    verbose_name = "Site"

    def ready(self) -> None:
        # Without it, a task that a web process sends would go to Celery's default broker.
        celery.set_default()
