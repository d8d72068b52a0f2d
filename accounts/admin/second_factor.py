"""Reset second factors in the admin; their own pages, which show secrets, are taken out of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts.models import User
from accounts.sign_in import second_factor

for device in (TOTPDevice, StaticDevice):
    if admin.site.is_registered(device):
        admin.site.unregister(device)


@admin.action(description=_("Reset the second factor"), permissions=["reset_second_factor"])
def reset_second_factor(
    model_admin: admin.ModelAdmin, request: HttpRequest, accounts: QuerySet[User]
) -> None:
    """Turn it off for people who have lost their app and their recovery codes."""
    lost = [one for one in accounts if second_factor.is_set_up(one)]
    for one in lost:
        second_factor.reset(one, by=f"account {request.user.pk}")  # not translated: for the log
        model_admin.log_change(request, one, gettext("The second factor was reset."))
    text = ngettext(
        "%(count)s second factor was reset.", "%(count)s second factors were reset.", len(lost)
    )
    level = messages.SUCCESS if lost else messages.WARNING
    model_admin.message_user(request, text % {"count": len(lost)}, level)


class ResetsSecondFactors:
    """Only superusers may: whoever has lost theirs has to convince them."""

    def has_reset_second_factor_permission(self, request: HttpRequest, *args: Any) -> bool:
        return bool(getattr(request.user, "is_superuser", False))
