from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class PresentationConfig(AppConfig):
    name = "presentation"
    verbose_name = "Presentation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from kpis.definitions.registry import REGISTRY
        from presentation import (
            categories,
            import_figures,  # noqa: F401 - it declares itself
        )

        categories.check_keys(REGISTRY)
        autodiscover_modules("sections")
