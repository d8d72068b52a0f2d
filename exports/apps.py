from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class ExportsConfig(AppConfig):
    name = "exports"
    verbose_name = "Exports"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from exports import declarations, installing

        declarations.load()
        pre_migrate.connect(installing.before_migrations, sender=self)
        post_migrate.connect(installing.after_migrations, sender=self)
