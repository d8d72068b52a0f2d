from __future__ import annotations

from http.cookies import Morsel

from django.apps import AppConfig


class LtiConfig(AppConfig):
    name = "lti"
    verbose_name = "LMS connections (LTI)"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let cookies have the attribute Partitioned, which Python knows from 3.14 on."""
        Morsel._reserved.setdefault("partitioned", "Partitioned")  # type: ignore[attr-defined]  # noqa: SLF001
        Morsel._flags.add("partitioned")  # type: ignore[attr-defined]  # noqa: SLF001
