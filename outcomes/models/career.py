from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from core.changes import reported
from curriculum.models import Enrollment
from outcomes.models.surveys import Response


class CareerOutcomeQuerySet(models.QuerySet["CareerOutcome"]):
    def in_time(self) -> CareerOutcomeQuerySet:
        """Keep those that happened within 180 days of the enrollment's completion."""
        return self.filter(IN_TIME)


@reported("happened_on", "reported_at")
class CareerOutcome(models.Model):
    """An effect of a course on a learner's career, or, with the kind “none”, the lack of any."""

    class Kind(models.TextChoices):
        PLACEMENT = "placement", _("New job")
        PROMOTION = "promotion", _("Promotion")
        PROJECT = "project", _("Work project completed")
        NONE = "none", _("None of these")

    enrollment = models.ForeignKey(Enrollment, models.CASCADE, related_name="career_outcomes")
    response = models.ForeignKey(
        Response,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="career_outcomes",
        help_text=_("The survey answer that reported it. Empty: reported without a survey."),
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    happened_on = models.DateField(
        null=True, blank=True, help_text=_("If no day was given, the day of the report.")
    )
    reported_at = models.DateTimeField(db_index=True)
    # the completion dates for which it happened within 180 days, so that SQL needs no time zone
    completed_from = models.DateTimeField(null=True, editable=False)
    completed_before = models.DateTimeField(null=True, editable=False)

    objects = CareerOutcomeQuerySet.as_manager()

    class Meta:
        ordering = ("-reported_at",)
        constraints = (
            models.UniqueConstraint("response", "kind", name="one_row_per_answer_and_kind"),
            models.CheckConstraint(
                condition=Q(kind="none", happened_on=None)
                | (~Q(kind="none") & Q(happened_on__isnull=False)),
                name="only_an_impact_has_a_day",
            ),
        )

    def __str__(self) -> str:
        return f"{self.enrollment}: {self.get_kind_display()}"

    @property
    def is_in_time(self) -> bool:
        """True when it happened within 180 days of the enrollment's completion."""
        at = self.enrollment.completed_at
        if at is None or self.completed_from is None or self.completed_before is None:
            return False
        return self.completed_from <= at < self.completed_before


IN_TIME = Q(
    enrollment__completed_at__gte=F("completed_from"),
    enrollment__completed_at__lt=F("completed_before"),
)
