from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class CurriculumConfig(AppConfig):
    name = "curriculum"
    verbose_name = "Curriculum"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curriculum import parameters
        from curriculum.structure import versions

        autodiscover_modules("parameter_definitions")
        post_migrate.connect(parameters.create_missing, sender=self)
        post_migrate.connect(parameters.follow_declarations, sender=self)
        post_migrate.connect(versions.record_missing, sender=self)
