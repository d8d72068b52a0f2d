from __future__ import annotations

from django.apps import AppConfig


class LearnersConfig(AppConfig):
    name = "learners"
    verbose_name = "Learners' pages"
    default_auto_field = "django.db.models.BigAutoField"
