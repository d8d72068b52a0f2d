from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CurriculumConfig(AppConfig):
    name = "curriculum"
    verbose_name = "Curriculum"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        autodiscover_modules("dials")
        # it listens for sign-ins
        import_module("curriculum.sessions")
        post_migrate.connect(create_missing_dials, sender=self)


def create_missing_dials(**kwargs: Any) -> None:
    # models are not loaded yet when this file is
    import_module("curriculum.parameters").create_missing()
