from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class NotificationsConfig(AppConfig):
    name = "notifications"
    verbose_name = "Notifications"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from notifications import alert_section, outbox, parameter_changes, shipped_channels

        post_migrate.connect(shipped_channels.create_missing, sender=self)
        alert_section.register()
        outbox.listen()
        parameter_changes.listen()
