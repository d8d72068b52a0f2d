from __future__ import annotations

from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy
from django_otp.plugins.otp_static.apps import DefaultConfig as StaticConfig
from django_otp.plugins.otp_totp.apps import DefaultConfig as TotpConfig

from accounts import shipped_groups
from kpisite import checks
from kpisite.celery import app as celery
from kpisite.i18n import model_names
from kpisite.observing import start


class KpisiteConfig(AppConfig):
    name = "kpisite"
    verbose_name = "Site"

    def ready(self) -> None:
        # otherwise web processes would send tasks to Celery's default broker
        celery.set_default()
        start.start_wanted()
        # before the admin reads the names
        model_names.translate()
        # after the last app, when the permissions of all exist
        post_migrate.connect(shipped_groups.update, sender=list(apps.get_app_configs())[-1])
        register(checks.check_hosts, Tags.security, deploy=True)
        register(checks.check_base_url, Tags.security, deploy=True)


class SiteAdminConfig(AdminConfig):
    """Django's admin, with our site."""

    default_site = "kpisite.admin_site.Site"


class SecondFactorConfig(TotpConfig):  # type: ignore[misc]
    verbose_name = gettext_lazy("Second factor")


class RecoveryCodesConfig(StaticConfig):  # type: ignore[misc]
    verbose_name = gettext_lazy("Recovery codes")
