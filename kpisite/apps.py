from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register

from kpisite import checks, model_names
from kpisite.celery import app as celery


class KpisiteConfig(AppConfig):
    name = "kpisite"
    verbose_name = "Site"

    def ready(self) -> None:
        # Without it, a task that a web process sends would go to Celery's default broker.
        celery.set_default()
        # before the admin is made of them
        model_names.translate()
        register(checks.hosts_are_named, Tags.security, deploy=True)
        register(checks.links_lead_here, Tags.security, deploy=True)
