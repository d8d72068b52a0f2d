from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.users import User


class Invitation(models.Model):
    """An invitation to an account that exists, but that nobody can sign in to yet."""

    account = models.OneToOneField(User, models.CASCADE, related_name="invitation")
    invited_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(auto_now_add=True)
    # the latest e-mail, whose link alone works; its moment is part of the link
    sent_at = models.DateTimeField(default=timezone.now, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return self.account.email

    @property
    def expires_at(self) -> datetime:
        return self.sent_at + timedelta(days=settings.KPI_INVITATION_DAYS)

    @property
    def is_open(self) -> bool:
        return self.accepted_at is None and self.withdrawn_at is None

    @property
    def state(self) -> str:
        if self.accepted_at:
            return str(_("accepted"))
        if self.withdrawn_at:
            return str(_("withdrawn"))
        return str(_("expired") if self.expires_at <= timezone.now() else _("open"))
