"""Which rules of the library a site already has."""

from __future__ import annotations

from django.db import models


class ShippedRule(models.Model):
    """A rule of the library that was created once; it is not created again if staff delete it."""

    key = models.CharField(max_length=100, primary_key=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key
