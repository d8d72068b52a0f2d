from __future__ import annotations

from django.apps import AppConfig


class CurriculumPagesConfig(AppConfig):
    name = "curriculum_pages"
    verbose_name = "Curriculum pages"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from curriculum_pages import alert_section, change_sources

        alert_section.register()
        change_sources.register()
