from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class CaliperEvent(models.Model):
    """One item of a Caliper envelope, as it was sent."""

    class Status(models.TextChoices):
        EVENT = "event", _("Event")
        # a description of a thing or person, from which nothing follows
        ENTITY = "entity", _("Entity")
        REFUSED = "refused", _("Refused")

    sender = models.CharField(_("sender"), max_length=100)
    event_id = models.CharField(_("id"), max_length=200, blank=True)
    type = models.CharField(_("type"), max_length=100, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    problem = models.CharField(_("problem"), max_length=500, blank=True)
    sensor = models.TextField(_("sensor"))
    sent_at = models.DateTimeField(_("sent at"))
    received_at = models.DateTimeField(_("received at"), db_index=True)
    # the sender's id of whom it is about
    about = models.CharField(_("about"), max_length=200, blank=True, db_index=True)
    body = models.TextField(_("as sent"))
    digest = models.CharField(max_length=64, editable=False)

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint("sender", "digest", name="caliper_item_stored_once"),
            models.UniqueConstraint(
                fields=("sender", "event_id"),
                condition=models.Q(status="event"),
                name="one_caliper_event_per_id",
            ),
        )
        verbose_name = _("Caliper event")
        verbose_name_plural = _("Caliper events")

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}".strip() or str(self.pk)
