"""What the export remembers: which rows changed, since when changes are noted, and a secret."""

from __future__ import annotations

import secrets
from uuid import uuid4

from django.db import models
from django.db.models import Q


def new_secret() -> str:
    return secrets.token_hex(32)


def new_epoch() -> str:
    return uuid4().hex


class Change(models.Model):
    """A row that was written or deleted, as a trigger noted it; the row itself is not copied.

    `position` is the id of the transaction on PostgreSQL and 0 on SQLite, whose ids of changes are
    in the order of commits by themselves.
    """

    table = models.CharField(max_length=40)
    position = models.BigIntegerField()
    row = models.BigIntegerField()
    course = models.BigIntegerField(null=True)

    class Meta:
        indexes = (models.Index(fields=("table", "position", "id"), name="changes_in_order"),)

    def __str__(self) -> str:
        return f"{self.table} {self.row}"


class Feed(models.Model):
    """That changes are noted: the triggers ask for this row, which exists while somebody pulls.

    Cursors of another epoch are void. Transactions before `ready_at` may have noted nothing.
    """

    ONLY = 1

    epoch = models.CharField(max_length=32, default=new_epoch)
    server = models.CharField(max_length=40, blank=True)
    ready_at = models.BigIntegerField(null=True)
    pulled_on = models.DateField()
    purged_position = models.BigIntegerField(default=0)
    purged_id = models.BigIntegerField(default=0)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_export_feed"),)

    def __str__(self) -> str:
        return self.epoch


class Mark(models.Model):
    """How far the changes had come at a moment, so that they can be purged by age."""

    at = models.DateTimeField()
    position = models.BigIntegerField()
    last_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class PseudonymSecret(models.Model):
    """What makes pseudonyms of ids; the role of the views cannot read it."""

    ONLY = 1

    value = models.CharField(max_length=64, default=new_secret)

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(pk=1), name="one_pseudonym_secret"),)

    def __str__(self) -> str:
        return "…"


class ReadOnlyRole(models.Model):
    """A role of PostgreSQL that may read the views, so that it still may after an update."""

    name = models.CharField(max_length=63, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name
