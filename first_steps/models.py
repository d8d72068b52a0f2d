from __future__ import annotations

from django.conf import settings
from django.db import models


class Dismissal(models.Model):
    """That an account does not want to see the checklist on its dashboard any more."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="+"
    )
    dismissed_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return str(self.account_id)
