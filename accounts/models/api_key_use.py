from __future__ import annotations

from django.db import models

from accounts.models.api_keys import ApiKey


class ApiKeyUse(models.Model):
    """How many requests a key sent on one day, in the provider's time zone."""

    key = models.ForeignKey(ApiKey, models.CASCADE, related_name="use")
    day = models.DateField()
    requests = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("-day",)
        constraints = (models.UniqueConstraint("key", "day", name="use_of_key_counted_per_day"),)
        verbose_name = "use of an API key"
        verbose_name_plural = "use of API keys"

    def __str__(self) -> str:
        return f"{self.key}, {self.day}: {self.requests}"
