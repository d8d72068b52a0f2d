from __future__ import annotations

from django.contrib.auth.models import Group
from django.db import models


class ShippedGroup(models.Model):
    """A group that the product ships, and the permissions that it gave it last.

    While the group has exactly these, nobody has edited it, and the permissions of a new version
    are added.
    """

    name = models.CharField(max_length=150, unique=True)
    # null: deleted by staff, and not created again
    group = models.OneToOneField(Group, models.SET_NULL, null=True, related_name="shipped")
    permissions = models.JSONField(default=list)

    class Meta:
        verbose_name = "shipped group"

    def __str__(self) -> str:
        return self.name
