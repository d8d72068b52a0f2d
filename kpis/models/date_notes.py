"""Notes on dates: what happened, beside the figures of the periods that contain them."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.reader import Reader
from curriculum.models import Course


class DateNoteQuerySet(models.QuerySet["DateNote"]):
    def visible_to(self, reader: Reader) -> DateNoteQuerySet:
        """Return those about the whole site, and about courses that a reader may see in part."""
        if not reader.reads_kpis:
            return self.none()
        if reader.sees_every_course:
            return self
        return self.filter(Q(course=None) | Q(course__in=reader.courses_in_part()))


class DateNote(models.Model):
    """A note such as “New video platform”, on one day or several, for the site or a course."""

    text = models.CharField(max_length=200, help_text=_("Such as: New video platform."))
    first_day = models.DateField(_("first day"))
    last_day = models.DateField(
        _("last day"), null=True, blank=True, help_text=_("Empty: one day.")
    )
    course = models.ForeignKey(
        Course,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="date_notes",
        help_text=_("Empty: the whole site. Everybody who may see the course may read the note."),
    )
    written_by = models.ForeignKey(
        User, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    written_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = DateNoteQuerySet.as_manager()

    class Meta:
        ordering = ("first_day", "pk")
        verbose_name = "note on a date"
        verbose_name_plural = "notes on dates"
        constraints = (
            models.CheckConstraint(
                condition=Q(last_day=None) | Q(last_day__gte=F("first_day")),
                name="a_note_does_not_end_before_it_begins",
                violation_error_message=_("The last day is before the first."),
            ),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def until(self) -> date:
        return self.last_day or self.first_day
