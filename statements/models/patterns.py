"""What senders say, counted by verb, type and profile, and which statement says what."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PatternQuerySet(models.QuerySet["Pattern"]):
    def unmapped(self) -> PatternQuerySet:
        return self.filter(is_mapped=False)


class Pattern(models.Model):
    """A verb, activity type and profile that was received, with an example that names nobody."""

    # of the three texts, which are too long for a unique constraint
    digest = models.CharField(max_length=64, unique=True, editable=False)
    verb = models.TextField(_("verb"))
    activity_type = models.TextField(_("activity type"), blank=True)
    profile = models.TextField(_("profile"), blank=True)
    is_mapped = models.BooleanField(_("mapped"), default=False)
    kinds = models.CharField(
        _("event kinds"), max_length=500, blank=True, help_text=_("Empty: no event follows.")
    )
    count = models.PositiveBigIntegerField(_("statements"), default=0)
    incomplete = models.PositiveBigIntegerField(
        _("incomplete"),
        default=0,
        help_text=_("Statements from which no event follows because a field is missing."),
    )
    lacks = models.CharField(_("missing fields"), max_length=100, blank=True)
    example = models.JSONField(_("example"), default=dict)
    sender = models.CharField(_("sender"), max_length=100)
    origin = models.CharField(_("standard"), max_length=20)
    first_at = models.DateTimeField(_("first received at"))
    last_at = models.DateTimeField(_("last received at"))

    objects = PatternQuerySet.as_manager()

    class Meta:
        ordering = ("is_mapped", "-count", "pk")
        verbose_name = _("pattern of statements")
        verbose_name_plural = _("patterns of statements")

    def __str__(self) -> str:
        names = (self.verb, self.activity_type, self.profile)
        return " · ".join(short_name(name) for name in names if name)


def short_name(iri: str) -> str:
    """Return the last part of an IRI, which people read."""
    return iri.rstrip("/").rpartition("/")[2] or iri


class InterpretedStatement(models.Model):
    """The pattern of a stored statement, by which its meaning can be changed later."""

    # which store it is in, and its id there
    origin = models.CharField(max_length=20)
    stored_id = models.BigIntegerField()
    statement_id = models.CharField(max_length=200)
    sender = models.CharField(max_length=100)
    pattern = models.ForeignKey(Pattern, models.CASCADE, db_index=False, related_name="statements")
    # the statement that this one declares void
    voids = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        ordering = ("pk",)
        indexes = (
            models.Index(fields=("pattern", "id"), name="statement_by_pattern"),
            models.Index(fields=("origin", "statement_id"), name="statement_by_its_id"),
            models.Index(
                fields=("origin", "voids"),
                condition=~models.Q(voids=""),
                name="statement_by_what_it_voids",
            ),
        )
        constraints = (
            models.UniqueConstraint("origin", "stored_id", name="statement_interpreted_once"),
        )
        verbose_name = _("interpreted statement")
        verbose_name_plural = _("interpreted statements")

    def __str__(self) -> str:
        return self.statement_id
